"""What stays of an agency that is deleted: what a law keeps, by the classes that erasure and the register share.

Everything else goes, also a table that nobody has thought of here: what is to stay has to be named.
"""

from __future__ import annotations

from webkit.core.retention import Retention
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of a table stay, and as what: those with one of the words `when` says in the column it begins with, or
    where that column has a value; counted from `dated`. A rule `with_` a table is for what belongs to its rows."""

    retention: Retention
    dated: str = "created_at"
    when: tuple[str, ...] = ()
    with_: tuple[str, str] = ("", "")


_BOOKS, _AGREED = Retention.ACCOUNTING, Retention.CONTRACT
_ISSUED = ("state", "issued", "paid", "disputed", "refunded", "charged_back", "credited", "written_off")
RULES: dict[str, Rule] = {
    "invoices": Rule(_BOOKS, "issue_date", _ISSUED),
    "credit_notes": Rule(_BOOKS, "issue_date", ("number",)),
    "payments": Rule(_BOOKS),
    "payment_reversals": Rule(_BOOKS, with_=("payment_id", "payments")),
    "bank_lines": Rule(_BOOKS, "day", ("receipt_id",)),
    "contracts": Rule(_AGREED, "signed_at", ("state", "signed", "sealed")),
    "signatures": Rule(_AGREED, with_=("contract_id", "contracts")),
    "proposals": Rule(_AGREED, "answered_at", ("state", "accepted")),
    "quotations": Rule(_AGREED, "answered_at", ("state", "accepted")),
}
"""What stays as long as its class says. What it cannot stand without stays with it."""
FROZEN = {
    "invoices": ("invoice",),
    "credit_notes": ("credit_note",),
    "contracts": ("contract", "contract_sealed"),
    "proposals": ("proposal",),
    "quotations": ("quotation",),
}
"""As which documents their rows were frozen: these stay with their files."""
FOR_GOOD = frozenset(
    {"events", "event_heads", "event_subjects", "signed_heads", "former_keys", "counters", "agency_deletions"}
    | {"agency_profiles"}
)
"""The chain, which tells nothing of anybody without its details, the numbers that were given, and whose all this is."""
EMPTIED: dict[str, tuple[str, ...]] = {
    "clients": ("contact_name", "phone", "website", "notes"),
    "invoices": ("memo",),
    "quotations": ("memo",),
    "agency_profiles": (
        "email", "phone", "website", "bank_account_name", "bank_iban", "bank_bic", "bank_text", "voice_words",
    ),
}  # fmt: skip
"""Columns of what stays that no law asks for."""
NAMES = (
    "name", "sort_name", "contact_name", "email", "phone", "website", "street", "postcode", "city", "region", "tax_id",
    "notes",
)  # fmt: skip
"""What says of a client who they are: goes with the last thing that a law keeps about them."""
CONNECTED = "connected_accounts"
LAST = (CONNECTED, "provider_accounts", "links")
"""What goes after everything else: files and saved cards are found through accounts."""
DATED_CHAIN = ("ledger_entries", "day"), ("ledger_receipts", "day"), ("invoice_write_offs", "at")
"""Books that nothing removes, for the report of what stays."""
