"""Who is left in peace for a while because it does not answer: seen by every process, closing by itself.

A circuit belongs to one provider of one scope. Five failures in a row within a minute open it; while it is open the
next of the chain is asked at once. After a pause one single call tries again: if it succeeds the circuit closes, if it
fails the pause is twice as long. Kept in Redis; without it each process counts for itself.
"""

from __future__ import annotations

import enum
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, field
from datetime import UTC, datetime
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError

from webkit.core.kernel import clock
from webkit.core.kernel.logging import scrub
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)

FAILURES, WINDOW = 5, 60.0
PAUSE, LONGEST_PAUSE = 30.0, 600.0
PROBE_SECONDS = 60
"""How long the one that tries again may take before another one may."""
KEPT = 86_400
_PREFIX = "webkit:circuit:"


class State(enum.StrEnum):
    """`open`: nobody is sent there. `half_open`: the pause is over, the next call tries."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is known of one provider; `until` is when the pause is over, both times are seconds since 1970."""

    failures: int = 0
    last: float = 0.0
    pause: float = 0.0
    until: float = 0.0
    reason: str = ""

    @property
    def state(self) -> State:
        if not self.until:
            return State.CLOSED
        return State.HALF_OPEN if clock.now().timestamp() >= self.until else State.OPEN

    @property
    def tries_again_at(self) -> datetime | None:
        return datetime.fromtimestamp(self.until, UTC) if self.until else None


CLOSED = Circuit()


def key(capability: str, provider: str, scope: str) -> str:
    """The name of a circuit."""
    return f"{capability}:{provider}:{scope}"


def look(name: str) -> Circuit:
    """How a circuit stands."""
    return _read(name)


def peek(url: str, name: str) -> Circuit:
    """The same before there is an application, as far as the store at this address answers."""
    if not url:
        return CLOSED
    try:
        text = Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=1).get(_PREFIX + name)
    except (RedisError, OSError):
        return CLOSED
    return _parsed(json.loads(text)) if text else CLOSED


def lets_through(name: str) -> bool:
    """Whether a call may be made now. Of those that come after the pause, one may: it tries for all."""
    match _read(name).state:
        case State.CLOSED:
            return True
        case State.OPEN:
            return False
    return _take_probe(name)


def succeeded(name: str) -> None:
    """The call was answered: whatever was counted is forgotten."""
    if _read(name) != CLOSED:
        log.info("a provider answers again", circuit=name)
        _write(name, CLOSED)


def failed(name: str, reason: str) -> None:
    """The provider is down. The fifth time in a row, or when somebody tried again, it is left in peace."""
    now, known = clock.now().timestamp(), _read(name)
    if known.state is State.OPEN:
        return  # somebody who set out before it opened
    recent = known.until or now - known.last <= WINDOW
    failures = (known.failures if recent else 0) + 1
    opens = known.state is State.HALF_OPEN or failures >= FAILURES
    pause = min(known.pause * 2 or PAUSE, LONGEST_PAUSE) if opens else 0.0
    _write(name, Circuit(failures, now, pause, now + pause if opens else 0.0, scrub(reason)[:200]))
    if opens:
        log.warning("a provider is left in peace", circuit=name, seconds=pause, reason=scrub(reason)[:200])


@dataclass(slots=True)
class Own:
    """What this process has seen itself, for as long as Redis does not answer."""

    circuits: dict[str, Circuit] = field(default_factory=dict)
    probes: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _read(name: str) -> Circuit:
    redis, own = current().redis, current().circuits.circuits
    if redis is None:
        return own.get(name, CLOSED)
    try:
        text = redis.get(_PREFIX + name)
    except (RedisError, OSError):
        return own.get(name, CLOSED)
    return _parsed(json.loads(text)) if text else CLOSED


def _parsed(found: Mapping[str, Any]) -> Circuit:
    return Circuit(**{field: found[field] for field in Circuit.__dataclass_fields__ if field in found})


def _write(name: str, circuit: Circuit) -> None:
    own = current().circuits
    own.circuits[name] = circuit
    own.probes.pop(name, None)
    redis = current().redis
    try:
        if redis is not None:
            redis.set(_PREFIX + name, json.dumps(asdict(circuit)), ex=KEPT)
            redis.delete(f"{_PREFIX}{name}:probe")
    except (RedisError, OSError) as error:
        log.warning("a circuit cannot be shared", circuit=name, error=type(error).__name__)


def _take_probe(name: str) -> bool:
    redis = current().redis
    try:
        if redis is not None:
            return bool(redis.set(f"{_PREFIX}{name}:probe", "1", nx=True, ex=PROBE_SECONDS))
    except (RedisError, OSError) as error:
        log.warning("a circuit cannot be shared", circuit=name, error=type(error).__name__)
    own, now = current().circuits, clock.now().timestamp()
    with own.lock:
        if own.probes.get(name, 0.0) > now:
            return False
        own.probes[name] = now + PROBE_SECONDS
        return True
