"""SQLite looks things up by the index that finds them, also where nobody has counted its rows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from webkit.core.kernel import expectations
from webkit.core.kernel.db import db
from webkit.core.kernel.tables import Base

LOOKUPS = {
    "SELECT * FROM payments WHERE reference = 'a' AND agency_id = 'b' ORDER BY id": "ix_payments_agency_id_reference",
    "SELECT * FROM payments WHERE agency_id = 'a' AND vendor_id = 'b' AND provider = 'c'": "ix_payments_vendor_id",
    "SELECT source, sum(amount_minor) FROM ledger_entries WHERE agency_id = 'a' AND source IN ('b', 'c') "
    "GROUP BY source, account, place": "ix_ledger_entries_source",
    "SELECT source, sum(amount_minor) FROM ledger_entries WHERE agency_id = 'a' AND invoice_id = 'b' "
    "AND account = 'invoice' GROUP BY source, account": "ix_ledger_entries_invoice",
    "SELECT * FROM invoices WHERE agency_id = 'a' AND contract_id = 'b' ORDER BY id": "ix_invoices_contract_id",
    "SELECT min(currency) FROM ledger_entries WHERE agency_id = 'a' AND currency > ''": "ix_ledger_entries_currency",
}


@pytest.fixture
def connection(app: Flask) -> sa.Connection:
    with app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("PostgreSQL counts for itself")
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    connection = engine.connect()
    Base.metadata.create_all(connection)
    return connection


def test_what_is_looked_up_is_found_by_its_own_index(connection: sa.Connection) -> None:
    expectations.expect(connection)
    for question, index in LOOKUPS.items():
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}")]
        assert any(index in step for step in plan), (question, plan)


def test_every_index_is_expected_something_of_and_twice_is_once(connection: sa.Connection) -> None:
    expectations.expect(connection)
    expectations.expect(connection)
    told = [tuple(row) for row in connection.exec_driver_sql("SELECT tbl, idx, stat FROM sqlite_stat1")]
    indexes = {(row[0], row[1]) for row in connection.exec_driver_sql(
        "SELECT tbl_name, name FROM sqlite_master WHERE type = 'index' AND tbl_name NOT LIKE 'sqlite_%'"
    )}  # fmt: skip
    assert {(table, index) for table, index, _stat in told} == indexes and len(told) == len(indexes)
    for _table, _index, stat in told:
        counts = [int(word) for word in stat.split()]
        assert counts == sorted(counts, reverse=True) and counts[-1] >= 1
