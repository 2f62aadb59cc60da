"""What Redis remembers of the database. Losing it, or not reaching it, costs time and never truth."""

from __future__ import annotations

from typing import Any

import structlog
from redis.exceptions import RedisError

from webkit.core.kernel.runtime import current

log = structlog.get_logger(__name__)


def get(*keys: str) -> list[str | None]:
    """The texts under these keys, in one question; None for what is not remembered."""
    found = _ask("mget", *keys)
    return [text.decode() if text is not None else None for text in found or [None] * len(keys)]


def put(key: str, text: str, seconds: int) -> None:
    """Remember a text for so many seconds."""
    _ask("set", key, text, ex=seconds)


def drop(key: str) -> None:
    """Forget a text."""
    _ask("delete", key)


def bump(key: str) -> None:
    """Count up, so that whatever was remembered under the former count is not believed any more."""
    _ask("incr", key)


def _ask(command: str, *args: Any, **options: Any) -> Any:
    if (redis := current().redis) is None:
        return None
    try:
        return getattr(redis, command)(*args, **options)
    except (RedisError, OSError) as error:
        log.warning("cache unreachable", error=str(error))
        return None
