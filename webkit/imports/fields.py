"""What can be brought in, and the headings under which other systems export it.

Headings are compared without case, accents and signs: those of Xero, QuickBooks, FreshBooks, Zoho, Harvest, Stripe,
Wave, Fatture in Cloud and of plain spreadsheets in English and Italian.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.values import dataclass
from webkit.imports.models import Kind


@dataclass(frozen=True, slots=True)
class Field:
    """A thing a column may hold. `names` are headings it goes by, the surest first."""

    key: str
    label: LazyText
    names: tuple[str, ...]
    required: bool = False
    shape: str = "text"


def _field(key: str, label: LazyText, *, names: str, required: bool = False, shape: str = "text") -> Field:
    return Field(key, label, tuple(name.strip() for name in names.split(",")), required, shape)


CLIENTS = (
    _field(
        "name",
        _l("Name"),
        required=True,
        names=(
            "name, client name, customer name, company name, company, organization, organisation, client, "
            "customer, display name, account name, contactname, ragione sociale, denominazione, nome cliente, "
            "cliente, azienda, nome, intestazione"
        ),
    ),
    _field(
        "contact_name",
        _l("Contact person"),
        names=(
            "contact, contact name, contact person, primary contact, full name, attention, referente, persona "
            "di contatto, contatto, nome referente"
        ),
    ),
    _field(
        "email",
        _l("E-mail"),
        names=(
            "email, e mail, email address, mail, emailaddress, primary email, email id, main email, customer "
            "email, posta elettronica, indirizzo email, e mail cliente"
        ),
    ),
    _field(
        "phone",
        _l("Phone"),
        names=("phone, phone number, telephone, mobile, main phone, phonenumber, tel, telefono, cellulare"),
    ),
    _field(
        "website",
        _l("Website"),
        names=("website, web, url, site, web site, sito, sito web"),
    ),
    _field(
        "street",
        _l("Street"),
        names=(
            "street, address, address 1, address line 1, street address, billing address, billing street, "
            "billing address line 1, poaddressline1, indirizzo, via, indirizzo via"
        ),
    ),
    _field(
        "postcode",
        _l("Postcode"),
        names=(
            "postcode, zip, zip code, postal code, billing zip, billing postal code, popostalcode, billing code, cap"
        ),
    ),
    _field(
        "city",
        _l("City"),
        names=("city, town, billing city, pocity, citta, comune, localita"),
    ),
    _field(
        "region",
        _l("Region"),
        names=("region, state, province, county, billing state, poregion, state province, provincia, prov, regione"),
    ),
    _field(
        "country",
        _l("Country"),
        names=("country, country code, billing country, pocountry, nazione, paese, stato"),
    ),
    _field(
        "tax_id",
        _l("Tax number"),
        names=(
            "tax number, tax id, vat number, vat id, vat, taxnumber, vat reg no, gst number, gstin, abn, "
            "business number, tax registration number, partita iva, p iva, piva, codice fiscale, cod fiscale, "
            "cf"
        ),
    ),
    _field(
        "notes",
        _l("Notes"),
        names=("notes, note, comments, remarks, annotazioni, commenti, note interne"),
    ),
)
INVOICES = (
    _field(
        "number",
        _l("Number"),
        required=True,
        names=(
            "invoice number, number, invoice no, invoice, invoice num, invoicenumber, no, num, document number, "
            "invoice id, numero fattura, numero, numero documento, n, nr, n fattura, fattura"
        ),
    ),
    _field(
        "issue_date",
        _l("Date"),
        required=True,
        shape="date",
        names=(
            "invoice date, date, issue date, date issued, issued, invoicedate, date utc, created, created utc, "
            "document date, data fattura, data, data documento, data emissione, emessa il"
        ),
    ),
    _field(
        "due_date",
        _l("Due"),
        shape="date",
        names=(
            "due date, due, duedate, payment due, date due, due date utc, data scadenza, scadenza, prossima "
            "scadenza, scadenza pagamento"
        ),
    ),
    _field(
        "client_name",
        _l("Client"),
        names=(
            "client name, customer name, client, customer, contactname, contact name, contact, bill to, "
            "company, company name, cliente, ragione sociale, denominazione, intestatario, nome cliente"
        ),
    ),
    _field(
        "client_email",
        _l("E-mail of the client"),
        names=(
            "customer email, client email, email, email address, emailaddress, e mail, email cliente, e mail cliente"
        ),
    ),
    _field(
        "client_tax_id",
        _l("Tax number of the client"),
        names=(
            "customer tax number, client tax id, customer vat, vat number, tax number, tax id, customer vat id, "
            "partita iva, p iva, piva, codice fiscale, cod fiscale"
        ),
    ),
    _field(
        "client_country",
        _l("Country of the client"),
        names=("country, customer country, client country, billing country, country code, pocountry, nazione, paese"),
    ),
    _field(
        "title",
        _l("Title"),
        names=(
            "subject, title, project, project name, reference, memo, oggetto, titolo, causale, riferimento, "
            "oggetto visibile"
        ),
    ),
    _field(
        "currency",
        _l("Currency"),
        names=("currency, currency code, invoice currency, valuta, divisa"),
    ),
    _field(
        "net",
        _l("Total without tax"),
        shape="amount",
        names=(
            "subtotal, net, net amount, net total, total net, amount without tax, taxable, total excluding tax, "
            "subtotal amount, sub total, imponibile, totale imponibile, netto, importo netto"
        ),
    ),
    _field(
        "tax",
        _l("Tax in all"),
        shape="amount",
        names=(
            "tax, tax total, taxtotal, total tax, vat amount, total vat, gst, tax amount total, iva, totale "
            "iva, imposta, importo iva, iva eur"
        ),
    ),
    _field(
        "total",
        _l("Total"),
        shape="amount",
        names=(
            "total, invoice total, amount, invoice amount, total amount, grand total, gross, gross total, total "
            "including tax, amount due total, totale, totale documento, totale fattura, lordo, importo totale, "
            "importo lordo, importo"
        ),
    ),
    _field(
        "state",
        _l("State"),
        names=("status, state, invoice status, payment status, stato, stato pagamento, pagata, pagato"),
    ),
    _field(
        "balance",
        _l("Still to pay"),
        shape="amount",
        names=(
            "balance, balance due, amount due, open balance, invoiceamountdue, amount remaining, outstanding, "
            "due amount, da pagare, residuo, saldo, da incassare"
        ),
    ),
    _field(
        "paid",
        _l("Paid so far"),
        shape="amount",
        names=(
            "amount paid, paid amount, invoiceamountpaid, total paid, payments, paid to date, importo pagato, "
            "totale pagato, importo incassato, incassato, acconto"
        ),
    ),
    _field(
        "paid_on",
        _l("Paid on"),
        shape="date",
        names=(
            "date paid, paid on, payment date, last payment date, paid date, fully paid on date, paid at utc, "
            "data pagamento, data saldo, pagata il, data incasso"
        ),
    ),
    _field(
        "note",
        _l("Note"),
        names=("notes, note, customer notes, terms and conditions, annotazioni"),
    ),
    _field(
        "line_text",
        _l("Line: what"),
        names=(
            "description, item description, line description, item desc, item name, item, product service, "
            "product, service, line item, descrizione, prodotto, servizio, voce, articolo, nome prodotto"
        ),
    ),
    _field(
        "line_quantity",
        _l("Line: quantity"),
        shape="number",
        names=("quantity, qty, item quantity, line quantity, hours, quantita, qta, ore"),
    ),
    _field(
        "line_price",
        _l("Line: unit price"),
        shape="number",
        names=(
            "unit price, unitamount, item price, rate, item rate, unit cost, price, prezzo unitario, prezzo, "
            "prezzo netto, costo unitario"
        ),
    ),
    _field(
        "line_amount",
        _l("Line: amount"),
        shape="amount",
        names=(
            "line amount, lineamount, item total, item amount, line total, line subtotal, importo riga, totale riga"
        ),
    ),
    _field(
        "line_percent",
        _l("Line: tax in percent"),
        shape="percent",
        names=(
            "tax rate, tax percent, item tax, vat rate, vat percent, tax1 rate, item tax percent, tax type, "
            "taxtype, aliquota, aliquota iva, iva percento, iva perc"
        ),
    ),
    _field(
        "line_tax",
        _l("Line: tax"),
        shape="amount",
        names=(
            "line tax, item tax amount, taxamount, tax amount, tax 1 amount, line tax amount, iva riga, imposta riga"
        ),
    ),
)
FIELDS: dict[Kind, tuple[Field, ...]] = {Kind.CLIENTS: CLIENTS, Kind.INVOICES: INVOICES}
WHOM = ("client_name", "client_email", "client_tax_id")
"""One of these says whose invoice it is."""
TAXED = ("net", "tax", "line_percent", "line_tax")
"""One of these says what of the total is tax."""
PAID = ("state", "balance", "paid", "paid_on")
"""One of these says whether it was paid; else somebody says it for all of the file."""
LINES = ("line_text", "line_quantity", "line_price", "line_amount", "line_percent", "line_tax")


def of(kind: Kind, key: str) -> Field:
    """A field by its key."""
    return next(field for field in FIELDS[kind] if field.key == key)


def recognised(kind: Kind, columns: Sequence[str]) -> dict[str, int]:
    """Which column most likely holds which field; each column once, the surest heading first."""
    known = [_bare(name) for name in columns]
    ranked = sorted(
        (rank, place, field.key)
        for place, field in enumerate(FIELDS[kind])
        for rank, name in enumerate((_bare(field.key), *field.names))
        if name in known
    )
    taken: dict[str, int] = {}
    names = {field.key: (_bare(field.key), *field.names) for field in FIELDS[kind]}
    for rank, _place, key in ranked:
        column = known.index(names[key][rank])
        if key not in taken and column not in taken.values():
            taken[key] = column
    return {field.key: taken[field.key] for field in FIELDS[kind] if field.key in taken}


def _bare(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"%", " percent ", plain).translate(_SIGNS).split())


_SIGNS = dict.fromkeys(map(ord, "*_-./:()#°'\"€$£,;[]+"), " ")
