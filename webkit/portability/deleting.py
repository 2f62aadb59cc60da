"""Deletes an agency after its days of grace, and says what a law keeps, why and until when.

The job removes some rows at a time and notes nothing of how far it is: what is gone is gone, and it goes on with what
is left. Killed anywhere, the next attempt does the same.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, events, i18n, jobs, locks, outbox, tenancy
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.events import ERASED, ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.outbox import PutBack
from webkit.core.retention import CLASSES
from webkit.core.values import dataclass
from webkit.messaging import service as messaging
from webkit.payments import service as payments
from webkit.portability import deleting_models, keeping, models
from webkit.portability.content import PDFS
from webkit.portability.models import UNDER_WAY, AgencyDeletion, DeletionState
from webkit.privacy import service as privacy
from webkit.subscriptions import service as subscriptions

DELETE, DUE = "portability.delete_agency", "portability.delete_due"
SWEEP, OVER = "portability.sweep_agency", "portability.sweep_due"
ASKED, CANCELLED, DELETED = "agency.deletion_asked", "agency.deletion_cancelled", "agency.deleted"
GRACE = timedelta(days=30)
AGENCIES_A_DAY = 200
AT_A_STRETCH = 40.0
"""Seconds after which the job goes on in another attempt: shorter than its lease."""


@dataclass(frozen=True, slots=True)
class Staying:
    """Something that was kept."""

    what: str
    count: int
    why: str
    until: date | None


def under_way() -> AgencyDeletion | None:
    """The deletion of the agency whose door is open."""
    return models.deletion()


def in_the_way() -> str:
    """Why the agency cannot be deleted now, as a sentence: nobody would end what vendors charge. Nothing if it can."""
    paid = subscriptions.own().subscription
    if paid is not None and paid.living and not paid.ends:
        return _("The agency’s own subscription still runs. End it first.")
    if count := deleting_models.living_retainers():
        return i18n.ngettext(
            "A client still pays a retainer. End it first.", "Clients still pay %(n)s retainers. End them first.", count
        )
    return ""


@writes
def ask(agency: AgencyView, typed: str, user_id: UUID, name: str, email: str, locale: str) -> None:
    """Begin the days of grace. Raises DomainError unless the agency's name was typed, Conflict when they began."""
    if " ".join(typed.split()).casefold() != agency.name.casefold():
        raise DomainError(_("Type the name of the agency as it is written here: %(name)s", name=agency.name), "name")
    locks.hold("portability.delete")
    if reason := in_the_way():
        raise Conflict(reason)
    if models.deletion() is not None:
        raise Conflict(_("The deletion of this agency is on its way already."))
    due = clock.now() + GRACE
    models.add(
        AgencyDeletion(asked_by=user_id, asked_name=name, asked_email=email, locale=locale or agency.locale, due_at=due)
    )
    agencies.announce_end(agency.id, due.date())
    events.record(ASKED, ref("agency", agency.id), {"actor": ref("user", user_id), "on": due.date().isoformat()})
    audit.log(ASKED, subject=ref("agency", agency.id), detail={"on": due.date().isoformat()})
    _tell("deletion_asked", agency, due.date(), name)


@writes
def cancel(agency: AgencyView, user_id: UUID, name: str) -> None:
    """Take it back, as long as nothing was deleted. Raises Conflict."""
    row = models.deletion()
    if row is None or not models.change_deletion(
        row.id, (DeletionState.ASKED,), state=DeletionState.CANCELLED, ended_at=clock.now()
    ):
        raise Conflict(_("There is no deletion that could be taken back."))
    agencies.announce_end(agency.id, None)
    events.record(CANCELLED, ref("agency", agency.id), {"actor": ref("user", user_id)})
    audit.log(CANCELLED, subject=ref("agency", agency.id))
    _tell("deletion_cancelled", agency, row.due_at.date(), name)


def _tell(template: str, agency: AgencyView, day: date, who: str) -> None:
    """Write to everybody who works there: it is their work, too."""
    for each in accounts.members():
        with i18n.use_locale(agency.locale, agency.timezone):
            context = {"name": each.name, "who": who, "agency_name": agency.name, "day": i18n.format_date(day)}
        messaging.send_platform(template, each.name, each.email, context=context, locale=agency.locale)


def look_for_due(_job: Job) -> None:
    """The daily job: begin what is due, and go on with what stands still."""
    for agency_id, deletion_id in models.due_deletions(clock.now()):
        with tenancy.tenant(agency_id), writing():
            outbox.add(DELETE, deletion_id=str(deletion_id))


class Deletion:
    """One stretch of the work."""

    def __init__(self, job: Job, agency: AgencyView) -> None:
        self._job, self._agency = job, agency
        self._today = clock.today(agency.timezone)
        self._until = time.monotonic() + AT_A_STRETCH

    def run(self) -> None:
        for table in deleting_models.order():
            while self._some(table):
                self._pause()
            with writing():
                deleting_models.let_go(table, self._today, self._agency.country)
        with writing():
            deleting_models.empty_over(self._today, self._agency.country)
        self._details()

    def _some(self, table: str) -> bool:
        """Remove some rows and what they name outside the database; False when no more are to go."""
        if table == keeping.CONNECTED:
            payments.end()
        keys = deleting_models.doomed(table, self._today, self._agency.country)
        if keys:
            privacy.throw_away(privacy.things(table, keys), whatever_keys=True)
            with writing():
                deleting_models.remove(table, keys)
                if table == PDFS:
                    about = {"actor": "system", "documents": [str(key[0]) for key in keys]}
                    events.record(ERASED, ref("agency", self._agency.id), {**about, "reason": _reason()})
        return bool(keys)

    def _details(self) -> None:
        """Erase what is personal in events, but for those about what stays."""
        seq = 0
        while seqs := deleting_models.details_after(seq):
            told = deleting_models.told_of(seqs)
            staying = _still_there(set(told.values()))
            if gone := [each for each in seqs if told.get(each) not in staying]:
                events.erase(gone, _reason())
            seq = seqs[-1]
            release()
            self._pause()

    def _pause(self) -> None:
        if jobs.stopping.is_set() or time.monotonic() > self._until:
            raise PutBack


def _reason() -> str:
    return _("the agency was deleted")


def _still_there(subjects: set[str]) -> set[str]:
    """Of these subjects those whose rows a law keeps."""
    found: set[str] = set()
    for table in keeping.FROZEN:
        kind = table.removesuffix("s")
        ids = [UUID(each.partition(":")[2]) for each in subjects if each.startswith(f"{kind}:")]
        found |= {f"{kind}:{each}" for each in deleting_models.there(table, ids)} if ids else set()
    return found


def delete(job: Job) -> None:
    """The job: from the end of the grace to the report."""
    row, agency = models.deletion_by_id(UUID(job.args["deletion_id"])), agencies.by_id(tenancy.agency_id())
    if row is None or agency is None or row.state not in UNDER_WAY or row.due_at > clock.now():
        return
    if row.state is DeletionState.ASKED and in_the_way():
        return  # what runs at a vendor was begun since; tomorrow it is looked at again
    with i18n.use_locale(row.locale, agency.timezone):
        _begin(row.id, agency.id)
        Deletion(job, agency).run()
        _finish(row.id, agency)


@writes
def _begin(deletion_id: UUID, agency_id: UUID) -> None:
    if models.change_deletion(deletion_id, (DeletionState.ASKED,), state=DeletionState.RUNNING):
        agencies.close(agency_id, _("This agency is being deleted."))


@writes
def _finish(deletion_id: UUID, agency: AgencyView) -> None:
    kept = list(staying(agency))
    report = _report(kept)
    done = {"state": DeletionState.DONE, "ended_at": clock.now(), "report": report}
    if not models.change_deletion(deletion_id, (DeletionState.RUNNING,), **done):
        return
    row = models.deletion_by_id(deletion_id)
    assert row is not None  # it has just been changed
    events.record(DELETED, ref("agency", agency.id), {"actor": ref("user", row.asked_by), "kept": report})
    agencies.bury(agency.id)
    context = {"name": row.asked_name, "agency_name": agency.name, "kept": [_sentence(each) for each in kept]}
    messaging.send_platform("agency_deleted", row.asked_name, row.asked_email, context=context, locale=row.locale)


def _report(kept: Iterable[Staying]) -> list[dict[str, Any]]:
    return [
        {"what": each.what, "count": each.count, "why": each.why, "until": each.until and each.until.isoformat()}
        for each in kept
    ]


def look_for_over(_job: Job) -> None:
    """The daily job: what a law has kept goes when its years are over. They end with a calendar year, so each agency
    is looked at once in a year, when the new one has begun everywhere."""
    since = datetime((clock.now() - timedelta(days=1)).year, 1, 1, tzinfo=UTC) + timedelta(days=1)
    for agency_id, deletion_id in models.unswept(since, AGENCIES_A_DAY):
        with tenancy.tenant(agency_id), writing():
            outbox.add(SWEEP, deletion_id=str(deletion_id))


def sweep(job: Job) -> None:
    """The same for one agency: another pass over what is left, by the same rules as the first."""
    row, agency = models.deletion_by_id(UUID(job.args["deletion_id"])), agencies.by_id(tenancy.agency_id())
    if row is None or agency is None or row.state is not DeletionState.DONE:
        return
    with i18n.use_locale(row.locale, agency.timezone):
        Deletion(job, agency).run()
        _swept(row.id, agency)


@writes
def _swept(deletion_id: UUID, agency: AgencyView) -> None:
    report = _report(staying(agency))
    if models.change_deletion(deletion_id, (DeletionState.DONE,), swept_at=clock.now(), report=report):
        audit.log("agency.kept_swept", subject=ref("agency", agency.id), detail={"kept": len(report)})


def staying(agency: AgencyView) -> Iterator[Staying]:
    """What is there of the agency that a law keeps."""
    today = clock.today(agency.timezone)
    for table, retention, count, latest in deleting_models.what_stays(today, agency.country):
        until = CLASSES[retention].until(latest, agency.country) if latest else None
        yield Staying(str(LABELS.get(table, table)), count, str(CLASSES[retention].label), until)


def _sentence(each: Staying) -> str:
    if each.until is None:
        return _("%(what)s (%(count)d): %(why)s", what=each.what, count=each.count, why=each.why)
    day = i18n.format_date(each.until)
    return _("%(what)s (%(count)d), until %(day)s: %(why)s", what=each.what, count=each.count, day=day, why=each.why)


LABELS = {
    "invoices": i18n.lazy_gettext("Invoices"),
    "credit_notes": i18n.lazy_gettext("Credit notes"),
    "payments": i18n.lazy_gettext("Payments"),
    "bank_lines": i18n.lazy_gettext("Lines of bank statements"),
    "contracts": i18n.lazy_gettext("Signed contracts"),
    "proposals": i18n.lazy_gettext("Accepted proposals"),
    "quotations": i18n.lazy_gettext("Accepted quotations"),
    "ledger_entries": i18n.lazy_gettext("Entries of the books"),
    "ledger_receipts": i18n.lazy_gettext("Receipts"),
    "invoice_write_offs": i18n.lazy_gettext("Write-offs"),
}
"""What is kept, in words."""
