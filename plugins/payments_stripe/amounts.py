"""Amounts as Stripe writes them: mostly minor units, with its own idea of some currencies."""

from __future__ import annotations

from webkit.sdk import ProviderRejected

WITH_TWO_ZEROS = frozenset({"ISK", "UGX"})
"""Without minor units by ISO 4217; Stripe wants two zeros behind."""
WITHOUT_CENTS = frozenset({"MGA"})
"""With two decimals by ISO 4217; Stripe takes whole ones."""


IN_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})
"""With three decimals; Stripe takes no single thousandths."""


def share_to_stripe(minor: int, currency: str) -> int:
    """A share of a payment, rounded down to what Stripe can take."""
    step = 10 if currency in IN_TENS else 100 if currency in WITHOUT_CENTS else 1
    return to_stripe(minor - minor % step, currency)


def to_stripe(minor: int, currency: str) -> int:
    """Raises ProviderRejected for cents that Stripe cannot take."""
    if currency in WITH_TWO_ZEROS:
        return minor * 100
    if currency in WITHOUT_CENTS:
        whole, cents = divmod(minor, 100)
        if cents:
            raise ProviderRejected(f"Stripe takes only whole {currency}", provider="stripe")
        return whole
    return minor


def from_stripe(amount: int, currency: str) -> int:
    """Our minor units; `currency` in capitals."""
    if currency in WITH_TWO_ZEROS:
        return amount // 100
    return amount * 100 if currency in WITHOUT_CENTS else amount
