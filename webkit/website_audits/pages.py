"""What the templates about audits receive."""

from __future__ import annotations

from uuid import UUID

from flask import url_for

from webkit.clients import service as clients
from webkit.clients.service import ClientView
from webkit.core.capabilities.pagespeed import Source, Strategy, Trouble
from webkit.core.extensions import DocumentCard
from webkit.core.kernel import clock
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.i18n import format_datetime
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass
from webkit.website_audits import measures, service
from webkit.website_audits.measures import Change, Rating
from webkit.website_audits.models import AuditState
from webkit.website_audits.service import AuditView
from webkit.website_audits.views import MetricView, ScoreView

REASONS: dict[str, object] = {
    Trouble.UNREACHABLE: _l("The page could not be opened. Check the address, and whether the site is up."),
    Trouble.NOT_A_PAGE: _l("There is no web page at this address, but a file."),
    Trouble.TOO_SLOW: _l("The page did not finish loading."),
    Trouble.BLANK: _l("The page stayed blank, so there was nothing to measure."),
    Trouble.UNKNOWN: _l("The service could not measure this page and did not say why."),
    service.BUSY: _l("The service that measures is overloaded or does not answer."),
    service.QUOTA: _l("The service that measures has no measurements left for now."),
    service.CREDENTIALS: _l("The service that measures does not accept our key. The operator has to look at it."),
    service.NOBODY: _l("No service that measures websites is connected any more."),
    service.PRIVATE: _l("The address leads into a private network by now and is not opened."),
    service.GAVE_UP: _l("It was interrupted several times and given up."),
}
STRATEGIES = {Strategy.MOBILE: _l("On a phone"), Strategy.DESKTOP: _l("On a computer")}
SOURCES = {Source.LAB: "", Source.PAGE: _l("by real visitors"), Source.SITE: _l("by real visitors of the whole site")}
RATINGS = {
    Rating.GOOD: _l("Good"),
    Rating.FAIR: _l("Needs work"),
    Rating.POOR: _l("Poor"),
    Rating.UNKNOWN: _l("Not measured"),
}
STATES = {
    AuditState.QUEUED: _l("Waiting to be measured"),
    AuditState.MEASURING: _l("Measuring"),
    AuditState.DONE: _l("Measured"),
    AuditState.FAILED: _l("Not measured"),
}
TONES = {Rating.GOOD: "ok", Rating.FAIR: "wait", Rating.POOR: "bad", Rating.UNKNOWN: "info"}
CARDS = 20
EARLIER = 10


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric beside what it was the time before."""

    metric: MetricView
    source: str
    before: str
    change: Change


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """A score beside what it was the time before."""

    score: ScoreView
    before: int | None
    change: Change


@dataclass(frozen=True, slots=True)
class ShowPage:
    """One audit, and what the same page was measured as before."""

    audit: AuditView
    client: ClientView
    earlier: AuditView | None
    metrics: tuple[MetricRow, ...]
    scores: tuple[ScoreRow, ...]
    history: tuple[AuditView, ...]
    strategy: str
    state: str
    reason: str
    seconds: int
    can_measure: bool
    once: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """Audits, newest first, with the names of their clients."""

    audits: tuple[AuditView, ...]
    names: dict[UUID, str]
    client: ClientView | None
    older: str | None
    is_first: bool
    can_measure: bool


@dataclass(frozen=True, slots=True)
class NewPage:
    """The form; `sites` are the clients' own addresses, so that a choice fills in the other."""

    form: FormState
    clients: list[tuple[str, str]]
    client: ClientView | None
    strategies: list[tuple[str, str]]
    can_measure: bool


def show(audit: AuditView, once: str) -> ShowPage:
    """Everything about one audit."""
    earlier = service.before(audit.id) if audit.done else None
    others = [other for other in service.history(audit.client_id, EARLIER + 1) if other.id != audit.id]
    return ShowPage(
        audit=audit,
        client=clients.get(audit.client_id),
        earlier=earlier,
        metrics=_metric_rows(audit, earlier),
        scores=_score_rows(audit, earlier),
        history=tuple(others[:EARLIER]),
        strategy=str(STRATEGIES[audit.strategy]),
        state=str(STATES[audit.state]),
        reason=reason(audit),
        seconds=elapsed(audit),
        can_measure=service.can_measure(),
        once=once,
    )


def reason(audit: AuditView) -> str:
    """Why an audit failed or waits, in a sentence."""
    return str(REASONS.get(audit.reason, "")) if audit.reason else ""


def elapsed(audit: AuditView) -> int:
    """Seconds since this audit began, or since it was asked for."""
    until = audit.ended_at or clock.now()
    return max(0, round((until - (audit.started_at or audit.created_at)).total_seconds()))


def cards(client_id: UUID) -> list[DocumentCard]:
    """A client's newest audits for the client's page."""
    return [_card(audit) for audit in service.history(client_id, CARDS)]


def _card(audit: AuditView) -> DocumentCard:
    score = audit.scores[0]
    word = _("Performance %(score)s", score=score.printed) if audit.done else str(STATES[audit.state])
    tone = TONES[score.rating] if audit.done else ("bad" if audit.state is AuditState.FAILED else "wait")
    return DocumentCard(
        title=f"{audit.host}, {format_datetime(audit.created_at, 'd MMM y')}",
        number="",
        state=word,
        tone=tone,  # type: ignore[arg-type]
        amount_minor=None,
        currency="",
        url=url_for("website_audits.show", audit_id=audit.id),
        at=audit.created_at,
    )


def _metric_rows(audit: AuditView, earlier: AuditView | None) -> tuple[MetricRow, ...]:
    old = earlier.metrics if earlier else (None,) * len(audit.metrics)
    return tuple(
        MetricRow(
            metric=now,
            source=str(SOURCES[now.source]) if now.value is not None else "",
            before=then.printed if then else "",
            change=measures.change(now.key, then.value, now.value) if then else Change(),
        )
        for now, then in zip(audit.metrics, old, strict=True)
    )


def _score_rows(audit: AuditView, earlier: AuditView | None) -> tuple[ScoreRow, ...]:
    old = earlier.scores if earlier else (None,) * len(audit.scores)
    return tuple(
        ScoreRow(
            score=now,
            before=then.value if then else None,
            change=measures.change_of_score(then.value, now.value) if then else Change(),
        )
        for now, then in zip(audit.scores, old, strict=True)
    )
