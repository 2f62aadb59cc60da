"""Whose account it is."""

from __future__ import annotations

import re

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env


class StripeSettings(ProviderSettings):
    """Keys from the Stripe dashboard; a test key takes practice payments only."""

    secret_key: SecretStr = env(
        "STRIPE_SECRET_KEY", "STRIPE_API_KEY", description="Secret (or restricted) key, from Developers › API keys."
    )
    webhook_secret: SecretStr = env(
        "STRIPE_WEBHOOK_SECRET", description="Signing secret of the webhook endpoint, begins with whsec_."
    )
    billing_webhook_secret: SecretStr | None = env(
        "STRIPE_BILLING_WEBHOOK_SECRET",
        default=None,
        description="Signing secret of a second endpoint, where the account has two.",
    )
    checkout_origin: str = env(
        "STRIPE_CHECKOUT_ORIGIN",
        default="https://checkout.stripe.com",
        of_operator=True,
        description="Where the payment page lives: change it when you use a domain of your own for Checkout.",
    )
    api_base: str = env(
        "STRIPE_API_BASE",
        default="https://api.stripe.com",
        of_operator=True,
        description="Address of the API; another one only in tests.",
    )

    @field_validator("checkout_origin", "api_base")
    @classmethod
    def _origin(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[\w.-]+(:\d{1,5})?", value):
            raise ValueError("is not an origin like https://checkout.stripe.com")
        return value

    @property
    def live(self) -> bool:
        """Whether this key moves real money; events of the other mode are not ours."""
        return "_live_" in self.secret_key.get_secret_value()[:8]
