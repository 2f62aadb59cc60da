"""Pages of reports: what they say, who sees them, what is typed wrongly, and what leaves them as files."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from tests.pages.test_budgets import VISITOR, _asked
from webkit.agencies import service as agencies
from webkit.core.kernel import events
from webkit.core.kernel.db import writing
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger.service import Method
from webkit.receipts import service as receipts
from webkit.receipts.service import RecordInput
from webkit.reports import following, journal

PAGES = ("", "/open", "/tax", "/tax?basis=cash", "/deals", "/journal", "/accounts")


@pytest.fixture
def reports(owner: Browser, agency: AgencyView) -> str:
    """Where the reports of the agency are; there is an invoice and a credit note."""
    client = documents.client("=cmd|' /C calc'!A0")
    invoice = documents.issued("100", "50.50", client_id=client)
    crediting.issue(invoice, CreditInput(Extent.AMOUNT, "Agreed", 1_220), ACTOR)
    return f"/{agency.slug}/reports"


@pytest.mark.parametrize("path", PAGES)
def test_reports_are_for_owners_and_admins(
    owner: Browser, member: Browser, stranger: Browser, anonymous: Browser, agency: AgencyView, path: str
) -> None:
    where = f"/{agency.slug}/reports{path}"
    assert owner.get(where).status_code == 200
    assert member.get(where).status_code == 403
    assert stranger.get(where).status_code == 404
    assert anonymous.get(where).status_code in (302, 303)


@pytest.mark.parametrize("path", PAGES[:-1])
def test_a_new_agency_is_told_what_will_stand_here(owner: Browser, agency: AgencyView, path: str) -> None:
    assert "Nothing to see yet" in owner.get(f"/{agency.slug}/reports{path}").text


def test_revenue_stands_in_the_table_and_in_the_drawing(owner: Browser, reports: str) -> None:
    text = owner.get(reports).text
    assert text.count('role="img"') >= 2
    assert "Part 2" in text and "140.50" in text.replace("\u202f", "")
    assert "<script>" not in text and "style=" not in text


@pytest.mark.parametrize("path", PAGES)
def test_a_report_keeps_to_its_budget(app: Flask, owner: Browser, reports: str, path: str) -> None:
    owner.get(reports + path)
    with _asked(app) as statements:
        assert owner.get(reports + path).status_code == 200
    assert len(statements) <= 10 + VISITOR, "\n".join(each[:90] for each in statements)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("since=2026-03-01&until=2026-02-01", "The last day is before the first one."),
        ("since=1066-01-01", "Reports begin in 1970."),
        ("until=9999-12-31", "That day is too far away."),
        ("since=9999-12-31", "That day is too far away."),
        ("since=yesterday", "day"),
    ],
)
def test_days_that_cannot_be_are_told_at_their_field(owner: Browser, reports: str, asked: str, sentence: str) -> None:
    for path in ("", "/tax", "/deals", "/journal"):
        answer = owner.get(f"{reports}{path}?{asked}")
        assert answer.status_code == 422
        assert sentence in answer.text and asked.partition("=")[2].partition("&")[0] in answer.text


def test_an_unknown_choice_of_days_is_this_year(owner: Browser, reports: str) -> None:
    assert owner.get(f"{reports}?range=century").status_code == 200
    assert owner.get(f"{reports}?since=1970-01-01&until=2070-12-31").status_code == 200


def _rows(owner: Browser, address: str) -> list[dict[str, str]]:
    answer = owner.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_sheets_have_the_tables_and_no_formula(owner: Browser, reports: str) -> None:
    rows = _rows(owner, f"{reports}/revenue/sheet?table=clients-EUR&format=csv")
    assert rows[0]["Client"].startswith("'=cmd") and rows[-1]["Invoiced without tax"] == "140.50"
    xlsx = owner.get(f"{reports}/tax/sheet?table=rates-EUR&format=xlsx")
    assert xlsx.data[:2] == b"PK" and "attachment" in xlsx.headers["Content-Disposition"]
    for missing in (
        "revenue/sheet?table=clients-USD&format=csv",
        "revenue/sheet?table=clients-EUR&format=ods",
        "x/sheet",
    ):
        assert owner.get(f"{reports}/{missing}").status_code == 404


def test_every_entry_of_the_journal_is_the_same_on_both_sides(owner: Browser, reports: str) -> None:
    sides: dict[str, Decimal] = defaultdict(Decimal)
    rows = _rows(owner, f"{reports}/journal/sheet?format=csv")
    for row in rows:
        sides[row["Entry"]] += Decimal(row["Debit"] or 0) - Decimal(row["Credit"] or 0)
    assert set(sides.values()) == {0} and len(sides) == 2
    assert {row["Account"] for row in rows} == {"1200", "4000", "2200"}
    assert [row["Tax code"] for row in rows if row["Account"] == "2200"] == ["S22", "S22"]


def test_codes_of_accounts_are_the_agencys_own(owner: Browser, reports: str) -> None:
    assert owner.post(f"{reports}/accounts", data={"revenue": "<b>"}).status_code == 422
    assert owner.post(f"{reports}/accounts", data={"revenue": "58.01.01"}).status_code == 303
    codes = {row["Account"] for row in _rows(owner, f"{reports}/journal/sheet?format=csv")}
    assert codes == {"1200", "58.01.01", "2200"}
    assert owner.post(f"{reports}/accounts", data={"revenue": ""}).status_code == 303
    assert "58.01.01" not in owner.get(f"{reports}/accounts").text


def test_more_entries_than_a_file_holds_are_refused(
    owner: Browser, reports: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_ENTRIES", 1)
    owner.get(reports)
    answer = owner.get(f"{reports}/journal/sheet?format=csv", follow_redirects=True)
    assert "Choose fewer days" in answer.text


FILES = ("revenue/sheet?table=own&format=csv", "tax/pdf?", "journal/sheet?format=csv")


def test_no_file_is_made_of_other_days_than_those_asked_for(owner: Browser, reports: str) -> None:
    for file in FILES:
        answer = owner.get(f"{reports}/{file}&since=2026-03-01&until=2026-02-01", follow_redirects=True)
        assert answer.status_code == 422
        assert "The last day is before the first one." in answer.text


def test_no_file_lacks_what_is_not_counted_yet(owner: Browser, reports: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "is_up", lambda: False)
    for file in FILES:
        assert "once everything is counted" in owner.get(f"{reports}/{file}", follow_redirects=True).text


def test_a_report_on_paper(owner: Browser, reports: str) -> None:
    for name in ("revenue", "open", "tax", "deals"):
        paper = owner.get(f"{reports}/{name}/pdf")
        assert paper.status_code == 200 and paper.data.startswith(b"%PDF")
    assert owner.get(f"{reports}/nothing/pdf").status_code == 404


def test_currencies_are_added_up_at_booked_rates_only(owner: Browser, agency: AgencyView) -> None:
    client = documents.client()
    documents.issued("100", client_id=client)
    for known in (True, False):
        line = ImportedLine("Care", Decimal(1), Decimal(100), Decimal(0), 10_000, 0)
        given = ImportedInvoice(
            client, f"OLD-{known}", "Care", "USD", "it", agencies.today(), agencies.today(), (line,), "open"
        )
        with writing():
            (old,) = invoices.add_imported([given])
            events.record("import.done", "import:1", {"actor": ACTOR})
        if known:
            parts = {old: 10_000}
            receipts.record(
                RecordInput(client, Method.BANK, agencies.today(), "USD", 10_000, parts=parts, rate=Decimal("0.5")),
                ACTOR,
            )
    rows = _rows(owner, f"/{agency.slug}/reports/revenue/sheet?table=own&format=csv")
    assert [list(row.values()) for row in rows] == [
        ["EUR", "122.00", "0.00", "0.00", "0.00"],
        ["USD", "50.00", "50.00", "100.00", "0.00"],
        ["All", "172.00", "50.00", "", ""],
    ]
    sides: dict[str, Decimal] = defaultdict(Decimal)
    for row in _rows(owner, f"/{agency.slug}/reports/journal/sheet?format=csv"):
        sides[row["Entry"]] += Decimal(row["Debit in own currency"] or 0) - Decimal(row["Credit in own currency"] or 0)
    assert set(sides.values()) == {0}


def test_what_was_booked_in_another_own_currency_is_none_of_todays(owner: Browser, agency: AgencyView) -> None:
    client = documents.client()
    here = documents.issued("100", client_id=client)
    line = ImportedLine("Care", Decimal(1), Decimal(100), Decimal(0), 10_000, 0)
    today = agencies.today()
    given = ImportedInvoice(client, "OLD-1", "Care", "USD", "it", today, today, (line,), "open")
    with writing():
        (old,) = invoices.add_imported([given])
        events.record("import.done", "import:1", {"actor": ACTOR})
    for invoice, currency, minor, rate in ((here, "EUR", 12_200, None), (old, "USD", 10_000, Decimal("0.5"))):
        money = RecordInput(client, Method.BANK, today, currency, minor, parts={invoice: minor}, rate=rate)
        receipts.record(money, ACTOR)
    with writing():
        agencies.change({"currency": "USD"})
    rows = _rows(owner, f"/{agency.slug}/reports/revenue/sheet?table=own&format=csv")
    assert [list(row.values()) for row in rows] == [
        ["EUR", "0.00", "0.00", "122.00", "122.00"],
        ["USD", "100.00", "100.00", "0.00", "0.00"],
        ["All", "100.00", "100.00", "", ""],
    ]
    sides: dict[str, Decimal] = defaultdict(Decimal)
    for row in _rows(owner, f"/{agency.slug}/reports/journal/sheet?format=csv"):
        own = Decimal(row["Debit in own currency"] or 0), Decimal(row["Credit in own currency"] or 0)
        sides[row["Entry"]] += own[0] - own[1]
        assert any(own) == (row["Currency"] == "USD")
    assert set(sides.values()) == {0}
