"""Registers the local checkout and its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webkit.sdk import PAYMENTS, PaymentFeature, Payments, ProviderSpec, hookimpl

from .settings import LocalPaymentsSettings

if TYPE_CHECKING:
    from flask import Blueprint


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Payments]]:
    return [
        ProviderSpec(
            capability=PAYMENTS,
            name="local",
            label="Local checkout",
            factory="plugins.payments_local.provider:LocalPayments",
            settings=LocalPaymentsSettings,
            features=frozenset(
                {
                    PaymentFeature.REFUNDS,
                    PaymentFeature.PARTIAL_REFUNDS,
                    PaymentFeature.CLOSE_CHECKOUTS,
                    PaymentFeature.SAVED_METHODS,
                    PaymentFeature.OFF_SESSION,
                }
            ),
        )
    ]


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    from .pages import pages

    return [pages]
