"""Codes of authenticator apps and codes on paper: made, shown once, taken once."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from uuid import UUID

import pyotp

from webkit.accounts import factor_models as models
from webkit.accounts import passwords
from webkit.core.kernel import clock
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import seal, unseal
from webkit.core.values import dataclass

PERIOD, SKEW = 30, 1
"""Seconds a code of an app lives, and how many lives a clock may be wrong by."""
BACKUP = 10
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LABEL, _REST = 4, 8


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app needs to know, as a picture and as letters."""

    picture: str
    secret: str


# --- Authenticator apps -------------------------------------------------------------------------------------------


@writes
def enrol(user_id: UUID) -> None:
    """Draw a secret for an app; it counts for nothing until a code of it was entered. Raises Conflict."""
    models.put_authenticator(user_id, seal(models.SECRET, user_id, pyotp.random_base32()))


def enrolment(user_id: UUID, email: str) -> Enrolment | None:
    """What is to be shown while an app is being set up; never again afterwards."""
    row = models.authenticator(user_id)
    if row is None or row.confirmed_at is not None:
        return None
    import segno  # with xml, which pages do without

    secret = unseal(models.SECRET, user_id, row.secret)
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=_issuer())
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff")
    return Enrolment(picture, " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)))


def take(user_id: UUID, typed: str, *, enrolling: bool = False) -> bool:
    """Whether a code of the app is right and fresh; it is used up by this."""
    row = models.authenticator(user_id)
    if row is None or (row.confirmed_at is None) is not enrolling:
        return False
    step = _matching(unseal(models.SECRET, user_id, row.secret), typed)
    return step is not None and _take_step(user_id, step)


@writes
def _take_step(user_id: UUID, step: int) -> bool:
    return models.take_step(user_id, step)


def _matching(secret: str, typed: str) -> int | None:
    """The half minute a code belongs to. All are compared, so the time it takes says nothing."""
    app, now = pyotp.TOTP(secret), clock.now()
    found = None
    for away in range(-SKEW, SKEW + 1):
        moment = now + timedelta(seconds=away * PERIOD)
        if hmac.compare_digest(app.at(moment).encode(), typed.encode()):
            found = app.timecode(moment)
    return found


def _issuer() -> str:
    return current().settings.mail_from_name


# --- Codes on paper -----------------------------------------------------------------------------------------------


def draw() -> list[str]:
    """Ten codes, to be shown once."""
    labels: set[str] = set()
    while len(labels) < BACKUP:
        labels.add(_letters(_LABEL))
    return [f"{label}-{_letters(_REST // 2)}-{_letters(_REST // 2)}" for label in labels]


def hashes(codes: list[str]) -> dict[str, str]:
    """Codes as they are stored; computed before the write."""
    plain = [_plain(code) for code in codes]
    return {code[:_LABEL]: passwords.hashed(code[_LABEL:]) for code in plain}


def spend(user_id: UUID, typed: str) -> bool:
    """Whether a code on paper is right; it is used up by this. It takes as long for a wrong one."""
    code = _plain(typed)
    stored = models.code_hash(user_id, code[:_LABEL])
    release()
    right = passwords.fits(stored, code[_LABEL:])
    return right and stored is not None and _use(user_id, code[:_LABEL], stored)


@writes
def _use(user_id: UUID, label: str, stored: str) -> bool:
    return models.use_code(user_id, label, stored)


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def _plain(typed: str) -> str:
    return "".join(letter for letter in typed.upper() if letter in _LETTERS)
