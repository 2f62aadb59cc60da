"""Erasing the person behind a client: nothing is left but what a law keeps, and that goes when its day has passed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests.factories import deals, documents, people
from tests.privacy import planting
from tests.privacy.planting import MARK
from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.core.extensions import Job
from webkit.core.kernel import clock, evidence
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.invoices import service as invoices
from webkit.invoices import writing_off
from webkit.invoices.models import InvoiceState
from webkit.privacy import jobs, receipts, service
from webkit.proposals import service as proposals
from webkit.receipts import service as receipts_of_money
from webkit.receipts.service import Method, RecordInput
from webkit.statements import service as statements

WORDLESS = {"billing_plans", "late_fees", "pro_formas", "recurring_periods", "reminder_watch", "sent_reminders"}
"""Tables that name clients and hold no word of theirs."""
EMAIL = f"{MARK}@x.example"


def marked(email: str = EMAIL, **values: str) -> UUID:
    """A client whose every word is the marker."""
    words = dict.fromkeys(("phone", "street", "city", "region", "notes", "contact_name"), MARK)
    return documents.client(MARK, email, **{**words, "website": f"https://{MARK}.example", "tax_id": MARK, **values})


def verified() -> list[str]:
    report = evidence.examine("northwind", frozenset({current().keys.public_key.hex()}))
    return [finding.problem for finding in report.findings]


def erase(client_id: UUID, run_jobs: Callable[[], int]) -> service.ErasureView:
    service.ask(client_id, people.id_of("ada@northwind.example"))
    run_jobs()
    found = service.of_client(client_id)
    assert found is not None and found.done
    return found


def test_every_table_and_every_file(app: Flask, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    client_id = marked(tax_id="IT00743110157")
    invoice = documents.draft(client_id=client_id)
    statements.send(client_id, None, agencies.today(), "user:test")
    run_jobs()
    planted = planting.everywhere(client_id, invoice_id=invoice, number="IT00743110157")
    planting.store_files()
    assert set(planted) - planting.says().keys() <= WORDLESS
    assert [*planting.files_saying(current().settings.data)]
    found = erase(client_id, run_jobs)
    assert found.kept == ()
    assert planting.says() == {}
    assert [*planting.files_saying(current().settings.data)] == []
    assert verified() == []


def deal(run_jobs: Callable[[], int], mails: Callable[[], Any]) -> UUID:
    """A client with a signed contract, settled invoices, an unanswered proposal and a draft; all say the marker."""
    client_id = marked(email=deals.EMAIL)
    proposals.create(client_id, MARK, deals.AUTHOR)
    contracts.cancel(deals.sent(client_id=client_id), MARK, actor="user:test")
    deals.signed(run_jobs, mails, client_id=client_id)
    documents.draft(client_id=client_id)
    documents.issued("100", client_id=client_id)
    for each in invoices.of_client(client_id):
        if invoices.get(each.id).state is InvoiceState.ISSUED:
            writing_off.write_off(each.id, MARK, "user:test")
    paid = documents.issued("10", client_id=client_id)
    due = 1_220
    today = agencies.today()
    given = RecordInput(client_id, Method.BANK, today, "EUR", due, MARK, MARK, parts={paid: due})
    receipts_of_money.record(given, "user:test")
    run_jobs()
    return client_id


class Killed(BaseException):
    """The process is gone."""


def often_killed(client_id: UUID, monkeypatch: pytest.MonkeyPatch) -> service.ErasureView:
    """Asked for twice, and killed before or after every other batch: it is done once."""
    ada, whole, calls = people.id_of("ada@northwind.example"), service.erase, itertools.count()
    erasure_id = service.ask(client_id, ada)
    assert service.ask(client_id, ada) == erasure_id

    def erase_or_die(*args: Any) -> int:
        if (n := next(calls)) % 4 == 1:
            raise Killed
        done = whole(*args)
        if n % 4 == 3:
            raise Killed
        return done

    monkeypatch.setattr(service, "erase", erase_or_die)
    job = Job(uuid4(), None, {"erasure_id": str(erasure_id)}, 1, "once")
    deaths = 0
    while not service.get(erasure_id).done:
        try:
            jobs.erase(job)
        except Killed:
            deaths += 1
    monkeypatch.setattr(service, "erase", whole)
    jobs.erase(job)
    assert deaths > 4
    return service.get(erasure_id)


@pytest.mark.slow
def test_the_law_keeps_some_until_its_day(
    app: Flask, agency: AgencyView, run_jobs: Any, outbox_mails: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_id = deal(run_jobs, outbox_mails)
    found = often_killed(client_id, monkeypatch)
    kept = {part.table for part in found.kept}
    assert {"invoices", "contracts", "proposals", "signatures", "frozen_documents", "ledger_receipts"} <= kept
    assert planting.says().keys() <= kept
    assert verified() == []
    statement = receipts.document(found.receipt, found.signature, found.public_key)
    assert receipts.is_genuine(statement, frozenset({current().keys.public_key.hex()}))
    assert not receipts.is_genuine({**statement, "receipt": {**statement["receipt"], "files": 99}})
    assert MARK not in json.dumps(statement)
    assert found.next_due is not None and found.next_due.year == clock.now().year + 10
    _years_later(client_id, found, run_jobs)


def _years_later(client_id: UUID, first: service.ErasureView, run_jobs: Any) -> None:
    with clock.frozen(datetime(first.asked_at.year + 11, 1, 2, 12, tzinfo=UTC)):
        assert service.sweep_agency() == 1
        run_jobs()
        swept = service.of_client(client_id)
        assert swept is not None and swept.done and swept.id != first.id and swept.asked_by is None
        assert swept.kept == () and swept.next_due is None
        assert planting.says() == {}
        assert [*planting.files_saying(current().settings.data)] == []
        assert verified() == []
        assert service.sweep_agency() == 0
