"""Figures of a text: those that are cited are printed from their source, all others are marked.

Texts are checked block by block, so that what is shown while they grow and what is counted at the end are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from webkit.ai_runs import blocks, figures, subjects
from webkit.ai_runs.figures import Checked
from webkit.ai_runs.subjects import Misshapen
from webkit.ai_runs.views import Mark, RunResult, RunView
from webkit.core.kernel import i18n


def check(run: RunView, text: str, *, final: bool = True) -> Checked:
    """A piece of a run's text, held against the run's facts."""
    return figures.check(text, facts=run.facts, exempt=run.exempt, locale=run.locale, final=final)


def readable(run: RunView, text: str, *, whole: bool = True) -> str:
    """The text as people read it, so far: without markup, and lists in JSON as lines."""
    if run.structured:
        with i18n.use_locale(run.locale):
            text = blocks.readable(text, subjects.prints(run.subject))
    return blocks.unmarked(text, whole=whole)


def result(run: RunView) -> RunResult:
    """What a run wrote, as it goes into the document. Raises Misshapen for a structured one that is not whole."""
    if not run.structured:
        text, marks = _prose(run)
        return RunResult(text, None, marks)
    found: list[Mark] = []
    parsed = _printed(run, subjects.parse(run.subject, run.section, run.text), (), found)
    return RunResult(run.text, parsed, tuple(found))


def counted(run: RunView) -> RunView:
    """A run that knows how many of its figures have no source."""
    try:
        return replace(run, figures_unproven=len(result(run).marks)) if run.text and not run.alive else run
    except Misshapen:
        return run


def _prose(run: RunView) -> tuple[str, tuple[Mark, ...]]:
    printed: list[str] = []
    marks: list[Mark] = []
    at = 0
    for block in blocks.split(blocks.unmarked(run.text)):
        checked = check(run, block.text)
        marks += _marks(checked, at, ())
        printed += [checked.text, block.gap]
        at += len(checked.text) + len(block.gap)
    return "".join(printed), tuple(marks)


def _marks(checked: Checked, at: int, path: tuple[str | int, ...]) -> Iterator[Mark]:
    for segment in checked.segments:
        if segment.kind == "unproven":
            yield Mark(at, at + len(segment.text), segment.text, path)
        at += len(segment.text)


def _printed(run: RunView, value: Any, path: tuple[str | int, ...], found: list[Mark]) -> Any:
    """A parsed value whose texts are printed; the marks in them are added to `found`."""
    if isinstance(value, str):
        checked = check(run, blocks.unmarked(value))
        found += _marks(checked, 0, path)
        return checked.text
    if isinstance(value, list):
        return [_printed(run, each, (*path, index), found) for index, each in enumerate(value)]
    if isinstance(value, dict):
        return {name: _printed(run, each, (*path, name), found) for name, each in value.items()}
    return value
