"""What keys look like: a prefix that scanners of leaked secrets find, letters drawn by chance, and a checksum.

The checksum tells a mistyped or cut key from one that was revoked, before the database is asked anything.
"""

from __future__ import annotations

import hmac
import secrets
import string
import zlib

from webkit.core.kernel.runtime import current

PERSONAL, AGENCY, REFRESH = "wkp_", "wka_", "wkr_"
PREFIXES = (PERSONAL, AGENCY, REFRESH)
_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_DRAWN, _CHECK = 40, 6
LENGTH = len(PERSONAL) + _DRAWN + _CHECK
"""40 letters of 62 are 238 bits."""


def draw(prefix: str) -> str:
    """A new one: shown once, never kept."""
    body = prefix + "".join(secrets.choice(_LETTERS) for _ in range(_DRAWN))
    return body + _checksum(body)


def is_whole(text: str) -> bool:
    """Whether a text is one of ours at all, uncut and without a typing mistake."""
    if len(text) != LENGTH or not text.startswith(PREFIXES) or not text.isascii():
        return False
    return hmac.compare_digest(_checksum(text[:-_CHECK]), text[-_CHECK:])


def hashed(text: str) -> str:
    """How it is kept: under the installation's own secret, so that a leaked table cannot be searched."""
    return current().keys.token_hash(f"bearer/{text}")


def hint(text: str) -> str:
    """What people recognise it by."""
    return f"{text[:8]}…"


def _checksum(body: str) -> str:
    number, found = zlib.crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, place = divmod(number, len(_LETTERS))
        found = _LETTERS[place] + found
    return found
