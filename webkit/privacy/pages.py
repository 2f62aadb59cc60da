"""What the pages about erasures show: rows of tables, said as people call them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.retention import CLASSES, Retention
from webkit.core.values import dataclass
from webkit.privacy.service import Part

_PARTS, _WRITING, _MONEY = (
    _l("Parts of documents, and links to them"),
    _l("Drafts of texts"),
    _l("Payments and bookings"),
)
_TRACES, _AGAIN = _l("Traces, search words and passing copies"), _l("Plans, retainers and saved payment methods")
LABELS: dict[str, LazyText] = {
    "clients": _l("Name, address and notes"),
    "vat_checks": _l("Name, address and notes"),
    "consultations": _l("Consultations"),
    "consultation_versions": _l("Consultations"),
    "website_audits": _l("Audits of websites"),
    "ai_runs": _WRITING,
    "plugin_answers": _WRITING,
    "proposals": _l("Proposals"),
    "quotations": _l("Quotations"),
    "contracts": _l("Contracts"),
    "signatures": _l("Signatures"),
    "invoices": _l("Invoices"),
    "credit_notes": _l("Credit notes"),
    "pro_formas": _l("Pro-forma invoices"),
    "statements": _l("Statements of account"),
    "frozen_documents": _l("Stored documents and their PDFs"),
    "mails": _l("Mails"),
    "event_details": _l("Names in what happened"),
    "billing_plans": _AGAIN,
    "recurring_plans": _AGAIN,
    "recurring_prices": _AGAIN,
    "recurring_periods": _AGAIN,
    "retainers": _AGAIN,
    "retainer_bills": _AGAIN,
    "payment_payers": _AGAIN,
    "payment_methods": _AGAIN,
    "payment_agreements": _AGAIN,
    "payments": _MONEY,
    "payment_reversals": _MONEY,
    "ledger_receipts": _MONEY,
    "bank_lines": _MONEY,
    "report_shares": _MONEY,
    "charges": _MONEY,
    "charge_collections": _MONEY,
    "milestones": _PARTS,
    "links": _PARTS,
    "late_fees": _PARTS,
    "reminder_watch": _PARTS,
    "sent_reminders": _PARTS,
    "import_rows": _l("Rows that were imported"),
}
"""What rows of a table are called; all others are traces."""
OPEN: dict[str, LazyText] = {
    "invoices": _l("Invoices that are not paid: wait, credit them or write them off"),
    "payments": _l("Payments under way: wait for them, or withdraw the request"),
    "recurring_plans": _l("Recurring invoices: end them"),
    "retainers": _l("Retainers: end them"),
    "payment_methods": _l("Saved payment methods: remove them"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """So many entries of a kind; for what stays: why and until when."""

    label: str
    rows: int
    reason: str = ""
    ground: str = ""
    until: date | None = None


def gone(parts: Iterable[Part]) -> list[Line]:
    """What goes, each kind once."""
    counted: Counter[str] = Counter()
    for part in parts:
        counted[str(LABELS.get(part.table, _TRACES))] += part.rows
    return [Line(label, rows) for label, rows in sorted(counted.items())]


def staying(parts: Iterable[Part]) -> list[Line]:
    """What stays: each kind, class and day once, what goes first at the top."""
    counted: Counter[tuple[date, str, str]] = Counter()
    for part in parts:
        if part.until and part.retention:
            counted[part.until, str(LABELS.get(part.table, _TRACES)), str(part.retention)] += part.rows
    found = []
    for (last, label, key), rows in sorted(counted.items()):
        known = CLASSES[Retention(key)]
        found.append(Line(label, rows, str(known.label), str(known.ground), last))
    return found


def open_lines(found: Iterable[tuple[str, int]]) -> list[str]:
    """What has to be ended first, as sentences."""
    return [_("%(what)s (%(n)s)", what=str(OPEN.get(name, LABELS.get(name, name))), n=count) for name, count in found]
