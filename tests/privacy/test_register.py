"""The register of personal data knows every column, and says of each what becomes of it."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from webkit.core.kernel import sealed
from webkit.core.kernel.tables import Base, Json
from webkit.core.paths import ROOT
from webkit.core.retention import CLASSES, Retention
from webkit.privacy import register
from webkit.privacy.register import BLANK, CLIENT, DELETE, NOBODY, STAY, WITH

TEXTS = (sa.String, sa.LargeBinary, Json, sealed.Sealed)


def texts(table: sa.Table) -> set[str]:
    """Columns that can hold anything people write; words of closed lists cannot."""
    return {c.name for c in table.columns if isinstance(c.type, TEXTS) and not isinstance(c.type, sa.Enum)}


def test_every_column_of_every_table_is_declared(app: Flask) -> None:
    forgotten, unknown = [], []
    for table in Base.metadata.sorted_tables:
        said = register.tables().get(table.name)
        declared = set(said.columns) if said else set()
        forgotten += [f"{table.name}.{name}" for name in sorted(texts(table) - declared)]
        unknown += [f"{table.name}.{name}" for name in sorted(declared - set(table.columns.keys()))]
        assert len(declared) == len(said.columns if said else ()), f"{table.name}: a column stands there twice"
    unknown += sorted(register.tables().keys() - Base.metadata.tables.keys())
    assert forgotten == [], "say in webkit/privacy/register.toml whose these are, or that they are plain"
    assert unknown == []


def test_personal_columns_have_a_purpose_a_class_and_an_end(app: Flask) -> None:
    for name, table in register.tables().items():
        if table.whose == NOBODY:
            assert not table.personal and not table.secret and not table.by, name
            continue
        assert table.whose in register.WHOSE and table.purpose and table.retention in CLASSES, name
        assert table.erase in (DELETE, BLANK, STAY) if table.by else table.erase == "", name
        assert table.keep in ("", WITH) or CLASSES[Retention(table.keep)].by_law, name
        assert not table.law or table.dated, name
        assert {
            *table.when[:1],
            *table.open[:1],
            *table.files,
            *table.pseudonym,
            *([table.dated] if table.dated else []),
        } <= set(Base.metadata.tables[name].columns.keys()), name


def test_whatever_belongs_to_a_client_is_found_by_erasure(app: Flask) -> None:
    """A table that refers to clients, or to what does, is either looked through or says nothing of anybody."""
    reach = {"clients"}
    while more := {t.name for t in Base.metadata.sorted_tables if _points(t, reach)} - reach:
        reach |= more
    lost = [name for name in sorted(reach) if not _found(name)]
    assert lost == []


def _points(table: sa.Table, reach: set[str]) -> bool:
    named = {c.name for c in table.columns}
    return bool(named & {"client_id"}) or any(key.column.table.name in reach for key in table.foreign_keys)


def _found(name: str) -> bool:
    table = register.tables().get(name)
    return name == "erasures" or table is None or bool(table.by) or not (table.personal or table.whose == CLIENT)


def test_every_secret_is_sealed_or_hashed(app: Flask) -> None:
    sealing = {(column.table.name, column.name) for column in sealed.columns()}
    secrets = {(name, column) for name, table in register.tables().items() for column in table.secret}
    assert sealing <= secrets
    assert {name for _table, name in secrets - sealing} <= {
        *("code_hash", "token_hash", "password_hash", "state_hash", "session_hash", "challenge"),
        *("iban_key", "label", "person"),
    }


def test_the_page_of_the_documentation_is_up_to_date(app: Flask) -> None:
    page = ROOT / "docs" / "operations" / "personal-data.md"
    assert page.read_text("utf-8") == register.markdown(), "webkit privacy register > docs/operations/personal-data.md"
