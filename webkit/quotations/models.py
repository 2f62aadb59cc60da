"""Quotations, the blocks and templates they are made from, and every question that is asked of these tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, durations, search, tallies
from webkit.core.kernel.db import session
from webkit.core.kernel.durations import Became
from webkit.core.kernel.tables import Authored, Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared
from webkit.core.values import dataclass

R = TypeVar("R", bound="Block | QuotationTemplate")


class State(StrEnum):
    """How far a quotation got. Expired is not stored: it is `sent` after the last day of its validity."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CHANGES_REQUESTED = "changes_requested"
    WITHDRAWN = "withdrawn"


EXPIRED = "expired"
KIND = "quotation"
OPEN, ACCEPTED = "quotation.open", "quotation.accepted"
KEPT = {OPEN: "open", ACCEPTED: "accepted"}
"""How the kept sums name them, each by the last day on which it counts."""

TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SENT}),
    State.SENT: frozenset(
        {State.ACCEPTED, State.DECLINED, State.CHANGES_REQUESTED, State.WITHDRAWN, State.DRAFT},
    ),
    State.CHANGES_REQUESTED: frozenset({State.DRAFT, State.WITHDRAWN}),
    State.DECLINED: frozenset({State.DRAFT}),
    State.WITHDRAWN: frozenset({State.DRAFT}),
    State.ACCEPTED: frozenset(),
}
"""From where to where. Back to draft makes the next version; what was sent stays as it was."""


class BlockKind(StrEnum):
    """What a reusable text is for: a part of the work, or a part of the terms."""

    SCOPE = "scope"
    TERMS = "terms"


class Quotation(Authored, Owned):
    """One quotation through all its versions. `revision` counts saves, `version` what the client was sent.

    `became` says what an accepted one was turned into, `became_id` into which; only one thing, and only once.
    """

    __tablename__ = "quotations"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.UniqueConstraint("agency_id", "number"),
        sa.Index("ix_quotations_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_quotations_client", "agency_id", "client_id", "id"),
        sa.Index("ix_quotations_sent", "agency_id", "sent_at", "id"),
        sa.Index("ix_quotations_valid", "agency_id", "valid_until", "id"),
        sa.Index("ix_quotations_amount", "agency_id", "currency", "total_minor", "id"),
        sa.Index("ix_quotations_remind_on", "remind_on"),
    )

    client_id: Mapped[UUID]
    client_name: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str] = mapped_column(sa.String(200))
    site: Mapped[str] = mapped_column(sa.Text, default="")
    search: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[str | None] = mapped_column(sa.String(64))
    state: Mapped[State] = enum_column(State, default=State.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    language: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3))
    offer: Mapped[dict[str, Any]] = mapped_column(Json)
    memo: Mapped[str] = mapped_column(sa.Text, default="")
    valid_until: Mapped[date | None] = mapped_column(sa.Date)
    total_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    author_id: Mapped[UUID] = mapped_column(nullable=False)
    author_name: Mapped[str] = mapped_column(sa.String(255))
    author_email: Mapped[str] = mapped_column(sa.String(255), default="")
    to_name: Mapped[str] = mapped_column(sa.String(255), default="")
    to_email: Mapped[str] = mapped_column(sa.String(255), default="")
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(sa.Text, default="")
    views: Mapped[int] = mapped_column(default=0)
    viewed_at: Mapped[datetime | None]
    remind_on: Mapped[date | None] = mapped_column(sa.Date)
    reminded_at: Mapped[datetime | None]
    frozen_id: Mapped[UUID | None]
    accepted_id: Mapped[UUID | None]
    became: Mapped[str | None] = mapped_column(sa.String(16))
    became_id: Mapped[UUID | None]
    files: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)


class Block(Owned):
    """A text that is written once and used in many quotations. `revision` counts its changes."""

    __tablename__ = "quotation_blocks"
    __table_args__ = owned_args(sa.Index("ix_quotation_blocks_agency_id_kind", "agency_id", "kind"))

    kind: Mapped[BlockKind] = enum_column(BlockKind)
    title: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    revision: Mapped[int] = mapped_column(default=1)
    archived: Mapped[bool] = mapped_column(default=False)


class QuotationTemplate(Owned):
    """What a quotation can begin with: blocks by their id, texts and lines of its own."""

    __tablename__ = "quotation_templates"
    __table_args__ = owned_args()

    title: Mapped[str] = mapped_column(sa.String(200))
    offer: Mapped[dict[str, Any]] = mapped_column(Json)
    valid_days: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)
    archived: Mapped[bool] = mapped_column(default=False)


class Listed(NamedTuple):
    """What lists show of a quotation: without its texts, which are long."""

    id: UUID
    client_id: UUID
    client_name: str
    title: str
    site: str
    number: str | None
    state: State
    version: int
    currency: str
    valid_until: date | None
    total_minor: int | None
    author_id: UUID
    author_name: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    views: int
    viewed_at: datetime | None
    frozen_id: UUID | None
    became: str | None
    became_id: UUID | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which quotations other features ask for; `state` is a State or "expired"."""

    state: str = ""
    client_id: UUID | None = None


def search_text(*texts: str | None) -> str:
    """What a search looks into: lower case, in one line."""
    return "\n".join(text.casefold() for text in texts if text)


def add(row: Quotation | Block | QuotationTemplate) -> UUID:
    """Insert a row now."""
    session().add(row)
    session().flush()
    if isinstance(row, Quotation):
        search.changed(KIND, row.id)
    return row.id


def by_id(quotation_id: UUID) -> Quotation | None:
    """The quotation of the current agency with that id."""
    return session().get(Quotation, quotation_id)


def fresh(quotation_id: UUID) -> Quotation | None:
    """The same, read again from the database: for after a conditional update."""
    return session().get(Quotation, quotation_id, populate_existing=True)


def locked(quotation_id: UUID) -> Quotation | None:
    """The quotation as it is now, which nobody else changes until this write ends."""
    query = sa.select(Quotation).where(Quotation.id == quotation_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def listed(which: Filter, today: date, limit: int) -> list[Listed]:
    """So many of them, newest first."""
    given = {name: value for name, value in (("client_id", which.client_id),) if value is not None}
    return [Listed(*row) for row in _listed(which.state, *given, limit=limit, today=today, **given)]


@prepared
def _listed(state: str, *given: str) -> sa.Executable:
    query = sa.select(*(getattr(Quotation, name) for name in Listed._fields)).where(mine(Quotation))
    query = query.where(*(getattr(Quotation, name) == sa.bindparam(name) for name in given))
    if state:
        query = query.where(in_state(state))
    return query.order_by(Quotation.id.desc()).limit(sa.bindparam("limit"))


def in_state(state: str) -> sa.ColumnElement[bool]:
    """Whether a quotation is in a state, or expired, on the day `today`."""
    today = sa.bindparam("today", type_=sa.Date())
    late = sa.and_(Quotation.state == State.SENT, Quotation.valid_until < today)
    if state == EXPIRED:
        return late
    if state == State.SENT:
        open_ended = sa.or_(Quotation.valid_until.is_(None), Quotation.valid_until >= today)
        return sa.and_(Quotation.state == State.SENT, open_ended)
    return Quotation.state == State(state)


def searched(ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """What these quotations are found by, as they are in this write."""
    found = session().execute(sa.select(Quotation.id, Quotation.search).where(Quotation.id.in_(ids)))
    return {row[0]: (row[1],) for row in found}


def sums(today: date) -> list[tuple[str, str, int, int]]:
    """(open or accepted, currency, count, sum): what waits for an answer on that day, and what was accepted."""
    return [(KEPT[kind], currency, count, total) for kind, currency, count, total in tallies.since(today, *KEPT)]


def any_of_client(client_id: UUID) -> bool:
    """Whether any quotation names this client."""
    return session().scalar(sa.select(Quotation.id).where(Quotation.client_id == client_id).limit(1)) is not None


def save(quotation_id: UUID, revision: int, **values: Any) -> bool:
    """Change a draft that is still at `revision`; False when somebody was faster."""
    here = (Quotation.revision == revision, Quotation.state == State.DRAFT)
    return _change(quotation_id, *here, revision=revision + 1, updated_at=clock.now(), **values)


def move(
    quotation_id: UUID,
    sources: Sequence[State],
    target: State,
    *,
    seen_revision: int | None = None,
    seen_frozen: UUID | None = None,
    **values: Any,
) -> bool:
    """Go from one of `sources` to `target`; False when it is elsewhere already or no longer what the caller saw."""
    if any(target not in TRANSITIONS[source] for source in sources):
        raise ValueError(f"no way from {sources} to {target}")
    conditions: list[sa.ColumnElement[bool]] = [Quotation.state.in_(sources)]
    if seen_revision is not None:
        conditions.append(Quotation.revision == seen_revision)
    if seen_frozen is not None:
        conditions.append(Quotation.frozen_id == seen_frozen)
    return _change(quotation_id, *conditions, state=target, **values)


def update(quotation_id: UUID, **values: Any) -> None:
    """Note something beside the state."""
    _change(quotation_id, **values)


def convert(quotation_id: UUID, kind: str, document_id: UUID) -> bool:
    """Note what an accepted quotation was turned into; False when it was turned into something before."""
    free = (Quotation.state == State.ACCEPTED, Quotation.became.is_(None))
    return _change(quotation_id, *free, became=kind, became_id=document_id)


def release(quotation_id: UUID, document_id: UUID) -> bool:
    """Forget what it was turned into, since that is gone; False when it is something else."""
    return _change(quotation_id, Quotation.became_id == document_id, became=None, became_id=None)


def remind(quotation_id: UUID, at: datetime, due: date | None = None) -> bool:
    """Note that the client is reminded now; with `due` only if nobody has yet, and the day for it has come."""
    conditions: list[sa.ColumnElement[bool]] = [Quotation.state == State.SENT]
    if due is not None:
        conditions += [Quotation.reminded_at.is_(None), Quotation.remind_on <= due, Quotation.valid_until >= due]
    return _change(quotation_id, *conditions, reminded_at=at)


def to_remind(today: date) -> list[UUID]:
    """The current agency's quotations whose clients are to be reminded on that day."""
    query = sa.select(Quotation.id).where(*_due(today), Quotation.valid_until >= today)
    return list(session().scalars(query.order_by(Quotation.id)))


def agencies_to_remind(latest: date) -> list[UUID]:
    """Agencies that may have somebody to remind, for the platform; `latest` is the day where it is latest."""
    query = sa.select(Quotation.agency_id).where(*_due(latest)).distinct().order_by(Quotation.agency_id)
    return list(session().scalars(query))


def _due(day: date) -> tuple[sa.ColumnElement[bool], ...]:
    return (Quotation.state == State.SENT, Quotation.reminded_at.is_(None), Quotation.remind_on <= day)


def _change(quotation_id: UUID, *conditions: sa.ColumnElement[bool], **values: Any) -> bool:
    """Change a quotation that meets the conditions right now, and the kept sums with it where they follow that."""
    here = (Quotation.id == quotation_id, *conditions)
    if values.keys() & set(_Standing._fields):
        found = tallies.change(Quotation, here, values, _Standing, _counted)
    else:
        changed = sa.update(Quotation).where(*here).values(**values).returning(Quotation.id)
        found = session().scalar(changed.execution_options(synchronize_session=False)) is not None
    if "search" in values:
        search.changed(KIND, quotation_id)
    session().expire_all()
    return found


class _Standing(NamedTuple):
    """What the kept sums follow of a quotation."""

    state: State
    currency: str
    valid_until: date | None
    total_minor: int | None


def _counted(of: _Standing) -> tallies.Counted:
    """What waits for an answer counts until the last day of its validity, what was accepted for ever."""
    if of.state not in (State.SENT, State.ACCEPTED):
        return {}
    is_open = of.state is State.SENT
    last = of.valid_until if is_open and of.valid_until else date.max
    return {(OPEN if is_open else ACCEPTED, of.currency, last.isoformat()): (1, of.total_minor or 0)}


def count_view(quotation_id: UUID, at: datetime) -> None:
    """One more reader."""
    update(quotation_id, views=Quotation.views + 1, viewed_at=at)


def files(quotation_id: UUID) -> list[dict[str, Any]] | None:
    """The files of a quotation, as they are in this write."""
    found: list[dict[str, Any]] | None = session().scalar(
        sa.select(Quotation.files).where(Quotation.id == quotation_id)
    )
    return found


def delete_draft(quotation_id: UUID) -> bool:
    """Delete a draft that was never sent; False for everything else."""
    gone = session().scalars(
        sa.delete(Quotation)
        .where(Quotation.id == quotation_id, Quotation.state == State.DRAFT, Quotation.frozen_id.is_(None))
        .returning(Quotation.id)
    )
    search.changed(KIND, quotation_id)
    return gone.one_or_none() is not None


def block(block_id: UUID) -> Block | None:
    """A block, put away or not."""
    return session().get(Block, block_id)


def blocks(kind: BlockKind | None = None) -> list[Block]:
    """The blocks in use, by title."""
    query = sa.select(Block).where(Block.archived.is_(False)).order_by(Block.title, Block.id)
    return list(session().scalars(query.where(Block.kind == kind) if kind else query))


def blocks_named(block_ids: Sequence[UUID]) -> dict[UUID, Block]:
    """These blocks by their ids, put away or not."""
    if not block_ids:
        return {}
    return {row.id: row for row in session().scalars(sa.select(Block).where(Block.id.in_(block_ids)))}


def template(template_id: UUID) -> QuotationTemplate | None:
    """A template, put away or not."""
    return session().get(QuotationTemplate, template_id)


def count_templates() -> int:
    kept = QuotationTemplate.archived.is_(False)
    return session().scalar(sa.select(sa.func.count()).select_from(QuotationTemplate).where(kept)) or 0


def templates() -> list[QuotationTemplate]:
    """The templates in use, by title."""
    query = sa.select(QuotationTemplate).where(QuotationTemplate.archived.is_(False))
    return list(session().scalars(query.order_by(QuotationTemplate.title, QuotationTemplate.id)))


def edit(kind: type[R], row_id: UUID, revision: int, **values: Any) -> bool:
    """Change a block or a template that is still at `revision`; False when somebody was faster."""
    changed = session().scalars(
        sa.update(kind)
        .where(kind.id == row_id, kind.revision == revision)
        .values(revision=revision + 1, **values)
        .returning(kind.id)
        .execution_options(synchronize_session=False)
    )
    found = changed.one_or_none() is not None
    session().expire_all()
    return found


def became(since: datetime, until: datetime, today: date) -> list[Became]:
    """What became of what was sent in this time, by currency; `expired` of what nobody answered."""
    late = sa.and_(Quotation.state == State.SENT, Quotation.valid_until < sa.bindparam("today", type_=sa.Date()))
    word = sa.case((late, EXPIRED), else_=sa.cast(Quotation.state, sa.String))
    asked = (word, Quotation.currency, Quotation.total_minor, Quotation.sent_at)
    return durations.became(Quotation, *asked, since, until, today=today)


def took(since: datetime, until: datetime) -> list[tuple[int, int]]:
    """(hours, how many) from sent to accepted, of what was accepted in this time."""
    accepted = Quotation.state == State.ACCEPTED
    return durations.took(Quotation, Quotation.sent_at, Quotation.answered_at, since, until, accepted)
