"""Runs, the generations they belong to, and what each attempt cost."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import tenancy
from webkit.core.kernel.db import session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import mine, prepared
from webkit.core.values import dataclass


class RunState(enum.StrEnum):
    """`queued` waits for a worker, or for the vendor to listen again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Fate(enum.StrEnum):
    """What became of a text: nobody has said yet, it is in the document, or nobody wants it."""

    OPEN = "open"
    APPLIED = "applied"
    DISCARDED = "discarded"


class Reservation(enum.StrEnum):
    """A generation is reserved before anybody is asked, and settled once."""

    RESERVED = "reserved"
    USED = "used"
    RETURNED = "returned"


ALIVE = (RunState.QUEUED, RunState.RUNNING)
OVER = (RunState.DONE, RunState.STOPPED, RunState.FAILED)
CHARGED = (Reservation.RESERVED, Reservation.USED)
_UNSEEN = {"synchronize_session": False}
"""Of changes that the unit's own objects need not know: nobody looks at them again before they expire."""


class Generation(Owned):
    """One press of the button, however many sections it asked for. `month` is that of the agency's own calendar."""

    __tablename__ = "ai_generations"
    __table_args__ = owned_args(sa.Index("ix_ai_generations_agency_id_month", "agency_id", "month", "state"))

    month: Mapped[str] = mapped_column(sa.String(7))
    state: Mapped[Reservation] = enum_column(Reservation, default=Reservation.RESERVED)
    actor: Mapped[str] = mapped_column(sa.String(64))
    settled_at: Mapped[datetime | None]


class Run(Owned):
    """One section being written, on the `day` it was last asked for.

    `asked` counts how often a person asked, `attempt` how often the vendor was, or is about to be; `text` is what the
    latest one wrote.
    """

    __tablename__ = "ai_runs"
    __table_args__ = owned_args(
        owned_fk("generation_id", "ai_generations"),
        sa.Index("ix_ai_runs_agency_id_subject", "agency_id", "subject", "id"),
        sa.Index("ix_ai_runs_agency_id_generation_id", "agency_id", "generation_id"),
        sa.Index("ix_ai_runs_agency_id_day", "agency_id", "day"),
    )

    generation_id: Mapped[UUID]
    subject: Mapped[str] = mapped_column(sa.String(64))
    section: Mapped[str] = mapped_column(sa.String(64))
    day: Mapped[str] = mapped_column(sa.String(10))
    system: Mapped[str] = mapped_column(sa.Text)
    prompt: Mapped[str] = mapped_column(sa.Text)
    json_schema: Mapped[dict[str, Any] | None] = mapped_column(Json)
    facts: Mapped[dict[str, str]] = mapped_column(Json)
    sources: Mapped[dict[str, str]] = mapped_column(Json)
    exempt: Mapped[list[str]] = mapped_column(Json)
    max_tokens: Mapped[int]
    locale: Mapped[str] = mapped_column(sa.String(16))

    state: Mapped[RunState] = enum_column(RunState, default=RunState.QUEUED)
    job_id: Mapped[UUID | None]
    asked: Mapped[int] = mapped_column(default=1)
    attempt: Mapped[int] = mapped_column(default=1)
    text: Mapped[str] = mapped_column(sa.Text, default="")
    error_code: Mapped[str] = mapped_column(sa.String(32), default="")
    resume_at: Mapped[datetime | None]
    stop_asked_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    fate: Mapped[Fate] = enum_column(Fate, default=Fate.OPEN)
    fate_at: Mapped[datetime | None]


class Spending(Owned):
    """What one call of the vendor used. `estimated` where the vendor could not say, because the call broke off.

    `cost_micro` are millionths of `currency`: whole numbers, so that the database may add them up.
    """

    __tablename__ = "ai_spendings"
    __table_args__ = owned_args(
        owned_fk("run_id", "ai_runs"),
        sa.Index("ix_ai_spendings_agency_id_run_id", "agency_id", "run_id"),
        sa.Index("ix_ai_spendings_agency_id_month", "agency_id", "month"),
    )

    run_id: Mapped[UUID]
    month: Mapped[str] = mapped_column(sa.String(7))
    attempt: Mapped[int]
    provider: Mapped[str] = mapped_column(sa.String(32))
    model: Mapped[str] = mapped_column(sa.String(64))
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    cost_micro: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3), default="")
    estimated: Mapped[bool] = mapped_column(default=False)


@dataclass(frozen=True, slots=True)
class Spent:
    """A sum of spendings in one currency; `currency` is empty where no price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cost_micro: int | None = None
    currency: str = ""
    estimated: bool = False


class Seen(NamedTuple):
    """A run as it is looked at: nobody changes it through this. Those who watch fifty of them at once all wait."""

    id: UUID
    generation_id: UUID
    subject: str
    section: str
    json_schema: dict[str, Any] | None
    facts: dict[str, str]
    sources: dict[str, str]
    exempt: list[str]
    locale: str
    state: RunState
    attempt: int
    text: str
    error_code: str
    resume_at: datetime | None
    stop_asked_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    fate: Fate


@prepared
def _seen() -> sa.Executable:
    columns = [getattr(Run, name) for name in Seen._fields]
    return sa.select(*columns).where(mine(Run), Run.id == sa.bindparam("run"))


def get(run_id: UUID) -> Seen | None:
    row = next(iter(_seen(run=run_id)), None)
    return None if row is None else Seen(*row)


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def of_subject(subject: str) -> list[Run]:
    """The latest run of each section, in the order they were asked for."""
    known = session().execute(sa.select(Run.section, Run.id).where(Run.subject == subject).order_by(Run.id))
    newest = {row[0]: row[1] for row in known}
    return list(session().scalars(sa.select(Run).where(Run.id.in_(newest.values())).order_by(Run.id)))


def alive_sections(subject: str) -> set[str]:
    query = sa.select(Run.section).where(Run.subject == subject, Run.state.in_(ALIVE))
    return set(session().scalars(query))


def latest(limit: int, before: UUID | None) -> list[Run]:
    """Runs of all subjects, newest first."""
    query = sa.select(Run).order_by(Run.id.desc()).limit(limit)
    return list(session().scalars(query.where(Run.id < before) if before else query))


def move(run_id: UUID, start: Iterable[RunState], latest: int | None = None, **values: Any) -> bool:
    """One conditional change, perhaps only while `latest` is the latest attempt; False when somebody was faster."""
    query = sa.update(Run).where(Run.id == run_id, Run.state.in_(tuple(start)))
    if latest is not None:
        query = query.where(Run.attempt == latest)
    changed = session().scalars(query.values(**values).returning(Run.id), execution_options=_UNSEEN)
    return changed.one_or_none() is not None


class Begun(Protocol):
    """What is needed of a run to write it."""

    id: UUID
    job_id: UUID
    attempt: int
    generation_id: UUID
    subject: str
    section: str
    system: str
    prompt: str
    json_schema: dict[str, Any] | None
    max_tokens: int


def begin(runs: Iterable[UUID], jobs: Iterable[UUID], now: datetime) -> list[Begun]:
    """Begin an attempt at all of these runs that still belong to these jobs; nobody else begins the same ones."""
    attempt = sa.case((Run.started_at.is_(None), Run.attempt), else_=Run.attempt + 1)
    query = (
        _given_to(runs, jobs)
        .where(Run.stop_asked_at.is_(None))
        .values(state=RunState.RUNNING, attempt=attempt, text="", started_at=now, resume_at=None, error_code="")
    )
    columns = [getattr(Run, name) for name in Begun.__annotations__]
    return cast("list[Begun]", session().execute(query.returning(*columns), execution_options=_UNSEEN).all())


def stop_unheard(runs: Iterable[UUID], jobs: Iterable[UUID], now: datetime) -> list[UUID]:
    """End those that were asked to stop before anybody heard it; their generations."""
    query = _given_to(runs, jobs).where(Run.stop_asked_at.is_not(None)).values(state=RunState.STOPPED, ended_at=now)
    return list(session().scalars(query.returning(Run.generation_id), execution_options=_UNSEEN))


def _given_to(runs: Iterable[UUID], jobs: Iterable[UUID]) -> sa.Update:
    return sa.update(Run).where(Run.id.in_(list(runs)), Run.job_id.in_(list(jobs)), Run.state.in_(ALIVE))


def anew(run_id: UUID, **values: Any) -> bool:
    """Let a run that is over begin again, empty; False when somebody was faster."""
    empty: dict[str, Any] = dict.fromkeys(("started_at", "ended_at", "resume_at", "stop_asked_at", "fate_at"))
    fresh: dict[str, Any] = {"state": RunState.QUEUED, "text": "", "error_code": "", "fate": Fate.OPEN}
    return move(run_id, OVER, asked=Run.asked + 1, attempt=Run.attempt + 1, **fresh, **empty, **values)


def save(run_id: UUID, attempt: int, text: str) -> tuple[bool, bool]:
    """Keep the text so far; whether this attempt is the living one, and whether somebody asked it to stop."""
    query = sa.update(Run).where(Run.id == run_id, Run.state == RunState.RUNNING, Run.attempt == attempt)
    saved = query.values(text=text).returning(Run.stop_asked_at)
    row = session().execute(saved, execution_options=_UNSEEN).one_or_none()
    return row is not None, row is not None and row[0] is not None


def settle_fate(run_id: UUID, fate: Fate, at: datetime) -> bool:
    """Say what became of a text, while nobody has."""
    query = sa.update(Run).where(Run.id == run_id, Run.state.in_(OVER), Run.fate == Fate.OPEN)
    return session().scalars(query.values(fate=fate, fate_at=at).returning(Run.id)).one_or_none() is not None


def generation_is_alive(generation_id: UUID) -> bool:
    query = sa.select(Run.id).where(Run.generation_id == generation_id, Run.state.in_(ALIVE)).limit(1)
    return session().scalars(query).first() is not None


def settle(generation_id: UUID, outcome: Reservation, at: datetime) -> bool:
    """Settle a reservation, once."""
    query = sa.update(Generation).where(Generation.id == generation_id, Generation.state == Reservation.RESERVED)
    settled = query.values(state=outcome, settled_at=at).returning(Generation.id)
    return session().scalars(settled, execution_options=_UNSEEN).one_or_none() is not None


def generation_state(generation_id: UUID) -> Reservation:
    return session().scalars(sa.select(Generation.state).where(Generation.id == generation_id)).one()


def charged(month: str) -> int:
    """Generations of a month that are used or reserved."""
    query = sa.select(sa.func.count()).where(Generation.month == month, Generation.state.in_(CHARGED))
    return session().scalar(query.select_from(Generation)) or 0


def asked_on(day: str) -> int:
    """How often sections were asked for on a day."""
    return session().scalar(sa.select(sa.func.sum(Run.asked)).where(Run.day == day)) or 0


def spent_by(run_ids: Sequence[UUID]) -> dict[UUID, Spent]:
    """What runs used over all their attempts."""
    query = sa.select(Spending.run_id, *_sums()).where(Spending.run_id.in_(run_ids))
    rows = session().execute(query.group_by(Spending.run_id, Spending.currency).order_by(Spending.currency))
    return {row[0]: _spent(row[1:]) for row in rows}


def spent_in(month: str) -> list[Spent]:
    """What a month cost, a line for each currency."""
    query = sa.select(*_sums()).where(Spending.month == month).group_by(Spending.currency)
    return [_spent(row) for row in session().execute(query.order_by(Spending.currency))]


def _sums() -> tuple[Any, ...]:
    return (
        sa.func.sum(Spending.input_tokens),
        sa.func.sum(Spending.output_tokens),
        sa.func.sum(Spending.cached_tokens),
        sa.func.sum(Spending.cost_micro),
        Spending.currency,
        sa.func.max(sa.cast(Spending.estimated, sa.Integer)),
    )


def _spent(row: Sequence[Any]) -> Spent:
    cost = None if row[3] is None else int(row[3])
    return Spent(int(row[0]), int(row[1]), int(row[2]), cost, row[4], bool(row[5]))


def author_of_run(given: Mapping[str, Any]) -> tuple[UUID | None, ...]:
    """Whose a run is that an address names: whoever's what it is written for is."""
    run = session().get(Run, given["run_id"])
    return tenancy.author_of(run.subject) if run is not None else ()
