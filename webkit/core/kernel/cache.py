"""What Redis remembers of the database. Losing it, or not reaching it, costs time and never truth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import g
from redis.exceptions import NoScriptError, RedisError

from webkit.core.kernel.runtime import current

log = structlog.get_logger(__name__)

_COUNT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local pace, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = tonumber(redis.call('GET', KEYS[1]) or 0)
if full < now then full = now end
local room = now + (burst - 1) * pace - full
local taken = room >= 0
if taken then
  full = full + pace
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
end
local found = {}
if #KEYS > 1 then found = redis.call('MGET', unpack(KEYS, 2)) end
return {taken and 1 or 0, taken and math.floor(room / pace) or 0, full - now, -room, found}
"""
"""Takes one from a bucket and reads texts: (taken, left, µs until it is full, µs until one is there, texts)."""
_NAME = hashlib.sha1(_COUNT.encode(), usedforsecurity=False).hexdigest()  # as the server names it


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a request was taken, how many more would be at once; seconds until the bucket is full, or has one."""

    allowed: bool
    left: int
    full_in: float
    retry_in: float


@dataclass(slots=True)
class Trip:
    """The one question of a request: a bucket to count in, what the first reader asks for, what others will ask."""

    bucket: str
    per_minute: int
    burst: int
    also: tuple[str, ...] = ()
    travelled: bool = False
    answer: Answer | None = None
    brought: dict[str, bytes | None] = field(default_factory=dict)


def get(*keys: str) -> list[str | None]:
    """The texts under these keys, in one question; None for what is not remembered."""
    trip: Trip | None = g.get("trip")
    if trip is not None:
        if not trip.travelled:
            _travel(trip, keys)
        if all(key in trip.brought for key in keys):  # once only: what is asked again may have changed
            return [_text(trip.brought.pop(key)) for key in keys]
    found = _ask("mget", *keys)
    return [_text(text) for text in found or [None] * len(keys)]


def travel() -> Trip | None:
    """The trip of this request, made now if nobody has read anything yet."""
    trip: Trip | None = g.get("trip")
    if trip is not None and not trip.travelled:
        _travel(trip, ())
    return trip


def private(text: str) -> str:
    """A short name for `text` that tells nobody what it is."""
    return current().keys.token_hash(text)[:32]


def put(key: str, text: str, seconds: int) -> None:
    """Remember a text for so many seconds."""
    _ask("set", key, text, ex=seconds)


def drop(key: str) -> None:
    """Forget a text."""
    _ask("delete", key)


def bump(key: str) -> None:
    """Count up, so that whatever was remembered under the former count is not believed any more."""
    _ask("incr", key)


def _travel(trip: Trip, keys: tuple[str, ...]) -> None:
    trip.travelled = True
    wanted = (*keys, *(key for key in trip.also if key not in keys))
    counted = _run(1 + len(wanted), trip.bucket, *wanted, 60_000_000 // trip.per_minute, trip.burst)
    if counted is None:
        return
    taken, left, full, retry, found = counted
    trip.answer = Answer(bool(taken), left, full / 1_000_000, retry / 1_000_000)
    trip.brought = dict(zip(wanted, found, strict=True))


def _run(keys: int, *args: Any) -> Any:
    """The script by its name; its text only where the server does not know it yet."""
    if (redis := current().redis) is None:
        return None
    try:
        try:
            return redis.evalsha(_NAME, keys, *args)
        except NoScriptError:
            return redis.eval(_COUNT, keys, *args)
    except (RedisError, OSError) as error:
        log.warning("cache unreachable", error=str(error))
        return None


def _text(found: bytes | None) -> str | None:
    return found.decode() if found is not None else None


def _ask(command: str, *args: Any, **options: Any) -> Any:
    if (redis := current().redis) is None:
        return None
    try:
        return getattr(redis, command)(*args, **options)
    except (RedisError, OSError) as error:
        log.warning("cache unreachable", error=str(error))
        return None
