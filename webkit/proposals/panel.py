"""What the editor shows of AI writing: what can be written, what is being written, and figures without a source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import url_for

from webkit.ai_runs import service as ai_runs
from webkit.ai_runs.views import Allowance, Fate, RunView
from webkit.core.values import dataclass
from webkit.proposals import doubts, facts, sections, writing
from webkit.proposals.doubts import Doubt, Piece
from webkit.proposals.sections import WRITTEN
from webkit.proposals.views import ProposalView


@dataclass(frozen=True, slots=True)
class Offered:
    """A section that can be written. `ticked` are those that are empty."""

    key: str
    name: str
    has_text: bool
    ticked: bool
    busy: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """`lacking` says what is not known yet, and `known_url` where it can be told."""

    offered: tuple[Offered, ...]
    runs: tuple[RunView, ...]
    over: int
    lacking: str
    known_url: str
    is_outline: bool
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A figure without a source in its sentence."""

    id: str
    section: str
    name: str
    figure: str
    parts: tuple[Piece, ...]


def mark_rows(standing: Sequence[Doubt]) -> list[MarkRow]:
    """Figures without a source as pages list them."""
    return [
        MarkRow(
            each.id,
            each.section,
            sections.name(each.section),
            each.figure,
            tuple(doubts.pieces(each.sentence, each.section, (each,))),
        )
        for each in standing
    ]


def panel(view: ProposalView) -> Panel:
    """The panel of a draft."""
    runs = [run for run in writing.runs(view.id) if run.fate == Fate.OPEN]
    lacking = facts.missing(writing.said(view))
    busy, suggested = {run.section for run in runs if run.alive}, {run.section for run in runs}
    return Panel(
        offered=tuple(_offered(view, section.key, busy, suggested) for section in WRITTEN),
        runs=tuple(runs),
        over=sum(not run.alive for run in runs),
        lacking=writing.lacking_words(lacking) if lacking else "",
        known_url=_known_url(view) if lacking else "",
        is_outline=writing.writer() == writing.OUTLINE,
        allowance=ai_runs.allowance(),
    )


def pieces(texts: Mapping[str, str], standing: Sequence[Doubt]) -> dict[str, list[tuple[Piece, ...]]]:
    """The paragraphs of the preview, their doubts marked."""
    return {
        key: [tuple(doubts.pieces(paragraph, key, standing)) for paragraph in text.split("\n\n")]
        for key, text in texts.items()
        if text.strip()
    }


def _offered(view: ProposalView, key: str, busy: set[str], suggested: set[str]) -> Offered:
    has_text = view.contents.has(key)
    return Offered(key, sections.name(key), has_text, not has_text and key not in suggested, key in busy)


def _known_url(view: ProposalView) -> str:
    """The consultation, to complete it; a new one where there is none."""
    found: UUID | None = view.consultation_id or writing.consultation_of(view)
    if found:
        return url_for("consultations.resume", consultation_id=found)
    return url_for("consultations.new", client=view.client_id)
