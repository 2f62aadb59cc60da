"""Signed heads, and the proof that nothing of weight was changed afterwards.

`sign_head` puts the installation's signature on the end of an agency's chain. `examine` walks a chain and compares
everything with everything: hashes with texts, copied columns with texts, personal details with their commitments,
signed heads with the chain, frozen documents with what events say about them, and features' rows with what was frozen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.errors import ProviderError
from webkit.core.extensions import Job, LazyText
from webkit.core.kernel import clock, crypto, events, tenancy
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import insert_missing, release, session, writes
from webkit.core.kernel.events import COMMITTED, ERASED, Event, EventDetail, SignedHead
from webkit.core.kernel.frozen import Frozen, FrozenDocument, keeper, view
from webkit.core.kernel.runtime import current, of
from webkit.core.kernel.tables import Base, Scoped
from webkit.core.values import dataclass

SIGN_HEADS = "evidence.sign_heads"
CHUNK = 500
_HASH = re.compile(r"[0-9a-f]{64}")


class FormerKey(Scoped, Base):
    """A key of another installation that signed for this agency before it came here."""

    __tablename__ = "former_keys"
    __table_args__ = (
        sa.PrimaryKeyConstraint("agency_id", "public_key"),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"]),
    )

    public_key: Mapped[str] = mapped_column(sa.String(64))
    since: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Head:
    """A signed end of a chain, as documents print it."""

    seq: int
    hash: str
    at: datetime
    public_key: str
    signature: str


@dataclass(frozen=True, slots=True)
class Witness:
    """What a feature knows about the documents of one kind that it has frozen.

    `state` is how the document stands right now, a word and its tone. `differences` compares the feature's own row
    (and the PDF, where it is stored) with the frozen snapshot and returns a sentence for each thing that differs.
    """

    label: LazyText
    state: Callable[[Frozen], tuple[LazyText, str]]
    differences: Callable[[Frozen, bytes | None], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was recorded; `seq` is the event it concerns, if one does."""

    seq: int | None
    problem: str


@dataclass(slots=True)
class ChainReport:
    """What the walk over one agency's chain and documents found."""

    agency: str
    events: int = 0
    documents: int = 0
    signed_heads: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def first_broken(self) -> int | None:
        return min((found.seq for found in self.findings if found.seq is not None), default=None)


def witness(app: Flask, kind: str, known: Witness) -> None:
    """Let a feature answer for the documents of `kind`; call from `webkit_startup`."""
    of(app).witnesses[kind] = known


@writes
def sign_head() -> Head | None:
    """Sign the end of the current agency's chain; None before its first event. Signed already, it stays as it is."""
    seq, hash_ = events.head()
    if seq == 0:
        return None
    moment, agency, keys = clock.now(), tenancy.agency_id(), current().keys
    signature = keys.sign(events.head_statement(agency, seq, hash_, moment)).hex()
    insert_missing(
        SignedHead,
        agency_id=agency,
        seq=seq,
        hash=hash_,
        at=moment,
        public_key=keys.public_key.hex(),
        signature=signature,
    )
    row = session().scalars(sa.select(SignedHead).where(SignedHead.seq == seq)).one()
    return _head(row)


def trusted_keys() -> frozenset[str]:
    """The public keys (hex) that may sign for the current agency: ours, and those it came here with."""
    return frozenset({current().keys.public_key.hex(), *session().scalars(sa.select(FormerKey.public_key))})


def sign_all_heads(_job: Job) -> None:
    """The daily job: one signed head for every agency."""
    for agency in current().directory.all_ids():
        with tenancy.tenant(agency):
            sign_head()


def head_is_signed(agency: UUID, head: Head) -> bool:
    """Whether the signature belongs to the head it stands beside."""
    statement = events.head_statement(agency, head.seq, head.hash, head.at)
    return crypto.verify(bytes.fromhex(head.public_key), statement, bytes.fromhex(head.signature))


def unreadable() -> str | None:
    """Why no chain can be read at all, through the platform's door: no database, or one that was never set up."""
    try:
        session().scalar(sa.select(Event.seq).limit(1))
    except sa.exc.SQLAlchemyError as error:
        return f"The database cannot be read ({type(error).__name__}). Is it there, and was webkit db upgrade run?"
    return None


def examine(agency: str, trusted: frozenset[str]) -> ChainReport:
    """Walk the current agency's chain and documents. `trusted` are the public keys (hex) we believe.

    Never raises for what it finds: what cannot even be read is a finding, too.
    """
    report = ChainReport(agency)
    walk = _Walk(report)
    try:
        walk.signed = {row.seq: _head(row) for row in events.signed_heads()}
        _walk_to_the_end(walk)
        walk.finish(trusted)
        _examine_documents(report, walk.named, walk.gone)
    except (sa.exc.SQLAlchemyError, ValueError) as error:
        report.findings.append(Finding(walk.seq + 1, f"The database cannot be read here: {type(error).__name__}."))
    return report


def _walk_to_the_end(walk: _Walk) -> None:
    """Follow the chain until its head is reached, which may move on while we walk."""
    for _again in range(5):
        for chunk in _chunks(walk.seq):
            walk.follow(chunk)
        release()
        if events.head() == (walk.seq, walk.hash):
            return


def _head(row: SignedHead) -> Head:
    return Head(row.seq, row.hash, row.at, row.public_key, row.signature)


def _chunks(after: int) -> Iterator[Sequence[Any]]:
    """Rows as they lie in the database: a column that no longer holds a moment must not hide the others."""
    columns = (Event.seq, Event.kind, Event.subject, Event.text, Event.prev_hash, Event.hash)
    raw = sa.select(*columns, sa.type_coerce(Event.at, sa.String).label("at")).order_by(Event.seq).limit(CHUNK)
    while rows := session().execute(raw.where(Event.seq > after)).all():
        yield rows
        after = rows[-1].seq


def _details(first: int, last: int) -> dict[int, tuple[str, str]]:
    query = sa.select(EventDetail.seq, EventDetail.salt, sa.type_coerce(EventDetail.data, sa.Text).label("data"))
    rows = session().execute(query.where(EventDetail.seq >= first, EventDetail.seq <= last))
    return {row.seq: (row.salt, row.data) for row in rows}


def _instant(value: object) -> datetime | None:
    """The moment in a column, as SQLite (text, UTC) or PostgreSQL keeps it."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    except ValueError:
        return None


class _Walk:
    """The state of a walk along one chain, oldest event first."""

    def __init__(self, report: ChainReport) -> None:
        self.report = report
        self.signed: dict[int, Head] = {}
        self.seq, self.hash = 0, events.GENESIS
        self.named: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self._bare: set[int] = set()
        self._erased: set[int] = set()
        self.gone: set[str] = set()
        """Documents of which an event says that they were erased."""

    def broken(self, seq: int | None, problem: str) -> None:
        self.report.findings.append(Finding(seq, problem))

    def follow(self, rows: Sequence[Any]) -> None:
        details = _details(rows[0].seq, rows[-1].seq)
        for row in rows:
            self._link(row)
            self._content(row, details.get(row.seq))

    def _link(self, row: Any) -> None:
        if row.seq != self.seq + 1:
            self.broken(self.seq + 1, "An event is missing here.")
        if row.prev_hash != self.hash:
            self.broken(row.seq, "The event does not continue the one before it.")
        if not _HASH.fullmatch(row.prev_hash) or row.hash != events.link(row.prev_hash, row.text):
            self.broken(row.seq, "The event's text does not have its hash.")
        head = self.signed.get(row.seq)
        if head is not None and head.hash != row.hash:
            self.broken(row.seq, "The chain up to here was signed with another hash: it has been rewritten.")
        self.seq, self.hash = row.seq, row.hash
        self.report.events += 1

    def _content(self, row: Any, detail: tuple[str, str] | None) -> None:
        try:
            body: dict[str, Any] = json.loads(row.text)
            copied = (body["kind"], body["subject"], datetime.fromisoformat(body["at"]), body["facts"])
        except (ValueError, KeyError, TypeError):
            self.broken(row.seq, "The event's text cannot be read.")
            return
        if copied[:3] != (row.kind, row.subject, _instant(row.at)):
            self.broken(row.seq, "A column beside the event's text says something else.")
        self._personal(row.seq, body.get(COMMITTED), detail)
        facts = copied[3]
        if row.kind == ERASED:
            self._erased.update(seq for seq in facts.get("seqs", ()) if isinstance(seq, int))
            self.gone.update(each for each in facts.get("documents", ()) if isinstance(each, str))
        if isinstance(facts, dict) and isinstance(facts.get("frozen"), str):
            hashes = {name: value for name, value in facts.items() if isinstance(value, str)}
            self.named.setdefault(facts["frozen"], []).append((row.seq, hashes))

    def _personal(self, seq: int, committed: object, detail: tuple[str, str] | None) -> None:
        if detail is None:
            if committed is not None:
                self._bare.add(seq)
        elif committed is None or not _fits(detail, committed):
            self.broken(seq, "The personal details are not the ones that were recorded.")

    def finish(self, trusted: frozenset[str]) -> None:
        """What can only be said at the end of the chain."""
        for seq in sorted(self._bare - self._erased):
            self.broken(seq, "Personal details are gone, and no event says that they were erased.")
        head = events.head()
        if head != (self.seq, self.hash):
            self.broken(min(head[0], self.seq) + 1, "The chain does not end where its head says.")
        self._signed_heads(trusted)

    def _signed_heads(self, trusted: frozenset[str]) -> None:
        agency = tenancy.agency_id()
        for seq, head in self.signed.items():
            self.report.signed_heads += 1
            if seq > self.seq:
                self.broken(self.seq + 1, f"The chain was signed up to event {seq}: its end has been cut off.")
            if head.public_key not in trusted:
                self.broken(seq, "The head is signed with a key that is not ours.")
            elif not head_is_signed(agency, head):
                self.broken(seq, "The signature under the head is not valid.")


def _fits(detail: tuple[str, str], committed: object) -> bool:
    try:
        return events.commitment(detail[0], json.loads(detail[1])) == committed
    except (ValueError, TypeError):
        return False


def _examine_documents(report: ChainReport, named: dict[str, list[tuple[int, dict[str, str]]]], gone: set[str]) -> None:
    missing = dict(named)
    for document_id in list(session().scalars(sa.select(FrozenDocument.id).order_by(FrozenDocument.id))):
        _examine_document(report, document_id, missing.pop(str(document_id), []))
        report.documents += 1
    for claims in (claims for name, claims in missing.items() if name not in gone):
        report.findings.append(Finding(claims[0][0], "The document this event names is gone."))


def _examine_document(report: ChainReport, document_id: UUID, claims: list[tuple[int, dict[str, str]]]) -> None:
    name, seq = f"document {document_id}", claims[0][0] if claims else None

    def broken(problem: str, at: int | None = seq) -> None:
        report.findings.append(Finding(at, f"{name}: {problem}"))

    try:
        row = session().get_one(FrozenDocument, document_id)
        name = f"{row.kind} {row.number}".strip()
        if digest(row.text.encode()) != row.snapshot_hash:
            broken("the snapshot does not have its hash.")
        document = view(row)
    except ValueError:
        broken("it cannot be read.")
        return
    finally:
        release()
    for at, hashes in claims:
        if hashes.get("snapshot_hash", document.snapshot_hash) != document.snapshot_hash:
            broken("the snapshot is not the one the event names.", at)
        if hashes.get("pdf_hash", document.pdf_hash) != document.pdf_hash:
            broken("the PDF is not the one the event names.", at)
    content = _pdf(document, broken) if document.pdf_key else None
    for difference in _differences(document, content):
        broken(difference)


def _differences(document: Frozen, content: bytes | None) -> list[str]:
    """What the feature says that owns the document."""
    known = current().witnesses.get(document.kind)
    try:
        return list(known.differences(document, content)) if known else []
    except (ValueError, KeyError, TypeError, AttributeError):
        return ["what the document says cannot be compared any more."]
    finally:
        release()


def _pdf(document: Frozen, broken: Callable[[str], None]) -> bytes | None:
    try:
        storage = keeper(document)
        release()
        with storage.connect().open(document.pdf_key or "") as file:
            content = file.read()
    except (ProviderError, OSError) as error:
        broken(f"the stored PDF cannot be read ({type(error).__name__}).")
        return None
    if digest(content) != document.pdf_hash:
        broken("the stored PDF does not have its hash.")
    return content
