"""Showing again who one is, in a session that is open: before what a thief of that session would want most."""

from __future__ import annotations

from uuid import UUID

from webkit.accounts import factor_models, models, passkeys, passwords, sessions, signing_in
from webkit.accounts.factor_models import Purpose
from webkit.core.kernel import audit, ratelimit
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import DomainError, Gone
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

WINDOW, TRIES = 15 * 60, 5


@dataclass(frozen=True, slots=True)
class Ways:
    """How somebody can show who they are."""

    password: bool
    code: bool
    passkey: bool
    text: bool

    @property
    def any(self) -> bool:
        return self.password or self.code or self.passkey


def ways(user_id: UUID, *, with_passkey: bool = True) -> Ways:
    """What somebody has; without anything only a fresh link from the mailbox will do.

    A session that reaches one agency alone has no page that asks for a passkey.
    """
    user, kinds = models.user(user_id), factor_models.kinds_of(user_id)
    code = bool(kinds & {"totp", "sms"})
    return Ways(bool(user and user.password_hash), code, with_passkey and "passkey" in kinds, "sms" in kinds)


def by_password(user_id: UUID, token: str, typed: str) -> str:
    """Show it by password; the session's new token. Raises DomainError, TooMany."""
    user = models.user(user_id)
    stored = user.password_hash if user else None
    key = f"prove/{user_id}"
    ratelimit.hit(key, TRIES, WINDOW)
    release()
    if not passwords.fits(stored, typed):
        audit.log("step_up.refused", subject=ref("user", user_id), detail={"method": "password"})
        raise DomainError(_("This is not your current password."), "_proof_password")
    ratelimit.forget(key)
    return _renew(user_id, token, "password")


def by_code(user_id: UUID, token: str, typed: str) -> str:
    """Show it by a code. Raises DomainError, TooMany."""
    kind = signing_in.check_code(user_id, typed)
    if kind is None:
        raise DomainError(_("This code is not right, or it was used already."), "_proof_code")
    return _renew(user_id, token, kind)


def by_passkey(user_id: UUID, token: str, step: str, answer: str) -> str:
    """Show it by a passkey of one's own. Raises DomainError, Gone."""
    if passkeys.check(step, Purpose.PROVE, answer) != user_id:
        raise signing_in.too_late()
    return _renew(user_id, token, "passkey")


@writes
def _renew(user_id: UUID, token: str, how: str) -> str:
    """Go on under a new token: who held the former one has not shown anything."""
    fresh = sessions.rotate(token, proven=True)
    if fresh is None:
        raise Gone(_("This session has ended. Please sign in again."))
    audit.log("step_up", subject=ref("user", user_id), detail={"method": how})
    return fresh
