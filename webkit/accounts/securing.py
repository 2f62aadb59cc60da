"""What somebody changes about their own sign-in. Each change is noted and told by mail."""

from __future__ import annotations

from uuid import UUID

from webkit.accounts import codes, factor_models, models, notices, passkeys, phones, signing_in
from webkit.accounts.models import User
from webkit.accounts.passkeys import Asked
from webkit.accounts.views import PasskeyView, SecurityView
from webkit.core.capabilities.errors import ProviderRejected
from webkit.core.kernel import audit, ratelimit
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import DomainError, Gone
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.sealed import unseal


def overview(user_id: UUID) -> SecurityView:
    """What protects somebody's account."""
    user, kinds, phone = _user(user_id), factor_models.kinds_of(user_id), factor_models.phone(user_id)
    number = unseal(factor_models.NUMBER, user_id, phone.number) if phone else ""
    return SecurityView(
        email=user.email,
        verified=user.verified_at is not None,
        app="totp" in kinds,
        passkeys=[
            PasskeyView(row.id, row.name, row.created_at, row.used_at) for row in factor_models.passkeys(user_id)
        ],
        phone=f"… {number[-3:]}" if "sms" in kinds else "",
        phone_waits=phone is not None and phone.confirmed_at is None,
        codes_left=factor_models.codes_left(user_id),
        has_second=bool(kinds & signing_in.SECONDS),
        texts_offered=phones.offered(),
        passkeys_usable=passkeys.usable(),
    )


# --- Authenticator app --------------------------------------------------------------------------------------------


@writes
def begin_app(user_id: UUID) -> None:
    """Draw a secret for an authenticator app. Raises Conflict."""
    codes.enrol(user_id)


def app(user_id: UUID) -> codes.Enrolment | None:
    """What the app is to scan, until its first code was entered."""
    return codes.enrolment(user_id, _user(user_id).email)


def confirm_app(user_id: UUID, typed: str) -> list[str]:
    """Use the app from now on; codes on paper, if these are the first. Raises DomainError, TooMany."""
    key = f"code/{user_id}"
    ratelimit.hit(key, signing_in.CODES, signing_in.WINDOW)
    if not codes.take(user_id, typed.replace(" ", ""), enrolling=True):
        raise DomainError(_("This code is not right. Is the clock of your phone?"), "code")
    ratelimit.forget(key)
    return _added(user_id, "totp", _("An authenticator app was added to your account."))


@writes
def remove_app(user_id: UUID) -> None:
    """Use no app any more."""
    if factor_models.drop_authenticator(user_id):
        _removed(user_id, "totp", _("The authenticator app was removed from your account."))


# --- Passkeys -----------------------------------------------------------------------------------------------------


def ask_for_passkey(user_id: UUID) -> Asked:
    """Let the browser make a passkey."""
    return passkeys.ask_to_add(_user(user_id))


def add_passkey(user_id: UUID, token: str, answer: str, name: str) -> list[str]:
    """Keep a passkey; codes on paper, if these are the first. Raises DomainError, Gone, Conflict."""
    passkeys.add(user_id, token, answer, name)
    return _added(user_id, "passkey", _("The passkey “%(name)s” was added to your account.", name=name))


@writes
def remove_passkey(user_id: UUID, passkey_id: UUID) -> None:
    """Forget a passkey of one's own; an unknown one is forgotten already."""
    if (name := factor_models.drop_passkey(user_id, passkey_id)) is not None:
        _removed(user_id, "passkey", _("The passkey “%(name)s” was removed from your account.", name=name))


# --- Phone --------------------------------------------------------------------------------------------------------


def begin_phone(user_id: UUID, number: str) -> None:
    """Send a code to a phone that shall get codes from now on. Raises DomainError, TooMany."""
    try:
        phones.begin(user_id, "".join(number.split()))
    except ProviderRejected:
        raise DomainError(_("Please write the number like +39 333 1234567."), "phone") from None
    phones.send_code(user_id)


def confirm_phone(user_id: UUID, typed: str) -> list[str]:
    """Use the phone from now on; codes on paper, if these are the first. Raises DomainError."""
    if not phones.take(user_id, typed.replace(" ", ""), enrolling=True):
        raise DomainError(_("This code is not right, or it is too old. You can ask for another one."), "code")
    return _added(user_id, "sms", _("A phone was added to your account."))


@writes
def remove_phone(user_id: UUID) -> None:
    """Send no codes to the phone any more."""
    if factor_models.drop_phone(user_id):
        _removed(user_id, "sms", _("The phone was removed from your account."))


# --- Codes on paper -----------------------------------------------------------------------------------------------


def new_codes(user_id: UUID) -> list[str]:
    """Ten new codes; the former ones open nothing any more. Raises DomainError."""
    if not factor_models.kinds_of(user_id) & signing_in.SECONDS:
        raise DomainError(_("Codes on paper stand in for a second step. Please add one first."))
    release()
    drawn = codes.draw()
    stored = codes.hashes(drawn)
    _keep_codes(user_id, stored)
    return drawn


@writes
def _keep_codes(user_id: UUID, stored: dict[str, str]) -> None:
    factor_models.replace_codes(user_id, stored)
    audit.log("backup_codes.made", subject=ref("user", user_id))
    notices.tell(_user(user_id), _("New backup codes were made for your account; the former ones are void."))


def _added(user_id: UUID, kind: str, sentence: str) -> list[str]:
    """Note that a factor was added; the first one brings codes for the day it is lost."""
    _note(user_id, "second.added", kind, sentence)
    has_codes = factor_models.codes_left(user_id) > 0
    return [] if has_codes else new_codes(user_id)


@writes
def _removed(user_id: UUID, kind: str, sentence: str) -> None:
    _note(user_id, "second.removed", kind, sentence)
    if not factor_models.kinds_of(user_id) & signing_in.SECONDS:
        factor_models.drop_codes(user_id)


@writes
def _note(user_id: UUID, action: str, kind: str, sentence: str) -> None:
    audit.log(action, subject=ref("user", user_id), detail={"kind": kind})
    notices.tell(_user(user_id), sentence)


def _user(user_id: UUID) -> User:
    if (user := models.user(user_id)) is None:
        raise Gone(_("This account no longer exists."))
    return user
