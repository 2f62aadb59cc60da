"""The deal as one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from webkit.clients.pages import Documents, thread
from webkit.core.extensions import DocumentCard

DAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


def card(day: int, tone: Any = "ok") -> DocumentCard:
    return DocumentCard("Online shop", "", "Sent", tone, 100, "EUR", "/x", DAY + timedelta(days=day))


def group(label: str, *cards: DocumentCard) -> Documents:
    return Documents(label, label, cards, "")


def shape(*groups: Documents) -> list[tuple[str, str, str]]:
    return [(step.name, step.at, step.passed) for step in thread(groups)]


def test_nothing_yet() -> None:
    assert shape(group("Proposals"), group("Contracts")) == []


def test_a_deal_half_way() -> None:
    groups = group("Proposals", card(0)), group("Contracts", card(7, "wait")), group("Invoices")
    assert shape(*groups) == [("Proposals", "done", "7 days"), ("Contracts", "now", ""), ("Invoices", "ahead", "")]


def test_a_new_deal_begins_a_new_line() -> None:
    groups = group("Proposals", card(30, "info"), card(0)), group("Contracts", card(7)), group("Invoices", card(7))
    assert shape(*groups) == [("Proposals", "now", ""), ("Contracts", "ahead", ""), ("Invoices", "ahead", "")]


def test_an_invoice_alone() -> None:
    assert shape(group("Proposals"), group("Invoices", card(0, "bad"))) == [("Invoices", "now", "")]


def test_all_in_one_day() -> None:
    groups = group("Proposals", card(0)), group("Contracts", card(0))
    assert shape(*groups) == [("Proposals", "done", "same day"), ("Contracts", "done", "")]
