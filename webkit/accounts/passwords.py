"""Passwords: Argon2id, the same work whether an account exists or not."""

from __future__ import annotations

import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webkit.core.kernel.i18n import gettext as _

SHORTEST, LONGEST = 12, 200
# RFC 9106's second recommendation, for machines that do other things as well.
hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)


def hashed(password: str) -> str:
    """How a password is stored."""
    return hasher.hash(password)


def fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one. Without a stored hash it takes as long and is never right."""
    try:
        return hasher.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return hasher.check_needs_rehash(stored)


def problem(password: str, *related: str) -> str | None:
    """Why a password is refused, as a sentence; `related` are words that must not be all of it."""
    if len(password) < SHORTEST:
        return _("At least %(n)d characters, please. Three or four words in a row are easy to remember.", n=SHORTEST)
    if len(password) > LONGEST:
        return _("At most %(n)d characters, please.", n=LONGEST)
    plain = _bare(password)
    if any(plain == _bare(word) for word in related if word):
        return _("This is your address or the agency's name. Please choose something nobody can guess.")
    if len(set(password)) < 5:
        return _("This repeats the same few characters. Please choose something nobody can guess.")
    return None


@functools.cache
def _nobody() -> str:
    return hasher.hash("no account has this password")


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
