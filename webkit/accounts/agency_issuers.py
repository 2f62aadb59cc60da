"""The people of an agency sign in at `/<agency>/sign-in`, with an OpenID Connect issuer that is the agency's own.

Nobody here vouches for such an issuer: whoever owns an agency may run one that claims anything. So what it says counts
within that agency alone.

- Its subject is bound to (agency, issuer, subject). An address it names leads to no account, verified or not.
- It lets in whoever has linked it, signed in as usual and shown anew who they are; and only while they work there.
- The session it opens reaches that agency's pages: not the account, its keys and factors, not another agency, not the
  platform. It is the owner's to choose an issuer, who may do everything in the agency anyway.
- It shows nothing of the person's own, so step-up asks for that: whoever runs an issuer that outlived its owner makes
  no keys, moves no bank account and ends no agency in somebody's name.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from webkit.accounts import agency_issuer_models as models
from webkit.accounts import identities, notices, seat_models, sessions, signing_in
from webkit.accounts import models as users
from webkit.accounts.agency_issuer_models import SECRET, AgencyIdentity, AgencyIssuer
from webkit.accounts.factor_models import Purpose
from webkit.accounts.identities import Back, Left, NoAccount, There
from webkit.core.capabilities.errors import ProviderError, ProviderUnavailable
from webkit.core.capabilities.identity import Identity, SignInAnswer, SignInRequest, check_identity, check_issuer
from webkit.core.kernel import audit, entitlements, outbound, ratelimit, sealed, tenancy
from webkit.core.kernel.db import release, writes, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Conflict, DomainError, Forbidden, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

if TYPE_CHECKING:
    from webkit.sdk.http import HttpLine
    from webkit.sdk.oidc import OidcIssuer

WINDOW, TRIES_OF_ADDRESS = 15 * 60, 50
LARGEST = 200_000


@dataclass(frozen=True, slots=True)
class IssuerView:
    """What an agency has chosen; its secret is shown to nobody."""

    label: str
    issuer: str
    client_id: str
    people: int


@dataclass(frozen=True, slots=True)
class Door:
    """An agency whose people may come in through its issuer."""

    agency: AgencyView
    label: str
    issuer: str
    client_id: str
    client_secret: str


# --- What the owner decides ---------------------------------------------------------------------------------------


def shown() -> IssuerView | None:
    """What the current agency has chosen."""
    row = models.own()
    return IssuerView(row.label, row.issuer, row.client_id, models.count()) if row else None


def return_address(slug: str) -> str:
    """Where the issuer sends people back to: to be registered there."""
    return f"{current().settings.base_url}/{slug}/sign-in/callback"


def save(label: str, issuer: str, client_id: str, secret: str) -> None:
    """Choose the current agency's issuer. Raises NotInTier, DomainError for one that does not describe itself.

    Without a secret the one before stays, for the same client of the same issuer. Another issuer knows nobody yet.
    """
    entitlements.require(Feature.SSO)
    agency_id = tenancy.agency_id()
    row = models.own()
    same = row is not None and (row.issuer, row.client_id) == (issuer, client_id)
    if not secret and not same:
        raise DomainError(_("Please give the secret that belongs to this client id."), "client_secret")
    ratelimit.hit(f"agency-issuer/{agency_id}", TRIES_OF_ADDRESS, WINDOW)
    release()
    _demand_described(label, issuer, client_id, secret)
    with writing():
        row = models.held()
        if row is None or row.issuer != issuer:
            _forget_people(agency_id)
        row = row or AgencyIssuer()
        if secret:
            row.client_secret = sealed.seal(SECRET, agency_id, secret)
        row.label, row.issuer, row.client_id = label, issuer, client_id
        models.put(row)
        audit.log("issuer.changed", subject=ref("agency", agency_id), detail={"issuer": issuer})


def remove() -> None:
    """The current agency has no issuer any more; whoever came in by it is out."""
    agency_id = tenancy.agency_id()
    with writing():
        models.drop()
        _forget_people(agency_id)
        audit.log("issuer.removed", subject=ref("agency", agency_id))


def _forget_people(agency_id: UUID) -> None:
    models.drop_identities()
    sessions.end_confined(agency_id)


def _demand_described(label: str, issuer: str, client_id: str, secret: str) -> None:
    try:
        check_issuer(issuer)
    except ValueError:
        raise DomainError(_("An issuer's address looks like https://login.example.com."), "issuer") from None
    request = SignInRequest(issuer, "state", "nonce", "v" * 43)
    try:
        _spoken(client_id, secret, issuer).authorize_url(request)
    except ProviderError as error:
        raise DomainError(identities.in_words(error, label).message, "issuer") from None


# --- There and back -----------------------------------------------------------------------------------------------


def door(slug: str) -> Door | None:
    """The agency at this address, if its people may come in through its issuer now."""
    agency = current().directory.by_slug(slug)
    if agency is None or agency.closed:
        return None
    release()
    with tenancy.tenant(agency.id):
        row = models.own()
        if row is None or not entitlements.has(Feature.SSO):
            return None
        secret = sealed.unseal(SECRET, agency.id, row.client_secret)
        return Door(agency, row.label, row.issuer, row.client_id, secret)


def linked(found: Door, user_id: UUID) -> str | None:
    """The address of what lets a member in already, empty if it has none; None for who has linked nothing."""
    release()
    with tenancy.tenant(found.agency.id):
        row = models.identity_of(user_id)
        return row.email if row else None


def works_there(found: Door, user_id: UUID) -> bool:
    """Whether somebody has a place of their own at the agency."""
    release()
    with tenancy.tenant(found.agency.id):
        return seat_models.exists(user_id)


def leave(found: Door, address: str, user_id: UUID | None = None) -> Left:
    """Begin: to sign in, or to link with the account of `user_id`. Raises Forbidden, TooMany, DomainError."""
    if user_id is not None and not works_there(found, user_id):
        raise Forbidden(_("Only people of this agency sign in this way."))
    ratelimit.hit(f"agency-issuer/{ratelimit.home(address)}", TRIES_OF_ADDRESS, WINDOW)
    purpose = Purpose.LINK_IDENTITY if user_id else Purpose.IDENTITY
    token = signing_in.begin_step(purpose, user_id, method=found.agency.id.hex)
    drawn = (identities.drawn(each, token) for each in ("nonce", "verifier"))
    request = SignInRequest(return_address(found.agency.slug), identities.state(token), *drawn)
    release()
    try:
        url = _spoken(found.client_id, found.client_secret, found.issuer).authorize_url(request)
    except ProviderError as error:
        raise identities.in_words(error, found.label) from None
    return Left(token, url, found.label)


def sign_in(found: Door, token: str, back: Back) -> str:
    """Let somebody in who has come back; their session's token. Raises NoAccount, DomainError, Gone, Forbidden."""
    identity = identities.come_back(_there(found), Purpose.IDENTITY, token, back)
    with tenancy.tenant(found.agency.id):
        user_id, opened = _let_in(found, identity)
        if opened is not None:
            return opened
        if user_id is not None:
            raise signing_in.suspended()
        audit.log("sign_in.refused", detail={"method": users.Method.AGENCY, "known": False})
        raise NoAccount(
            _(
                "This %(issuer)s account lets nobody into %(agency)s yet. Sign in as usual, then open this page again "
                "to link it.",
                issuer=found.label,
                agency=found.agency.name,
            )
        )


@writes
def _let_in(found: Door, identity: Identity) -> tuple[UUID | None, str | None]:
    """Whom this identity lets in who has linked it and works there, and their session unless they are suspended."""
    _demand_same(found)
    user_id = models.owner_of(identity.issuer, identity.subject)
    if user_id is None or not seat_models.exists(user_id):
        return None, None
    models.note_use(user_id)
    return user_id, signing_in.admit_to(found.agency.id, user_id)


def _demand_same(found: Door) -> None:
    """Inside a write. Whoever ends a way in ends what it opened, so nobody comes in by it afterwards. Raises Gone."""
    row = models.held()
    if row is None or (row.issuer, row.client_id) != (found.issuer, found.client_id):
        raise identities.not_begun()


def link(found: Door, user_id: UUID, token: str, back: Back) -> None:
    """Link what came back with the account of whoever began it. Raises DomainError, Gone, Conflict, Forbidden."""
    identity = identities.come_back(_there(found), Purpose.LINK_IDENTITY, token, back, user_id)
    with tenancy.tenant(found.agency.id), writing():
        _demand_same(found)
        user = users.user(user_id)
        if user is None or not seat_models.exists(user_id):
            raise Forbidden(_("Only people of this agency sign in this way."))
        owner = models.owner_of(identity.issuer, identity.subject)
        if owner not in (None, user_id):
            raise Conflict(_("That account lets in somebody else of this agency."))
        row = AgencyIdentity(user_id=user_id, issuer=identity.issuer, subject=identity.subject, email=identity.email)
        models.replace(row)
        audit.log("identity.linked", subject=ref("user", user_id), detail={"provider": found.agency.id.hex})
        words = {"issuer": found.label, "agency": found.agency.name, "email": identity.email or "?"}
        notices.tell(user, _("%(issuer)s (%(email)s) now lets you into %(agency)s, and nowhere else.", **words))


def unlink(found: Door, user_id: UUID) -> None:
    """Let what somebody has linked let them in no more; unknown is gone already."""
    release()
    with tenancy.tenant(found.agency.id), writing():
        if models.unlink(user_id):
            audit.log("identity.unlinked", subject=ref("user", user_id), detail={"provider": found.agency.id.hex})


def demand(slug: str) -> Door:
    """The door of an agency. Raises NotFound where there is none."""
    if (found := door(slug)) is None:
        raise NotFound(_("Nobody signs in this way here."))
    return found


def _there(found: Door) -> There:
    def identify(answer: SignInAnswer) -> Identity:
        claims = _spoken(found.client_id, found.client_secret, found.issuer).claims(answer)
        email, name = str(claims.get("email") or ""), str(claims.get("name") or "")
        return check_identity(Identity(claims["iss"], claims["sub"], email, False, name))

    return There(found.agency.id.hex, found.label, return_address(found.agency.slug), identify)


# --- How it is asked ----------------------------------------------------------------------------------------------


def _spoken(client_id: str, secret: str, issuer: str) -> OidcIssuer:
    """The issuer, asked anew each time: its keys and addresses are believed for one question."""
    from webkit.sdk.oidc import CodeFlow, OidcIssuer

    return OidcIssuer(CodeFlow("issuer", client_id, secret, _guarded()), issuer)


def _guarded() -> HttpLine:
    """A line that goes through the platform's guard: to public servers only, to the place that was judged."""
    from webkit.sdk.http import HttpAnswer, HttpLine

    class Guarded(HttpLine):
        def ask(
            self,
            method: str,
            url: str,
            *,
            headers: Mapping[str, str] = {},
            body: bytes | None = None,
            seconds: float = 5.0,
        ) -> HttpAnswer:
            from webkit.core.kernel import fetching

            deadline, given = time.monotonic() + seconds, {"User-Agent": "webkit", "Accept": "application/json"}
            try:
                target, given = outbound.check_url(url), {**given, **headers}
                if method == "GET":
                    answer = fetching.get(target, deadline, LARGEST, given)
                else:
                    answer = fetching.post(target, body or b"", deadline, LARGEST, given)
            except DomainError as error:
                raise ProviderUnavailable(f"the issuer cannot be reached: {error}", provider="issuer") from None
            return HttpAnswer(answer.status, answer.headers, answer.content)

    return Guarded("issuer")
