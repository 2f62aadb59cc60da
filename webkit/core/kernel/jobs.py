"""The bridge to RQ: it wakes workers with the id of an outbox row and carries nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any
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
FAILURE_TTL = 3600

stopping = threading.Event()
"""Set in a worker that was told to stop: whoever works for long puts its job back."""

_app: Callable[[], Flask] | None = None


def push(rows: Sequence[tuple[UUID, str]]) -> None:
    """Wake workers for outbox rows (id, kind). An unreachable queue loses nothing: the sweeper sends again."""
    connection = current().redis
    if connection is None:
        return
    try:
        for job_id, kind in rows:
            _enqueue(connection, kind, job_id)
    except (RedisError, OSError) as error:
        log.warning("queue unreachable, the sweeper will send again", error=str(error))


def _enqueue(connection: Any, kind: str, job_id: UUID) -> None:
    queue = Queue(current().jobs[kind].queue, connection=connection, serializer=JSONSerializer)
    limit = outbox.time_limit(kind)
    queue.enqueue(DELIVER, str(job_id), result_ttl=0, failure_ttl=FAILURE_TTL, job_timeout=limit)


def length(queue: str) -> int | None:
    """How many ids wait in a queue; None when it cannot be asked."""
    connection = current().redis
    try:
        return None if connection is None else len(Queue(queue, connection=connection, serializer=JSONSerializer))
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
