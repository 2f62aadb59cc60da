"""Asking for audits, measuring, and what was found.

The page is opened by the service that measures, not by us; an address inside a private network is refused all the
same. What the service did not measure stays unknown.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from webkit.clients import service as clients
from webkit.core.capabilities.errors import (
    CredentialsRejected,
    FeatureNotSupported,
    ProviderError,
    ProviderMisconfigured,
    RateLimited,
)
from webkit.core.capabilities.pagespeed import (
    PAGESPEED,
    AuditReport,
    AuditRequest,
    PageNotMeasured,
    PageSpeedFeature,
    Strategy,
    Trouble,
)
from webkit.core.extensions import Job
from webkit.core.kernel import audit as log_of_acts
from webkit.core.kernel import clock, locks, once, outbound, outbox
from webkit.core.kernel import events as chain
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import Conflict, NotFound, TooMany
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.website_audits import events, models
from webkit.website_audits.models import AuditState, WebsiteAudit
from webkit.website_audits.views import AuditView as AuditView
from webkit.website_audits.views import audit_snapshot as audit_snapshot
from webkit.website_audits.views import stored, view

log = structlog.get_logger(__name__)

MEASURE = "website_audits.measure"
ATTEMPTS = 4
"""How often the service is asked before a person is told that it is busy."""
PATIENCE = 300.0
"""Seconds a person may be left waiting because the service asks for a pause."""
HISTORY = 50
DAY = timedelta(days=1)
BUSY, QUOTA, CREDENTIALS, NOBODY, PRIVATE, GAVE_UP = "busy", "quota", "credentials", "nobody", "private", "gave_up"


def can_measure() -> bool:
    """Whether the operator has chosen a service that measures."""
    return PageSpeedFeature.MEASURES in current().registry.features(PAGESPEED)


def get(audit_id: UUID) -> AuditView:
    """An audit of the current agency. Raises NotFound."""
    return view(_audit(audit_id))


def latest(client_id: UUID) -> AuditView | None:
    """The client's newest audit that was measured."""
    row = models.latest_done(client_id)
    return view(row) if row else None


def history(client_id: UUID, limit: int = HISTORY) -> list[AuditView]:
    """The client's audits, newest first, whatever became of them."""
    return [view(row) for row in models.history(client_id, limit)]


def page(limit: int, *, client_id: UUID | None = None, older_than: UUID | None = None) -> list[AuditView]:
    """The agency's audits, newest first."""
    return [view(row) for row in models.page(limit, client_id=client_id, before=older_than)]


def before(audit_id: UUID) -> AuditView | None:
    """What the same page was measured as the time before."""
    row = models.done_before(_audit(audit_id))
    return view(row) if row else None


def start(
    client_id: UUID,
    url: str,
    *,
    strategy: Strategy = Strategy.MOBILE,
    actor: str = "system",
    once_key: str = "",
) -> UUID:
    """Ask for a page to be measured; while this very page is being measured, that audit is the answer.

    Raises Invalid for an address that is not opened, Conflict where nobody measures or the client is archived, and
    TooMany beyond the day's limit. Not inside a write: the name is looked up.
    """
    if not can_measure():
        raise Conflict(_("No service that measures websites is connected."))
    release()
    target = outbound.check_url(url, must_resolve=False)
    return _ask(client_id, target.url, strategy, actor, once_key)


@writes
def _ask(client_id: UUID, url: str, strategy: Strategy, actor: str, once_key: str) -> UUID:
    locks.hold("website_audits")
    if known := once.result(once_key):
        return UUID(known)
    client = clients.get(client_id)
    if not client.active:
        raise Conflict(_("%(name)s is archived. Bring the client back first.", name=client.name))
    audit_id = models.under_way(client_id, url, strategy)
    if audit_id is None:
        _refuse_more_than_a_day_allows()
        audit_id = models.add(
            WebsiteAudit(client_id=client_id, url=url, strategy=strategy, locale=client.locale, actor=actor)
        )
        outbox.add(MEASURE, audit=str(audit_id))
        log_of_acts.log("website_audit.asked", subject=ref("website_audit", audit_id))
    once.keep(once_key, str(audit_id))
    return audit_id


def _refuse_more_than_a_day_allows() -> None:
    most = current().settings.audits_per_day
    if models.asked_since(clock.now() - DAY) >= most:
        raise TooMany(_("%(n)s audits in a day are the limit here. Please try again tomorrow.", n=most), 3600)


def measure(job: Job) -> None:
    """The job: have the page measured and keep what was found. Does nothing for an audit that has ended."""
    audit_id = UUID(job.args["audit"])
    request = _begin(audit_id, job.attempt)
    if request is None:
        return
    try:
        outbound.check_url(request.url, must_resolve=False)
        report = current().registry.get(PAGESPEED).audit(request)
    except outbound.Refused:
        _end_badly(audit_id, PRIVATE)
    except ProviderError as error:
        if _worth_waiting(error, job.attempt):
            _wait(audit_id)
            raise
        log.warning("a website could not be measured", error=str(error), code=error.code)
        _end_badly(audit_id, _reason(error))
    else:
        _keep(audit_id, report)


def _worth_waiting(error: ProviderError, attempt: int) -> bool:
    return error.retryable and attempt < ATTEMPTS and (error.retry_after or 0.0) <= PATIENCE


def _reason(error: ProviderError) -> str:
    if isinstance(error, PageNotMeasured):
        return error.trouble.value
    if isinstance(error, CredentialsRejected | ProviderMisconfigured):
        return CREDENTIALS
    if isinstance(error, FeatureNotSupported):
        return NOBODY
    if isinstance(error, RateLimited):
        return QUOTA
    return BUSY if error.retryable else Trouble.UNKNOWN.value


@writes
def _begin(audit_id: UUID, attempt: int) -> AuditRequest | None:
    if attempt > ATTEMPTS:
        models.move(audit_id, AuditState.FAILED, reason=GAVE_UP, ended_at=clock.now())
        return None
    if not models.move(audit_id, AuditState.MEASURING, started_at=clock.now()):
        return None
    row = _audit(audit_id)
    return AuditRequest(row.url, row.strategy, row.locale)


@writes
def _wait(audit_id: UUID) -> None:
    models.move(audit_id, AuditState.QUEUED, reason=BUSY)


@writes
def _end_badly(audit_id: UUID, reason: str) -> None:
    models.move(audit_id, AuditState.FAILED, reason=reason, ended_at=clock.now())


@writes
def _keep(audit_id: UUID, report: AuditReport) -> None:
    spec = current().registry.spec(PAGESPEED)
    kept = models.move(
        audit_id,
        AuditState.DONE,
        reason="",
        ended_at=clock.now(),
        provider=spec.label if spec else "",
        final_url=_web_address(report.final_url),
        measured_at=report.fetched_at,
        report=stored(report),
    )
    if kept:
        row = _audit(audit_id)
        facts = {"actor": row.actor, "host": urlsplit(row.final_url or row.url).hostname or ""}
        chain.record(events.MEASURED, ref("website_audit", audit_id), facts, about=(ref("client", row.client_id),))


def _web_address(url: str) -> str:
    """What a service calls the final address, where it is one that can be linked to."""
    return url if len(url) <= outbound.LONGEST and urlsplit(url).scheme in outbound.PORTS else ""


def _audit(audit_id: UUID) -> WebsiteAudit:
    if (row := models.get(audit_id)) is None:
        raise NotFound(_("There is no such audit."))
    return row
