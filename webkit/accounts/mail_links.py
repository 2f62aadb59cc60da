"""Links by mail: to sign in, to choose a new password, to confirm an address. Each is for one person, once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webkit.accounts import factor_models, models, notices, passwords, sessions, signing_in
from webkit.accounts.models import Method, SignInToken, User
from webkit.accounts.signing_in import Entry
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, ids, outbox, ratelimit
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.errors import DomainError, Gone
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.messaging import service as messaging

WINDOW = 15 * 60
LINKS, TRIES_OF_ADDRESS = 5, 50
MAIL_LINK = "accounts.mail_link"
SIGN_IN, RESET, CONFIRM = "sign_in", "reset", "confirm"


@dataclass(frozen=True, slots=True)
class Kind:
    """A link's template and address, and for how long it opens."""

    template: str
    path: str
    minutes: int


KINDS = {
    SIGN_IN: Kind("sign_in", "/sign-in/link/", 15),
    RESET: Kind("reset_password", "/sign-in/reset/", 60),
    CONFIRM: Kind("confirm_email", "/sign-in/confirm/", 24 * 60),
}
LINK_MINUTES = KINDS[SIGN_IN].minutes


def ask(purpose: str, email: str, address: str, locale: str, user_id: UUID | None = None) -> None:
    """Send a link, if there is somebody to send it to. Raises TooMany.

    Whether there is one is looked up in a job, so that neither the answer nor its time tells.
    """
    ratelimit.hit(f"link/{ratelimit.home(address)}", TRIES_OF_ADDRESS, WINDOW)
    ratelimit.hit(f"link/{purpose}/{email}", LINKS, WINDOW)
    with writing():
        audit.log(f"{purpose}.link_asked")
        more = {"user_id": str(user_id)} if user_id else {}
        outbox.add(MAIL_LINK, email=current().keys.seal(email), locale=locale, purpose=purpose, **more)


def mail_link(job: Job) -> None:
    """Write the mail with the link; the job's id is the link's, so a repeated attempt finds it made."""
    email, purpose = current().keys.unseal(job.args["email"]), job.args.get("purpose", SIGN_IN)
    kind = KINDS[purpose]
    with writing():
        user = _addressee(purpose, email, job.args.get("user_id"))
        if user is None or user.suspended_at is not None or models.token_exists(job.id):
            return
        token = ids.token()
        row = SignInToken(id=job.id, purpose=purpose, user_id=user.id, email=email, token_hash=hashed(purpose, token))
        row.expires_at = clock.now() + timedelta(minutes=kind.minutes)
        models.add_token(row)
        context = {
            "name": user.name,
            "url": f"{current().settings.base_url}{kind.path}{token}",
            "minutes": kind.minutes,
        }
        locale = user.locale or job.args["locale"]
        messaging.send_platform(kind.template, user.name, email, context=context, locale=locale)


def _addressee(purpose: str, email: str, user_id: str | None) -> User | None:
    """Whom a link is for: an address is confirmed by its own account, or by one that moves there."""
    holder = models.by_email(email)
    if purpose != CONFIRM:
        return holder
    user = models.user(UUID(user_id)) if user_id else None
    return user if user is not None and holder in (None, user) else None


def opens(purpose: str, token: str) -> bool:
    """Whether a link would work; looking at it does not use it up."""
    return models.open_token(hashed(purpose, token), purpose) is not None


@writes
def sign_in(token: str) -> Entry:
    """Use a link up and let its person in. Raises Gone, Forbidden."""
    user = _use(SIGN_IN, token)
    user.verified_at = user.verified_at or clock.now()
    return signing_in.sign_in(user.id, Method.LINK)


def reset(token: str, new: str) -> None:
    """Use a link up and replace a lost password; every session and every other link ends. Raises DomainError, Gone."""
    row = models.open_token(hashed(RESET, token), RESET)
    user = models.user(row.user_id) if row is not None and row.user_id else None
    if user is None:
        raise _closed()
    if problem := passwords.problem(new, user.email, user.name):
        raise DomainError(problem, "new")
    release()
    stored = passwords.hashed(new)
    with writing():
        user = _use(RESET, token)
        user.password_hash, user.verified_at = stored, user.verified_at or clock.now()
        close(user.id)
        sessions.end(user.id)
        audit.log("password.reset", subject=ref("user", user.id))
        notices.tell(
            user, _("Your password was replaced with a link from this mailbox. You were signed out everywhere.")
        )


@writes
def confirm(token: str) -> str:
    """Use a link up: the address is somebody's own, and from now on that of the account. Raises Gone, Conflict."""
    used = models.use_token(hashed(CONFIRM, token), CONFIRM)
    user = models.user(used[1]) if used and used[1] else None
    if used is None or user is None:
        raise _closed()
    email, before = used[0], user.email
    if email != before:
        models.move(user, email)
        close(user.id)
        notices.tell(user, _("Your account now has another address. This one signs nobody in any more."), email=before)
        sessions.refresh_all(user.id)
    user.verified_at = clock.now()
    audit.log("email.changed" if email != before else "email.confirmed", subject=ref("user", user.id))
    return email


@writes
def close(user_id: UUID) -> None:
    """Nothing that was begun goes on: no link opens, also none to another address; nobody is half-way in."""
    models.close_tokens(user_id, *KINDS)
    factor_models.drop_steps(user_id)


def _use(purpose: str, token: str) -> User:
    used = models.use_token(hashed(purpose, token), purpose)
    user = models.by_email(used[0]) if used else None
    if used is None or user is None or (used[1] is not None and used[1] != user.id):
        raise _closed()
    return user


def hashed(purpose: str, token: str) -> str:
    return current().keys.token_hash(f"{purpose}/{token}")


def _closed() -> Gone:
    return Gone(_("This link was used already or is too old. Please ask for a new one."))
