"""Workers: RQ's loop around our jobs, in two shapes.

Jobs that compute run in forks of a parent that has loaded the application once; jobs that wait for somebody else run
in threads of one process. Both outlive a restart of the store. What is lost with a process is sent again by the outbox.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, NoReturn

from flask import Flask
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import TimerDeathPenalty
from rq.worker import BaseWorker

from webkit.runtime.seams import AppFactory, Seams, of
from webkit.runtime.store import patient_connection

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
"""Set in a threaded worker that was told to stop: a long job ends its work in good order and returns."""


def run_worker(
    queues: Sequence[str], app_factory: AppFactory, url: str, *, processes: int = 1, threads: int = 0, drain: float = 3
) -> int:
    """Work on `queues` until SIGTERM, which lets running jobs finish.

    With `threads` in this process, that many jobs at once, and `drain` seconds for them at the end; else in `processes`
    loops forked from this one, each with one job at a time.
    """
    app = app_factory()
    seams = of(app)
    seams.enter_worker(app)
    if threads:
        _run_threaded(queues, url, threads, drain)
    gc.collect()
    gc.freeze()
    return _Loops(processes, lambda: _work(lambda: _forking(queues, url, app, seams))).run()


class _Stoppable(BaseWorker):
    max_connection_wait_time = 5.0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        stopping.set()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


class ForkingWorker(_Stoppable, Worker):
    """One job at a time, each in a fork of its own: a crash, a leak or a time-out ends that job alone."""

    after_fork: Callable[[], None]
    parent: int

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        self.after_fork()
        super().main_work_horse(job, queue)

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        if not self._is_horse and os.getppid() != self.parent:
            # Whoever started us is gone, and with it the promise to start us again.
            os.kill(os.getpid(), signal.SIGTERM)
        super().heartbeat(*args, **kwargs)


class ThreadedWorker(_Stoppable, SimpleWorker):
    """One loop that hands its jobs to threads: right for jobs that mostly wait.

    A time-out cannot interrupt a thread that waits for the network: whoever calls out sets its own.
    """

    death_penalty_class = TimerDeathPenalty
    pool: ThreadPoolExecutor
    free: threading.Semaphore
    drain: float

    def dequeue_job_and_maintain_ttl(self, *args: Any, **kwargs: Any) -> tuple[Job, Queue] | None:
        """Take a job only when a thread is free for it: another machine may have one."""
        while not self.free.acquire(timeout=15):
            self.heartbeat()
        result = None
        try:
            result = super().dequeue_job_and_maintain_ttl(*args, **kwargs)
        finally:
            if result is None:
                self.free.release()
        return result

    def execute_job(self, job: Job, queue: Queue) -> None:
        try:
            execution = self.prepare_execution(job)
        except BaseException:
            self.free.release()
            raise
        self.pool.submit(self._perform, job, queue, execution)

    def _perform(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            self.perform_job(job, queue, execution)
        finally:
            self.free.release()

    def teardown(self) -> None:
        deadline = time.monotonic() + self.drain
        while stopping.is_set() and self.executions and time.monotonic() < deadline:
            time.sleep(0.02)
        super().teardown()  # type: ignore[no-untyped-call]


def _forking(queues: Sequence[str], url: str, app: Flask, seams: Seams) -> BaseWorker:
    def lost(job: Job, *_: object) -> None:
        try:
            seams.lost(app, str(job.args[0]))
        except Exception:
            log.exception("a lost job could not be released, its lease will end")

    worker = ForkingWorker(queues, connection=patient_connection(url), work_horse_killed_handler=lost, **_COMMON)
    worker.after_fork = lambda: seams.after_fork(app)
    worker.parent = os.getppid()
    return worker


def _threaded(queues: Sequence[str], url: str, threads: int, drain: float) -> BaseWorker:
    worker = ThreadedWorker(queues, connection=patient_connection(url), **_COMMON)
    worker.pool = ThreadPoolExecutor(threads, thread_name_prefix="job")
    worker.free = threading.Semaphore(threads)
    worker.drain = drain
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


def _run_threaded(queues: Sequence[str], url: str, threads: int, drain: float) -> NoReturn:
    _work(lambda: _threaded(queues, url, threads, drain))
    # Threads that did not finish in time would be waited for. The outbox sends their jobs again.
    logging.shutdown()
    os._exit(0)
