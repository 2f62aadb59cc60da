"""Identifiers and secrets that are handed out."""

from __future__ import annotations

import os
import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of milliseconds, then 74 random bits, so keys sort by creation."""
    milliseconds = time.time_ns() // 1_000_000
    value = int.from_bytes(milliseconds.to_bytes(6, "big") + os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)


def token() -> str:
    """128 random bits, safe in URLs (22 characters)."""
    return secrets.token_urlsafe(16)


def code() -> str:
    """Six random digits for people to type."""
    return f"{secrets.randbelow(1_000_000):06d}"
