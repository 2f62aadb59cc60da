"""Erasing the person behind a client: nothing is left but what a law keeps, and that goes when its day has passed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import deals, documents, people
from tests.privacy import planting
from tests.privacy.planting import MARK
from webkit.core.kernel import db, evidence
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.privacy import jobs, receipts, service
from webkit.statements import service as statements

WORDLESS = {"billing_plans", "late_fees", "pro_formas", "recurring_periods", "reminder_watch", "sent_reminders"}
"""Tables that name clients and hold no word of theirs."""
EMAIL = f"{MARK}@x.example"


def marked(**values: str) -> UUID:
    """A client whose every word is the marker."""
    words = dict.fromkeys(("phone", "street", "city", "region", "notes", "contact_name"), MARK)
    return documents.client(MARK, EMAIL, **{**words, "website": f"https://{MARK}.example", "tax_id": MARK, **values})


def verified() -> list[str]:
    report = evidence.examine("northwind", frozenset({current().keys.public_key.hex()}))
    return [finding.problem for finding in report.findings]


def engine() -> Any:
    return db.db.engine


def erase(client_id: UUID, run_jobs: Callable[[], int]) -> service.ErasureView:
    service.ask(client_id, people.id_of("ada@northwind.example"))
    run_jobs()
    found = service.of_client(client_id)
    assert found is not None and found.done
    return found


def test_every_table_and_every_file(app: Flask, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    client_id = marked(tax_id="IT00743110157")
    invoice = documents.draft(client_id=client_id)
    statements.send(client_id, None, service.agencies.today(), "user:test")
    run_jobs()
    planted = planting.everywhere(client_id, invoice_id=invoice, number="IT00743110157")
    planting.store_files()
    assert set(planted) - planting.says(engine()).keys() <= WORDLESS
    assert [*planting.files_saying(current().settings.data)]
    found = erase(client_id, run_jobs)
    assert found.kept == ()
    assert planting.says(engine()) == {}
    assert [*planting.files_saying(current().settings.data)] == []
    assert verified() == []
