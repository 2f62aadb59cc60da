"""Merge fields: `{{client.name}}` in a template becomes the client's name in the contract. Pure.

One function knows what each field means (`values`), one puts values into a text (`resolve`). A field that is unknown
or has no value is reported, never left in the text and never silently empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from babel import Locale

from webkit.contracts.terms import Clause
from webkit.core.kernel import i18n, merging
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.merging import Resolved
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.pricing import Priced


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything fields can be filled from. `agency` and `client` are the snapshots of both sides."""

    agency: Mapping[str, Any]
    client: Mapping[str, Any]
    title: str
    number: str
    proposal_number: str
    today: date
    valid_until: date | None
    commencement: date | None
    completion: date | None
    currency: str
    once: Priced | None
    monthly: Priced | None
    deposit: Priced | None
    deposit_percent: Decimal | None
    payment_days: int
    signer: tuple[str, str]
    signatory: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the editor offers it."""

    name: str
    label: Any
    value: Callable[[Facts], str]
    aliases: tuple[str, ...] = ()


def _of(side: str, key: str) -> Callable[[Facts], str]:
    return lambda facts: str(getattr(facts, side).get(key) or "")


def _lines(side: str) -> Callable[[Facts], str]:
    return lambda facts: ", ".join(getattr(facts, side).get("lines") or ())


def _bank(key: str) -> Callable[[Facts], str]:
    return lambda facts: str((facts.agency.get("bank") or {}).get(key) or "")


def _country(side: str) -> Callable[[Facts], str]:
    def name(facts: Facts) -> str:
        code = str(getattr(facts, side).get("country") or "")
        return str(Locale.parse(i18n.current_locale(), sep="-").territories.get(code, code))

    return name


def _day(value: date | None) -> str:
    return i18n.format_date(value) if value else ""


def _sum(part: str, figure: str) -> Callable[[Facts], str]:
    def amount(facts: Facts) -> str:
        priced: Priced | None = getattr(facts, part)
        return format_money(getattr(priced.totals, figure), facts.currency, i18n.current_locale()) if priced else ""

    return amount


def _commencement(facts: Facts) -> str:
    return _day(facts.commencement) or _("the day on which it is signed")


def _percent(facts: Facts) -> str:
    return _("%(n)s %%", n=i18n.format_decimal(facts.deposit_percent)) if facts.deposit_percent else ""


def payment_terms(facts: Facts) -> str:
    """How the price is paid, as sentences in the contract's language."""
    total, deposit, monthly = _sum("once", "payable"), _sum("deposit", "payable"), _sum("monthly", "payable")
    said = []
    if facts.once and facts.deposit and facts.deposit.totals.payable < facts.once.totals.payable:
        rest = facts.once.totals.payable - facts.deposit.totals.payable
        said.append(
            _(
                "Of %(total)s, %(deposit)s is invoiced on signing and %(rest)s when the work is finished.",
                total=total(facts),
                deposit=deposit(facts),
                rest=format_money(rest, facts.currency, i18n.current_locale()),
            )
        )
    elif facts.once and facts.deposit:
        said.append(_("%(total)s is invoiced on signing.", total=total(facts)))
    elif facts.once:
        said.append(_("%(total)s is invoiced when the work is finished.", total=total(facts)))
    if facts.monthly:
        said.append(_("%(amount)s is invoiced every month.", amount=monthly(facts)))
    if facts.payment_days:
        said.append(
            i18n.ngettext(
                "Invoices are due %(n)s day after issue.",
                "Invoices are due %(n)s days after issue.",
                facts.payment_days,
            )
        )
    else:
        said.append(_("Invoices are due on receipt."))
    return " ".join(said)


FIELDS = (
    Field("agency.name", _l("Your name"), _of("agency", "name"), ("agency.business_name", "agency.trading_name")),
    Field("agency.legal_name", _l("Your legal name"), _of("agency", "legal_name"), ("agency.legal_entity_name",)),
    Field("agency.tax_id", _l("Your tax number"), _of("agency", "tax_id"), ("agency.abn",)),
    Field("agency.email", _l("Your e-mail address"), _of("agency", "email")),
    Field("agency.phone", _l("Your phone number"), _of("agency", "phone")),
    Field("agency.website", _l("Your website"), _of("agency", "website")),
    Field("agency.address", _l("Your address"), _lines("agency"), ("agency.full_address",)),
    Field("agency.country", _l("Your country"), _country("agency")),
    Field("agency.bank_account_name", _l("Your bank account's name"), _bank("account_name")),
    Field("agency.iban", _l("Your IBAN"), _bank("iban"), ("agency.bank_account_number",)),
    Field("agency.bic", _l("Your bank's BIC"), _bank("bic")),
    Field("client.name", _l("Client"), _of("client", "name"), ("client.business_name",)),
    Field("client.contact_name", _l("Client's contact"), _of("client", "contact_name"), ("client.contact_person",)),
    Field("client.email", _l("Client's e-mail address"), _of("client", "email")),
    Field("client.phone", _l("Client's phone number"), _of("client", "phone")),
    Field("client.website", _l("Client's website"), _of("client", "website")),
    Field("client.address", _l("Client's address"), _lines("client"), ("client.full_address",)),
    Field("client.tax_id", _l("Client's tax number"), _of("client", "tax_id")),
    Field("client.country", _l("Client's country"), _country("client")),
    Field("proposal.number", _l("Proposal's number"), lambda facts: facts.proposal_number),
    Field("contract.number", _l("Contract's number"), lambda facts: facts.number),
    Field("contract.title", _l("Contract's title"), lambda facts: facts.title, ("contract.services_description",)),
    Field("contract.date", _l("Date of the contract"), lambda facts: _day(facts.today)),
    Field("contract.valid_until", _l("Open for signature until"), lambda facts: _day(facts.valid_until)),
    Field(
        "contract.commencement_date", _l("Start of the work, or the day of signing"), _commencement,
        ("contract.start_date",),
    ),
    Field(
        "contract.completion_date", _l("End of the work"), lambda facts: _day(facts.completion), ("contract.end_date",)
    ),
    Field(
        "contract.total", _l("Price, tax included"), _sum("once", "payable"),
        ("contract.total_price", "proposal.total"),
    ),
    Field("contract.net", _l("Price without tax"), _sum("once", "net"), ("proposal.subtotal",)),
    Field("contract.tax", _l("Tax on the price"), _sum("once", "tax"), ("proposal.gst",)),
    Field(
        "contract.monthly_total", _l("Monthly price, tax included"), _sum("monthly", "payable"),
        ("proposal.monthly_price",),
    ),
    Field("contract.deposit", _l("Deposit, tax included"), _sum("deposit", "payable")),
    Field("contract.deposit_percent", _l("Deposit in percent"), _percent),
    Field("contract.payment_terms", _l("How the price is paid, in sentences"), payment_terms),
    Field("contract.payment_days", _l("Days to pay an invoice"), lambda facts: str(facts.payment_days)),
    Field("contract.signer_name", _l("Who signs for the client"), lambda facts: facts.signer[0]),
    Field("contract.signer_title", _l("Their role"), lambda facts: facts.signer[1]),
    Field(
        "contract.signatory_name", _l("Who signs for you"), lambda facts: facts.signatory[0],
        ("contract.agency_signatory_name",),
    ),
    Field(
        "contract.signatory_title", _l("Role of who signs for you"), lambda facts: facts.signatory[1],
        ("contract.agency_signatory_title",),
    ),
    Field("computed.current_date", _l("Date of sending"), lambda facts: _day(facts.today)),
    Field("computed.current_year", _l("Year of sending"), lambda facts: str(facts.today.year)),
)  # fmt: skip
SETTLED_BY_SENDING = ("contract.number", "contract.date", "computed.current_date", "computed.current_year")
NAMES = {name: field.name for field in FIELDS for name in (field.name, *field.aliases)}


def values(facts: Facts) -> dict[str, str]:
    """What every field stands for, in the current language; empty where there is nothing to say."""
    return {field.name: field.value(facts).strip() for field in FIELDS}


def told(facts: Facts) -> dict[str, str]:
    """What plugins are told for their fields: everything but what is only settled when the contract is sent."""
    return {name: value for name, value in values(facts).items() if name not in SETTLED_BY_SENDING}


def resolve(text: str, filled: Mapping[str, str]) -> Resolved:
    """Put values into `text`. `filled` may hold values of plugins' fields too."""
    return merging.resolve(text, filled, NAMES)


def tags(clauses: Iterable[Clause]) -> tuple[str, ...]:
    """The fields that stand in clauses."""
    return merging.tags(part for clause in clauses for part in (clause.title, clause.text))


def resolve_clauses(clauses: Iterable[Clause], filled: Mapping[str, str]) -> tuple[tuple[Clause, ...], Resolved]:
    """Fill in headings and texts; the second value collects what could not be filled in."""
    done: list[Clause] = []
    unknown: list[str] = []
    empty: list[str] = []
    for clause in clauses:
        title, text = resolve(clause.title, filled), resolve(clause.text, filled)
        done.append(Clause(title.text, text.text))
        unknown += (*title.unknown, *text.unknown)
        empty += (*title.empty, *text.empty)
    return tuple(done), Resolved("", tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(empty)))


def problems(found: Resolved, reasons: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """A sentence for each field that keeps a contract from being sent; `reasons` are those of plugins' fields."""
    sentences = [
        _("A field is not closed: every {{ needs its }}.")
        if name == merging.OPEN
        else _("There is no field {{%(field)s}}.", field=name)
        for name in found.unknown
    ]
    labels = {field.name: field.label for field in FIELDS}
    sentences += [
        reasons.get(name)
        or _("The field {{%(field)s}} has no value: %(label)s is not known.", field=name, label=labels[name])
        for name in found.empty
    ]
    return sentences


def unknown_fields(clauses: Iterable[Clause], more: Iterable[str] = ()) -> tuple[str, ...]:
    """Fields that no contract could fill in, for the template's editor; `more` are those of plugins."""
    return resolve_clauses(clauses, dict.fromkeys((*(field.name for field in FIELDS), *more), "x"))[1].unknown
