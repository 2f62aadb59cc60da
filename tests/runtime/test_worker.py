"""Worker processes with a real store: what is asked for runs, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import ConnectionError as StoreDown
from rq import Queue

from tests.runtime import jobs
from tests.runtime.conftest import until
from tests.runtime.toys import WAITING
from webkit.runtime import processes, store, valkey

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(data: Path) -> Iterator[Start]:
    """Start a command of the toy application; everything it started is gone at the end."""
    mark = processes.new_run(data) + ".00"
    started: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
        argv = processes.python("-m", "webkit.runtime", "tests.runtime.toys:create", *arguments)
        own = {"WEBKIT_DATA": str(data), jobs.DIARY: str(data / "diary"), processes.MARK: mark}
        started.append(subprocess.Popen(argv, env={**os.environ, **own, **environment}, start_new_session=True))
        return started[-1]

    yield run
    processes.kill(lambda: processes.marked(mark))
    for process in started:
        process.wait()


@pytest.fixture
def server(data: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Start Valkey, as often as somebody kills it."""
    started: list[subprocess.Popen[bytes]] = []

    def run() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(valkey.command(data)))
        until(lambda: valkey.ready(data))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


def ask(data: Path, function: str, count: int = 1, queue: str = "now", timeout: int = 60) -> list[str]:
    with store.connection(valkey.url(data)) as connection:
        wanted = Queue(queue, connection=connection, serializer="json")
        ids = [f"{function}-{number}" for number in range(count)]
        if queue == "ai":
            connection.rpush(WAITING, *ids)
            return ids
        for job in ids:
            wanted.enqueue(f"tests.runtime.jobs.{function}", job, result_ttl=0, job_timeout=timeout)
        return ids


def _ran(data: Path, count: int) -> bool:
    return len(values(data, "ran")) == count


def values(data: Path, what: str) -> list[str]:
    return sorted(entry["value"] for entry in jobs.read(data / "diary", what))


def test_jobs_run_once_each_in_forks_of_several_loops(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    parent = start("worker", "now", "--processes", "2")
    ids = ask(data, "run", 20)
    until(lambda: values(data, "ran") == sorted(ids))
    ran = jobs.read(data / "diary", "ran")
    loops = {entry["parent"] for entry in ran}
    assert parent.pid not in loops | {entry["pid"] for entry in ran}
    assert not loops & {entry["pid"] for entry in ran}
    assert len(jobs.read(data / "diary", "worker")) == 1  # the application was loaded once
    forked = {entry["pid"] for entry in jobs.read(data / "diary", "forked")}
    assert {entry["pid"] for entry in ran} <= forked  # and whoever has jobs dropped what was open


def test_asked_to_stop_it_finishes_the_running_job(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    worker = start("worker", "now")
    ask(data, "slow")
    until(lambda: values(data, "began"))
    worker.terminate()
    assert worker.wait(5) == 0
    assert values(data, "ended") == ["slow-0"]


def test_an_idle_worker_stops_at_once(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    worker = start("worker", "now", "--processes", "2")
    ask(data, "run")
    until(lambda: values(data, "ran"))
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(5) == 0
    assert time.monotonic() - began < 2


def test_a_fork_is_kept_for_the_next_job_but_not_after_a_time_out(
    data: Path, start: Start, server: Callable[[], object]
) -> None:
    server()
    start("worker", "now")
    for count in (1, 2):
        ask(data, "run")
        until(partial(_ran, data, count))
    ask(data, "endless", timeout=1)
    ask(data, "run")
    until(lambda: len(values(data, "ran")) == 3, seconds=15)
    first, second, third = [entry["pid"] for entry in jobs.read(data / "diary", "ran")]
    assert first == second == jobs.read(data / "diary", "began")[0]["pid"] != third
    assert values(data, "lost") == values(data, "ended") == []


def test_a_lost_job_is_reported(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    start("worker", "now")
    ask(data, "suicide")
    until(lambda: values(data, "lost") == ["suicide-0"])
    ask(data, "run")
    until(lambda: values(data, "ran") == ["run-0"])


def _begun(data: Path) -> list[dict[str, Any]]:
    """The slow jobs that began. The store may have handed this one to the dead: then ask again, as the outbox does."""
    ask(data, "slow")
    with suppress(AssertionError):
        return until(lambda: jobs.read(data / "diary", "began"), seconds=2)
    return []


def test_a_dead_loop_is_forked_again(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    parent = start("worker", "now")
    ask(data, "run")
    loop = until(lambda: jobs.read(data / "diary", "ran"))[0]["parent"]
    os.kill(loop, signal.SIGKILL)
    until(lambda: loop not in {p.pid for p in processes.marked(processes.place(data))})
    began = until(partial(_begun, data))[0]
    assert began["parent"] != loop
    assert parent.poll() is None


@pytest.mark.parametrize("queue", ["now", "ai"])
def test_workers_outlive_the_store(
    data: Path, start: Start, server: Callable[[], subprocess.Popen[bytes]], queue: str
) -> None:
    worker = start("worker", queue)
    time.sleep(0.5)
    first = server()  # later than the worker
    ask(data, "run", queue=queue)
    until(lambda: values(data, "ran") == ["run-0"])
    first.kill()
    first.wait()
    with pytest.raises(StoreDown):
        ask(data, "run", queue=queue)
    server()
    ask(data, "slow", queue=queue)
    until(lambda: values(data, "ended") == ["slow-0"], seconds=15)
    assert worker.poll() is None


def test_threads_wait_together(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    worker = start("worker", "ai", "--threads", "8")
    ids = ask(data, "slow", 8, "ai")
    until(lambda: values(data, "ended") == sorted(ids))
    began = [entry["at"] for entry in jobs.read(data / "diary", "began")]
    assert max(began) - min(began) < 0.5
    assert {entry["pid"] for entry in jobs.read(data / "diary", "began")} == {worker.pid}


def test_no_more_jobs_are_taken_than_threads_are_free(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    start("worker", "ai", "--threads", "2")
    ask(data, "slow", 3, "ai")
    until(lambda: len(values(data, "began")) == 2)
    with store.connection(valkey.url(data)) as connection:
        assert connection.llen(WAITING) == 1
    until(lambda: len(values(data, "ended")) == 3)


def test_threads_are_told_to_stop_and_not_waited_for_too_long(
    data: Path, start: Start, server: Callable[[], object]
) -> None:
    server()
    worker = start("worker", "ai", "--threads", "4", "--drain", "1")
    ask(data, "polite", 1, "ai")
    ask(data, "endless", 1, "ai")
    until(lambda: len(values(data, "began")) == 2)
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(5) == 0
    assert 0.9 < time.monotonic() - began < 3
    assert values(data, "ended") == ["polite-0"]


def test_an_idle_process_with_threads_stops_at_once(data: Path, start: Start, server: Callable[[], object]) -> None:
    server()
    worker = start("worker", "ai")
    ask(data, "run", 1, "ai")
    until(lambda: values(data, "ran"))
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(5) == 0
    assert time.monotonic() - began < 0.8


def test_the_queue_of_threads_has_a_process_to_itself(start: Start) -> None:
    assert start("worker", "now", "ai").wait(10) == 2


def test_the_scheduler_ticks_until_it_is_told_to_stop(data: Path, start: Start) -> None:
    scheduler = start("scheduler")
    until(lambda: len(values(data, "tick")) >= 2)
    scheduler.terminate()
    assert scheduler.wait(2) == 0


def test_a_failing_round_does_not_end_the_scheduler(data: Path, start: Start) -> None:
    scheduler = start("scheduler", TOY_TICK="fails")
    until(lambda: len(values(data, "tick")) >= 2)
    assert scheduler.poll() is None


def test_a_store_that_is_down_says_so_at_once(data: Path) -> None:
    began = time.monotonic()
    with pytest.raises(StoreDown):
        ask(data, "run")
    assert time.monotonic() - began < 0.6
