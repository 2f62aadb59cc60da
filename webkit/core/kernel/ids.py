"""Identifiers and secrets that are handed out."""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from uuid import UUID


def uuid7(at: datetime | None = None) -> UUID:
    """A UUID version 7 (RFC 9562): milliseconds, 12 bits of their fraction, 62 random bits; sorts by creation.

    What is older than its row sorts `at` its own moment.
    """
    moment = time.time_ns() if at is None else max(0, int(at.timestamp())) * 1_000_000_000
    milliseconds, rest = divmod(moment, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0x2 << 62 | secrets.randbits(62))


def token() -> str:
    """128 random bits, safe in URLs (22 characters)."""
    return secrets.token_urlsafe(16)


def code() -> str:
    """Six random digits for people to type."""
    return f"{secrets.randbelow(1_000_000):06d}"
