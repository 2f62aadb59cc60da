"""Who takes money for an agency: its own account, one it has connected, or the platform's where that takes any."""

from __future__ import annotations

from uuid import UUID

from webkit.core.capabilities.errors import ProviderError
from webkit.core.capabilities.payments import PAYMENTS, ConnectKind, ConnectsAccounts, PaymentFeature, Payments
from webkit.core.kernel import inbox, vendors
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.vendors import Vendor
from webkit.payments import models


def till() -> Vendor[Payments] | None:
    """Who takes money for the current agency now; None while nobody does.

    Where agencies connect accounts, the platform's own takes none of their money, and neither does an account that the
    vendor does not let take any.
    """
    vendor = vendors.find_chosen(PAYMENTS)
    if vendor is None or vendor.account is None:
        return None if vendor is None or ways(vendor) else vendor
    if not vendor.account.connected:
        return vendor
    row = models.connection(vendor.account.id)
    return vendor if row is not None and row.can_charge else None


def demand_open(vendor: Vendor[Payments]) -> None:
    """Inside a write: raises Conflict where a connected account was left meanwhile; nobody leaves it before the end."""
    if vendor.account is not None and vendor.account.connected:
        row = models.connected(vendor.name)
        if row is None or row.account_id != vendor.account.id:
            raise Conflict(_("Online payment is not open yet. Please pay by bank transfer, or ask us how."))


def endpoint(vendor: Vendor[Payments]) -> str:
    """Inside a write: where the vendor reports about what is begun through it."""
    platforms = vendor.account is None or bool(vendor.account.connected)
    if PaymentFeature.ONE_ENDPOINT in vendor.features and platforms:
        return inbox.PLATFORM
    return inbox.endpoint(PAYMENTS.key, vendor.name, vendor.account_id)


def ways(vendor: Vendor[Payments]) -> frozenset[ConnectKind]:
    """How agencies may connect accounts with this vendor; computed, nobody is asked."""
    try:
        provider: object = vendor.connect()
    except ProviderError:
        return frozenset()  # whoever calls it hears what is wrong
    return provider.connects() if isinstance(provider, ConnectsAccounts) else frozenset()


def offered() -> tuple[Vendor[Payments], frozenset[ConnectKind]] | None:
    """The platform's vendor and the ways to connect an account with it; None where there is nothing to connect."""
    vendor = vendors.find_keeper(PAYMENTS, None)
    found = ways(vendor) if vendor is not None else frozenset()
    return (vendor, found) if vendor is not None and found else None


def accounts_of(provider: str, name: str) -> list[UUID]:
    """The accounts behind a vendor's name for a connected one, of the current agency or of all."""
    return [row.account_id for row in models.named(provider, name)]


def owner_of(provider: str, name: str) -> UUID | None:
    """The agency that has connected an account; asked while looking at all agencies."""
    return next((row.agency_id for row in models.named(provider, name) if row.alive), None)
