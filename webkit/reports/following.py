"""Keeping the entries of reports: they follow the chain of events, which tells of everything that happens to invoices.

Whoever looks at a report brings its entries up to the last event first, so they are always those of everything that
was recorded. Issuing and paying do no work for it. Where there is much to catch up with, a job does the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from webkit.agencies import service as agencies
from webkit.core.extensions import Job
from webkit.core.kernel import clock, events, outbox
from webkit.core.kernel.db import writes
from webkit.imports.events import BROUGHT_IN, TAKEN_BACK
from webkit.invoices import service as invoices
from webkit.reports import models
from webkit.reports.entries import entries, shares
from webkit.reports.models import Kept, ReportPosition

FOLLOW = "reports.follow"
VERSION = 1
"""Raised when entries are made in another way: then all are made again."""
AT_ONCE, IN_A_REQUEST, IN_A_JOB = 200, 6, 60
"""Events or invoices in one write, and how many such writes a visitor, or a job, does."""
ASKS_AGAIN = timedelta(minutes=2)
OF_INVOICE = events.ref("invoice", "")


class Caught(NamedTuple):
    """Whether the entries are those of everything that happened."""

    up: bool
    behind: int = 0


def catch_up() -> Caught:
    """Bring the entries up to date, or as far as a visitor waits for; a job does the rest."""
    for _round in range(IN_A_REQUEST):
        if is_up():
            return Caught(True)
        _step()
    if is_up():
        return Caught(True)
    standing = models.standing()
    if standing and (standing.asked_at is None or standing.asked_at < clock.now() - ASKS_AGAIN):
        _ask()
    return Caught(False, standing.head - standing.seq if standing else 0)


def go_on(_job: Job) -> None:
    """Catch up in the background; what is left then is another job's."""
    for _round in range(IN_A_JOB):
        if is_up():
            return
        _step()
    _ask()


def again() -> None:
    """Make all entries again, however long it takes."""
    _forget()
    while not is_up():
        _step()


@writes
def _forget() -> None:
    models.start_over()


def is_up() -> bool:
    """Whether the entries are those of everything that was recorded."""
    standing = models.standing()
    if standing is None or standing.filling or standing.seq < standing.head:
        return False
    here = agencies.here()
    return (standing.version, standing.timezone, standing.currency) == (VERSION, here.timezone, here.currency)


@writes
def _ask() -> None:
    models.note_asked(clock.now())
    outbox.add(FOLLOW)


@writes
def _step() -> None:
    """One write: some more of the events, or of the invoices that were there before them."""
    here = agencies.here()
    position = models.locked_position(here.timezone, here.currency, VERSION)
    if position.filling:
        _fill(position)
    else:
        _follow(position)


def _fill(position: ReportPosition) -> None:
    ids = invoices.book_ids(position.after, AT_ONCE, imported=position.imported_only)
    _renew(ids, position)
    if len(ids) < AT_ONCE:
        position.filling, position.imported_only, position.after = False, False, None
    else:
        position.after = ids[-1]


def _follow(position: ReportPosition) -> None:
    told = models.told_since(position.seq, AT_ONCE)
    if not told:
        return
    position.seq = told[-1][0]
    subjects = dict.fromkeys(subject for _seq, _kind, about in told for subject in about)
    _renew([UUID(each.removeprefix(OF_INVOICE)) for each in subjects if each.startswith(OF_INVOICE)], position)
    if any(kind in (BROUGHT_IN, TAKEN_BACK) for _seq, kind, _about in told):
        models.refill_imported(position)  # the chain tells of an import as a whole


def _renew(ids: Collection[UUID], position: ReportPosition) -> None:
    """Make the entries of these invoices from what is stored of them now."""
    if not ids:
        return
    zone, currency = ZoneInfo(position.timezone), position.currency
    models.forget(ids)
    models.keep(
        Kept(book.invoice.id, book.client_id, book.imported, entries(book, zone, currency), shares(book))
        for book in invoices.books(ids)
    )
