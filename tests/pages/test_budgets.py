"""How many statements a busy page may need, whatever is on it. Without Redis, so finding the visitor counts too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import documents, proposals, quotations
from webkit.core.kernel.db import db

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


@pytest.mark.parametrize("path, budget", [("/", 12), ("/invoices/", 8), ("/clients", 8)])
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
