"""A client's statement of account: shown for any days, frozen as a PDF, mailed, and open to the client at a link."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.agencies.service import agency_snapshot
from webkit.clients import service as clients
from webkit.clients.service import ClientView, client_snapshot
from webkit.core.kernel import clock, events, frozen, ids, links, once
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import use_locale
from webkit.core.values import dataclass
from webkit.invoices import service as invoices
from webkit.invoices.service import OpenInvoice
from webkit.messaging import service as messaging
from webkit.statements import models
from webkit.statements.account import Account, accounts
from webkit.statements.models import Statement

KIND, LINK, TEMPLATE, VERSION = "statement", "s", "pdf/statement/1.html", 1


@dataclass(frozen=True, slots=True)
class AccountView:
    """A client's account between two days, and what is open today."""

    client: ClientView
    since: date | None
    until: date
    accounts: tuple[Account, ...]
    open: tuple[OpenInvoice, ...]


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement that was made."""

    id: UUID
    client_id: UUID
    since: date | None
    until: date
    sent_to: str
    at: datetime


def account(
    client_id: UUID, since: date | None, until: date | None = None, *, written_off: bool = False
) -> AccountView:
    """What a client was asked for and what came, from `since` (None: from the first day) to `until` (None: today).

    As the client sees it, who owes what was written off; with `written_off` as the agency does, who no longer waits.
    Raises NotFound, and DomainError (`until`) for days in the wrong order.
    """
    client, until = clients.get(client_id), until or agencies.today()
    if since is not None and until < since:
        raise DomainError(_("The last day is before the first one."), "until")
    postings, waiting = invoices.account(client_id, written_off=written_off)
    return AccountView(client, since, until, accounts(postings, since, until), tuple(waiting))


@writes
def make(client_id: UUID, since: date | None, until: date, actor: str, once_key: str = "") -> UUID:
    """Freeze a statement, so that it has a PDF; the same form sent twice makes one."""
    if known := once.result(once_key):
        return UUID(known)
    statement_id = _make(account(client_id, since, until), actor)
    once.keep(once_key, str(statement_id))
    return statement_id


@writes
def send(client_id: UUID, since: date | None, until: date, actor: str, once_key: str = "") -> UUID:
    """Freeze a statement and mail it to the client, with a link to how the account stands."""
    if known := once.result(once_key):
        return UUID(known)
    view = account(client_id, since, until)
    client = view.client
    if not client.email:
        raise Conflict(_("%(client)s has no e-mail address to send the statement to.", client=client.name))
    statement_id = _make(view, actor, sent_to=client.email)
    once.keep(once_key, str(statement_id))
    document = frozen.latest(KIND, statement_id)
    assert document is not None  # it was frozen in this write
    messaging.send(
        "statement_sent",
        client.contact_name or client.name,
        client.email,
        context={
            "client": document.snapshot["client"],
            "until": document.snapshot["until"],
            "balances": [[each["closing"], each["currency"]] for each in document.snapshot["accounts"]],
            "url": links.url(LINK, open_link(client_id)),
        },
        subject=events.ref(KIND, statement_id),
        about=(events.ref("client", client_id),),
        attach=(document.id,),
        locale=document.locale,
    )
    return statement_id


def _make(view: AccountView, actor: str, sent_to: str = "") -> UUID:
    profile = agencies.profile()
    row = Statement(client_id=view.client.id, since=view.since, until=view.until, sent_to=sent_to)
    statement_id = models.add(row)
    locale = view.client.locale or profile.locale
    with use_locale(locale, profile.timezone):
        content = snapshot(statement_id, view)
    number = content["number"]
    kept = frozen.freeze(KIND, statement_id, number=number, template=TEMPLATE, snapshot=content, locale=locale)
    row.frozen_id = kept.id
    facts = {
        "actor": actor,
        "number": number,
        "until": view.until.isoformat(),
        "frozen": str(kept.id),
        "snapshot_hash": kept.snapshot_hash,
    }
    about = (events.ref("client", view.client.id),)
    events.record("statement.sent" if sent_to else "statement.made", events.ref(KIND, statement_id), facts, about=about)
    return statement_id


def snapshot(statement_id: UUID, view: AccountView) -> dict[str, Any]:
    """What a statement keeps for good: canonical JSON, days as ISO text, amounts in minor units."""
    return {
        "version": VERSION,
        "id": str(statement_id),
        "kind": KIND,
        "number": _("Statement %(day)s", day=view.until.isoformat()),
        "since": view.since.isoformat() if view.since else "",
        "until": view.until.isoformat(),
        "made": agencies.today().isoformat(),
        "agency": agency_snapshot(agencies.profile()),
        "client": client_snapshot(view.client),
        "accounts": [each.to_dict() for each in view.accounts],
        "open": [
            {
                "number": each.number,
                "title": each.title,
                "currency": each.currency,
                "due": each.due,
                "due_date": each.due_date.isoformat() if each.due_date else "",
                "late": each.late,
            }
            for each in view.open
        ],
    }


@writes
def open_link(client_id: UUID) -> str:
    """The token under which the client sees the account; the same one until it is closed."""
    client = clients.get(client_id)
    return links.token_for(LINK, client.id) or links.create(LINK, client.id, token=ids.token())


@writes
def close_link(client_id: UUID) -> int:
    """Close the client's link; a new one leads elsewhere."""
    return links.revoke(LINK, clients.get(client_id).id)


def link(client_id: UUID) -> str:
    """The address of the client's page while it is open, else nothing."""
    token = links.token_for(LINK, client_id)
    return links.url(LINK, token) if token else ""


def get(statement_id: UUID) -> StatementView:
    """One statement of the agency. Raises NotFound."""
    if (row := models.get(statement_id)) is None:
        raise NotFound(_("There is no such statement."))
    return _view(row)


def of_client(client_id: UUID) -> list[StatementView]:
    """The statements that were made for a client, newest first."""
    return [_view(row) for row in models.of_client(client_id)]


def year_start(day: date) -> date:
    """Where a statement begins unless somebody says otherwise."""
    return day.replace(month=1, day=1)


def today() -> date:
    """The calendar date at the agency's place."""
    return clock.today(agencies.here().timezone)


def _view(row: Statement) -> StatementView:
    return StatementView(row.id, row.client_id, row.since, row.until, row.sent_to, row.created_at)
