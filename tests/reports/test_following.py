"""The entries of reports are those of everything that happened: against an oracle that adds naive lists."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from flask import Flask

from plugins.payments_local import courier
from tests.factories import documents
from tests.factories.documents import ACTOR
from tests.statements.test_account import Deals
from webkit.agencies import service as agencies
from webkit.core.kernel import db, events, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.invoices import crediting
from webkit.invoices import models as invoice_models
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.ledger import service as ledger
from webkit.ledger.service import Method
from webkit.receipts import service as receipts
from webkit.receipts.service import RecordInput
from webkit.reports import following, journal, models
from webkit.reports.entries import ASKED, CAME
from webkit.reports.journal import Line
from webkit.reports.models import ReportEntry, ReportShare


class Money(Deals):
    """What people record of money, beside what payment services tell."""

    def __init__(self, app: Flask, run_jobs: Callable[[], int]) -> None:
        super().__init__(app, run_jobs)
        self.records: list[UUID] = []

    def record(self, _invoice_id: UUID, dice: Random) -> None:
        """Money for several invoices at once, sometimes more than they ask for."""
        parts = {each.id: dice.randint(1, each.open_minor) for each in invoices.payables(self.client)}
        amount = sum(parts.values()) + dice.choice((0, 0, 777))
        if amount:
            day = agencies.today()
            given = RecordInput(self.client, Method.BANK, day, "EUR", amount, parts=parts)
            self.records.append(receipts.record(given, ACTOR))

    def take_back(self, _invoice_id: UUID, dice: Random) -> None:
        """A record was a mistake."""
        if self.records:
            with contextlib.suppress(Conflict, Invalid):
                receipts.take_back(self.records.pop(dice.randrange(len(self.records))), ACTOR)


ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local vendor is asked here; it tells nobody by itself."""
    monkeypatch.setattr(courier, "start", lambda _ledger, _checkout: None)


def oracle(ids: list[UUID]) -> Counter[str]:
    """What was asked for and came, added up one by one from what the services tell."""
    sums: Counter[str] = Counter()
    for view in map(invoices.get, ids):
        if view.state == InvoiceState.DRAFT:
            continue
        totals = view.priced.totals
        sums.update(net=totals.net, tax=totals.tax, asked=totals.payable)
        for note in crediting.correction(view.id).notes:
            credited = note.priced.totals
            sums.subtract({"net": credited.net, "tax": credited.tax, "asked": credited.payable})
        sums["came"] += ledger.settled(view.id)
    return sums


def told() -> Counter[str]:
    """The same from the entries."""
    assert following.catch_up().up
    sums: Counter[str] = Counter()
    for row in models.days(*ALWAYS):
        if row.kind in ASKED:
            sums.update(net=row.net, tax=row.tax, asked=row.gross)
        elif row.kind in CAME:
            sums["came"] += row.gross
    return sums


def same(sums: Counter[str]) -> dict[str, int]:
    """Without what is nothing."""
    return {name: minor for name, minor in sums.items() if minor}


@pytest.mark.parametrize("seed", range(5))
def test_reports_are_the_documents(app: Flask, agency: AgencyView, run_jobs: Callable[[], int], seed: int) -> None:
    deals, dice = Money(app, run_jobs), Random(seed)
    acts = (deals.pay, deals.credit, deals.give_back, deals.write_off, deals.record, deals.take_back)
    for _step in range(10):
        dice.choice(acts)(dice.choice(deals.invoices), dice)
        db.release()
        if dice.random() < 0.4:  # whoever looks meanwhile changes nothing
            assert same(told()) == same(oracle(deals.invoices))
    assert same(told()) == same(oracle(deals.invoices))
    by_client = models.clients(*ALWAYS)
    by_rate = models.rates(*ALWAYS, (*ASKED, *CAME))
    assert sum(row.asked for row in by_client) == sum(row.gross for row in by_rate if row.kind in ASKED)
    assert sum(row.came for row in by_client) == sum(row.gross for row in by_rate if row.kind in CAME)
    assert sum(net for _c, _d, net in models.sold(*ALWAYS)) == sum(row.net for row in by_client)
    balanced(deals)
    before = rows()
    following.again()
    told()
    assert rows() == before


def balanced(deals: Money) -> None:
    """Every entry of the journal is the same on both sides, and what clients owe is what is open, less their credit."""
    entries: dict[int, list[Line]] = {}
    for line in journal.numbered(journal._lines(date(2020, 1, 1), date(2030, 1, 1))):
        entries.setdefault(line.entry, []).append(line)
    roles: Counter[str] = Counter()
    for lines in entries.values():
        assert sum(line.amount for line in lines) == sum(line.base or 0 for line in lines) == 0
        for line in lines:
            roles[line.role] += line.amount
    db.release()
    asked = oracle(deals.invoices)
    off = sum(view.due for view in map(invoices.get, deals.invoices) if view.state == InvoiceState.WRITTEN_OFF)
    assert roles["receivable"] == asked["asked"] - asked["came"] - off
    assert (roles["revenue"], roles["tax"]) == (-asked["net"], -asked["tax"])
    assert -roles["credit"] == ledger.credit(deals.client).get("EUR", 0)


def rows() -> list[tuple[object, ...]]:
    """Every entry and share."""
    db.release()
    found: list[tuple[object, ...]] = []
    for table in (ReportEntry, ReportShare):
        names = table.__table__.columns.keys()
        found += sorted((tuple(getattr(row, name) for name in names) for row in db.session().query(table)), key=repr)
    return found


def test_more_than_a_visitor_waits_for_is_done_by_a_job(
    agency: AgencyView, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = documents.client()
    made = [documents.issued("100", client_id=client) for _ in range(5)]
    monkeypatch.setattr(following, "AT_ONCE", 1)
    monkeypatch.setattr(following, "IN_A_REQUEST", 2)
    assert not following.catch_up().up
    run_jobs()
    assert same(told()) == same(oracle(made))


def test_another_time_zone_makes_all_days_again(agency: AgencyView) -> None:
    documents.issued("100")
    told()
    with writing():
        position = models.locked_position(agency.timezone, agency.currency, following.VERSION)
        position.timezone = "Pacific/Kiritimati"
    assert not following.is_up()
    assert told()["net"] == 10_000
    standing = models.standing()
    assert standing is not None and standing.timezone == agency.timezone


def _imported(client_id: UUID, number: str, state: str) -> ImportedInvoice:
    line = ImportedLine("Care", Decimal(1), Decimal(100), Decimal(22), 10_000, 2_200)
    day = date(2025, 3, 1)
    return ImportedInvoice(client_id, number, "Care", "EUR", "it", day, date(2025, 4, 1), (line,), state)


def test_what_is_brought_in_is_counted_and_forgotten_when_it_is_taken_back(agency: AgencyView) -> None:
    client = documents.client()
    documents.issued("50", client_id=client)
    assert told()["net"] == 5_000
    states = ("open", "paid", "credited")
    with writing():
        ids = invoices.add_imported([_imported(client, f"OLD-{state}", state) for state in states])
        events.record("import.done", "import:1", {"actor": ACTOR})
    assert same(told()) == {
        "net": 5_000 + 20_000, "tax": 1_100 + 4_400, "asked": 6_100 + 24_400, "came": 12_200
    }  # fmt: skip
    with writing():
        invoices.remove_imported(ids)
        events.record("import.undone", "import:1", {"actor": ACTOR})
    assert same(told()) == same(Counter(net=5_000, tax=1_100, asked=6_100))


def test_nothing_of_another_agency_is_counted(agency: AgencyView, other_agency: AgencyView) -> None:
    documents.issued("100")
    told()
    with tenancy.tenant(other_agency.id):
        assert same(told()) == {}


def test_what_is_open_is_told_like_on_the_first_page(agency: AgencyView) -> None:
    client = documents.client()
    for price in ("10", "20.50"):
        documents.issued(price, client_id=client)
    today = date(2100, 1, 1)
    found = invoices.ageing(today)
    (sums,) = invoices.sums()
    assert [(row.client_id, row.total, row.invoices) for row in found] == [(client, sums.open, sums.open_count)]
    assert found[0].amounts == (0, 0, 0, 0, sums.open)
    assert sum(amount for *_at, amount in invoices.due_days()) == sums.open
    assert invoice_models.late(today) == [(sums.currency, sums.open_count, sums.open)]
