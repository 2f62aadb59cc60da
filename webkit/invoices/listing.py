"""The list of invoices: what it can be filtered and sorted by, its sheet, and what is done with many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from webkit.clients import service as clients
from webkit.core.kernel import frozen
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.lists import Action, Actor, Filter, Here, Kind, ListSpec, Option, Sort, Summed, Tab, Words
from webkit.core.kernel.search import SearchWord
from webkit.core.kernel.sheets import Amount, Cell, Column
from webkit.invoices import models, reminding, service, writing_off
from webkit.invoices.models import Invoice, InvoiceState, Listed
from webkit.invoices.views import row

KIND = "invoice"
WORDS = {
    "draft": _l("Draft"),
    "issued": _l("Sent"),
    "pending": _l("Payment on its way"),
    "part_paid": _l("Part paid"),
    "overdue": _l("Overdue"),
    "paid": _l("Paid"),
    "part_refunded": _l("Partly refunded"),
    "disputed": _l("Disputed"),
    "refunded": _l("Refunded"),
    "charged_back": _l("Charged back"),
    "credited": _l("Credited"),
    "written_off": _l("Written off"),
}
"""States as lists and sheets call them."""

STATES = {
    "draft": Option(_l("Draft"), Invoice.state == InvoiceState.DRAFT),
    "issued": Option(_l("Unpaid"), Invoice.state == InvoiceState.ISSUED),
    "overdue": Option(_l("Overdue"), models.LATE),
    "pending": Option(_l("Payment on its way"), models.ON_ITS_WAY),
    "part_paid": Option(_l("Part paid"), models.PART_PAID),
    "paid": Option(_l("Paid"), Invoice.state == InvoiceState.PAID),
    "disputed": Option(_l("Disputed"), Invoice.state == InvoiceState.DISPUTED),
    "refunded": Option(_l("Refunded"), Invoice.state == InvoiceState.REFUNDED),
    "charged_back": Option(_l("Charged back"), Invoice.state == InvoiceState.CHARGED_BACK),
    "credited": Option(_l("Credited"), Invoice.state == InvoiceState.CREDITED),
    "written_off": Option(_l("Written off"), Invoice.state == InvoiceState.WRITTEN_OFF),
}
COLUMNS = (
    Column(_l("Number"), 18),
    Column(_l("Client"), 28),
    Column(_l("Title"), 32),
    Column(_l("State"), 16),
    Column(_l("Issued"), 12),
    Column(_l("Due"), 12),
    Column(_l("Currency"), 9),
    Column(_l("Net")),
    Column(_l("Tax")),
    Column(_l("Total")),
    Column(_l("Still due")),
)


def _cells(rows: Sequence[Listed], here: Here) -> Iterator[tuple[Cell, ...]]:
    names = clients.names({each.client_id for each in rows})
    for each in rows:
        shown, code = row(each, here.today), each.currency
        yield (
            shown.number,
            names.get(each.client_id, ""),
            each.title,
            str(WORDS.get(shown.word, shown.word)),
            each.issue_date,
            each.due_date,
            code,
            Amount(each.net_minor, code),
            Amount(each.tax_minor, code),
            Amount(each.total_minor, code),
            Amount(shown.due if each.state == InvoiceState.ISSUED else 0, code),
        )


def _remind(invoice_id: UUID, actor: Actor) -> str:
    reminding.remind(invoice_id, actor.ref)
    return _("Reminded")


def _mail(invoice_id: UUID, actor: Actor) -> str:
    reminding.mail_again(invoice_id, actor.ref)
    return _("Sent again")


def _write_off(invoice_id: UUID, actor: Actor) -> str:
    writing_off.write_off(invoice_id, actor.said, actor.ref)
    return _("Written off")


def _delete(invoice_id: UUID, actor: Actor) -> str:
    service.delete_draft(invoice_id, actor.ref)
    return _("Deleted")


def _pdf(invoice_id: UUID) -> Frozen | None:
    return frozen.latest(KIND, invoice_id)


def found_by(ids: Sequence[UUID]) -> dict[UUID, Iterable[str]]:
    """What invoices are found by: their number, their title, and the client's name of that time."""
    rows = models.searched(ids)
    names = clients.names({each.client_id for each in rows})
    return {each.id: (each.number or "", each.title, names.get(each.client_id, "")) for each in rows}


INVOICES = ListSpec(
    name="invoices",
    title=_l("Invoices"),
    noun=_l("invoice"),
    endpoint="invoices.index",
    show=("invoices.show", "invoice_id"),
    table=Invoice,
    row=Listed,
    filters=(
        Filter("state", _l("State"), Kind.CHOICE, options=STATES),
        Filter("client", _l("Client"), Kind.REF, Invoice.client_id),
        Filter("currency", _l("Currency"), Kind.CURRENCY, Invoice.currency),
        Filter("issued", _l("Issued"), Kind.DAY, Invoice.issue_date),
        Filter("due", _l("Due"), Kind.DAY, Invoice.due_date),
        Filter("total", _l("Total"), Kind.AMOUNT, Invoice.total_minor),
    ),
    sorts=(
        Sort("made", _l("Newest first")),
        Sort("issued", _l("Issued"), Invoice.issue_date, nullable=True),
        Sort("due", _l("Due"), Invoice.due_date, nullable=True),
        Sort("total", _l("Total"), Invoice.total_minor, in_currency=True),
    ),
    words=Words(SearchWord, SearchWord.document_id, KIND),
    placeholder=_l("Number, title, client"),
    tabs=(
        Tab(_l("All")),
        Tab(_l("Drafts"), {"state": "draft"}),
        Tab(_l("Unpaid"), {"state": "issued"}),
        Tab(_l("Overdue"), {"state": "overdue"}),
        Tab(_l("Paid"), {"state": "paid"}),
    ),
    currency=Invoice.currency,
    sums=(
        Summed("net", _l("Net"), Invoice.net_minor),
        Summed("tax", _l("Tax"), Invoice.tax_minor),
        Summed("total", _l("Total"), Invoice.total_minor),
        Summed("due", _l("Still due"), models.OUTSTANDING),
    ),
    columns=COLUMNS,
    shape=_cells,
    refs=clients.names,
    ref_choices=clients.choices,
    currencies=lambda: {each.currency for each in service.sums()},
    actions=(
        Action(
            "remind",
            _l("Send reminders"),
            "bell",
            _remind,
            _l("Each client gets a mail that names what is due, with the link to pay it. One a day and invoice."),
        ),
        Action("mail", _l("Send again"), "send", _mail, _l("The mail with the link and the PDF goes out once more.")),
        Action(
            "write_off",
            _l("Write off"),
            "ban",
            _write_off,
            _l(
                "You stop waiting for what is left of them. They stay as they were issued, and the clients still owe "
                "them: if money comes, it is taken."
            ),
            needs="invoices.write_off",
            danger=True,
            asks=_l("Reason"),
        ),
        Action(
            "delete",
            _l("Delete drafts"),
            "trash",
            _delete,
            _l("Drafts are deleted for good. What was issued stays, and says so."),
            danger=True,
        ),
    ),
    pdf=_pdf,
)
