"""For providers that let a message's key travel with it: as a tag, in letters that every vendor takes."""

from __future__ import annotations

import base64

__all__ = ["packed", "unpacked"]


def packed(key: str, longest: int) -> str:
    """The key in letters, digits, - and _; empty if that would be longer than the vendor takes."""
    letters = base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")
    return letters if len(letters) <= longest else ""


def unpacked(tag: object) -> str:
    """The key that was packed; empty for what is none of ours."""
    given = str(tag or "")
    try:
        return base64.b64decode(given + "=" * (-len(given) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""
