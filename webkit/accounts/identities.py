"""Signing in with an account elsewhere. What proves it is the issuer's subject; an address only leads to an account.

Everything that binds the way there and back to one browser is made from the token of a step: it lives ten minutes, is
used once, and stands in that browser's cookie. State, nonce and verifier are drawn from it with our key.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import structlog

from webkit.accounts import factor_models, identity_models, models, notices, signing_in
from webkit.accounts.factor_models import Purpose
from webkit.accounts.identity_models import ExternalIdentity
from webkit.accounts.models import Method, User
from webkit.accounts.signing_in import Entry
from webkit.core.capabilities.errors import CredentialsRejected, ProviderError, ProviderMisconfigured
from webkit.core.capabilities.identity import IDENTITY, Identity, IdentityRefused, Refusal, SignInAnswer, SignInRequest
from webkit.core.kernel import audit, clock, ratelimit
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.errors import Conflict, DomainError, Gone, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)
WINDOW, TRIES_OF_ADDRESS = 15 * 60, 50
LONGEST_CODE = 4_000


@dataclass(frozen=True, slots=True)
class Offer:
    """An issuer that people may sign in with."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Linked:
    """One of somebody's accounts elsewhere; `label` is empty for an issuer that is not offered any more."""

    id: UUID
    name: str
    label: str
    email: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody is on the way to an issuer: the token of their step, and where the browser is sent."""

    token: str
    url: str
    label: str


@dataclass(frozen=True, slots=True)
class Back:
    """What an issuer's answer brought along in the address."""

    name: str
    state: str
    code: str
    issuer: str
    error: str


@dataclass(frozen=True, slots=True)
class There:
    """An issuer as somebody comes back from it: its name in their step, and who asks it."""

    name: str
    label: str
    return_address: str
    identify: Callable[[SignInAnswer], Identity]


class NoAccount(DomainError):
    """Whoever has come back is somebody to the issuer, but nobody here."""

    code = 403


def offered() -> list[Offer]:
    """The issuers that are chosen, in their order. Calls nobody."""
    registry = current().registry
    try:
        return [Offer(spec.name, registry.get(IDENTITY, name=spec.name).label()) for spec in registry.chain(IDENTITY)]
    except ProviderMisconfigured as error:
        log.warning("an issuer does not work", error=str(error))
        return []


def linked(user_id: UUID) -> list[Linked]:
    """What opens somebody's account from elsewhere."""
    labels = {each.name: each.label for each in offered()}
    return [
        Linked(row.id, row.provider, labels.get(row.provider, row.issuer), row.email, row.created_at, row.used_at)
        for row in identity_models.of(user_id)
    ]


# --- There --------------------------------------------------------------------------------------------------------


def leave(name: str, address: str, user_id: UUID | None = None) -> Left:
    """Begin: to sign in, or to link with the account of `user_id`. Raises NotFound, TooMany, DomainError."""
    label = _label(name)
    ratelimit.hit(f"identity/{ratelimit.home(address)}", TRIES_OF_ADDRESS, WINDOW)
    purpose = Purpose.LINK_IDENTITY if user_id else Purpose.IDENTITY
    token = signing_in.begin_step(purpose, user_id, method=name)
    request = SignInRequest(_return_address(name), state(token), drawn("nonce", token), drawn("verifier", token))
    release()
    try:
        return Left(token, current().registry.get(IDENTITY, name=name).authorize_url(request), label)
    except ProviderError as error:
        raise in_words(error, label) from None


def state(token: str) -> str:
    """What must come back with the answer to this step."""
    return drawn("state", token)


# --- And back -----------------------------------------------------------------------------------------------------


def sign_in(token: str, back: Back, wanted: str, locale: str) -> Entry:
    """Let somebody in who has come back from an issuer. Raises NoAccount, DomainError, Gone, Forbidden."""
    found = _come_back(Purpose.IDENTITY, token, back)
    invited = found.email_verified and current().invites(found.email, wanted)
    with writing():
        user_id = identity_models.owner_of(found.issuer, found.subject) or _match(back.name, found, invited, locale)
        if user_id is not None:
            identity_models.note_use(found.issuer, found.subject)
    if user_id is not None:
        return signing_in.sign_in(user_id, Method.OIDC)
    audit.log("sign_in.refused", detail={"method": Method.OIDC, "provider": back.name, "known": False})
    raise _nobody(_label(back.name))


def link(user_id: UUID, token: str, back: Back) -> str:
    """Link what came back with the account of whoever began it; its label. Raises DomainError, Gone, Conflict."""
    found, label = _come_back(Purpose.LINK_IDENTITY, token, back, user_id), _label(back.name)
    with writing():
        owner = identity_models.owner_of(found.issuer, found.subject)
        if owner is None:
            _add(user_id, back.name, found)
    if owner not in (None, user_id):
        audit.log("identity.refused", subject=ref("user", user_id), detail={"provider": back.name})
        raise Conflict(_("That %(issuer)s account opens another account here. Unlink it there first.", issuer=label))
    return label


def unlink(user_id: UUID, identity_id: UUID) -> None:
    """Let an identity open the account no more. Raises Conflict where nothing else would; an unknown one is gone."""
    with writing():
        ways = identity_models.ways_in(user_id)
        name = identity_models.drop(user_id, identity_id)
        if name is None:
            return
        if ways < 2:
            raise Conflict(_("Nothing else lets you in. Set a password, add a passkey or confirm your address first."))
        audit.log("identity.unlinked", subject=ref("user", user_id), detail={"provider": name})
        notices.tell(_user(user_id), _("%(issuer)s no longer signs in to your account.", issuer=_name_of(name)))


def _come_back(purpose: Purpose, token: str, back: Back, user_id: UUID | None = None) -> Identity:
    """Who the issuer says has come back."""
    label = _label(back.name)

    def identify(answer: SignInAnswer) -> Identity:
        return current().registry.get(IDENTITY, name=back.name).identify(answer)

    there = There(back.name, label, _return_address(back.name), identify)
    return come_back(there, purpose, token, back, user_id)


def come_back(there: There, purpose: Purpose, token: str, back: Back, user_id: UUID | None = None) -> Identity:
    """Who an issuer says has come back. The step is used up before anything is asked, so an answer counts once."""
    step = factor_models.open_step(signing_in.hashed(token), purpose) if token else None
    if step is None or step.method != there.name or step.user_id != user_id:
        raise not_begun()
    if not hmac.compare_digest(state(token).encode(), back.state.encode()):
        raise not_begun()
    if not _use(token, purpose):
        raise not_begun()
    if back.error:
        raise refusal(back.error, there.label)
    if not 0 < len(back.code) <= LONGEST_CODE:
        raise DomainError(garbage(there.label))
    answer = SignInAnswer(back.code, there.return_address, drawn("nonce", token), drawn("verifier", token), back.issuer)
    release()
    try:
        return there.identify(answer)
    except ProviderError as error:
        why = type(error).__name__
        audit.log("sign_in.refused", detail={"method": Method.OIDC, "provider": there.name, "why": why})
        raise in_words(error, there.label) from None


@writes
def _use(token: str, purpose: Purpose) -> bool:
    return factor_models.use_step(signing_in.hashed(token), purpose)


def _match(name: str, found: Identity, invited: bool, locale: str) -> UUID | None:
    """Whose account a new identity opens: the one of its address, but only if its issuer has verified that address.

    Somebody may have made an account for an address that is not theirs, and hold its key. So one that has a key is
    opened this way only where we have verified the address ourselves.
    """
    if not (found.email_verified and found.email):
        return None
    user = models.by_email(found.email)
    if user is None:
        if not invited:
            return None
        user = models.add_user(User(email=found.email, name=found.name or found.email.partition("@")[0], locale=locale))
        audit.log("user.created", subject=ref("user", user.id), detail={"provider": name})
    elif user.verified_at is None and identity_models.ways_in(user.id):
        return None
    if user.suspended_at is None:
        _add(user.id, name, found)
    return user.id


def _add(user_id: UUID, name: str, found: Identity) -> None:
    row = ExternalIdentity(user_id=user_id, provider=name, email=found.email, issuer=found.issuer)
    row.subject, row.used_at = found.subject, clock.now()
    identity_models.add(row)
    audit.log("identity.linked", subject=ref("user", user_id), detail={"provider": name})
    notices.tell(_user(user_id), _("%(issuer)s now signs in to your account.", issuer=_name_of(name)))


def drawn(what: str, token: str) -> str:
    return current().keys.token_hash(f"identity-{what}/{token}")


def _return_address(name: str) -> str:
    """Each issuer sends people back to an address of its own, so that none can answer for another."""
    return f"{current().settings.base_url}/sign-in/with/{name}/callback"


def _label(name: str) -> str:
    label = next((each.label for each in offered() if each.name == name), None)
    if label is None:
        raise NotFound(_("Nobody signs in this way here."))
    return label


def _name_of(name: str) -> str:
    return next((each.label for each in offered() if each.name == name), name)


def _user(user_id: UUID) -> User:
    if (user := models.user(user_id)) is None:
        raise Gone(_("This account no longer exists."))
    return user


# --- In words -----------------------------------------------------------------------------------------------------


def not_begun() -> Gone:
    return Gone(_("This sign-in was not begun in this browser, took longer than ten minutes, or was finished already."))


def garbage(label: str) -> str:
    return _(
        "What %(issuer)s answered does not prove who you are. Nothing was changed; please try again.", issuer=label
    )


def _nobody(label: str) -> NoAccount:
    return NoAccount(
        _(
            "This %(issuer)s account opens no account here yet. Sign in as usual, then link it under your name, "
            "Signing in. Without an account, ask for an invitation.",
            issuer=label,
        )
    )


def refusal(error: str, label: str) -> DomainError:
    """What the issuer said instead of letting somebody in; its own words may be anybody's and are not shown."""
    if error in ("access_denied", "consent_required", "interaction_required", "login_required", "user_cancelled_login"):
        return DomainError(
            _("You did not sign in with %(issuer)s. You can try again, or go another way.", issuer=label)
        )
    if error in ("server_error", "temporarily_unavailable"):
        return _Down(_("%(issuer)s has trouble at the moment. Please try later, or go another way.", issuer=label))
    log.warning("an issuer refused a sign-in", error=error[:60])
    return DomainError(_("%(issuer)s refused this sign-in. Please go another way.", issuer=label))


class _Down(DomainError):
    code = 503


def in_words(error: ProviderError, label: str) -> DomainError:
    if isinstance(error, IdentityRefused):
        if error.why is Refusal.CLOCK:
            log.error("an issuer's clock and ours differ", provider=error.provider)
            return DomainError(
                _(
                    "Our clock and that of %(issuer)s differ too much. Whoever runs this platform has to look.",
                    issuer=label,
                )
            )
        if error.why is Refusal.CODE:
            return DomainError(_("%(issuer)s no longer knows this sign-in. Please try again.", issuer=label))
        log.warning("an identity was refused", provider=error.provider, error=str(error))
        return DomainError(garbage(label))
    log.error("an issuer does not work", provider=error.provider, error=str(error))
    if isinstance(error, CredentialsRejected | ProviderMisconfigured):
        text = _("%(issuer)s is not set up rightly. Whoever runs this platform has to look.", issuer=label)
        return _Down(text)
    return _Down(_("%(issuer)s does not answer at the moment. Please try later, or go another way.", issuer=label))
