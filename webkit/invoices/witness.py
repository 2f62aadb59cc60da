"""What invoices say about their frozen documents when these are examined or looked up."""

from __future__ import annotations

from collections.abc import Iterator

from webkit.core.extensions import LazyText
from webkit.core.kernel.evidence import Witness
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.invoices import credit_models, crediting, models, pro_forma_models, pro_formas, service

KIND = "invoice"
STATES: dict[str, tuple[LazyText, str]] = {
    "draft": (_l("Not issued"), ""),
    "issued": (_l("Issued, to be paid"), "wait"),
    "overdue": (_l("Issued, and overdue"), "bad"),
    "pending": (_l("Issued, payment on its way"), "wait"),
    "part_paid": (_l("Issued, and partly paid"), "wait"),
    "written_off": (_l("Issued, to be paid"), "wait"),
    "paid": (_l("Paid"), "ok"),
    "part_refunded": (_l("Paid, and partly given back"), "ok"),
    "disputed": (_l("Paid, and disputed"), "bad"),
    "refunded": (_l("Paid, and given back"), ""),
    "charged_back": (_l("Paid, and taken back by the bank"), "bad"),
    "credited": (_l("Credited, nothing is to be paid"), ""),
}


def state(kept: Frozen) -> tuple[LazyText, str]:
    """How the invoice stands right now."""
    return STATES[service.get(kept.document_id).word]


def differences(kept: Frozen, _pdf: bytes | None) -> Iterator[str]:
    """Whether the row still says what was issued."""
    row = models.get(kept.document_id)
    if row is None:
        yield "its invoice is gone."
        return
    snapshot = kept.snapshot
    totals = snapshot["priced"]["totals"]
    if (row.net_minor, row.tax_minor, row.total_minor) != (totals["net"], totals["tax"], totals["payable"]):
        yield "the invoice's totals are other ones now."
    if row.priced != snapshot["priced"]:
        yield "the invoice's calculation was changed."
    if row.number != snapshot["number"]:
        yield "the invoice's number is another one now."
    if str(row.client_id) != str(snapshot["client"]["id"]):
        yield "the invoice belongs to another client now."
    if row.issue_date is None or row.issue_date.isoformat() != snapshot["issue_date"]:
        yield "the invoice's date is another one now."


WITNESS = Witness(label=_l("Invoice"), state=state, differences=differences)


def _credit_state(_kept: Frozen) -> tuple[LazyText, str]:
    return _l("Issued"), ""


def _credit_differences(kept: Frozen, _pdf: bytes | None) -> Iterator[str]:
    row = credit_models.credit_note(kept.document_id)
    if row is None:
        yield "its credit note is gone."
        return
    snapshot = kept.snapshot
    totals = snapshot["priced"]["totals"]
    if (row.net_minor, row.tax_minor, row.total_minor) != (totals["net"], totals["tax"], totals["payable"]):
        yield "the credit note's totals are other ones now."
    if row.priced != snapshot["priced"]:
        yield "the credit note's calculation was changed."
    if row.number != snapshot["number"]:
        yield "the credit note's number is another one now."
    if str(row.invoice_id) != snapshot["invoice"]["id"]:
        yield "the credit note belongs to another invoice now."


CREDIT_WITNESS = Witness(label=_l("Credit note"), state=_credit_state, differences=_credit_differences)
CREDIT_KIND = crediting.KIND


def _pro_forma_state(kept: Frozen) -> tuple[LazyText, str]:
    if pro_formas.get(kept.document_id).withdrawn:
        return _l("Withdrawn"), "bad"
    return _l("Sent; it is not an invoice"), ""


def _pro_forma_differences(kept: Frozen, _pdf: bytes | None) -> Iterator[str]:
    row = pro_forma_models.pro_forma(kept.document_id)
    if row is None:
        yield "its pro-forma is gone."
        return
    if row.total_minor != kept.snapshot["priced"]["totals"]["payable"]:
        yield "the pro-forma's total is another one now."
    if row.number != kept.snapshot["number"]:
        yield "the pro-forma's number is another one now."


PRO_FORMA_WITNESS = Witness(label=_l("Pro-forma"), state=_pro_forma_state, differences=_pro_forma_differences)
PRO_FORMA_KIND = pro_formas.KIND
