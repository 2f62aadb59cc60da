"""Declines in the words of the contract."""

from __future__ import annotations

from webkit.sdk import Decline

AUTHENTICATE = "authentication_required"
_REASONS: dict[str, Decline] = {
    "insufficient_funds": Decline.FUNDS,
    "expired_card": Decline.EXPIRED,
    "card_velocity_exceeded": Decline.LIMIT,
    "withdrawal_count_limit_exceeded": Decline.LIMIT,
    "lost_card": Decline.BLOCKED,
    "stolen_card": Decline.BLOCKED,
    "pickup_card": Decline.BLOCKED,
    "restricted_card": Decline.BLOCKED,
    "revocation_of_all_authorizations": Decline.BLOCKED,
    "revocation_of_authorization": Decline.BLOCKED,
    "stop_payment_order": Decline.BLOCKED,
    "account_closed": Decline.BLOCKED,
    "bank_account_closed": Decline.BLOCKED,
    "debit_not_authorized": Decline.BLOCKED,
    "payment_intent_authentication_failure": Decline.UNCONFIRMED,
    "incorrect_number": Decline.DETAILS,
    "invalid_number": Decline.DETAILS,
    "invalid_account": Decline.DETAILS,
    "incorrect_cvc": Decline.DETAILS,
    "invalid_cvc": Decline.DETAILS,
    "incorrect_account_holder_name": Decline.DETAILS,
    "payment_intent_mandate_invalid": Decline.DETAILS,
    "sepa_mandate_invalid": Decline.DETAILS,
    "processing_error": Decline.TROUBLE,
    "reenter_transaction": Decline.TROUBLE,
    "issuer_not_available": Decline.TROUBLE,
    "try_again_later": Decline.TROUBLE,
    "currency_not_supported": Decline.REFUSED,
    "card_not_supported": Decline.REFUSED,
    "transaction_not_allowed": Decline.REFUSED,
}


def reason(code: str) -> Decline:
    """What a word of Stripe's or of a bank's means; unknown ones are the bank's no."""
    return _REASONS.get(code, Decline.BANK)


def wants_payer(code: str) -> bool:
    """Whether the bank only asks for its customer."""
    return code == AUTHENTICATE
