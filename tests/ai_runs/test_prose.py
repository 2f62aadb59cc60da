"""What is shown of a text while it grows is what stands there at the end."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from tests.ai_runs.test_figures import FACTS, TEXT
from webkit.ai_runs import blocks, marks, prose, subjects
from webkit.ai_runs.models import Fate, RunState
from webkit.ai_runs.views import RunView, Spent, Subject

STEP = 7
SOURCES = {"audit.lcp": "Largest <Contentful> Paint"}
LIST = {
    "items": [
        {"weight": "high", "title": "Slow **4**0 %", "text": "It takes [[fact:audit.lcp]].", "weeks": 12},
        {"weight": "low", "title": "A \"quoted\" name", "text": "Half of them leave.", "weeks": 3},
    ]
}  # fmt: skip
PRINTS = {"weight": {"high": "High", "low": "Low"}.__getitem__, "weeks": lambda n: f"{n} weeks"}
PIECES = [
    "**",
    "*",
    "_",
    "__",
    "`",
    "4",
    "0",
    " %",
    " ",
    "\n\n",
    "\n",
    "- ",
    "## ",
    "bold",
    "six ",
    "[[fact:audit.lcp]]",
    ".",
]


def _run(text: str, *, structured: bool = False, state: RunState = RunState.RUNNING, locale: str = "en") -> RunView:
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return RunView(
        id=UUID(int=1), subject="list:1", section="a", state=state, attempt=1, text=text, structured=structured,
        facts=FACTS, sources=SOURCES, exempt=("12 weeks",), locale=locale, error_code="", error_sentence="",
        resume_at=None, stopping=False, created_at=at, ended_at=None, fate=Fate.OPEN, usage=Spent(), figures_unproven=0,
    )  # fmt: skip


def _grown(run: RunView, pieces: list[str]) -> str:
    """Everything that was shown as done, and the open block at the end."""
    growing = prose.Growing(replace(run, text=""))
    shown = [growing.add(piece) for piece in pieces]
    end = replace(run, state=RunState.DONE)
    done = "".join(block for ready, _ in shown for block in ready)
    whole = "".join(prose.show(end).done)
    assert re.sub(r"\s", "", whole).startswith(re.sub(r"\s", "", done))
    return whole


@pytest.fixture(autouse=True)
def _in_the_app(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = Subject("list", str, lambda run: "", lambda run: "", prints=PRINTS)
    monkeypatch.setitem(subjects._known, "list", subject)


@pytest.mark.parametrize("locale", ["en", "it"])
def test_what_is_done_stays_as_it_is(locale: str) -> None:
    text = TEXT[locale][:3000]
    _grown(_run(text, locale=locale), [text[at : at + STEP] for at in range(0, len(text), STEP)])


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_markup_in_any_order_does_not_change_what_is_done(pieces: list[str]) -> None:
    _grown(_run("".join(pieces)), pieces)


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_markup_is_taken_out_as_it_arrives(pieces: list[str]) -> None:
    text = "".join(pieces)
    whole = blocks.unmarked(text)
    for end in range(len(text)):
        assert whole.startswith(blocks.unmarked(text[:end], whole=False))


@pytest.mark.parametrize(
    "text", ["Up by **4**0 % soon", "Up by 4**0**% soon", "Up by **40** % soon", "Up by `40`% soon"]
)
def test_a_figure_in_bold_is_marked_while_it_grows(text: str) -> None:
    """Whatever reads as a figure once it is applied has its mark before."""
    growing = prose.Growing(_run(""))
    growing.add(text)
    _, shown = growing.add(" and then some more words")
    result = marks.result(_run(text, state=RunState.DONE))
    assert shown.count("wk-doubt") == len(result.marks) >= 1
    assert "**4" not in shown and "`" not in shown
    assert result.text == blocks.unmarked(result.text)


def test_values_of_lists_are_shown_as_they_will_read() -> None:
    told = json.dumps(LIST)
    run = _run(told, structured=True)
    shown = [marks.readable(run, told[:end], whole=False) for end in range(len(told) + 1)]
    assert shown[-1].splitlines() == [
        "- High – Slow 4**0 % – It takes [[fact:audit.lcp]]. – 12 weeks",
        '- Low – A "quoted" name – Half of them leave. – 3 weeks',
    ]
    for earlier, later in pairwise(shown):
        assert later.startswith(earlier), "it only grows"
    (html,) = prose.show(replace(run, state=RunState.DONE)).done
    assert ">3 weeks" in html and ">12 weeks" not in html, "only what is the agency's own plan needs no source"


def test_a_cited_figure_says_where_it_is_from() -> None:
    (html,) = prose.show(_run("It takes [[fact:audit.lcp]].", state=RunState.DONE)).done
    assert '<mark class="wk-fact" title="Largest &lt;Contentful&gt; Paint">4.8 s</mark>' in html
    (html,) = prose.show(_run("You want [[fact:answer.goals]].", state=RunState.DONE)).done
    assert 'title="From what is known about the client">More bookings<' in html
