"""What stood plain before columns were sealed is sealed by the upgrade, and plain again after the way back."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from webkit.core.kernel import migrations, sealed, tenancy
from webkit.core.kernel.runtime import current
from webkit.core.settings import Settings
from webkit.house import create

AGENCIES = tuple(f"{number:032x}" for number in (10, 11))
IBAN = "IT60X0542811101000000123456"


def _insert(database: sqlite3.Connection, table: str, **row: object) -> None:
    """A row with nothing in all that is not said."""
    columns = database.execute(f"PRAGMA table_info({table})").fetchall()
    nothing = {name: 0 if "INT" in kind else "" for _, name, kind, required, _, _ in columns if required}
    whole = {**nothing, **row}
    marks = ", ".join("?" * len(whole))
    database.execute(f"INSERT INTO {table} ({', '.join(whole)}) VALUES ({marks})", list(whole.values()))


def _read(path: Path, query: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def _fill(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as old, old:
        old.execute("PRAGMA foreign_keys=OFF")
        for agency in AGENCIES:
            _insert(old, "agencies", id=agency, slug=agency)
            _insert(old, "agency_profiles", id=agency, agency_id=agency, bank_iban=IBAN, bank_text="3.x", patterns="{}")
            _insert(old, "plugin_stores", agency_id=agency, plugin="toy")
            for number in range(5):
                where = {"agency_id": agency, "plugin": "toy", "key": f"k{number}"}
                _insert(old, "plugin_values", value=f'"v{number}"', changed_at="2026-01-01 00:00:00.000000", **where)
        file = {"id": "f" * 32, "agency_id": AGENCIES[0]}
        _insert(old, "bank_files", **file)
        _insert(old, "bank_lines", id="e" * 32, agency_id=AGENCIES[0], file_id="f" * 32, iban=IBAN, state="open")


def test_plain_values_are_sealed_in_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "BATCH", 2)
    app, path = create(Settings(data=tmp_path, log_level="ERROR")), tmp_path / "webkit.db"
    values = "SELECT agency_id, key, value FROM plugin_values ORDER BY agency_id, key"
    profiles = "SELECT agency_id, bank_iban, bank_text, bank_bic FROM agency_profiles ORDER BY agency_id"
    with app.app_context():
        migrations.upgrade()
        migrations.downgrade("0003")
        _fill(path)
        before = _read(path, values), _read(path, profiles)
        migrations.upgrade()
        unseal = current().keys.unseal
        for agency, iban, text, bic in _read(path, profiles):
            whose = UUID(agency)
            assert unseal(iban, sealed.place("agency_profiles.bank_iban", whose)) == IBAN
            assert unseal(text, sealed.place("agency_profiles.bank_text", whose)) == "3.x" and bic == ""
        after = _read(path, values)
        assert [unseal(row[2], sealed.place("plugin_values.value", UUID(row[0]))) for row in after] == [
            row[2] for row in before[0]
        ]
        (line,) = _read(path, "SELECT iban, iban_key FROM bank_lines")
        with tenancy.tenant(UUID(AGENCIES[0])):
            assert line[1] == sealed.keyed("bank_lines.iban", IBAN) and IBAN not in line[0]
        migrations.downgrade("0003")
        assert (_read(path, values), _read(path, profiles)) == before
        assert _read(path, "SELECT iban FROM bank_lines") == [(IBAN,)]
