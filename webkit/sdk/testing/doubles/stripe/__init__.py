"""A strict, stateful double of the Stripe API: checkout, refunds, disputes, webhooks, and what goes wrong."""

from .books import (
    BAD_IBAN,
    DISPUTED_CARD,
    FAILING_REFUND_CARD,
    GOOD_CARD,
    GOOD_IBAN,
    PENDING_REFUND_CARD,
)
from .connect import CLIENT_ID
from .params import Refused
from .post import SIGNATURE, Chaos, Endpoint, body_of, signature
from .server import KEY, StripeDouble

__all__ = [
    "BAD_IBAN",
    "CLIENT_ID",
    "DISPUTED_CARD",
    "FAILING_REFUND_CARD",
    "GOOD_CARD",
    "GOOD_IBAN",
    "KEY",
    "PENDING_REFUND_CARD",
    "SIGNATURE",
    "Chaos",
    "Endpoint",
    "Refused",
    "StripeDouble",
    "body_of",
    "signature",
]
