"""Passkeys: the browser signs what we drew for it; we hold public keys only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from webkit.accounts import factor_models as models
from webkit.accounts import signing_in
from webkit.accounts.factor_models import Passkey, Purpose
from webkit.accounts.models import Method, User
from webkit.accounts.signing_in import Entry, Waiting
from webkit.core.kernel import audit
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.kernel.security import own_origin
from webkit.core.values import dataclass

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

LONGEST = 16_000
MOST = 20
"""Passkeys of one person."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser is to do, and the token of the step in which it must answer."""

    token: str
    options: str


def usable() -> bool:
    """Whether browsers offer passkeys at this address: they do for names over HTTPS, and for localhost."""
    parts = urlsplit(own_origin())
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost" or host.endswith(".localhost")
    return False


# --- Making one ---------------------------------------------------------------------------------------------------


@writes
def ask_to_add(user: User) -> Asked:
    """Let the browser make a key for this account."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    known = models.passkeys(user.id)
    if len(known) >= MOST:
        raise DomainError(_("These are enough passkeys. Remove one first."))
    options = generate_registration_options(
        rp_id=_site(),
        rp_name=current().settings.mail_from_name,
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.name,
        exclude_credentials=_described(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    token = signing_in.begin_step(Purpose.ADD_PASSKEY, user.id, challenge=_text(options.challenge))
    return Asked(token, options_to_json(options))


@writes
def add(user_id: UUID, token: str, answer: str, name: str) -> None:
    """Keep the key that the browser made. Raises DomainError, Gone, Conflict."""
    from webauthn import verify_registration_response

    step = _step(token, Purpose.ADD_PASSKEY, user_id)
    given = _parsed(answer)
    try:
        made = verify_registration_response(
            credential=given,
            expected_challenge=_bytes(step),
            expected_rp_id=_site(),
            expected_origin=own_origin(),
        )
    except Exception as error:  # the library has a kind of error for each of a dozen parts
        raise _refused() from error
    if not models.use_step(signing_in.hashed(token), Purpose.ADD_PASSKEY):
        raise signing_in.too_late()
    row = Passkey(user_id=user_id, name=name, credential=_text(made.credential_id), sign_count=made.sign_count)
    row.public_key, row.transports = _text(made.credential_public_key), _transports(given)
    models.add_passkey(row)


# --- Showing one --------------------------------------------------------------------------------------------------


@writes
def ask_for_any() -> Asked:
    """Somebody nobody knows yet may show a passkey: which one is theirs, their device knows."""
    challenge, options = _request((), whole=True)
    return Asked(signing_in.begin_step(Purpose.PASSKEY, None, challenge=challenge), options)


@writes
def ask_for_second(token: str) -> Asked:
    """Who is half-way in may show one of their own passkeys. Raises Gone."""
    if (found := signing_in.waiting(token)) is None:
        raise signing_in.too_late()
    challenge, options = _request(models.passkeys(found.user_id), whole=False)
    if not models.challenge(signing_in.hashed(token), Purpose.SECOND, challenge):
        raise signing_in.too_late()
    return Asked(token, options)


@writes
def ask_for_proof(user_id: UUID) -> Asked:
    """Somebody who is signed in may show one of their own passkeys again."""
    challenge, options = _request(models.passkeys(user_id), whole=False)
    return Asked(signing_in.begin_step(Purpose.PROVE, user_id, challenge=challenge), options)


def sign_in(token: str, answer: str) -> Entry:
    """Let somebody in with a passkey alone. Raises DomainError, Gone, Forbidden."""
    return signing_in.sign_in(_noted(token, Purpose.PASSKEY, answer, "sign_in.refused"), Method.PASSKEY)


def finish(token: str, found: Waiting, answer: str) -> str:
    """Finish a sign-in with a passkey; the session's token. Raises DomainError, Gone."""
    _noted(token, Purpose.SECOND, answer, "sign_in.second_refused")
    return signing_in.finish(token, found, "passkey")


def _noted(token: str, purpose: Purpose, answer: str, refused: str) -> UUID:
    try:
        return check(token, purpose, answer)
    except DomainError:
        audit.log(refused, detail={"method": Method.PASSKEY})
        raise


def check(token: str, purpose: Purpose, answer: str) -> UUID:
    """Whose passkey has signed what was drawn in this step. Alone it must have asked for finger or PIN.

    Raises DomainError, Gone. The step of a second factor stays open for `signing_in.finish`; all others are used up.
    """
    from webauthn import verify_authentication_response

    step = _step(token, purpose)
    given, whole = _parsed(answer), purpose == Purpose.PASSKEY
    row = models.passkey(str(given.get("id", ""))[:1400])
    if row is None or (not whole and row.user_id != step.user_id) or not _own_handle(given, row.user_id):
        raise _refused()
    user_id, row_id, count, expected = row.user_id, row.id, row.sign_count, _bytes(step)
    public_key = _raw(row.public_key)
    release()
    try:
        shown = verify_authentication_response(
            credential=given,
            expected_challenge=expected,
            expected_rp_id=_site(),
            expected_origin=own_origin(),
            credential_public_key=public_key,
            credential_current_sign_count=count,
            require_user_verification=whole,
        )
    except Exception as error:  # as above
        raise _refused() from error
    _note_use(token, purpose, row_id, count, shown.new_sign_count)
    return user_id


@writes
def _note_use(token: str, purpose: Purpose, row_id: UUID, before: int, after: int) -> None:
    if purpose != Purpose.SECOND and not models.use_step(signing_in.hashed(token), purpose):
        raise signing_in.too_late()
    if not models.count_passkey(row_id, before, after):
        raise _refused()


def _request(known: Iterable[Passkey], *, whole: bool) -> tuple[str, str]:
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    verification = UserVerificationRequirement.REQUIRED if whole else UserVerificationRequirement.PREFERRED
    options = generate_authentication_options(
        rp_id=_site(), allow_credentials=_described(known), user_verification=verification
    )
    return _text(options.challenge), options_to_json(options)


def _step(token: str, purpose: Purpose, user_id: UUID | None = None) -> models.Step:
    step = models.open_step(signing_in.hashed(token), purpose)
    if step is None or not step.challenge or (user_id is not None and step.user_id != user_id):
        raise signing_in.too_late()
    return step


def _own_handle(given: dict[str, Any], user_id: UUID) -> bool:
    """Where the device says whose key it is, it must be its owner's."""
    response = given.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    return not handle or handle == _text(user_id.bytes)


def _parsed(answer: str) -> dict[str, Any]:
    try:
        given = json.loads(answer[:LONGEST])
    except ValueError:
        raise _refused() from None
    if not isinstance(given, dict):
        raise _refused()
    return given


def _described(known: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=_raw(row.credential), transports=[AuthenticatorTransport(name) for name in row.transports]
        )
        for row in known
    ]


def _transports(given: dict[str, Any]) -> list[str]:
    from webauthn.helpers.structs import AuthenticatorTransport

    response = given.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    known = {transport.value for transport in AuthenticatorTransport}
    return [name for name in named if name in known][:8] if isinstance(named, list) else []


def _site() -> str:
    return urlsplit(own_origin()).hostname or ""


def _text(data: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(data)


def _raw(text: str) -> bytes:
    from webauthn.helpers import base64url_to_bytes

    return base64url_to_bytes(text)


def _bytes(step: models.Step) -> bytes:
    return _raw(step.challenge)


def _refused() -> DomainError:
    return DomainError(_("This passkey was not accepted. Please try again, or choose another way."), "passkey")
