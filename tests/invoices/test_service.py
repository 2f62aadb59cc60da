"""Invoices without HTTP: drafts, numbers, what is frozen, and payment exactly once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import deals, documents
from tests.factories.documents import ACTOR
from tests.threads import at_once
from webkit.clients import service as clients
from webkit.contracts import service as contracts
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, counters, db, events, frozen, tallies, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.core.kernel.ids import uuid7
from webkit.invoices import paying, service
from webkit.invoices.models import InvoiceState
from webkit.payments.events import PaymentSucceeded
from webkit.signing import service as signing


@db.writes
def _paid(invoice_id: object, amount: int, currency: str = "EUR") -> object:
    return paying.on_payment(PaymentSucceeded(f"invoice:{invoice_id}", uuid7(), amount, currency, clock.now()))


def test_a_draft_has_totals_but_no_number(agency: AgencyView) -> None:
    invoice = service.get(documents.draft("100", "50.50"))
    assert (invoice.number, invoice.state, invoice.frozen_id) == ("", InvoiceState.DRAFT, None)
    totals = invoice.priced.totals
    assert (totals.net, totals.tax, totals.payable) == (15050, 3311, 18361)


def test_the_same_form_makes_one_draft(agency: AgencyView) -> None:
    given = documents.invoice_input(documents.client(), "100")
    assert service.create_draft(given, "key-1") == service.create_draft(given, "key-1")


def test_numbers_are_given_at_issue_and_follow_each_other(agency: AgencyView) -> None:
    client_id = documents.client()
    documents.draft("1", client_id=client_id)
    numbers = [service.get(documents.issued("10", client_id=client_id)).number for _ in range(3)]
    year = clock.today(agency.timezone).year
    assert numbers == [f"INV-{year}-000{n}" for n in (1, 2, 3)]


def test_issuing_twice_issues_once(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    invoice_id = documents.issued("10")
    number = service.get(invoice_id).number
    service.issue(invoice_id, ACTOR)
    assert service.get(invoice_id).number == number
    assert [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")].count("invoice.issued") == 1


def test_many_at_once_issue_without_gap(agency: AgencyView, app: Flask) -> None:
    client_id = documents.client()
    drafts = [documents.draft("10", client_id=client_id) for _ in range(8)]

    def issue(invoice_id: object) -> None:
        with app.app_context(), tenancy.tenant(agency.id):
            for _ in range(2):
                service.issue(invoice_id, ACTOR)  # type: ignore[arg-type]

    threads = [threading.Thread(target=lambda i=i: Context().run(issue, i)) for i in drafts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.release()
    numbers = sorted(service.get(invoice_id).number for invoice_id in drafts)
    assert [int(number[-4:]) for number in numbers] == list(range(1, 9))


@pytest.mark.parametrize("act", ["save", "delete"])
def test_nobody_changes_a_draft_while_it_is_issued(
    agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """What is frozen is what the row says, and a number that was given stays."""
    client_id = documents.client()
    draft = documents.draft("10", client_id=client_id)
    changed = documents.invoice_input(client_id, "99", title="Changed")
    acts = {"save": partial(service.save_draft, draft, 1, changed), "delete": partial(service.delete_draft, draft)}

    def intrude() -> None:
        with app.app_context(), tenancy.tenant(agency.id), suppress(Conflict):
            acts[act]()

    intruder = threading.Thread(target=lambda: Context().run(intrude))
    real = counters.take_today

    def slow(*series: str, **more: Any) -> tuple[str, date]:
        intruder.start()
        intruder.join(0.5)
        return real(*series, **more)

    monkeypatch.setattr(counters, "take_today", slow)
    service.issue(draft, ACTOR)
    intruder.join()
    db.release()
    invoice, document = service.get(draft), frozen.latest("invoice", draft)
    assert document is not None and invoice.number
    assert (document.snapshot["title"], document.snapshot["priced"]["totals"]["payable"]) == (
        invoice.title,
        invoice.total,
    )


def test_what_was_issued_cannot_be_changed_or_deleted(agency: AgencyView) -> None:
    invoice_id = documents.issued("10")
    invoice = service.get(invoice_id)
    with pytest.raises(Conflict):
        service.save_draft(invoice_id, invoice.revision, documents.invoice_input(invoice.client_id, "5"))
    with pytest.raises(Conflict):
        service.delete_draft(invoice_id)
    assert service.get(invoice_id).total == invoice.total


def test_two_editors_do_not_overwrite_each_other(agency: AgencyView) -> None:
    invoice_id = documents.draft("10")
    invoice = service.get(invoice_id)
    service.save_draft(invoice_id, invoice.revision, documents.invoice_input(invoice.client_id, "20"))
    with pytest.raises(Conflict):
        service.save_draft(invoice_id, invoice.revision, documents.invoice_input(invoice.client_id, "30"))
    assert service.get(invoice_id).priced.totals.net == 2000


def test_the_snapshot_survives_changes_of_client_and_agency(agency: AgencyView) -> None:
    invoice_id = documents.issued("10")
    client_id = service.get(invoice_id).client_id
    clients.change(client_id, {"name": "Renamed"}, None, ACTOR)
    document = frozen.latest("invoice", invoice_id)
    assert document is not None
    assert document.snapshot["client"]["name"] == "Caffè Olmo S.r.l."
    assert document.snapshot["priced"]["totals"]["payable"] == service.get(invoice_id).total
    assert frozen.snapshot_is_intact(document.id)


def test_issue_sends_the_invoice_with_its_pdf(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    invoice_id = documents.issued("100")
    run_jobs()
    db.release()
    mail = outbox_mails()[0]
    assert mail.entry.to == ("giulia@caffeolmo.example",)
    assert [file.filename for file in mail.attachments] == [f"{service.get(invoice_id).number}.pdf"]
    assert mail.attachments[0].content.startswith(b"%PDF-")
    assert "€122.00" in mail.entry.subject and "/i/" in mail.text


def test_nothing_is_issued_without_amount_or_address(agency: AgencyView) -> None:
    with pytest.raises(DomainError, match="greater than zero"):
        documents.issued("0")
    with pytest.raises(DomainError, match="e-mail"):
        documents.issued("10", client_id=documents.client("No mail", ""))


def test_a_payment_is_recorded_once(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    invoice_id = documents.issued("100")
    for _ in range(3):
        _paid(invoice_id, 12200)
    invoice = service.get(invoice_id)
    assert invoice.state == InvoiceState.PAID and invoice.paid_at is not None
    kinds = [entry.kind for entry in events.timeline(f"client:{invoice.client_id}")]
    assert kinds.count("invoice.paid") == 1


@pytest.mark.parametrize(("amount", "currency"), [(12199, "EUR"), (12200, "USD"), (0, "EUR")])
def test_the_wrong_amount_pays_nothing(agency: AgencyView, amount: int, currency: str) -> None:
    invoice_id = documents.issued("100")
    _paid(invoice_id, amount, currency)
    assert service.get(invoice_id).state == InvoiceState.ISSUED


def test_receipts_go_to_both_sides(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    invoice_id = documents.issued("100")
    run_jobs()
    _paid(invoice_id, 12200)
    run_jobs()
    db.release()
    receipts = [mail for mail in outbox_mails() if "INV-" in mail.text and "paid" in mail.text]
    assert {mail.entry.to[0] for mail in receipts} == {"giulia@caffeolmo.example", "hello@northwind.example"}


def test_overdue_is_a_fact_of_the_clock(agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    assert service.get(invoice_id).word == "issued"
    with clock.frozen(clock.now() + timedelta(days=16)):
        assert service.get(invoice_id).word == "overdue"
        assert [view.id for view in service.page(limit=5, late=True)] == [invoice_id]
        assert service.sums()[0].late == 12200


def test_sums_are_those_of_the_invoices(agency: AgencyView) -> None:
    first, _second = documents.issued("100"), documents.issued("50", client_id=documents.client("B", "b@b.example"))
    documents.draft("7", client_id=documents.client("C", "c@c.example"))
    _paid(first, 12200)
    (sums,) = service.sums()
    assert (sums.open, sums.open_count, sums.paid, sums.paid_count) == (6100, 1, 12200, 1)
    assert service.received_this_month() == {"EUR": 12200}


def test_kept_sums_equal_the_rows_whatever_happens_at_once(app: Flask, agency: AgencyView) -> None:
    client_id = documents.client()
    waiting = [documents.issued(price, client_id=client_id) for price in ("100", "8.20", "41")]
    drafts = [documents.draft(price, client_id=client_id) for price in ("12", "13.37")]

    def act(step: Callable[[], object]) -> None:
        with tenancy.tenant(agency.id), db.writing():
            step()

    steps = [partial(service.issue, draft, ACTOR) for draft in drafts * 2]
    steps += [partial(_paid, invoice, total) for invoice, total in zip(waiting, (12200, 1000, 1), strict=True)]
    db.release()
    assert not [problem for problem in at_once(app, *(partial(act, step) for step in steps)) if problem]
    with tenancy.tenant(agency.id):
        rows = [service.get(row.id) for row in service.page(limit=100)]
        (sums,) = service.sums()
    unpaid = [row.due for row in rows if row.state == InvoiceState.ISSUED]
    paid = [row.total for row in rows if row.state == InvoiceState.PAID]
    assert (len(unpaid), len(paid)) == (3, 2)
    assert (sums.open, sums.open_count, sums.paid, sums.paid_count) == (sum(unpaid), 3, sum(paid), 2)
    with tenancy.tenant(agency.id), clock.frozen(clock.now() + timedelta(days=30)):
        (later,) = service.sums()
    assert (later.late, later.late_count) == (sum(unpaid), 3)


def test_nothing_is_kept_of_an_empty_place(agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    assert [row[1:] for row in tallies.of("invoice.due")] != []
    _paid(invoice_id, 12200)
    assert tallies.of("invoice.due") == []
    assert tallies.of("invoice") == [("EUR", "paid", 1, 12200)]


def test_another_agencys_invoice_is_not_there(agency: AgencyView, other_agency: AgencyView) -> None:
    invoice_id = documents.issued("10")
    with tenancy.tenant(other_agency.id), pytest.raises(NotFound):
        service.get(invoice_id)


def test_quantities_and_prices_stay_exact(agency: AgencyView) -> None:
    client_id = documents.client()
    lines = (service.LineInput("Hours", Decimal("81.97"), Decimal("11")),)
    invoice_id = service.create_draft(service.InvoiceInput(client_id, "Hours", lines, 14))
    assert service.get(invoice_id).priced.totals.net == 90167


def test_a_signature_stands_though_its_invoice_cannot_be_sent(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    """The client's address was taken away between sending and signing: the deposit waits as a draft."""
    contract_id = deals.sent()
    code = deals.code_for(contract_id, run_jobs, outbox_mails)  # type: ignore[arg-type]
    db.release()
    client_id = contracts.get(contract_id).client_id
    clients.change(client_id, {"email": None}, None, ACTOR)
    signing.sign(contract_id, deals.given(code))
    assert contracts.get(contract_id).state == "signed"
    assert [invoice.state for invoice in service.of_contract(contract_id)] == [InvoiceState.DRAFT]


def test_what_bills_a_contract_is_found_by_an_index(agency: AgencyView) -> None:
    """However many invoices there are; see the plan, not the clock."""
    if db.session().get_bind().dialect.name != "postgresql":
        pytest.skip("a question of PostgreSQL's planner")
    with db.writing() as unit:
        unit.execute(sa.text("SET LOCAL enable_seqscan = off"))
        asked = f"invoices.agency_id = '{agency.id}' AND contract_id = '{agency.id}' ORDER BY id"
        plan = "\n".join(unit.scalars(sa.text(f"EXPLAIN SELECT * FROM invoices WHERE {asked}")))
    assert "ix_invoices_contract_id" in plan, plan
