"""Passwords: Argon2id, the same work whether an account exists or not, one at a time in each process."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webkit.core.kernel.i18n import gettext as _

SHORTEST, LONGEST = 12, 200
EASY = 10**8
"""Guesses that a patient stranger gets through where tries are limited; what takes fewer is refused."""
_LOOKED_AT = 72
# What OWASP recommends: one core and 19 MiB for each, so that many sign-ins leave room for other pages.
PASSES, MEMORY, LANES = 2, 19 * 1024, 1
hasher = PasswordHasher(PASSES, MEMORY, LANES)
_STEP_BACK = 10


def hashed(password: str) -> str:
    """How a password is stored."""
    return _worker().submit(lambda: hasher.hash(password)).result()


def fits(stored: str | None, password: str) -> bool:
    """Whether `password` is the one. Without a stored hash it takes as long and is never right."""
    return _worker().submit(_fits, stored, password).result()


def _fits(stored: str | None, password: str) -> bool:
    nobody = _nobody()  # made by whoever asks first, known or not: its making tells nothing
    try:
        return hasher.verify(stored or nobody, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
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
    if password.casefold() in _common() or plain in _common():
        return _("This is among the passwords that are tried first. Please choose something nobody can guess.")
    if _guesses(password, related) < EASY:
        return _(
            "This is made of parts that are tried first. Three or four words that have nothing in common are better."
        )
    return None


@functools.cache
def _worker() -> ThreadPoolExecutor:
    """The one thread of this process that hashes: others wait their turn, and pages go before it."""
    return ThreadPoolExecutor(1, "passwords", initializer=_step_back)


def _step_back() -> None:
    with contextlib.suppress(OSError):  # where threads have no priority of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _STEP_BACK)


os.register_at_fork(after_in_child=_worker.cache_clear)


@functools.cache
def _common() -> frozenset[str]:
    """The 30,000 passwords that are met most often; loaded when the first password is chosen."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _guesses(password: str, related: tuple[str, ...]) -> int:
    """How many tries somebody needs who knows lists, keyboards, dates and the person's own words."""
    from zxcvbn import zxcvbn

    parts = (re.split(mark, text) for text in related for mark in ("@", r"[\W_]+"))
    own = [*related, *(word for words in parts for word in words if word)]
    return int(zxcvbn(password[:_LOOKED_AT], user_inputs=own[:20])["guesses"])


@functools.cache
def _nobody() -> str:
    return hasher.hash("no account has this password")


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
