"""The bridge to the workers: it wakes them with the id of an outbox row and carries nothing else.

Jobs that compute go through RQ. Jobs that wait for a model go through a plain list: what RQ does for each of them
takes longer than people should wait for their first word.
"""

from __future__ import annotations

import functools
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from flask import Flask
from redis.exceptions import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from webkit.core.kernel import outbox
from webkit.core.kernel.runtime import current

log = structlog.get_logger(__name__)

DELIVER = "webkit.core.kernel.jobs.deliver"
DELIVER_DUE = "webkit.core.kernel.jobs.deliver_due"
THREADS = "ai"
"""The queue whose jobs are done in threads."""
WAITING, WAITING_SECONDS = "webkit:waiting", 60
"""Ids for threads; after a minute in which nothing was added the list is forgotten, the sweeper knows what is due."""
UUID_LENGTH = 36
PATIENCE = 1
MARK, MARK_SECONDS = "webkit:nudged:", 5
MOMENT, REST, BURST = 0.005, 0.03, 0.1
"""Seconds until the queue is told of the first row, from one message to the next, and after one of several rows: a
burst is few of them, since each takes time from whoever makes the rows. What a sweep finds meanwhile is told twice."""
BATCH = 50
FAILURE_TTL = 3600

stopping = threading.Event()
"""Set in a worker that was told to stop: whoever works for long puts its job back."""

_app: Callable[[], Flask] | None = None
_serves = False


def push(rows: Sequence[tuple[UUID, str]]) -> None:
    """Wake workers for outbox rows (id, kind). An unreachable queue loses nothing: the sweeper sends again."""
    connection = current().redis
    if connection is None:
        return
    waiting = [str(job_id) for job_id, kind in rows if current().jobs[kind].queue == THREADS]
    try:
        if waiting:
            _add_waiting(connection, waiting)
        if queued := [_order(job_id, kind) for job_id, kind in rows if current().jobs[kind].queue != THREADS]:
            _enqueue(connection, queued)
    except (RedisError, OSError) as error:
        log.warning("queue unreachable, the sweeper will send again", error=str(error))


def wake(rows: Sequence[tuple[UUID, str]]) -> None:
    """`push`, but nobody who waits for a page waits for the queue as well: there a thread does it, a moment later.

    What a process that dies meanwhile has not told, the sweeper finds. Urgent jobs and those in threads go at once.
    """
    if not _serves or current().redis is None:
        push(rows)
        return
    orders = [_order(*row) for row in rows]
    if later := [order for order in orders if _may_wait(order)]:
        _nudges().post(current().redis, later)
    if at_once := [row for row, order in zip(rows, orders, strict=True) if not _may_wait(order)]:
        push(at_once)


def serve() -> None:
    """This process answers pages."""
    global _serves
    _serves = True


def push_again(rows: Sequence[tuple[UUID, str]]) -> None:
    """Wake workers for what a sweep found, but for what still stands in its queue.

    Workers that are behind would else get everything that waits a second time with every sweep, and fall behind more.
    """
    if rows and current().redis is not None:
        standing = _standing({current().jobs[kind].queue for _job_id, kind in rows})
        push([(job_id, kind) for job_id, kind in rows if str(job_id) not in standing])


def _standing(queues: Collection[str]) -> set[str]:
    """The ids that nobody has taken out of these queues yet."""
    connection = current().redis
    try:
        keys = [WAITING if name == THREADS else Queue(name, connection=connection).key for name in queues]
        return {entry[:UUID_LENGTH].decode() for key in keys for entry in connection.lrange(key, 0, -1)}
    except (RedisError, OSError):
        return set()  # to be written about by whoever pushes


def _add_waiting(connection: Any, ids: Sequence[str]) -> None:
    pipe = connection.pipeline(transaction=False)
    pipe.rpush(WAITING, *ids)
    pipe.expire(WAITING, WAITING_SECONDS)
    pipe.execute()


def await_ids(room: int) -> list[str]:
    """Ids of jobs for threads, `room` at the most; waits a second for the first. Raises RedisError."""
    connection = current().redis
    first = connection.blpop([WAITING], PATIENCE)
    if first is None:
        return []
    more = connection.lpop(WAITING, room - 1) if room > 1 else None
    return [each.decode() for each in (first[1], *(more or ()))]


def take(ids: Sequence[str]) -> list[Callable[[], None]]:
    """Claim jobs: what is to be done for those that were free, each in a thread of its own."""
    if _app is None:
        raise RuntimeError("this process is not a webkit worker")
    app = _app()
    with app.app_context():
        return [functools.partial(_inside, app, attempt) for attempt in outbox.claim([UUID(each) for each in ids])]


def _inside(app: Flask, attempt: Callable[[], None]) -> None:
    with app.app_context():
        attempt()


class _Order(NamedTuple):
    """What RQ is told about a row of the outbox."""

    queue: str
    job_id: UUID
    limit: int
    urgent: bool


def _order(job_id: UUID, kind: str) -> _Order:
    spec = current().jobs[kind]
    return _Order(spec.queue, job_id, outbox.time_limit(kind), spec.urgent)


def _may_wait(order: _Order) -> bool:
    return not order.urgent and order.queue != THREADS


def _enqueue(connection: Any, orders: Sequence[_Order]) -> None:
    """In one message, which need not be one transaction: what is told by half the sweeper tells again."""
    together = connection.pipeline(transaction=False)
    queues = {name: Queue(name, connection=connection, serializer=JSONSerializer) for name in {o.queue for o in orders}}
    for order in orders:
        name = f"{order.job_id}-{secrets.token_hex(4)}"  # begins with the row's id: see `_standing`
        queues[order.queue].enqueue(
            DELIVER, str(order.job_id), job_id=name, result_ttl=0, failure_ttl=FAILURE_TTL, job_timeout=order.limit,
            at_front=order.urgent, pipeline=together,
        )  # fmt: skip
    together.execute()


def nudge(kind: str) -> None:
    """Have a worker look for whatever of a kind is due, in a moment, without making anybody wait for the queue.

    A burst of rows is one message. Rows must be committed. What is lost on the way the sweeper finds. Kinds that are
    done in threads need no nudge: a burst of them is one message anyway.
    """
    if current().redis is not None:
        _nudges().add(kind, current().redis, current().jobs[kind].queue, outbox.time_limit(kind))


class _Nudges:
    """A thread of this process that tells the queue: a nudge for each kind, and orders, then rests."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._waiting: dict[str, tuple[Any, str, int]] = {}
        self._orders: deque[tuple[Any, Sequence[_Order]]] = deque()
        self._some = threading.Event()
        threading.Thread(target=self._run, daemon=True, name="nudges").start()

    def add(self, kind: str, connection: Any, queue: str, limit: int) -> None:
        self._waiting[kind] = (connection, queue, limit)
        self._some.set()

    def post(self, connection: Any, orders: Sequence[_Order]) -> None:
        self._orders.append((connection, orders))
        self._some.set()

    def _run(self) -> None:
        while True:
            self._some.wait()
            time.sleep(MOMENT)
            self._some.clear()
            while self._waiting:
                kind, (connection, queue, limit) = self._waiting.popitem()
                self._tell(kind, connection, queue, limit)
            time.sleep(BURST if self._deliver() > 1 else REST)

    def _deliver(self) -> int:
        """Returns how many orders there were."""
        together: dict[Any, list[_Order]] = {}
        while self._orders:
            connection, orders = self._orders.popleft()
            together.setdefault(connection, []).extend(orders)
        for connection, found in together.items():
            try:
                _enqueue(connection, found)
            except Exception as error:
                log.warning("queue unreachable, the sweeper will send again", error=str(error))
        return sum(map(len, together.values()))

    def _tell(self, kind: str, connection: Any, queue: str, limit: int) -> None:
        try:
            # Whoever takes the message deletes the mark before looking: nothing that came later is overlooked.
            if connection.set(MARK + kind, 1, nx=True, ex=MARK_SECONDS):
                target = Queue(queue, connection=connection, serializer=JSONSerializer)
                target.enqueue(DELIVER_DUE, kind, result_ttl=0, failure_ttl=FAILURE_TTL, job_timeout=limit)
        except (RedisError, OSError) as error:
            log.warning("queue unreachable, the sweeper will send again", error=str(error))


_thread: _Nudges | None = None


def _nudges() -> _Nudges:
    """Threads do not survive a fork: each process has its own."""
    global _thread
    if _thread is None or _thread.pid != os.getpid():
        _thread = _Nudges()
    return _thread


def deliver_due(kind: str) -> None:
    """What RQ calls after a nudge."""
    if _app is None:
        raise RuntimeError("this process is not a webkit worker")
    with _app().app_context():
        current().redis.delete(MARK + kind)
        end = time.monotonic() + outbox.time_limit(kind) / 2
        while rows := outbox.due(BATCH, kind):
            for job_id, _ in rows:
                outbox.deliver(job_id)
            if time.monotonic() > end:
                nudge(kind)
                return


def length(queue: str) -> int | None:
    """How many ids wait in a queue; None when it cannot be asked."""
    connection = current().redis
    try:
        if connection is None:
            return None
        if queue == THREADS:
            return int(connection.llen(WAITING))
        return len(Queue(queue, connection=connection, serializer=JSONSerializer))
    except (RedisError, OSError):
        return None


def bind_worker(app: Callable[[], Flask], stop: threading.Event | None = None) -> None:
    """Tell this worker process, and all it will fork, which application its jobs run in, and how it is told to stop."""
    global _app, stopping
    _app, stopping = app, stop or stopping
    with app().app_context():
        outbox.rehearse()


def deliver(job_id: str) -> None:
    """What RQ calls."""
    if _app is None:
        raise RuntimeError("this process is not a webkit worker")
    with _app().app_context():
        outbox.deliver(UUID(job_id))


def run_waiting(limit: int = 1000) -> int:
    """Deliver everything that is due, in this process, until nothing is left; for tests and commands."""
    done = 0
    while done < limit and (rows := outbox.due()):
        for job_id, _ in rows:
            done += outbox.deliver(job_id)
    return done
