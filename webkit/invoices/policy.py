"""Who may do what with invoices."""

from __future__ import annotations

from webkit.core.access import ALL, NONE, OWN, Permission, Policy
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.tenancy import authors_of
from webkit.invoices.credit_models import CreditNote
from webkit.invoices.models import Invoice
from webkit.invoices.pro_forma_models import ProForma

_CREDIT = _l("Only owners and admins give credit.")
_WRITE_OFF = _l("Only owners and admins write invoices off.")

POLICY = Policy(
    _l("Invoices"),
    (
        Permission("invoices.view", _l("See invoices"), member=OWN, can_be_own=True),
        Permission("invoices.create", _l("Draft invoices"), member=ALL),
        Permission("invoices.edit", _l("Change invoices"), member=OWN, can_be_own=True),
        Permission("invoices.delete", _l("Delete drafts of invoices"), member=OWN, can_be_own=True),
        Permission("invoices.send", _l("Issue and send invoices"), member=OWN, can_be_own=True),
        Permission(
            "invoices.record_payment",
            _l("Mark invoices as paid"),
            refusal=_l("Only owners and admins mark invoices as paid."),
        ),
        Permission("invoices.cancel", _l("Give credit"), refusal=_CREDIT),
        Permission("invoices.write_off", _l("Write invoices off"), refusal=_WRITE_OFF),
        Permission("invoices.refund", _l("Give money back"), admin=NONE, refusal=_l("Only owners give money back.")),
    ),
    {
        "invoices": ("invoices.view", "invoices.edit"),
        "invoices.new": "invoices.create",
        "invoices.create": "invoices.create",
        "invoices.from_quotation": "invoices.create",
        "invoices.totals": "invoices.create",
        "invoices.words": "invoices.create",
        "invoices.templates": "invoices.create",
        "invoices.keep_template": "invoices.create",
        "invoices.delete_template": "invoices.create",
        "invoices.edit": "invoices.edit",
        "invoices.delete": "invoices.delete",
        "invoices.issue": "invoices.send",
        "invoices.ask_refund": "invoices.refund",
        "invoices.refund": "invoices.refund",
        "invoice_credits": "invoices.cancel",
        "invoice_credits.pdf": "invoices.view",
        "invoice_credits.ask_refund": "invoices.refund",
        "invoice_credits.refund": "invoices.refund",
        "invoice_files": ("invoices.view", "invoices.edit"),
        "invoice_imports": "invoices.record_payment",
        "invoice_terms": "invoices.edit",
        "invoice_terms.pro_forma": "invoices.send",
        "invoice_terms.pro_forma_pdf": "invoices.view",
        "invoice_terms.send_pro_forma": "invoices.send",
        "invoice_terms.withdraw_pro_forma": "invoices.send",
        "invoice_terms.ask_write_off": "invoices.write_off",
        "invoice_terms.write_off": "invoices.write_off",
        "invoice_terms.reopen": "invoices.write_off",
    },
    {"invoices": "invoices.view"},
    {
        "invoice_id": authors_of(Invoice, "invoice_id"),
        "credit_id": authors_of(Invoice, "credit_id", CreditNote, "invoice_id"),
        "pro_forma_id": authors_of(Invoice, "pro_forma_id", ProForma, "invoice_id"),
    },
)
