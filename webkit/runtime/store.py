"""Connections to the queue's store that do not hang: a store that is down says so at once."""

from __future__ import annotations

from redis import Redis
from redis.backoff import ConstantBackoff, NoBackoff
from redis.retry import Retry

CONNECT_SECONDS = 0.5


def connection(url: str) -> Redis:
    """For callers with somebody waiting: connect at once or fail, answer within two seconds or fail."""
    return Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=2, retry=Retry(NoBackoff(), 0))


def patient_connection(url: str) -> Redis:
    """For workers: a store that restarts is tried again for three seconds before anybody hears of it."""
    return Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS, retry=Retry(ConstantBackoff(0.3), 10))
