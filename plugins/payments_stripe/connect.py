"""Accounts that agencies connect: Express ones are opened for them, Standard ones they have already (OAuth)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from webkit.sdk import (
    AccountRequest,
    AccountStatus,
    ConnectKind,
    CredentialsRejected,
    NotFoundAtProvider,
    Payments,
    ProviderRejected,
    calls_nobody,
)

from .errors import in_turn, translated
from .settings import StripeSettings

_ACCOUNT = re.compile(r"acct_\w{1,60}")
_NEEDED = ("currently_due", "past_due")


class Connect:
    """What the provider does for accounts that are not the platform's."""

    _settings: StripeSettings
    _account: str

    if TYPE_CHECKING:

        @property
        def _client(self) -> Any: ...

    def _options(self, key: str = "") -> Any:
        """Options of a call: on whose account, and under which key."""
        found = {"stripe_account": self._account, "idempotency_key": key}
        return {name: value for name, value in found.items() if value}

    @calls_nobody
    def connects(self) -> frozenset[ConnectKind]:
        if not self._settings.connect:
            return frozenset()
        return frozenset(ConnectKind) if self._settings.connect_client_id else frozenset({ConnectKind.MANAGED})

    @calls_nobody
    def acting_for(self, account: str) -> Payments:
        if not _ACCOUNT.fullmatch(account):
            raise NotFoundAtProvider("this is not the id of an account", provider="stripe")
        made: Any = type(self)
        acting: Payments = made(self._settings, account)
        return acting

    def open_account(self, request: AccountRequest) -> str:
        profile = {"name": request.name[:100], "url": request.website}
        order: Any = {
            "type": "express",
            "country": request.country,
            "email": request.email,
            "business_profile": {name: value for name, value in profile.items() if value},
            "capabilities": {"card_payments": {"requested": True}, "transfers": {"requested": True}},
        }
        order = {name: value for name, value in order.items() if value}
        made = in_turn(lambda: self._client.v1.accounts.create(order, {"idempotency_key": request.key}))
        return str(made.id)

    def onboarding_url(self, account: str, *, return_url: str, again_url: str) -> str:
        order: Any = {
            "account": account,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": again_url,
        }
        with translated():
            return str(self._client.v1.account_links.create(order).url)

    @calls_nobody
    def consent_url(self, *, state: str, return_url: str) -> str:
        asked = {"scope": "read_write", "state": state, "redirect_uri": return_url}
        return str(self._client.oauth.authorize_url(asked))

    def accept_consent(self, code: str) -> str:
        with translated():
            answer = self._client.oauth.token({"grant_type": "authorization_code", "code": code})
        if bool(getattr(answer, "livemode", False)) is not self._settings.live:
            raise ProviderRejected("the account is of the other mode", provider="stripe", code="wrong_mode")
        return str(answer.stripe_user_id)

    def account_status(self, account: str) -> AccountStatus:
        try:
            with translated():
                return _status(self._client.v1.accounts.retrieve(account))
        except CredentialsRejected as error:
            if error.code != "account_invalid":
                raise
            raise NotFoundAtProvider("we have no access to this account", provider="stripe", code=error.code) from None

    def leave_account(self, account: str, kind: ConnectKind) -> None:
        """Only what was granted by consent can be given back; that there is nothing to give back is fine."""
        if kind is not ConnectKind.OWN:
            return
        try:
            with translated():
                self._client.oauth.deauthorize({"stripe_user_id": account})
        except (CredentialsRejected, ProviderRejected) as error:
            if error.code not in ("invalid_client", "account_invalid", "resource_missing"):
                raise


def _status(account: Any) -> AccountStatus:
    asked = getattr(account, "requirements", None)
    wanted = [name for group in _NEEDED for name in (getattr(asked, group, None) or ())]
    profile = getattr(account, "business_profile", None)
    return AccountStatus(
        id=account.id,
        can_charge=bool(account.charges_enabled),
        can_pay_out=bool(account.payouts_enabled),
        submitted=bool(account.details_submitted),
        wanted=tuple(dict.fromkeys(wanted)),
        blocked=str(getattr(asked, "disabled_reason", None) or ""),
        country=str(account.country or ""),
        currency=str(account.default_currency or "").upper(),
        name=str(getattr(profile, "name", None) or getattr(account, "email", None) or ""),
    )
