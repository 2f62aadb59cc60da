"""Agencies' own accounts at several doubles of one vendor, put straight into the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Flask

from plugins.email_resend.settings import ResendSettings
from plugins.payments_stripe.settings import StripeSettings
from webkit.core.capabilities.base import ProviderSettings, ProviderSpec, env
from webkit.core.kernel import db, inbox, outbound, runtime, tenancy
from webkit.core.kernel.vendors import ProviderAccount
from webkit.core.providers import ProviderRegistry


class OwnStripe(StripeSettings):
    """Stripe has one address for all; in these tests every account is at a double of its own."""

    api_base: str = env("STRIPE_API_BASE", description="Address of the double.")


class OwnResend(ResendSettings):
    api_url: str = env("RESEND_API_URL", description="Address of the double.")


_OWN: dict[str, type[ProviderSettings]] = {"stripe": OwnStripe, "resend": OwnResend}


@contextmanager
def several(app: Flask, *more: ProviderSpec[Any], **environ: str) -> Iterator[ProviderRegistry]:
    """An application whose agencies' accounts may be anywhere on this machine."""
    here = runtime.of(app)
    specs = [replace(s, settings=_OWN[s.name]) if s.name in _OWN else s for s in here.plugins.providers]
    before, given = here.registry, {"WEBKIT_DATA": str(here.settings.data), **environ}
    here.registry = ProviderRegistry(given, [*specs, *more], in_transaction=db.in_transaction)
    is_public = outbound.is_public
    outbound.is_public = lambda address: address.is_loopback or is_public(address)
    try:
        yield here.registry
    finally:
        here.registry, outbound.is_public = before, is_public
        here.endpoints.clear()


def open_account(agency: UUID, capability: str, provider: str, *, sender: str = "", **values: str) -> UUID:
    """An account in use from now on, instead of the one before."""
    sealed = runtime.current().keys.seal(json.dumps(values))
    with tenancy.tenant(agency), db.writing() as unit:
        _close(unit, capability)
        account = ProviderAccount(
            capability=capability, provider=provider, chosen_for=capability, sealed=sealed, sender=sender
        )
        unit.add(account)
        unit.flush()
        inbox.endpoint(capability, provider, account.id)
        return account.id


def close_account(agency: UUID, capability: str) -> None:
    """Back to the platform."""
    with tenancy.tenant(agency), db.writing() as unit:
        _close(unit, capability)


def _close(unit: Any, capability: str) -> None:
    for row in unit.query(ProviderAccount).filter_by(chosen_for=capability):
        row.chosen_for = None
    unit.flush()
