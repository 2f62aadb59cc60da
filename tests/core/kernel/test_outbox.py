"""The outbox: every job is done until it is done, by one worker at a time, and what it means to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextvars import Context
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from webkit.core.capabilities.errors import ProviderRejected, RateLimited
from webkit.core.extensions import Job, JobSpec, Schedule
from webkit.core.kernel import clock, db, jobs, outbox, runtime, scheduler, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.outbox import OutboxJob, State


class Recorder:
    """A handler that notes its jobs and fails as it is told."""

    def __init__(self) -> None:
        self.seen: list[Job] = []
        self.error: Exception | None = None
        self.before: Callable[[], None] = lambda: None

    def __call__(self, job: Job) -> None:
        self.seen.append(job)
        self.before()
        if self.error is not None:
            raise self.error


@pytest.fixture
def handler(app: Flask) -> Iterator[Recorder]:
    recorder = Recorder()
    known = runtime.of(app).jobs
    known["test.job"] = JobSpec("test.job", recorder)
    yield recorder
    known.pop("test.job", None)


@db.writes
def _ask(**args: str) -> UUID:
    return outbox.add("test.job", **args)


def _row(job_id: UUID) -> OutboxJob:
    with tenancy.platform("test") as unit:
        row = unit.get(OutboxJob, job_id)
        assert row is not None
        return row


def test_a_job_is_done_once_in_its_agency(agency: AgencyView, handler: Recorder) -> None:
    job_id = _ask(thing="7")
    assert outbox.deliver(job_id)
    assert not outbox.deliver(job_id)
    assert [(job.agency_id, job.args, job.attempt) for job in handler.seen] == [(agency.id, {"thing": "7"}, 1)]
    assert handler.seen[0].key == f"job-{job_id}"
    assert _row(job_id).state == State.DONE


def test_a_write_that_fails_asks_for_nothing(agency: AgencyView, handler: Recorder) -> None:
    with pytest.raises(RuntimeError), db.writing():
        outbox.add("test.job")
        raise RuntimeError
    assert jobs.run_waiting() == 0


def test_unknown_kinds_are_refused_where_they_are_asked_for(agency: AgencyView) -> None:
    with pytest.raises(KeyError), db.writing():
        outbox.add("test.misspelt")


def test_a_failure_is_tried_again_later(agency: AgencyView, handler: Recorder) -> None:
    handler.error = RuntimeError("vendor on fire")
    job_id = _ask()
    outbox.deliver(job_id)
    row = _row(job_id)
    assert (row.state, row.attempt, row.lease_until) == (State.WAITING, 1, None)
    assert row.next_at > clock.now() and "vendor on fire" in row.error
    assert outbox.due() == []
    handler.error = None
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        assert jobs.run_waiting() == 1
    assert _row(job_id).state == State.DONE


def test_the_vendor_says_when(agency: AgencyView, handler: Recorder) -> None:
    handler.error = RateLimited("slow down", retry_after=900)
    job_id = _ask()
    outbox.deliver(job_id)
    assert _row(job_id).next_at > clock.now() + timedelta(seconds=890)


@pytest.mark.parametrize("error", [ProviderRejected("no such address"), DomainError("This cannot be done.")])
def test_what_can_never_work_waits_for_a_person(agency: AgencyView, handler: Recorder, error: Exception) -> None:
    handler.error = error
    job_id = _ask()
    outbox.deliver(job_id)
    assert _row(job_id).state == State.DEAD
    handler.error = None
    assert outbox.retry(job_id)
    assert jobs.run_waiting() == 1
    assert not outbox.retry(job_id), "done is done"


def test_a_dead_job_can_be_put_away(agency: AgencyView, handler: Recorder) -> None:
    handler.error = ProviderRejected("no")
    job_id = _ask()
    assert not outbox.dismiss(job_id)
    outbox.deliver(job_id)
    assert outbox.dismiss(job_id)
    assert _row(job_id).state == State.DISMISSED


def test_it_gives_up_after_enough_attempts(agency: AgencyView, handler: Recorder) -> None:
    handler.error = RuntimeError("still broken")
    job_id = _ask()
    moment = clock.now()
    for _ in range(outbox.ATTEMPTS):
        moment += timedelta(hours=2)
        with clock.frozen(moment):
            outbox.deliver(job_id)
    assert _row(job_id).state == State.DEAD
    assert len(handler.seen) == outbox.ATTEMPTS


def test_a_silent_worker_loses_its_job(agency: AgencyView, handler: Recorder) -> None:
    """The lease runs out, somebody else does it, and the late finisher changes nothing."""
    job_id = _ask()
    ((claimed, _kind),) = outbox._claim([job_id])
    assert outbox.due() == [] and not outbox.deliver(job_id)
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert outbox.due() == [(job_id, "test.job")]
        assert outbox.deliver(job_id)
        outbox._fail(claimed, RuntimeError("too late"))
    assert _row(job_id).state == State.DONE


def test_an_attempt_ends_before_its_lease(app: Flask, handler: Recorder) -> None:
    """Else a slow one and its repetition would run side by side. One that renews its lease may take longer."""
    for kind, spec in runtime.of(app).jobs.items():
        assert 0 < outbox.time_limit(kind) < outbox._lease(kind) or outbox.time_limit(kind) == spec.longest
        assert outbox._lease(kind) == spec.lease, "a kind gets the time it asks for"


def test_ids_left_in_the_queue_do_not_shorten_the_back_off(agency: AgencyView, handler: Recorder) -> None:
    """While workers are busy the sweeper sends an id again and again; one failure must not use up all attempts."""
    handler.error = RateLimited("slow down", retry_after=900)
    job_id = _ask()
    assert outbox.deliver(job_id)
    assert not outbox.deliver(job_id)
    assert len(handler.seen) == 1
    with clock.frozen(clock.now() + timedelta(seconds=901)):
        outbox.due()
        assert outbox.deliver(job_id), "what the sweeper has just sent is due"


def test_a_running_job_cannot_be_started_again(agency: AgencyView, handler: Recorder) -> None:
    job_id = _ask()
    outbox._claim([job_id])
    assert not outbox.retry(job_id)
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert outbox.retry(job_id)


def test_kinds_that_nobody_knows_wait_quietly(app: Flask, agency: AgencyView, handler: Recorder) -> None:
    job_id = _ask()
    spec = runtime.of(app).jobs.pop("test.job")
    assert outbox.due() == [] and not outbox.deliver(job_id)
    runtime.of(app).jobs["test.job"] = spec
    assert jobs.run_waiting() == 1


def test_errors_are_kept_without_what_is_nobodys_business(agency: AgencyView, handler: Recorder) -> None:
    handler.error = RuntimeError("GET https://x.example/p/Zk3vQ9x_LmN0pQrStUvWxY failed\nDETAIL:  Key (email)=(a@b.c)")
    job_id = _ask()
    outbox.deliver(job_id)
    assert "Zk3vQ9x" not in _row(job_id).error and "a@b.c" not in _row(job_id).error


def test_a_known_death_frees_the_job_at_once(agency: AgencyView, handler: Recorder) -> None:
    job_id = _ask()
    outbox._claim([job_id])
    outbox.let_go(job_id)
    assert jobs.run_waiting() == 1


def test_jobs_taken_together_begin_together(agency: AgencyView, handler: Recorder, app: Flask) -> None:
    begun: list[int] = []

    def begin(given: Sequence[Job]) -> dict[UUID, str]:
        begun.append(len(given))
        return {job.id: f"begun {job.args['n']}" for job in given}

    runtime.of(app).jobs["test.job"] = JobSpec("test.job", handler, begin=begin)
    ids = [_ask(n=str(n)) for n in range(3)]
    done = _ask(n="3")
    outbox.deliver(done)
    for attempt in outbox.claim([*ids, done]):
        attempt()
    assert begun == [1, 3]
    assert [job.begun for job in handler.seen] == ["begun 3", "begun 0", "begun 1", "begun 2"]
    assert {_row(job_id).state for job_id in ids} == {State.DONE}


def test_one_that_cannot_begin_spoils_no_other(agency: AgencyView, handler: Recorder, app: Flask) -> None:
    def begin(given: Sequence[Job]) -> dict[UUID, str]:
        if any(job.args["n"] == "1" for job in given):
            raise RuntimeError("not this one")
        return {}

    runtime.of(app).jobs["test.job"] = JobSpec("test.job", handler, begin=begin)
    first, second = (_ask(n=str(n)) for n in range(2))
    for attempt in outbox.claim([first, second]):
        attempt()
    assert (_row(first).state, _row(second).state) == (State.DONE, State.WAITING)
    assert "not this one" in _row(second).error


def test_workers_racing_for_a_job_do_it_once(agency: AgencyView, handler: Recorder, app: Flask) -> None:
    ids = [_ask() for _ in range(5)]

    def work() -> None:
        with app.app_context():
            for job_id in ids:
                outbox.deliver(job_id)

    threads = [threading.Thread(target=lambda: Context().run(work)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(job.id for job in handler.seen) == sorted(ids)


def test_sweepers_do_not_send_the_same_job_together(agency: AgencyView, handler: Recorder) -> None:
    job_id = _ask()
    assert outbox.due() == [(job_id, "test.job")]
    assert outbox.due() == []
    with clock.frozen(clock.now() + outbox.SWEEP_PAUSE + timedelta(seconds=1)):
        assert outbox.due() == [(job_id, "test.job")]


def test_a_schedule_runs_once_per_time(agency: AgencyView, handler: Recorder, app: Flask) -> None:
    plan = Schedule("test.plan", "test.job", every=60)
    here = runtime.of(app)
    before, here.schedules = here.schedules, [plan]
    try:
        start = clock.now()
        for seconds in (0, 30, 61, 61, 90, 122):
            with clock.frozen(start + timedelta(seconds=seconds)):
                scheduler.tick(app)
                jobs.run_waiting()
                scheduler.tick(app)
    finally:
        here.schedules = before
    assert len(handler.seen) == 2


def test_daily_times_roll_over(app: Flask) -> None:
    plan = Schedule("test.daily", "test.job", daily_at="03:10")
    first = scheduler.next_time(plan, clock.now())
    assert (first.hour, first.minute) == (3, 10) and first > clock.now()
    assert scheduler.next_time(plan, first) == first + timedelta(days=1)


def test_old_jobs_are_forgotten(agency: AgencyView, handler: Recorder) -> None:
    job_id = _ask()
    outbox.deliver(job_id)
    assert outbox.prune(clock.now() - timedelta(days=1)) == 0
    assert outbox.prune(clock.now() + timedelta(days=1)) == 1
    with tenancy.platform("test") as unit:
        assert unit.scalar(sa.select(sa.func.count()).select_from(OutboxJob).where(OutboxJob.id == job_id)) == 0
