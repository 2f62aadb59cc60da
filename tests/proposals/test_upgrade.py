"""Proposals and invoices from before there were kept sums are counted by the upgrade."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from webkit.core.kernel import migrations
from webkit.core.settings import Settings
from webkit.house import create

AGENCY, CLIENT = "a" * 32, "c" * 32
OLD: tuple[dict[str, object], ...] = (
    {"state": "draft", "once_minor": 1},
    {"state": "sent", "once_minor": 100, "monthly_minor": 7, "valid_until": "2026-12-01"},
    {"state": "sent", "once_minor": 50, "valid_until": "2026-12-01"},
    {"state": "sent", "once_minor": 3, "valid_until": None},
    {"state": "accepted", "once_minor": 900, "monthly_minor": 20, "valid_until": "2026-10-01"},
)
PAID: tuple[dict[str, object], ...] = (
    {"total_minor": 500, "paid_at": "2026-11-02 10:50:12.345678"},
    {"total_minor": 40, "paid_at": "2026-11-02 10:59:59.000000"},
    {"total_minor": 3, "paid_at": "2026-11-02 11:00:00.000000"},
)


def _insert(database: sqlite3.Connection, table: str, **row: object) -> None:
    """A row with nothing in all that is not said."""
    columns = database.execute(f"PRAGMA table_info({table})").fetchall()
    nothing = {name: 0 if "INT" in kind else "" for _, name, kind, required, _, _ in columns if required}
    whole = {**nothing, **row}
    marks = ", ".join("?" * len(whole))
    database.execute(f"INSERT INTO {table} ({', '.join(whole)}) VALUES ({marks})", list(whole.values()))


def test_what_was_sent_and_accepted_counts(tmp_path: Path) -> None:
    app = create(Settings(data=tmp_path, log_level="ERROR"))
    with app.app_context():
        migrations.upgrade()
        migrations.downgrade("0001")
        with contextlib.closing(sqlite3.connect(tmp_path / "webkit.db")) as old, old:
            _insert(old, "agencies", id=AGENCY)
            _insert(old, "clients", id=CLIENT, agency_id=AGENCY)
            for number, row in enumerate(OLD):
                where = {"id": f"{number:032d}", "agency_id": AGENCY, "client_id": CLIENT}
                _insert(old, "proposals", currency="EUR", **where, **row)
            for number, row in enumerate(PAID):
                where = {"id": f"{number:032d}", "agency_id": AGENCY, "client_id": CLIENT, "number": f"{number}"}
                _insert(old, "invoices", currency="EUR", kind="standard", state="paid", **where, **row)
        migrations.upgrade()
    with contextlib.closing(sqlite3.connect(tmp_path / "webkit.db")) as new:
        kept = new.execute("SELECT kind, place, count, total_minor FROM tallies ORDER BY kind, place").fetchall()
    assert kept == [
        ("invoice", "paid", 3, 543),
        ("invoice.received", "2026-11-02T10:45:00", 2, 540),
        ("invoice.received", "2026-11-02T11:00:00", 1, 3),
        ("proposal.accepted.monthly", "9999-12-31", 1, 20),
        ("proposal.accepted.once", "9999-12-31", 1, 900),
        ("proposal.open.monthly", "2026-12-01", 2, 7),
        ("proposal.open.monthly", "9999-12-31", 1, 0),
        ("proposal.open.once", "2026-12-01", 2, 150),
        ("proposal.open.once", "9999-12-31", 1, 3),
    ]
