"""Ways in. Whatever proves who somebody is ends in `sign_in`, and one function says whether that is enough."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.accounts import codes, factor_models, models, notices, phones, sessions
from webkit.accounts.factor_models import Purpose, Step
from webkit.accounts.models import Method, User
from webkit.core.kernel import audit, clock, ids, ratelimit
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import DomainError, Forbidden, Gone
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

WINDOW = 15 * 60
CODES = 5
STEP = timedelta(minutes=10)
WHOLE = frozenset({Method.PASSKEY})
"""Methods that are two factors in one: the device, and the finger or PIN that unlocks it."""
SECONDS = frozenset({"totp", "passkey", "sms"})
"""What is a second factor. Codes on paper stand in for one, so they ask for nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a browser is given: the token of a session, or of a step that awaits the second factor."""

    token: str
    awaits_second: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody whose first factor was right, and what they may show next."""

    user_id: UUID
    method: str
    kinds: frozenset[str]


def sign_in(user_id: UUID, method: Method, *, better: str | None = None) -> Entry:
    """Let somebody in who has proven who they are by `method`, or ask for their second factor.

    The one way in for every method, also those to come. `better` is a stronger hash of the password that was typed.
    Raises Forbidden for somebody who is suspended.
    """
    entry = _admit(user_id, method, better)
    if entry is None:
        raise suspended()
    return entry


def needs_second(user_id: UUID, method: str) -> bool:
    """The one place that decides whether a first factor alone lets somebody in."""
    return method not in WHOLE and bool(factor_models.kinds_of(user_id) & SECONDS)


@writes
def _admit(user_id: UUID, method: Method, better: str | None) -> Entry | None:
    user = _user(user_id)
    if user.suspended_at is not None:
        audit.log("sign_in.refused", subject=ref("user", user_id), detail={"method": method, "suspended": True})
        return None
    if better is not None:
        user.password_hash = better
    if not needs_second(user_id, method):
        return Entry(_begin(user_id, method, ""))
    audit.log("sign_in.first", subject=ref("user", user_id), detail={"method": method})
    return Entry(begin_step(Purpose.SECOND, user_id, method=method), awaits_second=True)


@writes
def _begin(user_id: UUID, method: Method, second: str) -> str:
    audit.log("sign_in", subject=ref("user", user_id), detail={"method": method, "second": second})
    return sessions.begin(user_id, method, second)


@writes
def admit_to(agency_id: UUID, user_id: UUID) -> str | None:
    """Let somebody into one agency alone, whose issuer says who they are; the session's token, None if suspended.

    That issuer is the agency's own, so what it says counts there and nowhere else: it is its business how many factors
    it asks for, and the account itself is not reached.
    """
    refused = _user(user_id).suspended_at is not None
    detail = {"method": Method.AGENCY, "agency": str(agency_id)} | ({"suspended": True} if refused else {})
    audit.log("sign_in.refused" if refused else "sign_in", subject=ref("user", user_id), detail=detail)
    return None if refused else sessions.begin(user_id, Method.AGENCY, confined_to=agency_id)


def suspended() -> Forbidden:
    """What whoever is suspended reads."""
    return Forbidden(_("This account is suspended. Please ask whoever runs this platform."))


# --- The second factor --------------------------------------------------------------------------------------------


def waiting(token: str) -> Waiting | None:
    """Who is half-way in with this token."""
    step = factor_models.open_step(hashed(token), Purpose.SECOND)
    if step is None or step.user_id is None:
        return None
    return Waiting(step.user_id, step.method, factor_models.kinds_of(step.user_id))


def enter_code(token: str, typed: str) -> str:
    """Finish a sign-in with a code; the session's token. Raises DomainError, Gone, TooMany."""
    found = waiting(token)
    if found is None:
        raise too_late()
    kind = check_code(found.user_id, typed, alarm=True)
    if kind is None:
        raise DomainError(_("This code is not right, or it was used already."), "code")
    return finish(token, found, kind)


@writes
def finish(token: str, found: Waiting, kind: str) -> str:
    """Turn a step into a session, once. Raises Gone when somebody was faster."""
    if not factor_models.use_step(hashed(token), Purpose.SECOND):
        raise too_late()
    user = models.user(found.user_id)
    if user is None or user.suspended_at is not None:
        raise too_late()
    if kind == "backup":
        left = factor_models.codes_left(user.id)
        notices.tell(user, _("One of your backup codes was used to sign in. %(n)s are left.", n=left))
    return _begin(user.id, Method(found.method), kind)


def check_code(user_id: UUID, typed: str, *, alarm: bool = False) -> str | None:
    """Which factor a code belongs to, and use it up; None when it is wrong. Raises TooMany.

    `alarm`: the person is told when somebody who got that far has no tries left.
    """
    key = f"code/{user_id}"
    left = ratelimit.hit(key, CODES, WINDOW)
    release()
    kind = _kind_of(user_id, typed.strip())
    if kind is not None:
        ratelimit.forget(key)
        return kind
    _note_wrong_code(user_id, alarm=alarm and not left)
    return None


def _kind_of(user_id: UUID, typed: str) -> str | None:
    digits = typed.replace(" ", "")
    if not (len(digits) == 6 and digits.isascii() and digits.isdecimal()):
        return "backup" if codes.spend(user_id, typed) else None
    if codes.take(user_id, digits):
        return "totp"
    return "sms" if phones.take(user_id, digits) else None


@writes
def _note_wrong_code(user_id: UUID, *, alarm: bool) -> None:
    audit.log("sign_in.second_refused", subject=ref("user", user_id))
    if alarm and (user := models.user(user_id)) is not None:
        notices.tell(user, _("Somebody passed the first step of your sign-in and then entered five wrong codes."))


# --- Steps --------------------------------------------------------------------------------------------------------


@writes
def begin_step(purpose: Purpose, user_id: UUID | None, *, method: str = "", challenge: str = "") -> str:
    """Begin what must be finished in the same browser within ten minutes; its token."""
    token = ids.token()
    row = Step(purpose=purpose, user_id=user_id, method=method, challenge=challenge, token_hash=hashed(token))
    row.expires_at = clock.now() + STEP
    factor_models.add_step(row)
    return token


def hashed(token: str) -> str:
    return current().keys.token_hash(f"step/{token}")


def too_late() -> Gone:
    return Gone(_("That took too long, or it was finished already. Please sign in again."))


# --- Suspension ---------------------------------------------------------------------------------------------------


@writes
def suspend(user_id: UUID, why: str) -> None:
    """Lock somebody out: no way in any more, and every browser's next request finds no session."""
    user = _user(user_id)
    user.suspended_at, user.suspended_why = clock.now(), why[:200]
    ended = sessions.end(user_id)
    audit.log("user.suspended", subject=ref("user", user_id), detail={"why": why[:200], "sessions": ended})


@writes
def unsuspend(user_id: UUID) -> None:
    """Let somebody sign in again."""
    user = _user(user_id)
    user.suspended_at, user.suspended_why = None, ""
    audit.log("user.unsuspended", subject=ref("user", user_id))


def _user(user_id: UUID) -> User:
    if (user := models.user(user_id)) is None:
        raise Gone(_("This account no longer exists."))
    return user
