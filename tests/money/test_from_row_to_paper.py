"""Random invoices, credit notes, quotations and proposals, made by the services: one result from the row to the paper.

What the row keeps, what the service answers, what programs are told, what is frozen, the page of the staff, the page of
the client and the text of the PDF say the same figures: under several schemes, in currencies with no, two and three
decimals, in the ways of writing of several languages. Lines in another order come to the same, and so does a line that
was added and taken out.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents, proposals, quotations
from tests.money import printed, surfaces
from webkit.agencies import service as agencies
from webkit.core.kernel import db, frozen, links
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.invoices import credit_models, crediting, models
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.figures import Figures, read_line
from webkit.invoices.service import InvoiceInput, LineInput
from webkit.pricing import Amount, Interval, Percent, Priced, find
from webkit.pricing.habits import Habits, StampBy, offered
from webkit.pricing.result import Totals
from webkit.pricing.terms import Written
from webkit.proposals import offer as proposing
from webkit.proposals import service as proposal_service
from webkit.quotations import offer as quoting
from webkit.quotations import service as quotation_service

PLACES = [
    ("it-vat", "EUR", "it-IT"),
    ("it-forfettario", "EUR", "it-IT"),
    ("au-gst", "AUD", "en-AU"),
    ("ch-vat", "CHF", "de-CH"),
    ("eu-de", "EUR", "de-DE"),
    ("none", "JPY", "en-GB"),
    ("none", "KWD", "en-GB"),
]
TAX_ID = "IT 00743110157"
EACH = int(os.environ.get("WEBKIT_EACH", "3"))
SEED = int(os.environ.get("WEBKIT_SEED", "20261122"))
LANG = re.compile(r'<html lang="([^"]+)"')


@dataclass
class Desk:
    """One agency that writes documents, somebody of it, and a client who opens them."""

    app: Flask
    owner: Browser
    anonymous: Browser
    scheme: str
    currency: str
    locale: str
    dice: random.Random

    # --- what is typed

    def decimal(self, high: int, places: int) -> Decimal:
        return Decimal(self.dice.randint(0, high * 10**places)).scaleb(-places)

    def price(self) -> Decimal:
        """Mostly with as many places as the currency has, sometimes finer, as for kilowatt hours."""
        places = printed.DIGITS[self.currency]
        return self.decimal(3_000, self.dice.choice([places, places, places, 5]))

    def rate(self) -> str:
        return self.dice.choice(["", *(row.key for row in find(self.scheme).rates(agencies.today()))])

    def some(self, percent: int = 40) -> Percent | Amount | None:
        """A discount or a charge, in three of four cases none."""
        either: list[Percent | Amount | None] = [Percent(self.decimal(percent, 2)), Amount(self.dice.randint(1, 500))]
        return self.dice.choice([None, None, None, None, *either])

    def lines(self) -> tuple[LineInput, ...]:
        return tuple(
            LineInput(
                f"Part {number}",
                self.dice.choice([Decimal(1), Decimal(self.dice.randint(1, 30)), self.decimal(90, 3)]),
                self.price(),
                self.rate(),
                self.dice.choice(["", "HUR"]),
                self.some(),
            )
            for number in range(self.dice.randint(1, 6))
        )

    def figures(self) -> Figures:
        here, coin = offered(self.scheme, self.currency), self.dice.randrange
        habits = Habits(
            prices_include_tax=here.tax and coin(4) == 0,
            fund=self.dice.choice(["", *list(here.funds)[:3]]),
            withholding=self.dice.choice(["", *list(here.withholdings)[:2]]),
            stamp=self.dice.choice(list(StampBy)) if here.stamp else StampBy.NOBODY,
            split_payment=here.split_payment and coin(5) == 0,
            cash_rounding=bool(here.coin) and coin(4) == 0,
        )
        return Figures(habits=habits, discount=self.some(), discount_reason="Launch", charge=self.some())

    def tried(self, make: Callable[[], UUID]) -> UUID:
        """The first random document that comes to something; the others are refused in words."""
        for _ in range(60):
            try:
                return make()
            except (Invalid, DomainError):
                db.release()
        raise AssertionError("nothing came to anything")

    # --- where it is read

    def staff(self, path: str, stored: dict[str, Any], *, lines: bool = True) -> None:
        page = self.owner.get(f"/northwind/{path}")
        assert page.status_code == 200
        language = LANG.search(page.text)
        assert language is not None
        printed.same(page.text, stored, language[1], lines=lines)

    def api(self, path: str, stored: dict[str, Any]) -> None:
        """What a program is told, to the cent and to the last place of a price."""
        told = self.owner.get(f"/api/v1/agencies/northwind/{path}").json
        assert told is not None
        figures, priced = told["figures"], Priced.from_dict(stored)
        for name in (each.name for each in fields(Totals)):
            assert figures["totals"][f"{name}_minor"] == getattr(priced.totals, name), name
        sums = [(tax["base_minor"], tax["tax_minor"]) for tax in figures["taxes"]]
        assert sums == [(tax.base, tax.tax) for tax in priced.taxes]
        lines = [
            (Decimal(line["quantity"]), Decimal(line["unit_price"]), line["amount_minor"], line["net_minor"])
            for line in figures["lines"]
        ]
        assert lines == [(line.quantity, line.unit_price, line.amount, line.net) for line in priced.lines]

    def client(self, kind: str, document_id: UUID, *stored: dict[str, Any], lines: bool = True) -> None:
        token = links.token_for(kind, document_id)
        db.release()
        page = self.anonymous.get(f"/{kind}/{token}")
        assert page.status_code == 200
        for each in stored:
            printed.same(page.text, each, self.locale, lines=lines)

    def paper(self, kind: str, document_id: UUID, *stored: dict[str, Any], lines: bool = True) -> None:
        document = frozen.latest(kind, document_id)
        assert document is not None and document.locale == self.locale
        surfaces.pdf_says_what_is_stored(self.app, document, *stored, lines=lines)


@pytest.fixture
def desk_of(app: Flask, agency: object, owner: Browser, anonymous: Browser) -> Callable[..., Desk]:
    def desk(scheme: str, currency: str, locale: str) -> Desk:
        agencies.change({"currency": currency, "tax_scheme": scheme, "locale": locale, "tax_id": TAX_ID})
        db.release()
        dice = random.Random(f"{SEED}/{scheme}/{currency}")
        print(f"WEBKIT_SEED={SEED} {scheme} {currency} {locale}")
        return Desk(app, owner, anonymous, scheme, currency, locale, dice)

    return desk


def test_one_of_each(desk_of: Callable[..., Desk]) -> None:
    _every_kind(desk_of(*PLACES[0]), 1)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_every_kind_of_document(desk_of: Callable[..., Desk], place: tuple[str, str, str]) -> None:
    _every_kind(desk_of(*place), EACH)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("place", PLACES, ids=" ".join)
def test_very_many_of_every_kind(desk_of: Callable[..., Desk], place: tuple[str, str, str]) -> None:
    _every_kind(desk_of(*place), 40 * EACH)


def _every_kind(desk: Desk, count: int) -> None:
    for _ in range(count):
        _invoice_and_its_credit_note(desk)
        _quotation(desk)
        _proposal(desk)


# --- invoices and credit notes ---------------------------------------------------------------------------------


def _invoice_and_its_credit_note(desk: Desk) -> None:
    client_id = documents.client(email=f"c{desk.dice.random()}@example.com", tax_id=TAX_ID)
    invoice_id = desk.tried(lambda: _issuable(desk, client_id))
    _a_line_comes_and_goes(desk, invoice_id)
    stored = _row(models.get(invoice_id))
    assert invoices.get(invoice_id).priced == Priced.from_dict(stored)
    desk.staff(f"invoices/{invoice_id}", stored)
    invoices.issue(invoice_id, documents.ACTOR)
    assert _row(models.get(invoice_id)) == stored
    _is_frozen("invoice", invoice_id, stored)
    desk.staff(f"invoices/{invoice_id}", stored)
    desk.api(f"invoices/{invoice_id}", stored)
    desk.client("i", invoice_id, stored)
    desk.paper("invoice", invoice_id, stored)
    credit_id = _credited(desk, invoice_id)
    if credit_id is not None:
        note = _row(credit_models.credit_note(credit_id))
        assert crediting.get(credit_id).priced == Priced.from_dict(note)
        _is_frozen(crediting.KIND, credit_id, note)
        desk.api(f"credit-notes/{credit_id}", note)
        desk.paper(crediting.KIND, credit_id, note)


def _issuable(desk: Desk, client_id: UUID) -> UUID:
    given = InvoiceInput(client_id, "Website", desk.lines(), 14, figures=desk.figures())
    made = invoices.create_draft(given)
    if invoices.get(made).total <= 0:
        invoices.delete_draft(made)
        raise Invalid({"lines": "It comes to nothing."})
    return made


def _a_line_comes_and_goes(desk: Desk, invoice_id: UUID) -> None:
    """Saved in another order, and with a line that is taken out again: the same totals."""
    before = invoices.get(invoice_id)
    given = _typed_again(invoice_id)
    mixed = list(given.lines)
    desk.dice.shuffle(mixed)
    for lines in (tuple(mixed), (*given.lines, LineInput("More", Decimal(3), Decimal("7.77"))), given.lines):
        invoices.save_draft(invoice_id, invoices.get(invoice_id).revision, replace(given, lines=lines))
        if len(lines) == len(given.lines):
            assert invoices.get(invoice_id).priced.totals == before.priced.totals
    assert invoices.get(invoice_id).priced == before.priced


def _typed_again(invoice_id: UUID) -> InvoiceInput:
    """What the editor would send of a draft as it is kept."""
    view = invoices.get(invoice_id)
    lines = tuple(read_line(line) for line in view.lines)
    return InvoiceInput(view.client_id, view.title, lines, 14, figures=Figures.from_dict(view.figures))


def _credited(desk: Desk, invoice_id: UUID) -> UUID | None:
    """Everything, an amount, or half of a line; None where that is not to be had."""
    view = invoices.get(invoice_id)
    line = desk.dice.choice(view.priced.lines)
    given = desk.dice.choice(
        [
            CreditInput(Extent.ALL, "Cancelled"),
            CreditInput(Extent.AMOUNT, "Agreed", desk.dice.randint(1, max(1, view.priced.totals.gross))),
            CreditInput(Extent.LINES, "Not done", quantities={line.id: line.quantity / 2}),
        ]
    )
    try:
        return crediting.issue(invoice_id, given, documents.ACTOR)
    except DomainError:
        db.release()
        return None


def _row(row: models.Invoice | credit_models.CreditNote | None) -> dict[str, Any]:
    """What is stored, whose columns say the same."""
    assert row is not None
    stored = dict(row.priced)
    totals = stored["totals"]
    assert (row.net_minor, row.tax_minor, row.total_minor) == (totals["net"], totals["tax"], totals["payable"])
    assert row.currency == stored["currency"]
    db.release()
    return stored


def _is_frozen(kind: str, document_id: UUID, stored: dict[str, Any]) -> None:
    document = frozen.latest(kind, document_id)
    assert document is not None and document.snapshot["priced"] == stored
    assert frozen.snapshot_is_intact(document.id)


# --- quotations and proposals ----------------------------------------------------------------------------------


def _quotation(desk: Desk) -> None:
    client_id = documents.client(email=f"c{desk.dice.random()}@example.com")
    quotation_id = desk.tried(lambda: quotations.sent(client_id=client_id, offer=_offer(desk)))
    document = frozen.latest("quotation", quotation_id)
    assert document is not None
    stored = document.snapshot["priced"]
    assert quotation_service.get(quotation_id).total_minor == stored["totals"]["payable"]
    desk.staff(f"quotations/{quotation_id}", stored, lines=False)
    desk.client("q", quotation_id, stored, lines=False)
    desk.paper("quotation", quotation_id, stored, lines=False)


def _offer(desk: Desk) -> quoting.Offer:
    choices = [quoting.Choice.REQUIRED, *quoting.Choice]
    lines = tuple(
        quotations.line(
            f"part-{number}",
            "walls",
            str(desk.price()),
            quantity=desk.dice.choice([Decimal(1), Decimal(12), Decimal("2.5")]),
            tax=desk.rate(),
            choice=quoting.Choice.REQUIRED if number == 0 else desk.dice.choice(choices),
            discount=desk.some(),
        )
        for number in range(desk.dice.randint(1, 6))
    )
    off = quoting.Discount(kind=quoting.DiscountKind.PERCENT, percent=desk.decimal(30, 2), note="First")
    more = {"lines": lines, "discount": desk.dice.choice([None, off]), "prices": desk.dice.choice(list(Written))}
    return quotations.OFFER.model_copy(update=more)


def _proposal(desk: Desk) -> None:
    client_id = documents.client(email=f"c{desk.dice.random()}@example.com")
    proposal_id = desk.tried(lambda: proposals.sent(client_id=client_id, offer=_bills(desk)))
    document = frozen.latest("proposal", proposal_id)
    assert document is not None
    both = document.snapshot["prices"]["chosen"]
    stored = [both[name] for name in ("once", "monthly") if both[name]["lines"]]
    view = proposal_service.get(proposal_id)
    assert (view.once_minor or 0, view.monthly_minor or 0) == tuple(
        both[name]["totals"]["payable"] for name in ("once", "monthly")
    )
    for each in stored:
        desk.staff(f"proposals/{proposal_id}", each, lines=False)
    desk.client("p", proposal_id, *stored, lines=False)
    desk.paper("proposal", proposal_id, *stored, lines=False)


def _bills(desk: Desk) -> proposing.Offer:
    choices = [proposing.Choice.REQUIRED, *proposing.Choice]
    lines = tuple(
        proposing.OfferLine(
            id=f"part-{number}",
            name=f"Part {number}",
            price=desk.dice.randint(1, 900_000),
            quantity=desk.dice.choice([Decimal(1), Decimal(12), Decimal("2.5")]),
            interval=desk.dice.choice([Interval.ONCE, Interval.ONCE, Interval.MONTHLY]) if number else Interval.ONCE,
            tax=desk.rate(),
            choice=proposing.Choice.REQUIRED if number == 0 else desk.dice.choice(choices),
            discount=desk.some(),
        )
        for number in range(desk.dice.randint(1, 6))
    )
    off = proposals.percent_off(str(desk.decimal(30, 2)))
    prices = desk.dice.choice(list(Written))
    return proposing.Offer(lines=lines, discount=desk.dice.choice([None, off]), prices=prices)
