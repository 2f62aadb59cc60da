"""Registers Stripe."""

from __future__ import annotations

from webkit.sdk import PAYMENTS, PaymentFeature, Payments, ProviderSpec, hookimpl

from .settings import StripeSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Payments]]:
    return [
        ProviderSpec(
            capability=PAYMENTS,
            name="stripe",
            label="Stripe",
            factory="plugins.payments_stripe.provider:Stripe",
            settings=StripeSettings,
            features=frozenset(PaymentFeature),
            agencies=True,
            modules=("stripe",),
            install_hint="pip install 'webkit[stripe]'",
        )
    ]
