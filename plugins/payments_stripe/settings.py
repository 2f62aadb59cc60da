"""Whose account it is."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from pydantic import SecretStr, field_validator

from webkit.sdk import ProviderSettings, env

_FIXED = re.compile(r"(\d{1,9}) ([A-Z]{3})")
_CLIENT_ID = re.compile(r"ca_\w{1,100}")


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
    portal_origin: str = env(
        "STRIPE_PORTAL_ORIGIN",
        default="https://billing.stripe.com",
        of_operator=True,
        description="Where Stripe's page for payment methods and invoices lives.",
    )
    api_base: str = env(
        "STRIPE_API_BASE",
        default="https://api.stripe.com",
        of_operator=True,
        description="Address of the API; another one only in tests.",
    )

    connect: bool = env(
        "STRIPE_CONNECT",
        default=False,
        of_operator=True,
        description="Agencies connect Stripe accounts of their own, and money goes to these alone (Stripe Connect).",
    )
    connect_client_id: str = env(
        "STRIPE_CONNECT_CLIENT_ID",
        default="",
        of_operator=True,
        description="Client id (ca_…) from Connect › Settings › OAuth: agencies connect accounts they have.",
    )
    connect_webhook_secret: SecretStr | None = env(
        "STRIPE_CONNECT_WEBHOOK_SECRET",
        default=None,
        of_operator=True,
        description="Signing secret of the endpoint for events on connected accounts.",
    )
    connect_base: str = env(
        "STRIPE_CONNECT_BASE",
        default="https://connect.stripe.com",
        of_operator=True,
        description="Address of the pages where accounts are connected; another one only in tests.",
    )
    fee_percent: Decimal = env(
        "STRIPE_APPLICATION_FEE_PERCENT",
        default=Decimal(0),
        of_operator=True,
        ge=0,
        lt=100,
        description="What the platform keeps of each payment on a connected account, in percent.",
    )
    fee_fixed: str = env(
        "STRIPE_APPLICATION_FEE_FIXED",
        default="",
        of_operator=True,
        description="What it keeps besides, in minor units for each currency, like 30 EUR, 35 USD.",
    )

    price_starter_monthly: str = env(
        "STRIPE_PRICE_STARTER_MONTHLY",
        default="",
        of_operator=True,
        description="Id (price_…) of the tier starter, paid monthly. Empty: one is made with its first use.",
    )
    price_starter_yearly: str = env(
        "STRIPE_PRICE_STARTER_YEARLY",
        default="",
        of_operator=True,
        description="Id (price_…) of the tier starter, paid yearly. Empty: one is made with its first use.",
    )
    price_growth_monthly: str = env(
        "STRIPE_PRICE_GROWTH_MONTHLY",
        default="",
        of_operator=True,
        description="Id (price_…) of the tier growth, paid monthly. Empty: one is made with its first use.",
    )
    price_growth_yearly: str = env(
        "STRIPE_PRICE_GROWTH_YEARLY",
        default="",
        of_operator=True,
        description="Id (price_…) of the tier growth, paid yearly. Empty: one is made with its first use.",
    )
    price_enterprise_monthly: str = env(
        "STRIPE_PRICE_ENTERPRISE_MONTHLY",
        default="",
        of_operator=True,
        description="Id (price_…) of the tier enterprise, paid monthly. Empty: one is made with its first use.",
    )
    price_enterprise_yearly: str = env(
        "STRIPE_PRICE_ENTERPRISE_YEARLY",
        default="",
        of_operator=True,
        description="Id (price_…) of the tier enterprise, paid yearly. Empty: one is made with its first use.",
    )

    def price_id(self, plan: str, interval: str) -> str:
        """The configured price of a plan paid each `month` or `year`; "" without."""
        return str(getattr(self, f"price_{plan}_{interval}ly", ""))

    def plan_of(self, price: str) -> str:
        """The plan a configured price is of; "" for others."""
        known = (name for name in type(self).model_fields if name.startswith("price_"))
        return next((name.split("_")[1] for name in known if price and getattr(self, name) == price), "")

    @field_validator("connect_client_id")
    @classmethod
    def _client_id(cls, value: str) -> str:
        if value and not _CLIENT_ID.fullmatch(value):
            raise ValueError("is not a client id like ca_123")
        return value

    @field_validator("fee_fixed")
    @classmethod
    def _fixed(cls, value: str) -> str:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all(_FIXED.fullmatch(part) for part in parts):
            raise ValueError("is not written like 30 EUR, 35 USD")
        return ", ".join(parts)

    def fee(self, amount_minor: int, currency: str) -> int:
        """What the platform keeps of a payment on a connected account: never all of it."""
        fixed = {code: int(minor) for minor, code in _FIXED.findall(self.fee_fixed)}
        share = (amount_minor * self.fee_percent / 100).quantize(Decimal(1), ROUND_HALF_EVEN)
        return max(0, min(int(share) + fixed.get(currency, 0), amount_minor - 1))

    @field_validator("checkout_origin", "portal_origin", "api_base", "connect_base")
    @classmethod
    def _origin(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[\w.-]+(:\d{1,5})?", value):
            raise ValueError("is not an origin like https://checkout.stripe.com")
        return value

    @property
    def live(self) -> bool:
        """Whether this key moves real money; events of the other mode are not ours."""
        return "_live_" in self.secret_key.get_secret_value()[:8]
