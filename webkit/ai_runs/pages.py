"""What the templates about runs receive."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import current_app, url_for
from markupsafe import Markup

from webkit.ai_runs import prose, service, subjects
from webkit.ai_runs.prose import Shown
from webkit.ai_runs.views import Allowance, Fate, RunState, RunView, Spent
from webkit.core.kernel import i18n
from webkit.core.kernel.db import asked_once
from webkit.core.kernel.errors import Forbidden, NotFound
from webkit.core.kernel.hx import here
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import format_fine
from webkit.core.kernel.streams import Place
from webkit.core.values import dataclass

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Links:
    """Where the buttons of a run lead; made while there is a request, used as long as somebody watches.

    Those that change something are empty for who may only read. `here` is the page that shows the run.
    """

    here: str
    show: str
    stream: str
    stop: str
    retry: str
    discard: str
    apply: str
    page: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """A run as it stands on any page. `place` is how far the text it shows has come."""

    run: RunView
    links: Links
    shown: Shown
    place: str
    said: str
    tag: str
    tone: str
    cost: str
    resumes: str


@dataclass(frozen=True, slots=True)
class Cost:
    """A sum of what was spent."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    amount: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list of texts."""

    run: RunView
    links: Links
    tag: str
    tone: str
    cost: str


@dataclass(frozen=True, slots=True)
class UsagePage:
    """What the month has cost, and the latest texts."""

    allowance: Allowance
    costs: tuple[Cost, ...]
    rows: tuple[Row, ...]
    older: str


def links(run: RunView) -> Links:
    subject = subjects.subject_of(run.subject)
    may = ("stop", "retry", "discard") if _may_change(run.subject) else ()
    own = {name: url_for(f"ai_runs.{name}", run_id=run.id) for name in ("show", "stream", *may)}
    page = subject.page_url(run) if subject else own["show"]
    return Links(
        here=here() or page,
        show=own["show"],
        stream=own["stream"],
        stop=own.get("stop", ""),
        retry=own.get("retry", ""),
        discard=own.get("discard", ""),
        apply=subject.apply_url(run) if subject and may else "",
        page=page,
        label=subject.label(run.section) if subject else run.section,
    )


@asked_once
def _may_change(name: str) -> bool:
    """Whether the person at work may change the document of this name."""
    subject = subjects.subject_of(name)
    try:
        if subject is not None:
            subject.demand(name)
    except (Forbidden, NotFound):
        return False
    return True


def card(run: RunView, links: Links) -> Card:
    tag, tone = _tag(run)
    return Card(
        run=run,
        links=links,
        shown=prose.show(run),
        place=str(Place(run.attempt, len(run.text))),
        said=_said(run, links.label),
        tag=tag,
        tone=tone,
        cost=amount(run.usage),
        resumes=i18n.format_time(run.resume_at) if run.resume_at else "",
    )


def fragment(run: RunView) -> Markup:
    """A run to put on any page: `{{ ai_run(run) }}`."""
    return render(card(run, links(run)), "ai_runs/_run.html")


def render(card: Card, template: str) -> Markup:
    return Markup(current_app.jinja_env.get_template(template).render(card=card))  # noqa: S704  our own template


def usage(runs: list[RunView], size: int) -> UsagePage:
    allowance = service.allowance()
    shown = runs[:size]
    return UsagePage(
        allowance=allowance,
        costs=tuple(_cost(spent) for spent in service.spent(allowance.month)),
        rows=tuple(Row(run, links(run), *_tag(run), amount(run.usage)) for run in shown),
        older=url_for("ai_runs.index", before=shown[-1].id) if len(runs) > size else "",
    )


def _cost(spent: Spent) -> Cost:
    return Cost(spent.input_tokens, spent.output_tokens, spent.cached_tokens, amount(spent), spent.estimated)


def amount(spent: Spent) -> str:
    """What was spent; empty where no price is known."""
    if spent.cost_micro is None:
        return ""
    return format_fine(Decimal(spent.cost_micro) / MICRO, spent.currency, i18n.current_locale())


def _tag(run: RunView) -> tuple[str, str]:
    if run.fate == Fate.APPLIED:
        return _("Applied"), "ok"
    if run.fate == Fate.DISCARDED:
        return _("Discarded"), ""
    if run.stopping:
        return _("Stopping"), ""
    tags: dict[Any, tuple[str, str]] = {
        RunState.QUEUED: (_("Trying again soon") if run.resume_at else _("Waiting"), "wait" if run.resume_at else ""),
        RunState.RUNNING: (_("Writing"), "accent"),
        RunState.DONE: (_("Suggested"), "accent"),
        RunState.STOPPED: (_("Stopped"), ""),
        RunState.FAILED: (_("Not finished"), "bad"),
    }
    return tags[run.state]


def _said(run: RunView, label: str) -> str:
    """What a screen reader hears when the state changes, instead of every word."""
    if run.state == RunState.FAILED:
        return f"{label}: {run.error_sentence}"
    return f"{label}: {_tag(run)[0]}"
