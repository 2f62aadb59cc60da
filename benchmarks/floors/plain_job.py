"""The floor of jobs: RQ as it comes, with a function that only says when it was started."""

from __future__ import annotations

import os
import sys
import time

from redis import Redis
from rq import Queue, Worker

QUEUE = "benchmarks"
STARTED = "benchmarks:started"


def start() -> None:
    """What the job does; the fork has its own connection."""
    Redis.from_url(os.environ["REDIS_URL"]).rpush(STARTED, time.time())


if __name__ == "__main__":
    Worker([Queue(QUEUE, connection=Redis.from_url(sys.argv[1]))]).work(logging_level="WARNING")
