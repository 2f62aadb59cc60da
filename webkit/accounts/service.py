"""Who people are, how they get in, and where they may go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from webkit.accounts import (
    factor_models,
    mail_links,
    models,
    notices,
    passwords,
    seat_models,
    sessions,
    setup,
    signing_in,
)
from webkit.accounts.events import AgencyFounded
from webkit.accounts.identities import offered as issuers
from webkit.accounts.mail_links import CONFIRM, LINK_MINUTES, LINKS, MAIL_LINK, RESET, SIGN_IN
from webkit.accounts.models import Method, Role, User
from webkit.accounts.signing_in import Entry, suspend, unsuspend
from webkit.accounts.views import AccountView, MemberView, PlaceView, SessionView, UserView
from webkit.agencies import service as agencies
from webkit.agencies.service import NewAgency
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, entitlements, ratelimit, signals, tenancy
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import Conflict, DomainError, Gone
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass

__all__ = [  # what stands in files of its own
    "LINKS",
    "LINK_MINUTES",
    "MAIL_LINK",
    "Entry",
    "issuers",
    "suspend",
    "unsuspend",
]
WINDOW = 15 * 60
WRONG_PASSWORDS, TRIES_OF_ADDRESS, TRIES_OF_ACCOUNT = 5, 50, 100
FORGET_ENDED = "accounts.forget_ended"


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account to be made; without a password only links by mail open it."""

    email: str
    name: str
    password: str = ""
    locale: str = ""
    is_operator: bool = False


def is_first_run() -> bool:
    """Whether nobody has an account yet."""
    return not models.any_user()


def set_up(person: NewUser, agency: NewAgency) -> tuple[UUID, AgencyView]:
    """Make the first owner and the first agency. Raises Conflict when somebody was faster."""
    stored = _password_hash(person, agency.name)
    with tenancy.platform("the first owner founds the first agency"), writing():
        if models.any_user():
            raise Conflict(_("This has been set up already. Please sign in."))
        user_id = _add_user(person, stored, is_operator=True)
        models.claim_first_run(user_id)
        view = _found(user_id, agency)
    setup.forget()
    return user_id, view


def begin_first_session(user_id: UUID) -> str:
    """Sign the first owner in, who has just chosen the password."""
    return signing_in.sign_in(user_id, Method.PASSWORD).token


def create_user(person: NewUser, *agency_names: str) -> UUID:
    """Make an account. Raises DomainError for a weak password, Conflict for an address that has one."""
    stored = _password_hash(person, *agency_names)
    with writing():
        return _add_user(person, stored, is_operator=person.is_operator)


def found_agency(
    user_id: UUID, agency: NewAgency, also: Callable[[AgencyView], None] = lambda _agency: None
) -> AgencyView:
    """Make an agency that belongs to somebody; what `also` does is done in the same write. Raises DomainError."""
    with tenancy.platform("a person founds an agency"), writing():
        view = _found(user_id, agency)
        also(view)
        return view


def found_as_new(person: NewUser, agency: NewAgency, also: Callable[[AgencyView], None]) -> tuple[UUID, AgencyView]:
    """Make an account for an address that was shown to be theirs, and its agency, in one write. Raises DomainError."""
    stored = _password_hash(person, agency.name)
    with tenancy.platform("somebody new founds an agency"), writing():
        user_id = _add_user(person, stored, is_operator=False)
        _user(user_id).verified_at = clock.now()
        view = _found(user_id, agency)
        also(view)
        return user_id, view


@writes
def add_member(user_id: UUID, role: Role) -> None:
    """Let somebody into the current agency. Raises NotInTier where there is no room."""
    entitlements.within(Limit.MEMBERS)
    models.add_membership(tenancy.agency_id(), user_id, role)
    audit.log("member.added", subject=ref("user", user_id), detail={"role": role})


def member_count() -> int:
    """How many people work in the current agency."""
    return models.member_count()


def members() -> list[MemberView]:
    """Who works in the current agency."""
    return [MemberView(user.name, user.email, place.role, place.created_at) for user, place in models.members()]


def actors() -> dict[str, str]:
    """Names of the current agency's members by what events call their actor: `user:<id>`."""
    return {ref("user", user.id): user.name for user, _place in models.members()}


def places_of(user_id: UUID) -> list[PlaceView]:
    """The agencies somebody may enter, by name."""
    with tenancy.platform("which agencies a person belongs to"):
        roles = dict(models.agencies_of(user_id))
        begins = seat_models.default_of(user_id)
        views = agencies.by_ids(list(roles))
        return [PlaceView(view.slug, view.name, roles[view.id], view.id == begins) for view in views]


def user_id_of(email: str) -> UUID | None:
    """The account of an address."""
    found = models.by_email(email.lower())
    return found.id if found else None


def active(user_id: UUID) -> UserView | None:
    """Somebody who may do anything at all; None for who is suspended or no longer there."""
    user = models.user(user_id)
    if user is None or user.suspended_at is not None:
        return None
    return UserView(user.id, user.name, user.email, user.locale, user.is_operator)


def has_second(user_id: UUID) -> bool:
    """Whether somebody has set up a second factor."""
    return user_id in factor_models.with_second([user_id])


@writes
def tell(user_id: UUID, sentence: str) -> None:
    """Write to somebody what was changed about their ways in, in the write that does it."""
    notices.tell(_user(user_id), sentence)


def sign_in_with_password(email: str, password: str, address: str) -> Entry | None:
    """Let somebody in, or None: which of address and password was wrong, nobody learns, also not from the time.

    Raises TooMany, and Forbidden for somebody who is suspended.
    """
    home = ratelimit.home(address)
    pair = f"password/{email}/{home}"
    ratelimit.hit(f"password/{home}", TRIES_OF_ADDRESS, WINDOW)
    ratelimit.hit(pair, WRONG_PASSWORDS, WINDOW)
    # Last: what the pair refused is not counted here, or a single address could shut the account for everybody.
    ratelimit.hit(f"password-of/{email}", TRIES_OF_ACCOUNT, WINDOW)
    user = models.by_email(email)
    user_id, stored = (user.id, user.password_hash) if user else (None, None)
    release()
    right = passwords.fits(stored, password)
    if not right or user_id is None or stored is None:
        audit.log("sign_in.refused", detail={"method": Method.PASSWORD, "known": user_id is not None})
        return None
    better = passwords.hashed(password) if passwords.outdated(stored) else None
    ratelimit.forget(pair)
    return signing_in.sign_in(user_id, Method.PASSWORD, better=better)


def ask_for_link(email: str, address: str, locale: str) -> None:
    """Send a link that signs in, if the address has an account. Raises TooMany."""
    mail_links.ask(SIGN_IN, email, address, locale)


def ask_for_reset(email: str, address: str, locale: str) -> None:
    """Send a link that replaces a lost password, if the address has an account. Raises TooMany."""
    mail_links.ask(RESET, email, address, locale)


def ask_to_confirm(user_id: UUID, email: str, address: str, locale: str) -> None:
    """Send a link that confirms an address: somebody's own, or the one they move to. Raises TooMany."""
    mail_links.ask(CONFIRM, email, address, locale, user_id)


def forget_ended(job: Job) -> None:
    """Delete sessions, links and counts that nobody can use any more."""
    yesterday = clock.now() - timedelta(days=1)
    with writing():
        models.prune(yesterday)
        factor_models.prune_steps(yesterday)
        ratelimit.prune(yesterday)


def link_opens(token: str) -> bool:
    """Whether a link would sign in; looking at it does not use it up."""
    return mail_links.opens(SIGN_IN, token)


def sign_in_with_link(token: str) -> Entry:
    """Use a link up and let its person in. Raises Gone, Forbidden."""
    return mail_links.sign_in(token)


def sign_out(user_id: UUID, token: str) -> None:
    """End the session that is being used."""
    sessions.end(user_id, token=token)
    audit.log("sign_out", subject=ref("user", user_id))


def sessions_of(user_id: UUID, token: str) -> list[SessionView]:
    """Where somebody is signed in, last seen first."""
    return sessions.of(user_id, token)


@writes
def end_session(user_id: UUID, session_id: UUID) -> None:
    """End one of somebody's own sessions; an unknown one is ended already."""
    if sessions.end(user_id, only=session_id):
        audit.log("session.revoked", subject=ref("user", user_id))


@writes
def end_other_sessions(user_id: UUID, token: str) -> int:
    """End every session but the one that is being used."""
    ended = sessions.end(user_id, but=token)
    audit.log("session.revoked", subject=ref("user", user_id), detail={"count": ended})
    return ended


@writes
def change_person(user_id: UUID, name: str, locale: str, token: str) -> None:
    """Change how somebody is called and spoken to."""
    user = _user(user_id)
    user.name, user.locale = name, locale
    sessions.refresh(token)


def change_password(user_id: UUID, token: str, old: str, new: str, address: str) -> None:
    """Change a password and end all other sessions. Raises DomainError, TooMany.

    Who has just come in by a link from the mailbox need not know the old one: that is how a lost one is replaced.
    """
    user = _user(user_id)
    stored, email, name = user.password_hash, user.email, user.name
    if _asks_for_old(user, token):
        ratelimit.hit(f"password/{email}/{ratelimit.home(address)}", WRONG_PASSWORDS, WINDOW)
        release()
        if not passwords.fits(stored, old):
            audit.log("password.refused", subject=ref("user", user_id))
            raise DomainError(_("This is not your current password."), "old")
    if problem := passwords.problem(new, email, name):
        raise DomainError(problem, "new")
    release()
    hashed = passwords.hashed(new)
    with writing():
        _user(user_id).password_hash = hashed
        sessions.end(user_id, but=token)
        audit.log("password.changed", subject=ref("user", user_id))
        mail_links.close(user_id)
        notices.tell(_user(user_id), _("Your password was changed. All other browsers were signed out."))


def account(user_id: UUID, token: str) -> AccountView:
    """What somebody may know and change about themselves."""
    user = _user(user_id)
    asks, verified = _asks_for_old(user, token), user.verified_at is not None
    return AccountView(user.name, user.email, user.locale, user.password_hash is not None, asks, verified)


def _asks_for_old(user: User, token: str) -> bool:
    live = sessions.find(token)
    by_link = live is not None and live.method == Method.LINK
    fresh = live is not None and clock.now() - live.began_at < timedelta(seconds=WINDOW)
    return user.password_hash is not None and not (by_link and fresh)


def _user(user_id: UUID) -> User:
    if (user := models.user(user_id)) is None:
        raise Gone(_("This account no longer exists."))
    return user


def _password_hash(person: NewUser, *agency_names: str) -> str | None:
    if not person.password:
        return None
    if problem := passwords.problem(person.password, person.email, person.name, *agency_names):
        raise DomainError(problem, "password")
    return passwords.hashed(person.password)


def _add_user(person: NewUser, stored: str | None, *, is_operator: bool) -> UUID:
    row = User(
        email=person.email.lower(),
        name=person.name,
        locale=person.locale,
        password_hash=stored,
        is_operator=is_operator,
    )
    models.add_user(row)
    audit.log("user.created", subject=ref("user", row.id))
    return row.id


def _found(user_id: UUID, agency: NewAgency) -> AgencyView:
    view = agencies.found(agency)
    models.add_membership(view.id, user_id, Role.OWNER)
    if (founder := models.user(user_id)) is not None:
        signals.publish(AgencyFounded(view.id, user_id, founder.email))
    return view
