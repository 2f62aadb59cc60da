"""The outbox owns delivery: a service adds a row in its own transaction, a worker does the work until it is done.

RQ only carries the row's id and may lose it: the sweeper sends whatever is not done and not leased again. A worker
claims by conditional update, fenced by the attempt number, so one attempt wins; handlers do nothing when the work is
done already. What an error means is decided here: later, never, or now again.
"""

from __future__ import annotations

import enum
import functools
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.capabilities.errors import ProviderError
from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import asking, clock, observing, tenancy
from webkit.core.kernel.db import after_commit, db, session, writing
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.logging import scrub
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Json, Record, enum_column
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)

ATTEMPTS = 12
"""Tries before a job is put aside for a person; with the back-off below that is about nine hours."""
SWEEP_PAUSE = timedelta(seconds=10)


class State(enum.StrEnum):
    """`dead` needs a person: it is retried, or `dismissed`."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"
    DISMISSED = "dismissed"


class PutBack(observing.GoesOn):
    """Raised by a handler that has not failed but goes on later: its process ends, or a vendor asked it to wait."""

    def __init__(self, after: timedelta = timedelta()) -> None:
        super().__init__(f"goes on after {after}")
        self.after = after


class OutboxJob(Record):
    """A piece of work somebody asked for. Holds ids only, never personal data."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index("ix_outbox_state_next_at", "state", "next_at"),
        sa.Index("ix_outbox_agency_id_id", "agency_id", "id"),
    )

    agency_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(sa.String(64))
    queue: Mapped[str] = mapped_column(sa.String(8))
    args: Mapped[dict[str, str]] = mapped_column(Json)
    state: Mapped[State] = enum_column(State, default=State.WAITING)
    attempt: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=clock.now)
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(sa.Text, default="")


@dataclass(frozen=True, slots=True)
class JobView:
    """A row of the outbox as operators see it."""

    id: UUID
    agency_id: UUID | None
    kind: str
    queue: str
    args: Mapping[str, str]
    state: State
    attempt: int
    created_at: datetime
    next_at: datetime
    done_at: datetime | None
    running: bool
    error: str


def add(kind: str, /, **args: str) -> UUID:
    """Ask for a job of a registered `kind` in the current write; a worker is woken after the commit."""
    return add_all(kind, [args])[0]


def add_all(kind: str, args: Sequence[Mapping[str, str]]) -> list[UUID]:
    """Ask for several jobs of a kind at once."""
    spec, agency = current().jobs[kind], session().scope.agency
    queued = {"agency_id": agency, "kind": kind, "queue": spec.queue}
    carried = {observing.CARRIED: trace} if (trace := observing.trace()) else {}
    ids = [tenancy.add_late(OutboxJob, **queued, args={**each, **carried})["id"] for each in args]
    after_commit(lambda: _wake([(row_id, kind) for row_id in ids]))
    return ids


def _wake(rows: Sequence[tuple[UUID, str]]) -> None:
    from webkit.core.kernel import jobs

    jobs.wake(rows)


def deliver(job_id: UUID) -> bool:
    """Make one attempt at a job; False when somebody else has it or nothing is to be done."""
    attempts = claim([job_id])
    for attempt in attempts:
        attempt()
    return bool(attempts)


def claim(job_ids: Sequence[UUID]) -> list[Callable[[], None]]:
    """Claim of these jobs what nobody else has; returns the attempts that are to be made, each on its own.

    Where a kind has a `begin`, those of an agency begin together.
    """
    together: dict[tuple[str, UUID | None], list[Job]] = {}
    for job, kind in _claim(job_ids):
        together.setdefault((kind, job.agency_id), []).append(job)
    return [attempt for (kind, _), jobs in together.items() for attempt in _begin(jobs, current().jobs[kind])]


def _begin(jobs: Sequence[Job], spec: JobSpec) -> list[Callable[[], None]]:
    """The attempts at jobs of one agency and kind, that begin together. One that cannot begin spoils no other."""
    if spec.begin is None:
        return [partial(_attempt, job, spec) for job in jobs]
    try:
        with _door(jobs[0], spec):
            begun = spec.begin(jobs)
    except Exception as error:
        if len(jobs) == 1:
            return [partial(_failed, jobs[0], error)]
        return [attempt for job in jobs for attempt in _begin([job], spec)]
    return [partial(_attempt, replace(job, begun=begun.get(job.id)), spec) for job in jobs]


def _attempt(job: Job, spec: JobSpec) -> None:
    structlog.contextvars.bind_contextvars(job=str(job.id), kind=spec.kind, agency=str(job.agency_id or ""))
    try:
        with _door(job, spec), observing.job(spec.kind, job.attempt, job.args.get(observing.CARRIED, "")):
            spec.handler(job)
    except PutBack as later:
        put_back(job, later.after)
    except Exception as error:
        _failed(job, error)
    else:
        _finish(job)
    finally:
        structlog.contextvars.unbind_contextvars("job", "kind", "agency")


def _door(job: Job, spec: JobSpec) -> AbstractContextManager[Any]:
    return tenancy.tenant(job.agency_id) if job.agency_id else tenancy.platform(f"job {spec.kind}")


def _claim(job_ids: Sequence[UUID]) -> list[tuple[Job, str]]:
    moment = clock.now()
    found, count = _named(job_ids), len(job_ids)
    with tenancy.platform("claim a job"), writing() as unit:
        kinds = {row.kind for row in asking.rows(unit.line, _kinds(count), found)}
        rows: list[Any] = []
        # One that nobody knows is asked for when there is none, so that it is prepared like the others.
        for kind in sorted(kind for kind in kinds if kind in current().jobs) or [""]:
            lease = timedelta(seconds=_lease(kind) if kind else 0)
            given = {**found, "of_kind": kind, "moment": moment, "due": moment + SWEEP_PAUSE, "lease": moment + lease}
            rows += asking.rows(unit.line, _claimed(count), given)
    return [
        (Job(id=row.id, agency_id=row.agency_id, args=row.args, attempt=row.attempt, key=f"job-{row.id}"), row.kind)
        for row in rows
    ]


def _named(job_ids: Sequence[UUID]) -> dict[str, UUID]:
    return {f"id{nth}": job_id for nth, job_id in enumerate(job_ids)}


def _among(count: int) -> sa.ColumnElement[bool]:
    return OutboxJob.id.in_([sa.bindparam(f"id{nth}", type_=OutboxJob.id.type) for nth in range(count)])


@functools.lru_cache(64)
def _kinds(count: int) -> sa.Executable:
    return sa.select(OutboxJob.kind).where(_among(count)).distinct()


@functools.lru_cache(64)
def _claimed(count: int) -> sa.Executable:
    """Takes so many jobs of a kind. It is kept: everything that is done in the background begins with it."""
    free = sa.or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until < _given("moment", OutboxJob.lease_until))
    # The queue may hold an id several times: what backs off after a failure is not tried by the next of them. A row
    # the sweeper has just sent is due within its pause.
    due_now = OutboxJob.next_at <= _given("due", OutboxJob.next_at)
    return (
        sa.update(OutboxJob.__table__)  # type: ignore[arg-type]
        .where(_among(count), OutboxJob.kind == _given("of_kind", OutboxJob.kind))
        .where(OutboxJob.state == State.WAITING, free, due_now)
        .values(lease_until=_given("lease", OutboxJob.lease_until), attempt=OutboxJob.attempt + 1)
        .returning(OutboxJob.id, OutboxJob.agency_id, OutboxJob.args, OutboxJob.attempt, OutboxJob.kind)
    )


def _given(name: str, column: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=column.type)


def rehearse() -> None:
    """Deliver a job that nobody added. What is prepared and compiled on the way is there for every fork after it.

    Where there is no database yet, the first jobs prepare it for themselves.
    """
    nobody = Job(id=uuid7(), agency_id=None, args={}, attempt=0, key="")
    with suppress(sa.exc.SQLAlchemyError):
        _claim([nobody.id])
        _finish(nobody)
    db.engine.dispose()


def _free(moment: datetime) -> sa.ColumnElement[bool]:
    """No living attempt has the job."""
    return sa.or_(OutboxJob.lease_until.is_(None), OutboxJob.lease_until < moment)


def _lease(kind: str) -> int:
    return min(current().jobs[kind].lease, current().settings.job_lease_seconds)


def time_limit(kind: str) -> int:
    """Seconds a worker gives one attempt. It is over before its lease is: two attempts never run side by side."""
    if longest := current().jobs[kind].longest:
        return longest
    lease = _lease(kind)
    return max(1, lease - max(1, lease // 10))


def _update(job: Job, **values: Any) -> None:
    given = {f"to_{name}": value for name, value in values.items()}
    with tenancy.platform("finish a job"), writing() as unit:
        asking.rows(unit.line, _ended(tuple(values)), {**given, "of_id": job.id, "of_attempt": job.attempt})


@functools.cache
def _ended(names: tuple[str, ...]) -> sa.Executable:
    """Ends an attempt, if it is the living one."""
    here = (OutboxJob.id == _given("of_id", OutboxJob.id), OutboxJob.attempt == _given("of_attempt", OutboxJob.attempt))
    values = {name: _given(f"to_{name}", getattr(OutboxJob, name)) for name in names}
    ended = sa.update(OutboxJob.__table__).where(*here, OutboxJob.state == State.WAITING)  # type: ignore[arg-type]
    return ended.values(lease_until=None, **values).returning(OutboxJob.id)


def put_back(job: Job, after: timedelta = timedelta()) -> None:
    """End an attempt that goes on later, if it is the living one."""
    _update(job, next_at=clock.now() + after, error="")


def renewal(kind: str) -> float:
    """Seconds after which a lease of this kind is to be renewed: two failures may happen before it ends."""
    return _lease(kind) / 3


def renew(attempts: Sequence[Job], kind: str) -> set[UUID]:
    """Prolong the leases of attempts at jobs of one kind; returns the jobs whose living attempt these still are."""
    alive = sa.tuple_(OutboxJob.id, OutboxJob.attempt).in_([(job.id, job.attempt) for job in attempts])
    with tenancy.platform("renew the leases of jobs"), writing() as unit:
        until = clock.now() + timedelta(seconds=_lease(kind))
        renewed = sa.update(OutboxJob).where(alive, OutboxJob.state == State.WAITING).values(lease_until=until)
        return set(unit.scalars(renewed.returning(OutboxJob.id)))


def _finish(job: Job) -> None:
    _update(job, state=State.DONE, done_at=clock.now(), error="")


def _failed(job: Job, error: Exception) -> None:
    log.warning("job failed", attempt=job.attempt, error=f"{type(error).__name__}: {error}", exc_info=True)
    _fail(job, error)


def _fail(job: Job, error: Exception) -> None:
    words = scrub(f"{type(error).__name__}: {error}")[:2000]
    if gives_up(job, error):
        _update(job, state=State.DEAD, error=words)
    else:
        wished = error.retry_after if isinstance(error, ProviderError) else None
        _update(job, next_at=clock.now() + backoff(job.attempt, wished), error=words)


def gives_up(job: Job, error: Exception) -> bool:
    """Whether this attempt's error is the job's last: nothing is tried again until a person says so."""
    retryable = error.retryable if isinstance(error, ProviderError) else not isinstance(error, DomainError)
    return not retryable or job.attempt >= ATTEMPTS


def backoff(attempt: int, wished: float | None = None) -> timedelta:
    """How long to wait after a failed attempt: doubling with jitter up to an hour, or what the vendor asked for."""
    seconds = min(2.0**attempt, 3600.0) * random.uniform(0.75, 1.25)  # noqa: S311  jitter, not a secret
    return timedelta(seconds=max(seconds, wished or 0.0))


def follow(fresh: sa.CTE, kind: str) -> sa.Insert:
    """The statement that adds a job for each new row of a CTE with `id` and `agency_id`; the job has the row's id.

    It takes the moment as `job_at`. Nobody is woken: see `jobs.nudge`.
    """
    values: dict[str, Any] = {
        "id": fresh.c.id,
        "created_at": sa.bindparam("job_at", type_=OutboxJob.__table__.c.created_at.type),
        "agency_id": fresh.c.agency_id,
        "kind": sa.literal(kind),
        "queue": sa.literal(current().jobs[kind].queue),
        "args": sa.literal("{}"),
        "state": sa.literal(State.WAITING.value),
        "attempt": sa.literal(0),
        "next_at": sa.bindparam("job_at", type_=OutboxJob.__table__.c.next_at.type),
        "error": sa.literal(""),
    }
    rows = sa.select(*values.values())
    return sa.insert(OutboxJob).from_select(list(values), rows, include_defaults=False).returning(OutboxJob.id)


def due(limit: int = 500, kind: str | None = None) -> list[tuple[UUID, str]]:
    """Claim for sending what waits, is due and has no living attempt: ids and kinds. Any number of sweepers may run.

    Kinds that nobody here knows (a plugin that was removed) wait until somebody does.
    """
    moment = clock.now()
    known = OutboxJob.kind.in_(current().jobs) if kind is None else OutboxJob.kind == kind
    waiting = sa.and_(OutboxJob.state == State.WAITING, OutboxJob.next_at <= moment, _free(moment), known)
    with tenancy.platform("sweep the outbox") as unit:
        found = unit.scalars(sa.select(OutboxJob.id).where(waiting).order_by(OutboxJob.next_at).limit(limit)).all()
        if not found:
            return []
        with writing():
            rows = unit.execute(
                sa.update(OutboxJob)
                .where(OutboxJob.id.in_(found), waiting)
                .values(next_at=moment + SWEEP_PAUSE)
                .returning(OutboxJob.id, OutboxJob.kind)
            ).all()
    return [(row.id, row.kind) for row in rows]


def asked_for(kind: str) -> set[UUID]:
    """Agencies whose job of a kind is still to be done: they need no second one. For sweeps of the platform."""
    query = sa.select(OutboxJob.agency_id).where(OutboxJob.state == State.WAITING, OutboxJob.kind == kind)
    return {agency_id for agency_id in session().scalars(query.distinct()) if agency_id is not None}


def let_go(job_id: UUID) -> None:
    """End the lease of an attempt whose process is known to be dead, so that the sweeper repeats it at once."""
    with tenancy.platform("a worker process died"), writing() as unit:
        unit.execute(
            sa.update(OutboxJob)
            .where(OutboxJob.id == job_id, OutboxJob.state == State.WAITING)
            .values(lease_until=None, next_at=clock.now())
        )


def retry(job_id: UUID) -> bool:
    """Give a job that was put aside (or waits) a fresh start; False when it is done, unknown or running right now."""
    moment = clock.now()
    with tenancy.platform("an operator retries a job"), writing() as unit:
        kind = unit.scalars(
            sa.update(OutboxJob)
            .where(OutboxJob.id == job_id, OutboxJob.state != State.DONE, _free(moment))
            .values(state=State.WAITING, attempt=0, next_at=moment, lease_until=None)
            .returning(OutboxJob.kind)
        ).one_or_none()
        if kind is not None:
            after_commit(lambda: _wake([(job_id, kind)]))
    return kind is not None


def dismiss(job_id: UUID) -> bool:
    """Put a job away that gave up, because a person says so."""
    with tenancy.platform("an operator dismisses a job"), writing() as unit:
        put_away = (
            sa.update(OutboxJob)
            .where(OutboxJob.id == job_id, OutboxJob.state == State.DEAD)
            .values(state=State.DISMISSED)
            .returning(OutboxJob.id)
        )
        return unit.scalars(put_away).one_or_none() is not None


def oldest_due() -> datetime | None:
    """Since when the longest-waiting due job waits; call inside `platform`."""
    moment = clock.now()
    query = sa.select(sa.func.min(OutboxJob.created_at)).where(
        OutboxJob.state == State.WAITING, OutboxJob.attempt == 0, OutboxJob.next_at <= moment
    )
    return session().scalar(query)


def views(state: State | None = None, *, limit: int = 50, before: UUID | None = None) -> list[JobView]:
    """Jobs for the operator's page, newest first; call inside `platform`."""
    query = sa.select(OutboxJob).order_by(OutboxJob.id.desc()).limit(limit)
    if state is not None:
        query = query.where(OutboxJob.state == state)
    if before is not None:
        query = query.where(OutboxJob.id < before)
    return [_view(row) for row in session().scalars(query)]


def counts() -> dict[State, int]:
    """How many jobs are waiting and dead, for health pages; call inside `platform`."""
    shown = OutboxJob.state.in_((State.WAITING, State.DEAD))
    query = sa.select(OutboxJob.state, sa.func.count()).where(shown).group_by(OutboxJob.state)
    return {row[0]: row[1] for row in session().execute(query)}


def prune(before: datetime) -> int:
    """Delete jobs done before a moment."""
    with tenancy.platform("prune the outbox"), writing() as unit:
        done = sa.delete(OutboxJob).where(OutboxJob.state == State.DONE, OutboxJob.done_at < before)
        return len(unit.scalars(done.returning(OutboxJob.id)).all())


def _view(row: OutboxJob) -> JobView:
    running = row.state == State.WAITING and row.lease_until is not None and row.lease_until > clock.now()
    return JobView(
        id=row.id,
        agency_id=row.agency_id,
        kind=row.kind,
        queue=row.queue,
        args=row.args,
        state=row.state,
        attempt=row.attempt,
        created_at=row.created_at,
        next_at=row.next_at,
        done_at=row.done_at,
        running=running,
        error=row.error,
    )
