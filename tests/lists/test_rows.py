"""Rows of lists: pages lose nobody, sums are those of the sheet, and words lead to documents."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.factories import documents, listed
from webkit.core.kernel import db, lists, search
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.lists import sql
from webkit.core.kernel.sheets import Amount
from webkit.invoices.listing import INVOICES
from webkit.invoices.models import Invoice, InvoiceState

DICE = 11
FIRST = date(2026, 1, 1)


def filled(count: int) -> list[UUID]:
    """Two clients and that many invoices of every kind."""
    dice = random.Random(DICE)
    clients = [documents.client(f"Client {name}", f"{name}@client.example") for name in ("Ada", "Bob")]
    with writing():
        for number in range(count):
            _invoice(dice, dice.choice(clients), number)
    return clients


def _invoice(dice: random.Random, client_id: UUID, number: int) -> None:
    state = dice.choice([InvoiceState.DRAFT, InvoiceState.ISSUED, InvoiceState.PAID])
    day = None if state == InvoiceState.DRAFT else FIRST + timedelta(days=dice.randrange(6))
    net, tax = dice.randrange(10), dice.randrange(3)
    row = Invoice(
        client_id=client_id,
        title=dice.choice(["Website", "Web care", "Logo"]) + f" {number}",
        state=state,
        number=None if day is None else f"INV-2026-{number:04}",
        currency=dice.choice(["EUR", "EUR", "JPY"]),
        locale="en",
        lines=[],
        priced={},
        net_minor=net,
        tax_minor=tax,
        total_minor=net + tax,
        credited_minor=min(net, 1),
        payment_days=1,
        issue_date=day,
        due_date=day,
    )
    session().add(row)
    search.changed("invoice", row.id)


def walked(given: dict[str, str], size: int) -> list[UUID]:
    """All ids of a list by following "older", having gone back once from each page."""
    found, after, last = [], None, None
    while True:
        here = listed.paged(INVOICES, size, after=after, **given) if after else listed.paged(INVOICES, size, **given)
        if last is not None:
            assert here.newer is not None
            assert listed.paged(INVOICES, size, before=here.newer, **given) == last
        found += [row.id for row in here.rows]
        if here.older is None:
            return found
        last, after = here, here.older


def test_every_order_shows_everything_once_forward_and_back(agency: AgencyView) -> None:
    filled(23)
    everything = {row.id: row for row in listed.rows(INVOICES)}
    keys: dict[str, Any] = {
        "made": lambda row: row.id,
        "due": lambda row: row.due_date,
        "total": lambda row: row.total_minor,
    }
    for name, key in keys.items():
        for sign in ("", "-"):
            given = {"sort": sign + name} | ({"currency": "EUR"} if name == "total" else {})
            ids = walked(given, 5)
            assert len(ids) == len(set(ids)) == len(listed.rows(INVOICES, **given)) > 5
            values = [key(everything[each]) for each in ids]
            valued = [value for value in values if value is not None]
            assert values[: len(valued)] == sorted(valued, reverse=bool(sign)), "rows without a value come last"
    db.release()


def test_sums_are_those_of_the_sheet(agency: AgencyView) -> None:
    ada, _bob = filled(40)
    asks: tuple[dict[str, str], ...] = (
        {},
        {"state": "issued"},
        {"client": str(ada)},
        {"currency": "JPY"},
        {"due_from": "2026-01-02", "due_to": "2026-01-04"},
        {"total_from": "0.03", "total_to": "0.07"},
        {"q": "web"},
        {"q": "client ada care", "state": "paid"},
        {"q": "nowhere"},
    )
    for given in asks:
        asked, here = listed.asked(INVOICES, **given), listed.here()
        assert asked.problems == ()
        sheet = [cells for rows in sql.every(INVOICES, asked, here) for cells in INVOICES.shape(rows, here)]
        added: dict[str, list[int]] = {}
        for cells in sheet:
            amounts = [cell.minor for cell in cells if isinstance(cell, Amount)]
            into = added.setdefault(str(cells[6]), [0] * 5)
            into[:] = [into[0] + 1, *(old + new for old, new in zip(into[1:], amounts, strict=True))]
        sums, whole = lists.sums(INVOICES, asked, here)
        assert whole and {each.currency: [each.count, *each.totals] for each in sums} == added
        assert (len(sheet) > 0) == (given != {"q": "nowhere"}), given
        few, whole = lists.sums(INVOICES, asked, here, 3)
        assert whole == (len(sheet) < 3) and sum(each.count for each in few) == min(3, len(sheet))
    db.release()


def test_words_lead_to_invoices_rare_or_often(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(20)
    numbered = next(row for row in listed.rows(INVOICES) if row.number)
    for rare in (2_000, 1):
        monkeypatch.setattr(sql, "RARE", rare)
        for words in (
            numbered.number,
            numbered.number.lower()[:-1],
            numbered.number[-4:],
            numbered.number[-4:].lstrip("0"),
        ):
            assert numbered.id in {row.id for row in listed.rows(INVOICES, q=words)}, words
        titled = {row.id for row in listed.rows(INVOICES) if row.title.startswith("Web")}
        assert {row.id for row in listed.rows(INVOICES, q="wÉB cli")} == titled
        assert listed.rows(INVOICES, q="ebsite") == []
    db.release()


def test_what_is_taken_apart_is_found_again() -> None:
    assert search.words("INV-2026-0042") == {"inv-2026-0042", "0042", "42"}
    assert search.words("Caffè, O'Neill & Söhne") == {"caffe", "o'neill", "o", "neill", "sohne"}
    assert search.terms("“inv-2026-0042”, Ca") == ["inv-2026-0042", "ca"]
    assert search.terms("  ") == []


def test_a_draft_that_changed_is_found_by_what_it_says_now(agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    (row,) = listed.rows(INVOICES, q="INV-")
    assert row.id == invoice_id
    assert listed.rows(INVOICES, q=row.title.split()[0])
    db.release()
