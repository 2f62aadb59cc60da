from __future__ import annotations

import pytest

from plugins.ai_outline.plugin import webkit_register_providers
from plugins.ai_outline.provider import OutlineWriter
from webkit.core.kernel.i18n import use_locale
from webkit.sdk import CompletionRequest, Message, NoSettings, Role, StopReason
from webkit.sdk.testing.ai_text import AITextContract


class TestOutlineWriter(AITextContract):
    spec = webkit_register_providers()[0]


def ask(text: str, max_tokens: int = 1_000) -> CompletionRequest:
    return CompletionRequest(messages=(Message(Role.USER, text),), max_tokens=max_tokens)


@pytest.fixture
def writer() -> OutlineWriter:
    return OutlineWriter(NoSettings())


def test_says_that_no_model_wrote_it(writer: OutlineWriter) -> None:
    with use_locale("en"):
        assert writer.complete(ask("Anything")).text.startswith("*Outline only: no AI model is connected.")


def test_list_items_become_headings(writer: OutlineWriter) -> None:
    text = writer.complete(ask("Please write:\n- The goal.\n2) The plan:\n## What it costs")).text
    assert [line for line in text.splitlines() if line.startswith("##")] == [
        "## The goal",
        "## The plan",
        "## What it costs",
    ]


def test_without_a_list_sentences_do(writer: OutlineWriter) -> None:
    text = writer.complete(ask("The site is slow. People leave!")).text
    assert "## The site is slow\n" in text
    assert "## People leave!" in text


def test_the_same_request_gets_the_same_answer(writer: OutlineWriter) -> None:
    assert writer.complete(ask("One. Two.")) == OutlineWriter(NoSettings()).complete(ask("One. Two."))


def test_stops_where_it_was_told_to(writer: OutlineWriter) -> None:
    short = writer.complete(ask("One. Two. Three.", max_tokens=5))
    assert (short.stop, short.usage.output_tokens) == (StopReason.MAX_TOKENS, 5)
    assert writer.complete(ask("One.")).stop is StopReason.END


@pytest.mark.parametrize("text", ["", "\n\n", "-", "***", "# \n# "])
def test_nothing_to_say_still_answers(writer: OutlineWriter, text: str) -> None:
    with use_locale("en"):
        assert "## Introduction" in writer.complete(ask(text)).text


def test_a_very_long_list_is_cut(writer: OutlineWriter) -> None:
    text = writer.complete(ask("\n".join(f"- point {n}" for n in range(500)))).text
    assert text.count("## ") == 12
