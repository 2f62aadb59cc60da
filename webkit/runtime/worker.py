"""Workers: RQ's loop around our jobs, in forks of a parent that has loaded the application once.

Each fork has one job at a time. Workers outlive a restart of the store; what is lost with a process is sent again by
the outbox. Jobs that wait for somebody else run in threads: see `threads`.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

from flask import Flask
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import HorseMonitorTimeoutException, UnixSignalDeathPenalty
from rq.worker import BaseWorker

from webkit.runtime.horses import Horse, Order, Work, reap
from webkit.runtime.seams import AppFactory, Seams, of
from webkit.runtime.store import patient_connection
from webkit.runtime.threads import ThreadedWorker

log = logging.getLogger(__name__)

# Ids travel as JSON, never as pickles; results are kept in the database alone. The times say how soon a lost process
# is noticed: RQ's own values take minutes.
_COMMON: Mapping[str, Any] = {
    "serializer": "json",
    "default_result_ttl": 0,
    "worker_ttl": 60,
    "maintenance_interval": 30,
    "job_monitoring_interval": 10,
    "log_job_description": False,
}

stopping = threading.Event()
"""Set in a worker that was told to stop: a long job ends its work in good order and returns."""


def run_worker(
    queues: Sequence[str], app_factory: AppFactory, url: str, *, processes: int = 1, threads: int = 0, drain: float = 3
) -> int:
    """Work on `queues` until SIGTERM, which lets running jobs finish: in `processes` loops forked from this one.

    With `threads`, on the jobs that wait for a model instead: that many at once, all of them in this process, and
    `drain` seconds for them at the end.
    """
    app = app_factory()
    seams = of(app)
    seams.enter_worker(app)
    if threads:
        ThreadedWorker(app, seams, stopping, threads=threads, drain=drain).run()
    gc.collect()
    gc.freeze()
    return _Loops(processes, lambda: _work(lambda: _forking(queues, url, app, seams))).run()


class _Stoppable(BaseWorker):
    max_connection_wait_time = 5.0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


class _Penalty(UnixSignalDeathPenalty):
    """Remembers that a job of this process was over its time."""

    struck = False

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        _Penalty.struck = True
        super().handle_death_penalty(signum, frame)  # type: ignore[no-untyped-call]


class ForkingWorker(_Stoppable, Worker):
    """One job at a time, in a fork that is kept for the next: a crash, a leak or a time-out ends that job alone."""

    prepare: Callable[[], None]
    """What a fork does before its first job."""
    parent: int
    _horse: Horse | None = None

    def dequeue_job_and_maintain_ttl(self, *args: Any, **kwargs: Any) -> tuple[Job, Queue] | None:
        """A horse stands ready before there is a job for it."""
        self._ready()
        return super().dequeue_job_and_maintain_ttl(*args, **kwargs)

    def _ready(self) -> Horse:
        reap()
        if self._horse is None:
            self._horse = Horse(self._become_horse)
        return self._horse

    def _become_horse(self) -> Work:
        random.seed()
        self._is_horse, self.death_penalty_class = True, _Penalty
        self.prepare()
        return self._ride

    def _ride(self, order: Order) -> bool:
        """In the horse: do one job. Whatever was interrupted in the middle is not used again."""
        job_id, origin, execution_id = order
        job = self.job_class.fetch(job_id, connection=self.connection, serializer=self.serializer)
        job.redis_server_version = self.get_redis_server_version()  # type: ignore[no-untyped-call]
        execution = Execution(execution_id, job_id, self.connection, worker_name=self.name)
        queue = next(queue for queue in self.queues if queue.name == origin)
        return self.perform_job(job, queue, execution) and not _Penalty.struck and not _left_behind()

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Hand the job to the horse that stands ready; if that has died meanwhile, to another."""
        execution = next(found.id for found in self.executions.values() if found.job_id == job.id)
        while not self._ready().give((job.id, queue.name, execution)):
            self._end_horse()
        self._horse_pid = self._ready().pid

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        """Wait for the end of the job, or of the horse."""
        assert self._horse is not None
        pid = self._horse.pid
        if (done := self._horse.wait(self.job_monitoring_interval - 1)) is None:
            raise HorseMonitorTimeoutException
        return (pid, 0, None) if done else (pid, self._end_horse(), None)

    def _end_horse(self) -> int | None:
        """It ends or has ended: returns how."""
        assert self._horse is not None
        horse, self._horse = self._horse, None
        horse.let_go()
        with suppress(ChildProcessError):
            return os.waitpid(horse.pid, 0)[1]
        return None

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        if not self._is_horse and os.getppid() != self.parent:
            # Whoever started us is gone, and with it the promise to start us again.
            os.kill(os.getpid(), signal.SIGTERM)
        super().heartbeat(*args, **kwargs)

    def teardown(self) -> None:
        if self._horse is not None:
            self._horse.let_go()
        super().teardown()  # type: ignore[no-untyped-call]


def _left_behind() -> bool:
    """Whether a plugin's call that was given up still runs in this process: it ends with it."""
    return any(thread.name.startswith("plugin-") for thread in threading.enumerate())


def _forking(queues: Sequence[str], url: str, app: Flask, seams: Seams) -> BaseWorker:
    def lost(job: Job, *_: object) -> None:
        try:
            seams.lost(app, str(job.args[0]))
        except Exception:
            log.exception("a lost job could not be released, its lease will end")

    worker = ForkingWorker(queues, connection=patient_connection(url), work_horse_killed_handler=lost, **_COMMON)
    worker.prepare = lambda: seams.after_fork(app)
    worker.parent = os.getppid()
    return worker


def _work(make: Callable[[], BaseWorker]) -> None:
    """Work until told to stop. RQ's loop ends when the store fails it at a bad moment; then another one begins."""
    pause = 0.2
    try:
        while not stopping.is_set():
            began = time.monotonic()
            try:
                make().work(logging_level="WARNING")
            except (RedisError, OSError) as error:
                log.warning("the queue cannot be reached: %s", error)
            pause = 0.2 if time.monotonic() - began > 10 else min(pause * 2, 5)
            time.sleep(0 if stopping.is_set() else pause)
    except StopRequested:
        pass


class _Loops:
    """Forks of this process, each running `loop`; one that dies is forked again."""

    def __init__(self, count: int, loop: Callable[[], None]) -> None:
        self._count, self._loop = count, loop
        self._running: set[int] = set()
        self._stopping = False

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for _ in range(self._count):
            self._fork()
        while self._running:
            pid, status = os.wait()
            self._running.discard(pid)
            if not self._stopping:
                log.warning("a worker loop ended with status %s, starting another", status)
                time.sleep(0.5)
                self._fork()
        return 0

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)

    def _fork(self) -> None:
        # A signal between the fork and the next line would reach neither of the two.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
        if not self._stopping:
            if (pid := os.fork()) == 0:
                self._become_loop()
            self._running.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))

    def _become_loop(self) -> NoReturn:
        code = 1
        try:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
            self._loop()
            code = 0
        except Exception:
            log.exception("a worker loop failed")
        finally:
            os._exit(code)
