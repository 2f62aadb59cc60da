"""How many statements a busy page may need, whatever is on it. Without Redis, so finding the visitor counts too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import documents, proposals, quotations
from webkit.core.kernel import links
from webkit.core.kernel.db import db, release
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting
from webkit.invoices.crediting import CreditInput, Extent

VISITOR = 3
"""Who it is and where, which servers remember for a minute."""


@contextmanager
def _asked(app: Flask) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_line: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def _work() -> None:
    client_id = documents.client()
    for price in ("100", "200", "300"):
        documents.issued(price, client_id=client_id)
    proposals.sent()
    quotations.sent(client_id=client_id)


@pytest.mark.parametrize("path, budget", [("/", 8), ("/invoices/", 4), ("/clients", 3)])
def test_a_busy_page_keeps_to_its_budget(app: Flask, owner: Browser, path: str, budget: int) -> None:
    _work()
    owner.get(f"/northwind{path}")
    with _asked(app) as statements:
        assert owner.get(f"/northwind{path}").status_code == 200
    assert len(statements) <= budget + VISITOR, "\n".join(each[:90] for each in statements)


FILTERED = (
    "/invoices/?state=issued&state=paid&q=a&sort=-due&total_from=1&currency=EUR&due_from=2020-01-01",
    "/quotations/",
    "/quotations/?q=a&client=0194d1c4-0000-7000-8000-000000000000",
    "/proposals/?q=a&sort=valid",
    "/contracts/?state=sealed",
    "/clients?q=a&archived=1",
)


def test_so_do_lists_however_they_are_filtered(app: Flask, owner: Browser) -> None:
    _work()
    for path in FILTERED:
        with _asked(app) as statements:
            assert owner.get(f"/northwind{path}").status_code == 200
        assert len(statements) <= 8 + VISITOR, path + "\n" + "\n".join(each[:90] for each in statements)


def _documents() -> dict[str, tuple[str, int]]:
    """Pages of single documents, each with as much history as a page may have to show, and their budgets."""
    client_id = documents.client()
    invoice_id = documents.issued("100", "200", "300", client_id=client_id)
    for minor in (1000, 2000):
        crediting.issue(invoice_id, CreditInput(Extent.AMOUNT, "Agreed", minor), documents.ACTOR)
    draft, quotation_id = documents.draft("5", client_id=client_id), quotations.sent(client_id=client_id)
    public = {kind: links.token_for(kind, each) for kind, each in (("i", invoice_id), ("q", quotation_id))}
    release()
    return {
        "an invoice": (f"/northwind/invoices/{invoice_id}", 8),
        "its credit note": (f"/northwind/invoices/{invoice_id}/credit", 10),
        "a draft": (f"/northwind/invoices/{draft}", 10),
        "its editor": (f"/northwind/invoices/{draft}/edit", 10),
        "a new invoice": ("/northwind/invoices/new", 10),
        "a quotation": (f"/northwind/quotations/{quotation_id}", 10),
        "its editor, sent": (f"/northwind/quotations/{quotation_id}/preview", 10),
        "a statement": (f"/northwind/statements/{client_id}", 10),
        "the client's invoice": (f"/i/{public['i']}", 10),
        "the client's quotation": (f"/q/{public['q']}", 10),
    }


def test_and_every_single_document(app: Flask, owner: Browser, agency: AgencyView) -> None:
    over = {}
    for name, (path, budget) in _documents().items():
        owner.get(path)
        with _asked(app) as statements:
            assert owner.get(path).status_code == 200, name
        if len(statements) > budget + VISITOR:
            over[name] = [len(statements) - VISITOR, *(each[:90] for each in statements)]
    assert over == {}
