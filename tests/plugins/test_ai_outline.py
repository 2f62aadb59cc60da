from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.ai_outline.plugin import webkit_register_providers
from plugins.ai_outline.provider import OutlineWriter
from plugins.ai_outline.shapes import Filler
from webkit.core.kernel.i18n import use_locale
from webkit.proposals.sections import SHAPES
from webkit.sdk import CompletionRequest, Message, NoSettings, ProviderRejected, Role, StopReason
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


@pytest.mark.parametrize("section", sorted(SHAPES))
def test_every_list_of_a_proposal_is_filled(writer: OutlineWriter, section: str) -> None:
    schema = json.loads(json.dumps(SHAPES[section].model_json_schema(), sort_keys=True))
    answer = writer.complete(replace(ask("List them.", 4_000), json_schema=schema))
    filled = SHAPES[section].model_validate_json(answer.text)
    assert len(filled.items) == 3  # type: ignore[attr-defined]
    assert answer.stop is StopReason.END
    with use_locale("en"):
        heads = [each.get("title", each.get("name")) for each in json.loads(answer.text)["items"]]
        assert heads == ["What is known", "What it means for the client", "What to add"]
    if section == "timeline":
        assert [phase["start"] for phase in json.loads(answer.text)["items"]] == [1, 2, 3]


KINDS: dict[str, Any] = {
    "string": str, "integer": int, "number": int, "boolean": bool, "null": type(None), "array": list, "object": dict,
}  # fmt: skip
SCHEMAS = st.recursive(
    st.sampled_from(
        [
            {"type": "string", "maxLength": 5}, {"type": "string", "minLength": 400}, {"enum": ["a", "b", "c"]},
            {"type": "integer", "minimum": 3, "maximum": 4}, {"type": "number"}, {"type": "boolean"}, {"const": 7},
            {"type": "null"}, {"$ref": "#/$defs/Name"},
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 4)),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(lambda p: {"type": "object", "properties": p}),
        st.lists(inner, min_size=1, max_size=2).map(lambda ways: {"anyOf": ways}),
    ),
    max_leaves=6,
)  # fmt: skip


@given(SCHEMAS)
def test_what_is_filled_satisfies_the_schema(schema: dict[str, object]) -> None:
    whole = {**schema, "$defs": {"Name": {"type": "string", "minLength": 1}}}
    filled = Filler(whole, ("one", "two", "three"), "rest").value()
    _satisfies(filled, whole, whole["$defs"])


def _satisfies(value: Any, schema: Any, names: Any) -> None:
    while "anyOf" in schema or "$ref" in schema:
        schema = schema["anyOf"][0] if "anyOf" in schema else names[schema["$ref"].rpartition("/")[2]]
    if "enum" in schema or "const" in schema:
        assert value in schema.get("enum", [schema.get("const")])
    else:
        _has_kind(value, schema, names)


def _has_kind(value: Any, schema: Any, names: Any) -> None:
    assert isinstance(value, KINDS[schema["type"]])
    if isinstance(value, str):
        assert schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    if isinstance(value, list):
        assert len(value) >= schema["minItems"]
        for each in value:
            _satisfies(each, schema["items"], names)
    if isinstance(value, dict):
        assert value.keys() == schema["properties"].keys()
        for name, each in value.items():
            _satisfies(each, schema["properties"][name], names)
    if schema.get("type") == "integer":
        assert schema["minimum"] <= value <= schema["maximum"]


@pytest.mark.parametrize(
    "schema", [{}, {"type": "string", "pattern": "x"}, {"$ref": "#"}, {"$ref": "#/gone"}, {"type": 7}]
)
def test_a_schema_that_cannot_be_filled_is_refused(writer: OutlineWriter, schema: dict[str, object]) -> None:
    with pytest.raises(ProviderRejected):
        writer.complete(replace(ask("List them."), json_schema=schema))
