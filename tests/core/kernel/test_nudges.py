"""Waking a worker for a burst of rows is one message, and nothing that came later is overlooked."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import redis
from flask import Flask
from rq import Queue

from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import db, jobs, outbox, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.runtime import valkey

KIND = "tests.nudged"


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    with TemporaryDirectory(prefix="wk") as folder:
        process = subprocess.Popen(valkey.command(Path(folder)))
        try:
            until(lambda: valkey.ready(Path(folder)))
            connection = redis.Redis.from_url(valkey.url(Path(folder)))
            yield connection
            connection.close()
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def queue(app: Flask, server: redis.Redis) -> Queue:
    server.flushall()
    runtime.of(app).redis = server
    return Queue("now", connection=server, serializer="json")


@pytest.fixture
def delivered(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What was delivered of a kind of its own, by this process in a worker's place."""
    seen: list[Job] = []
    monkeypatch.setitem(runtime.of(app).jobs, KIND, JobSpec(KIND, seen.append))
    monkeypatch.setattr(jobs, "_app", lambda: app)
    return seen


def add(count: int) -> None:
    """Rows that nobody was told of."""
    with tenancy.platform("test"), db.writing() as unit:
        for _ in range(count):
            unit.add(outbox.OutboxJob(kind=KIND, queue="now", args={}))


def test_a_burst_is_one_message_and_all_of_it_is_delivered(queue: Queue, delivered: list[Job]) -> None:
    add(5)
    for _ in range(50):
        jobs.nudge(KIND)
    until(lambda: len(queue) == 1)
    time.sleep(jobs.MOMENT * 10)
    (message,) = queue.jobs
    assert (message.func_name, tuple(message.args)) == (jobs.DELIVER_DUE, (KIND,))
    jobs.deliver_due(KIND)
    assert len(delivered) == 5


def test_what_comes_after_a_worker_looked_is_a_new_message(queue: Queue, delivered: list[Job]) -> None:
    jobs.nudge(KIND)
    until(lambda: len(queue) == 1)
    jobs.deliver_due(KIND)
    add(1)
    jobs.nudge(KIND)
    until(lambda: len(queue) == 2)
    jobs.deliver_due(KIND)
    assert len(delivered) == 1


def test_an_unreachable_queue_loses_nothing(app: Flask, delivered: list[Job]) -> None:
    runtime.of(app).redis = redis.Redis(unix_socket_path="/nonexistent/valkey.sock")
    add(1)
    jobs.nudge(KIND)
    time.sleep(jobs.MOMENT * 4)
    assert jobs.run_waiting() == 1


def test_other_kinds_are_left_to_others(queue: Queue, delivered: list[Job], app: Flask) -> None:
    add(1)
    runtime.of(app).jobs["tests.other"] = runtime.of(app).jobs[KIND]
    try:
        jobs.deliver_due("tests.other")
    finally:
        del runtime.of(app).jobs["tests.other"]
    assert delivered == []


def test_jobs_for_threads_are_one_message_however_many(
    queue: Queue, server: redis.Redis, agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Job] = []
    monkeypatch.setitem(runtime.of(app).jobs, KIND, JobSpec(KIND, seen.append, queue="ai"))
    monkeypatch.setattr(jobs, "_app", lambda: app)
    with db.writing():
        ids = outbox.add_all(KIND, [{"n": str(n)} for n in range(5)])
    assert (jobs.length("ai"), len(queue)) == (5, 0)
    taken = jobs.await_ids(3)
    assert taken == [str(each) for each in ids[:3]]
    assert jobs.await_ids(9) == [str(each) for each in ids[3:]]
    db.release()
    for attempt in Context().run(jobs.take, taken):
        Context().run(attempt)
    assert sorted(job.args["n"] for job in seen) == ["0", "1", "2"]
    assert server.ttl(jobs.WAITING) > 0 or not server.exists(jobs.WAITING)


def test_a_sweep_repeats_nothing_that_still_stands_in_its_queue(
    queue: Queue, delivered: list[Job], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(runtime.of(app).jobs, "tests.threads", JobSpec("tests.threads", delivered.append, queue="ai"))
    rows = [(uuid7(), KIND), (uuid7(), KIND), (uuid7(), "tests.threads")]
    jobs.push(rows)
    jobs.push_again(rows)
    assert (len(queue), jobs.length("ai")) == (2, 1)
    queue.pop_job_id()
    jobs.await_ids(1)
    jobs.push_again(rows)
    assert (len(queue), jobs.length("ai")) == (2, 1)
    assert [message.args[0] for message in queue.jobs] == [str(rows[1][0]), str(rows[0][0])]


def test_what_somebody_waits_for_goes_before_the_rest(
    queue: Queue, delivered: list[Job], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(runtime.of(app).jobs, "tests.urgent", JobSpec("tests.urgent", delivered.append, urgent=True))
    slow, urgent = (uuid7(), KIND), (uuid7(), "tests.urgent")
    jobs.push([slow])
    jobs.push([urgent])
    assert [message.args[0] for message in queue.jobs] == [str(urgent[0]), str(slow[0])]
    assert {name for name, spec in runtime.of(app).jobs.items() if spec.urgent and name.startswith("messaging")} == {
        "messaging.send_awaited",
        "messaging.send_platform",
    }


def test_what_follows_closely_goes_in_one_message(
    queue: Queue, delivered: list[Job], agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first row is told of at once."""
    monkeypatch.setattr(jobs, "_serves", True)
    monkeypatch.setattr(jobs, "_thread", None)
    monkeypatch.setattr(jobs, "REST", 0.5)
    messages: list[int] = []
    enqueue = jobs._enqueue

    def counted(connection: redis.Redis, orders: list[Any]) -> None:
        messages.append(len(orders))
        enqueue(connection, orders)

    monkeypatch.setattr(jobs, "_enqueue", counted)
    for count in (1, 4):
        for _ in range(count):
            with db.writing():
                outbox.add(KIND)
        until(lambda: len(queue) >= 1)
    until(lambda: len(queue) == 5)
    assert messages == [1, 4]


def test_nobody_who_waits_for_a_page_waits_for_the_queue(
    queue: Queue, delivered: list[Job], agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread tells it, but for what is urgent; while the queue is away nothing fails."""
    monkeypatch.setattr(jobs, "_serves", True)
    monkeypatch.setattr(jobs, "MOMENT", 0.2)
    monkeypatch.setitem(runtime.of(app).jobs, "tests.urgent", JobSpec("tests.urgent", delivered.append, urgent=True))
    with db.writing():
        ids = outbox.add_all(KIND, [{"n": str(n)} for n in range(3)])
        urgent = outbox.add("tests.urgent")
    assert [message.args[0] for message in queue.jobs] == [str(urgent)]
    until(lambda: len(queue) == 4)
    assert [message.args[0] for message in queue.jobs] == [str(each) for each in (urgent, *ids)]
    runtime.of(app).redis = redis.Redis(port=1)
    with db.writing():
        outbox.add(KIND)
    until(lambda: not jobs._nudges()._orders)
