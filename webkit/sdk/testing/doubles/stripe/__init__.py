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
from .saved import AUTHENTICATED_CARD, LATER_DECLINED_CARD
from .server import KEY, StripeDouble

__all__ = [
    "AUTHENTICATED_CARD",
    "BAD_IBAN",
    "CLIENT_ID",
    "DISPUTED_CARD",
    "FAILING_REFUND_CARD",
    "GOOD_CARD",
    "GOOD_IBAN",
    "KEY",
    "LATER_DECLINED_CARD",
    "PENDING_REFUND_CARD",
    "SIGNATURE",
    "Chaos",
    "Endpoint",
    "Refused",
    "StripeDouble",
    "body_of",
    "signature",
]
