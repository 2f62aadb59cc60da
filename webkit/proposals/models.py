"""Proposals as they are stored, and every question that is asked of the table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock, durations, search, tallies
from webkit.core.kernel.db import session
from webkit.core.kernel.durations import Became
from webkit.core.kernel.tables import Authored, Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared
from webkit.core.values import dataclass


class State(StrEnum):
    """How far a proposal got. Expired is not stored: it is `sent` after the last day of its validity."""

    DRAFT = "draft"
    SENT = "sent"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CHANGES_REQUESTED = "changes_requested"


EXPIRED = "expired"
KIND = "proposal"

TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SENT}),
    State.SENT: frozenset({State.ACCEPTED, State.DECLINED, State.CHANGES_REQUESTED, State.DRAFT}),
    State.CHANGES_REQUESTED: frozenset({State.DRAFT}),
    State.DECLINED: frozenset({State.DRAFT}),
    State.ACCEPTED: frozenset(),
}
"""From where to where. Back to draft makes the next version; what was sent stays as it was."""


KEPT = {f"proposal.{which}.{part}": (which, part) for which in ("open", "accepted") for part in ("once", "monthly")}
"""How the kept sums name them, each by the last day on which it counts."""


class Proposal(Authored, Owned):
    """One proposal through all its versions. `revision` counts saves, `version` what the client was sent.

    `answers` is what the client had said when it was made, `consultation_id` where, `audit_id` what was measured.
    """

    __tablename__ = "proposals"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        owned_fk("consultation_id", "consultations"),
        owned_fk("audit_id", "website_audits"),
        sa.UniqueConstraint("agency_id", "number"),
        sa.Index("ix_proposals_agency_id_state_id", "agency_id", "state", "id"),
        sa.Index("ix_proposals_client", "agency_id", "client_id", "id"),
        sa.Index("ix_proposals_sent", "agency_id", "sent_at", "id"),
        sa.Index("ix_proposals_valid", "agency_id", "valid_until", "id"),
        sa.Index("ix_proposals_amount", "agency_id", "currency", "once_minor", "id"),
        sa.Index("ix_proposals_agency_id_consultation_id", "agency_id", "consultation_id"),
        sa.Index("ix_proposals_agency_id_audit_id", "agency_id", "audit_id"),
    )

    client_id: Mapped[UUID]
    client_name: Mapped[str] = mapped_column(sa.String(255))
    title: Mapped[str] = mapped_column(sa.String(200))
    search: Mapped[str] = mapped_column(sa.Text)
    number: Mapped[str | None] = mapped_column(sa.String(64))
    state: Mapped[State] = enum_column(State, default=State.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    revision: Mapped[int] = mapped_column(default=1)
    language: Mapped[str] = mapped_column(sa.String(16))
    currency: Mapped[str] = mapped_column(sa.String(3))
    contents: Mapped[dict[str, Any]] = mapped_column(Json)
    doubts: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    offer: Mapped[dict[str, Any]] = mapped_column(Json)
    valid_until: Mapped[date | None] = mapped_column(sa.Date)
    deposit_percent: Mapped[Decimal | None]
    contract_template_id: Mapped[UUID | None]
    once_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    monthly_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
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
    frozen_id: Mapped[UUID | None]
    accepted_id: Mapped[UUID | None]
    contract_id: Mapped[UUID | None]
    consultation_id: Mapped[UUID | None]
    audit_id: Mapped[UUID | None]
    answers: Mapped[list[dict[str, str]] | None] = mapped_column(Json)


class Listed(NamedTuple):
    """What lists show of a proposal: without its texts, which are long."""

    id: UUID
    client_id: UUID
    client_name: str
    title: str
    number: str | None
    state: State
    version: int
    currency: str
    valid_until: date | None
    once_minor: int | None
    monthly_minor: int | None
    author_id: UUID
    author_name: str
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    views: int
    viewed_at: datetime | None
    frozen_id: UUID | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which proposals other features ask for; `state` is a State or "expired"."""

    state: str = ""
    client_id: UUID | None = None


def search_text(*texts: str | None) -> str:
    """What a search looks into: lower case, in one line."""
    return "\n".join(text.casefold() for text in texts if text)


def add(proposal: Proposal) -> Proposal:
    """Insert a proposal now."""
    session().add(proposal)
    session().flush()
    search.changed(KIND, proposal.id)
    return proposal


def by_id(proposal_id: UUID) -> Proposal | None:
    """The proposal of the current agency with that id."""
    return session().get(Proposal, proposal_id)


def fresh(proposal_id: UUID) -> Proposal | None:
    """The same, read again from the database: for after a conditional update."""
    return session().get(Proposal, proposal_id, populate_existing=True)


def listed(which: Filter, today: date, limit: int) -> list[Listed]:
    """So many of them, newest first."""
    given = {name: value for name, value in (("client_id", which.client_id),) if value is not None}
    return [Listed(*row) for row in _listed(which.state, *given, limit=limit, today=today, **given)]


@prepared
def _listed(state: str, *given: str) -> sa.Executable:
    query = sa.select(*(getattr(Proposal, name) for name in Listed._fields)).where(mine(Proposal))
    query = query.where(*(getattr(Proposal, name) == sa.bindparam(name) for name in given))
    if state:
        query = query.where(in_state(state))
    return query.order_by(Proposal.id.desc()).limit(sa.bindparam("limit"))


def in_state(state: str) -> sa.ColumnElement[bool]:
    """Whether a proposal is in a state, or expired, on the day `today`."""
    today = sa.bindparam("today", type_=sa.Date())
    late = sa.and_(Proposal.state == State.SENT, Proposal.valid_until < today)
    if state == EXPIRED:
        return late
    if state == State.SENT:
        open_ended = sa.or_(Proposal.valid_until.is_(None), Proposal.valid_until >= today)
        return sa.and_(Proposal.state == State.SENT, open_ended)
    return Proposal.state == State(state)


def searched(ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """What these proposals are found by, as they are in this write."""
    found = session().execute(sa.select(Proposal.id, Proposal.search).where(Proposal.id.in_(ids)))
    return {row[0]: (row[1],) for row in found}


def sums(today: date) -> list[dict[str, Any]]:
    """Per currency: amounts and number of what waits for an answer, and of what was accepted."""
    found: dict[str, dict[str, Any]] = {}
    for kind, currency, count, total in tallies.since(today, *KEPT):
        which, part = KEPT[kind]
        row = found.setdefault(currency, {"currency": currency})
        row |= {f"{which}_{part}": total, f"{which}_count": count}
    return [found[currency] for currency in sorted(found)]


def save(proposal_id: UUID, revision: int, **values: Any) -> bool:
    """Change a draft that is still at `revision`; False when somebody was faster."""
    changed = session().scalars(
        sa.update(Proposal)
        .where(Proposal.id == proposal_id, Proposal.revision == revision, Proposal.state == State.DRAFT)
        .values(revision=revision + 1, updated_at=clock.now(), **values)
        .returning(Proposal.id)
    )
    search.changed(KIND, proposal_id)
    return changed.one_or_none() is not None


def move(
    proposal_id: UUID,
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
    here = [Proposal.id == proposal_id, Proposal.state.in_(sources)]
    if seen_revision is not None:
        here.append(Proposal.revision == seen_revision)
    if seen_frozen is not None:
        here.append(Proposal.frozen_id == seen_frozen)
    fresh = not {State.SENT, State.ACCEPTED} & set(sources)
    return tallies.change(Proposal, here, {"state": target, **values}, _Standing, _counted, fresh=fresh)


class _Standing(NamedTuple):
    """What the kept sums follow of a proposal."""

    state: State
    currency: str
    valid_until: date | None
    once_minor: int | None
    monthly_minor: int | None


def _counted(of: _Standing) -> tallies.Counted:
    """What waits for an answer counts until the last day of its validity, what was accepted for ever."""
    if of.state not in (State.SENT, State.ACCEPTED):
        return {}
    last = of.valid_until if of.state is State.SENT and of.valid_until else date.max
    which = "open" if of.state is State.SENT else "accepted"
    amounts = {"once": of.once_minor or 0, "monthly": of.monthly_minor or 0}
    return {
        (kind, of.currency, last.isoformat()): (1, amounts[part])
        for kind, (counts, part) in KEPT.items()
        if counts == which
    }


def update(proposal_id: UUID, **values: Any) -> None:
    """Note something beside the state: nothing that the kept sums follow, unless it is a draft."""
    session().execute(sa.update(Proposal).where(Proposal.id == proposal_id).values(**values))
    if "search" in values:
        search.changed(KIND, proposal_id)


def count_view(proposal_id: UUID, at: datetime) -> None:
    """One more reader."""
    update(proposal_id, views=Proposal.views + 1, viewed_at=at)


def delete_draft(proposal_id: UUID) -> bool:
    """Delete a draft that was never sent; False for everything else."""
    gone = session().scalars(
        sa.delete(Proposal)
        .where(Proposal.id == proposal_id, Proposal.state == State.DRAFT, Proposal.frozen_id.is_(None))
        .returning(Proposal.id)
    )
    search.changed(KIND, proposal_id)
    return gone.one_or_none() is not None


def became(since: datetime, until: datetime, today: date) -> list[Became]:
    """What became of what was sent in this time, by currency; `expired` of what nobody answered."""
    late = sa.and_(Proposal.state == State.SENT, Proposal.valid_until < sa.bindparam("today", type_=sa.Date()))
    word = sa.case((late, EXPIRED), else_=sa.cast(Proposal.state, sa.String))
    asked = (word, Proposal.currency, Proposal.once_minor, Proposal.sent_at)
    return durations.became(Proposal, *asked, since, until, today=today)


def took(since: datetime, until: datetime) -> list[tuple[int, int]]:
    """(hours, how many) from sent to accepted, of what was accepted in this time."""
    accepted = Proposal.state == State.ACCEPTED
    return durations.took(Proposal, Proposal.sent_at, Proposal.answered_at, since, until, accepted)
