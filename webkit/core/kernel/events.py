"""The evidence log: every act of legal or money weight, hash-chained per agency.

`text` is canonical JSON and hashed exactly as stored: leaf = sha256(text), hash = sha256(previous hash ‖ leaf).
Personal data enters only as a salted commitment; values and salts live in `event_details`, which erasure deletes.
Events are collected during a write and appended as its last statements, so the chain's head is locked last
(lock order: counters, then head) and no event is ever committed without its place in the chain.
"""

from __future__ import annotations

import functools
import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import g, has_request_context
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.extensions import EventKind
from webkit.core.kernel import asking, clock, tenancy
from webkit.core.kernel.crypto import canonical, demand_exact, digest
from webkit.core.kernel.db import UnitSession, before_commit, insert_missing, later, session, writes
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tables import Base, Json, Scoped
from webkit.core.kernel.tenancy import add_late, mine, prepared
from webkit.core.values import dataclass

GENESIS = "0" * 64
LAST_SEQ = 2**63 - 1
LOOKED_THROUGH = 10
"""How many times as many events are looked through for somebody who does not see all of them."""
EVERYBODYS = frozenset({"client", "agency", "user", "website_audit"})
"""Subjects that everybody in an agency sees."""
COMMITTED = "personal"
ERASED = "privacy.erased"
KINDS = (EventKind(ERASED, _l("Personal data of earlier events was erased: %(reason)s")),)


class Event(Scoped, Base):
    """One link of the chain. The columns beside `text` are copies that `verify` compares with it."""

    __tablename__ = "events"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "seq"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
        sa.Index("ix_events_agency_id_kind_seq", "agency_id", "kind", "seq"),
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(sa.String(64))
    text: Mapped[str] = mapped_column(sa.Text)
    prev_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


class EventHead(Scoped, Base):
    """The end of an agency's chain; its row is the chain's lock."""

    __tablename__ = "event_heads"
    __table_args__ = (sa.PrimaryKeyConstraint("agency_id"), sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]))

    seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    hash: Mapped[str] = mapped_column(sa.String(64), default=GENESIS)


class EventDetail(Scoped, Base):
    """Personal data of an event and the salt of its commitment; the only part of an event that can be erased."""

    __tablename__ = "event_details"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "seq"),
        sa.ForeignKeyConstraint(["agency_id", "seq"], ["events.agency_id", "events.seq"]),
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger)
    salt: Mapped[str] = mapped_column(sa.String(32))
    data: Mapped[dict[str, Any]] = mapped_column(Json)


class EventSubject(Scoped, Base):
    """Index: under which subjects an event is shown (its own, and others it is about)."""

    __tablename__ = "event_subjects"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "subject", "seq"),
        sa.ForeignKeyConstraint(["agency_id", "seq"], ["events.agency_id", "events.seq"]),
    )

    subject: Mapped[str] = mapped_column(sa.String(64))
    seq: Mapped[int] = mapped_column(sa.BigInteger)


class SignedHead(Scoped, Base):
    """A head of the chain under the installation's signature: a cut tail or a rewritten chain no longer fits it."""

    __tablename__ = "signed_heads"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "seq"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]
    public_key: Mapped[str] = mapped_column(sa.String(64))
    signature: Mapped[str] = mapped_column(sa.String(128))


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event as people read it; `personal` is empty once erased."""

    seq: int
    kind: str
    at: datetime
    subject: str
    facts: dict[str, Any]
    personal: dict[str, Any]
    hash: str


@dataclass(slots=True)
class _Pending:
    kind: str
    subject: str
    facts: dict[str, Any]
    personal: dict[str, Any] | None
    about: tuple[str, ...]
    at: datetime


def ref(kind: str, id: UUID | str) -> str:
    """A subject: `invoice:0190…`."""
    return f"{kind}:{id}"


def record(
    kind: str,
    subject: str,
    facts: Mapping[str, Any],
    *,
    personal: Mapping[str, Any] | None = None,
    about: Sequence[str] = (),
) -> None:
    """Note an event of the current write; it is chained right before COMMIT, or never when the write fails.

    `facts` hold strings, whole numbers, booleans, None, lists and objects, never floats. What names or locates a
    person goes into `personal`.
    """
    current = session()
    if not current.writing:
        raise RuntimeError("events belong to a write")
    tenancy.agency_id()
    if whom := _on_behalf():
        facts = {**facts, "for": whom}
    demand_exact(dict(facts))
    pending = _Pending(kind, subject, dict(facts), dict(personal) if personal else None, tuple(about), clock.now())
    current.info.setdefault("events", []).append(pending)


def _on_behalf() -> str:
    """Whom somebody of the platform acts for in this request, if they sit in for an owner."""
    return str(g.get("sitting_in", "")) if has_request_context() else ""


@before_commit(rank=1)
def _append(current: UnitSession) -> None:
    """What can be is written by now, and the rest goes with the events: the head is locked for as short as can be."""
    pending: list[_Pending] = current.info.pop("events", [])
    if not pending:
        return
    current.flush_changed()
    seq, hash_ = current.head or _lock_head(current)
    chain = _Chain(tenancy.agency_id(), seq, hash_)
    for item in pending:
        chain.add(item)
    chain.write()
    current.info["chained"] = [(event["seq"], event["kind"]) for event in chain.events]


def locking(agency: sa.ColumnElement[UUID]) -> sa.FromClause:
    """The head of an agency's chain, locked by a statement that has locked before where it found the agency."""
    here = sa.select(EventHead.seq, EventHead.hash).where(EventHead.agency_id == agency)
    return here.with_for_update().lateral("head")


def locked(seq: int | None, hash_: str | None) -> None:
    """Say what the head is that a statement of this write has locked; None before the agency's first event."""
    session().head = None if seq is None or hash_ is None else (seq, hash_)


@functools.cache
def _head() -> sa.Executable:
    return sa.select(EventHead.seq, EventHead.hash).where(mine(EventHead)).with_for_update()


def _lock_head(current: UnitSession) -> tuple[int, str]:
    line, here = current.line, {"agency": tenancy.agency_id()}
    if not (found := asking.rows(line, _head(), here)):
        insert_missing(EventHead, agency_id=here["agency"], seq=0, hash=GENESIS)
        found = asking.rows(line, _head(), here)
    ((seq, hash_),) = found
    return seq, hash_


class _Chain:
    """What follows a head: rows for the four tables."""

    def __init__(self, agency: UUID, seq: int, hash_: str) -> None:
        self._agency, self._seq, self._hash = agency, seq, hash_
        self.events: list[dict[str, Any]] = []
        self._subjects: list[dict[str, Any]] = []
        self._details: list[dict[str, Any]] = []

    def add(self, item: _Pending) -> None:
        """One more event."""
        salt = secrets.token_hex(16)
        body: dict[str, Any] = {
            "about": sorted({item.subject, *item.about}),
            "at": item.at.isoformat(),
            "facts": item.facts,
            "kind": item.kind,
            "subject": item.subject,
        }
        if item.personal:
            body[COMMITTED] = commitment(salt, item.personal)
        text = canonical(body)
        here = {"agency_id": self._agency, "seq": self._seq + 1}
        copies = {"kind": item.kind, "at": item.at, "subject": item.subject, "text": text, "prev_hash": self._hash}
        self._seq, self._hash = self._seq + 1, link(self._hash, text)
        self.events.append({**here, **copies, "hash": self._hash})
        self._subjects += ({**here, "subject": subject} for subject in body["about"])
        if item.personal:
            self._details.append({**here, "salt": salt, "data": item.personal})

    def write(self) -> None:
        """Insert all of them and move the head on, with all else that was left for the end."""
        for table, rows in ((Event, self.events), (EventSubject, self._subjects), (EventDetail, self._details)):
            for row in rows:
                add_late(table, **row)
        later(_moved(), {"agency": self._agency, "to_seq": self._seq, "to_hash": self._hash}, EventHead)


@functools.cache
def _moved() -> sa.Update:
    moved = sa.update(EventHead.__table__).where(mine(EventHead))  # type: ignore[arg-type]
    return moved.values(seq=sa.bindparam("to_seq"), hash=sa.bindparam("to_hash"))


def link(previous: str, text: str) -> str:
    """The hash (hex) of an event with stored `text` behind the hash `previous` (hex)."""
    leaf = hashlib.sha256(text.encode()).digest()
    return hashlib.sha256(bytes.fromhex(previous) + leaf).hexdigest()


def commitment(salt: str, personal: Mapping[str, Any]) -> str:
    """What stands in the chain for personal data: tells nothing, yet fixes every character."""
    return digest(bytes.fromhex(salt) + canonical(dict(personal)).encode())


@prepared
def _entries(*given: str) -> sa.Executable:
    """Events with what is personal in them, newest first; `given` are conditions."""
    query = sa.select(Event.seq, Event.kind, Event.at, Event.subject, Event.text, EventDetail.data, Event.hash)
    query = query.outerjoin(
        EventDetail, sa.and_(EventDetail.agency_id == Event.agency_id, EventDetail.seq == Event.seq)
    )
    if "subject" in given:
        shown = sa.and_(EventSubject.agency_id == Event.agency_id, EventSubject.seq == Event.seq)
        query = query.join(EventSubject, shown).where(EventSubject.subject == sa.bindparam("subject"))
    if "before" in given:
        query = query.where(Event.seq < sa.bindparam("before"))
    return query.where(mine(Event)).order_by(Event.seq.desc()).limit(sa.bindparam("limit"))


def timeline(subject: str, *, limit: int = 50, before: int | None = None) -> list[TimelineEntry]:
    """Events shown under `subject`, newest first; `before` is the seq to continue from."""
    given: dict[str, Any] = {"subject": subject}
    if before is not None:
        given["before"] = min(before, LAST_SEQ)
    return _visible([_entry(row) for row in _entries(*given, limit=limit, **given)])


def told_of(subjects: Iterable[str]) -> set[str]:
    """Of these subjects those under which any event is shown."""
    wanted = EventSubject.subject.in_(list(subjects))
    return set(session().scalars(sa.select(EventSubject.subject).where(wanted).distinct()))


def recent(limit: int = 20) -> list[TimelineEntry]:
    """The agency's latest events, newest first."""
    if not session().scope.narrow:
        return [_entry(row) for row in _entries(limit=limit)]
    return _visible([_entry(row) for row in _entries(limit=limit * LOOKED_THROUGH)])[:limit]


def _visible(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    """Of events those about what the viewer sees: of a document's they see it, what is about none but the agency's
    people and clients is everybody's."""
    if not entries or not session().scope.narrow:
        return entries
    about: dict[int, set[str]] = {entry.seq: set() for entry in entries}
    query = sa.select(EventSubject.seq, EventSubject.subject).where(EventSubject.seq.in_(about))
    for seq, subject in session().execute(query):
        about[seq].add(subject)
    documents, seen = tenancy.seen({subject for subjects in about.values() for subject in subjects})
    return [entry for entry in entries if _is_seen(about[entry.seq], documents, seen)]


def _is_seen(about: set[str], documents: set[str], seen: set[str]) -> bool:
    own = about & documents
    return bool(own & seen) if own else all(subject.partition(":")[0] in EVERYBODYS for subject in about)


def entry(seq: int) -> TimelineEntry | None:
    """One event by its number, without what is personal in it."""
    row = session().scalars(sa.select(Event).where(Event.seq == seq)).one_or_none()
    return _entry((row.seq, row.kind, row.at, row.subject, row.text, None, row.hash)) if row else None


def _entry(row: Sequence[Any]) -> TimelineEntry:
    seq, kind, at, subject, text, personal, link = row
    return TimelineEntry(seq, kind, at, subject, json.loads(text)["facts"], personal or {}, link)


@writes
def erase(seqs: Iterable[int], reason: str) -> int:
    """Delete the personal data of events and say so in the chain; returns how many had any."""
    wanted = sorted(set(seqs))
    deleted = session().scalars(
        sa.delete(EventDetail).where(EventDetail.seq.in_(wanted)).returning(EventDetail.seq),
        execution_options={"synchronize_session": False},
    )
    erased = sorted(deleted)
    if erased:
        record(ERASED, ref("events", str(erased[0])), {"actor": "system", "seqs": erased, "reason": reason})
    return len(erased)


def head() -> tuple[int, str]:
    """Number and hash of the agency's latest event; (0, zeros) before the first."""
    row = session().scalars(sa.select(EventHead)).one_or_none()
    return (row.seq, row.hash) if row else (0, GENESIS)


def head_statement(agency: UUID, seq: int, hash_: str, at: datetime) -> bytes:
    """The bytes a signature over a head covers."""
    moment = at.astimezone(UTC).isoformat()
    return canonical({"agency": str(agency), "at": moment, "hash": hash_, "seq": seq}).encode()


def chain_rows() -> Iterator[Event]:
    """The agency's whole chain in order, streamed."""
    query = sa.select(Event).order_by(Event.seq).execution_options(yield_per=1000)
    yield from session().scalars(query)


def details_by_seq() -> dict[int, tuple[str, dict[str, Any]]]:
    """Salts and personal data that still exist."""
    rows = session().execute(sa.select(EventDetail.seq, EventDetail.salt, EventDetail.data))
    return {seq: (salt, data) for seq, salt, data in rows}


def signed_heads() -> list[SignedHead]:
    """Every head that was signed, oldest first."""
    return list(session().scalars(sa.select(SignedHead).order_by(SignedHead.seq)))
