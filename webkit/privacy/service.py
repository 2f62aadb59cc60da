"""Erasing the person behind a client: what would go and what stays, asking for it, and doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.agencies.service import agency_snapshot
from webkit.clients import service as clients
from webkit.core.kernel import clock, events, frozen, i18n, outbox, search, signals, tenancy
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.retention import Retention
from webkit.core.values import dataclass
from webkit.privacy import erasing_models, models, receipts, register, scope_models
from webkit.privacy.erasing_models import things as things
from webkit.privacy.events import ASKED, DONE, PersonErased
from webkit.privacy.models import Erasure, ErasureState
from webkit.privacy.outside import throw_away as throw_away
from webkit.privacy.scope_models import CLIENTS, Found, Person

ERASE, SWEEP = "privacy.erase", "privacy.sweep"
KIND, TEMPLATE = "erasure", "pdf/erasure/1.html"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table: how many, and for what stays its class and its last day."""

    table: str
    rows: int
    retention: Retention | None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erasure would do, and what has to be ended before."""

    goes: tuple[Part, ...]
    kept: tuple[Part, ...]
    open: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ErasureView:
    """An erasure as pages show it."""

    id: UUID
    client_id: UUID
    number: str
    asked_at: datetime
    asked_by: UUID | None
    done_at: datetime | None
    goes: tuple[Part, ...]
    kept: tuple[Part, ...]
    files: int
    messages: int
    next_due: date | None
    frozen_id: UUID | None
    receipt: str
    signature: str
    public_key: str

    @property
    def done(self) -> bool:
        return self.done_at is not None


def preview(client_id: UUID) -> Preview:
    """Look without touching anything. Raises NotFound."""
    found = scope_models.find(_person(client_id), {})
    goes = Counter({name: len(keys) for name, keys in found.goes.items()})
    return Preview(_parts(goes), _kept(found), tuple(sorted(scope_models.still_open(found).items())))


def get(erasure_id: UUID) -> ErasureView:
    """One erasure. Raises NotFound."""
    if (row := models.get(erasure_id)) is None:
        raise NotFound(_("There is no such erasure."))
    return _view(row)


def page(limit: int, before: UUID | None = None) -> list[ErasureView]:
    """Erasures, newest first."""
    return [_view(row) for row in models.page(limit, before)]


def of_client(client_id: UUID) -> ErasureView | None:
    """A client's latest erasure."""
    row = models.latest(client_id)
    return _view(row) if row else None


@writes
def ask(client_id: UUID, asked_by: UUID | None) -> UUID:
    """Have a client's person erased, by a job; asked for twice while it goes on it is done once.

    Raises NotFound, and Conflict while something of theirs is still open.
    """
    if not models.hold_client(client_id):
        raise NotFound(_("There is no such client."))
    row = models.latest(client_id)
    if row is not None and row.state is ErasureState.ASKED:
        return row.id
    if asked_by is not None and scope_models.still_open(scope_models.find(_person(client_id), {})):
        raise Conflict(_("Something of this client is still open. End it first, then erase."))
    return _begin(client_id, row.nth + 1 if row else 1, asked_by)


def _begin(client_id: UUID, nth: int, asked_by: UUID | None) -> UUID:
    row = models.add(client_id, nth, asked_by)
    facts = {"actor": f"user:{asked_by}" if asked_by else "system", "erasure": str(row.id)}
    events.record(ASKED, ref("client", client_id), facts)
    outbox.add(ERASE, erasure_id=str(row.id))
    return row.id


def sweep_agency() -> int:
    """Ask for the erasure of what a law kept until now; returns of how many clients."""
    found = models.due(agencies.today())
    for client_id in found:
        ask(client_id, None)
    return len(found)


# --- what the job does ------------------------------------------------------------------------------------------


def find(erasure_id: UUID) -> Found | None:
    """What there is to erase right now; None when it is done already."""
    row = models.get(erasure_id)
    if row is None or row.state is ErasureState.DONE:
        return None
    known = {name: [UUID(each) for each in ids] for name, ids in row.known.items()}
    return scope_models.find(_person(row.client_id), known)


@writes
def remember(erasure_id: UUID, found: Found) -> None:
    """Keep what was found until the end, before the first row goes."""
    models.remember(erasure_id, found.ids)


@writes
def erase(erasure_id: UUID, name: str, keys: list[scope_models.Key], things: erasing_models.Things) -> int:
    """Erase some rows of one table, whose files are gone by now."""
    done = erasing_models.erase(name, keys, ref(KIND, erasure_id))
    counted = {name: done, "files": len(things.files), "messages": len(things.messages)}
    models.count(erasure_id, {key: number for key, number in counted.items() if number and done})
    return done


@writes
def finish(erasure_id: UUID, seen: Found) -> bool:
    """Write the receipt when nothing is left but what was `seen` and cannot go further; False when there is more."""
    row = models.held(erasure_id)
    if row.state is ErasureState.DONE:
        return True
    models.hold_client(row.client_id)
    found = find(erasure_id)
    assert found is not None
    more = {name: {*keys} - {*seen.goes.get(name, ())} for name, keys in found.goes.items()}
    if any(keys for name, keys in more.items() if name != CLIENTS and _counts(name)):
        return False
    erasing_models.empty_client(row.client_id, _made_up_name(row.client_id))
    models.settle(row.client_id)
    row.kept = [_told(part) for part in _kept(found)]
    row.counts = {**row.counts, CLIENTS: 1}
    row.next_due = min((part.until for part in _kept(found) if part.until), default=None)
    row.state, row.done_at, row.known = ErasureState.DONE, clock.now(), {}
    _find_again(found)
    facts = {"actor": "system", "erasure": str(row.id), "rows": sum(row.counts.values())}
    events.record(DONE, ref("client", row.client_id), facts)
    _sign(row)
    signals.publish(PersonErased(row.client_id))
    return True


def _counts(name: str) -> bool:
    """Whether rows of a table are a reason to begin again: not what other people's work adds all the time."""
    return register.tables()[name].by not in scope_models.PASSING


def _find_again(found: Found) -> None:
    """What is kept is found by its number, and by no name."""
    for name, rows in found.kept.items():
        for kind in register.tables()[name].subject:
            ids = [key[0] for key in rows]
            for document_id, number in models.numbers(name, ids).items():
                search.also(kind, document_id, number)


def _sign(row: Erasure) -> None:
    seq, head = events.head()
    statement = {
        "version": receipts.VERSION,
        "kind": KIND,
        "id": str(row.id),
        "agency": str(tenancy.agency_id()),
        "client": str(row.client_id),
        "asked_at": row.created_at.isoformat(),
        "done_at": row.done_at.isoformat() if row.done_at else "",
        "erased": [_told(part) for part in _parts(row.counts)],
        "kept": row.kept,
        "files": row.counts.get("files", 0),
        "messages": row.counts.get("messages", 0),
        "chain": {"seq": seq, "hash": head},
    }
    for name, value in receipts.sealed(statement, current().keys).items():
        setattr(row, name, value)
    snapshot = {
        "number": _number(row.id),
        "agency": agency_snapshot(agencies.profile()),
        "receipt": statement,
        "signature": row.signature,
        "public_key": row.public_key,
    }
    locale = agencies.here().locale
    kept = frozen.freeze(KIND, row.id, number=_number(row.id), template=TEMPLATE, snapshot=snapshot, locale=locale)
    row.frozen_id = kept.id


def _made_up_name(client_id: UUID) -> str:
    agency = agencies.here()
    with i18n.use_locale(agency.locale, agency.timezone):
        return _("Erased client %(code)s", code=client_id.hex[-6:].upper())


# --- shapes -----------------------------------------------------------------------------------------------------


def _person(client_id: UUID) -> Person:
    client, agency = clients.get(client_id), agencies.here()
    numbers = frozenset({clients.vat_number(client.tax_id, client.country)} - {""}) - _numbers_of_others(client_id)
    return Person(client_id, client.email.strip().casefold(), numbers, agency.country, agencies.today())


def _numbers_of_others(client_id: UUID) -> frozenset[str]:
    """VAT numbers that other clients have too."""
    known = clients.known()
    return frozenset(
        clients.vat_number(each.tax_id, each.country) for each in known if each.id != client_id and each.tax_id
    )


def _parts(counts: Mapping[str, int]) -> tuple[Part, ...]:
    known = register.of_clients()
    return tuple(Part(name, rows, known[name].retention) for name, rows in sorted(counts.items()) if name in known)


def _kept(found: Found) -> tuple[Part, ...]:
    counted = Counter((name, *law) for name, rows in found.kept.items() for law in rows.values())
    return tuple(Part(name, rows, law, last) for (name, law, last), rows in sorted(counted.items()))


def _told(part: Part) -> dict[str, Any]:
    told = {"table": part.table, "rows": part.rows, "class": str(part.retention)}
    return {**told, "until": part.until.isoformat()} if part.until else told


def _of(told: Mapping[str, Any]) -> Part:
    until = date.fromisoformat(told["until"]) if "until" in told else None
    return Part(told["table"], told["rows"], Retention(told["class"]), until)


def parts_of(told: Iterable[Mapping[str, Any]]) -> list[Part]:
    """What a receipt says, as it is shown."""
    return [_of(each) for each in told]


def _number(erasure_id: UUID) -> str:
    return f"E-{erasure_id.hex[-8:].upper()}"


def _view(row: Erasure) -> ErasureView:
    return ErasureView(
        id=row.id,
        client_id=row.client_id,
        number=_number(row.id),
        asked_at=row.created_at,
        asked_by=row.asked_by,
        done_at=row.done_at,
        goes=_parts(row.counts),
        kept=tuple(map(_of, row.kept)),
        files=row.counts.get("files", 0),
        messages=row.counts.get("messages", 0),
        next_due=row.next_due,
        frozen_id=row.frozen_id,
        receipt=row.receipt,
        signature=row.signature,
        public_key=row.public_key,
    )
