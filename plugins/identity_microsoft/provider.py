"""OpenID Connect with Microsoft: one issuer for each tenant, all under one roof."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webkit.sdk import (
    HealthReport,
    Identities,
    Identity,
    SignInAnswer,
    SignInRequest,
    calls_nobody,
    check_identity,
)
from webkit.sdk.oidc import CodeFlow, OidcIssuer

from .settings import MicrosoftSettings

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The tenant of everybody's private accounts."""
PLACE = "{tenantid}"
_TENANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MicrosoftIdentities:
    """People with a Microsoft account, at work, at school or their own."""

    def __init__(self, settings: MicrosoftSettings) -> None:
        flow = CodeFlow("microsoft", settings.client_id, settings.client_secret.get_secret_value())
        self._tenant = settings.tenant
        place = {"common": PLACE, "organizations": PLACE, "consumers": CONSUMERS}.get(settings.tenant, settings.tenant)
        address = f"{settings.url}/{settings.tenant}/v2.0"
        self._issuer = OidcIssuer(flow, address, name=f"{settings.url}/{place}/v2.0", own_issuer=self._own)

    @calls_nobody
    def label(self) -> str:
        return "Microsoft"

    def authorize_url(self, request: SignInRequest) -> str:
        return self._issuer.authorize_url(request, prompt="select_account")

    def identify(self, answer: SignInAnswer) -> Identity:
        claims = self._issuer.claims(answer)
        # A tenant's administrator may write any address into `email`. Only `xms_edov` says that Microsoft has seen that
        # its domain belongs to that tenant; some tokens say it as a number.
        verified = claims.get("xms_edov") in (True, "1")
        email, name = str(claims.get("email") or ""), str(claims.get("name") or "")
        return check_identity(Identity(claims["iss"], claims["sub"], email, verified, name))

    def health(self) -> HealthReport:
        return self._issuer.health()

    def _own(self, pattern: str, claims: Mapping[str, Any]) -> str:
        """The issuer of the tenant that the claims name; where accounts of organisations are meant, no private one."""
        tenant = str(claims.get("tid", ""))
        if not _TENANT.fullmatch(tenant) or (self._tenant == "organizations" and tenant == CONSUMERS):
            raise ValueError("no tenant that is meant")
        return pattern.replace(PLACE, tenant)


_checked: type[Identities] = MicrosoftIdentities
