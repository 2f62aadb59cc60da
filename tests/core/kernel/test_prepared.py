"""Queries that are made once: quicker than the mapper's, and behind the same walls."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.factories import documents
from webkit.clients.models import Client
from webkit.core.kernel import db, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.tenancy import mine, prepared
from webkit.invoices import models as invoices
from webkit.invoices.models import Invoice

_made: list[tuple[str, ...]] = []


@prepared
def _names(*given: str) -> sa.Executable:
    _made.append(given)
    query = sa.select(Client.name).where(mine(Client)).order_by(Client.name)
    return query.where(Client.country == sa.bindparam("country")) if "country" in given else query


@prepared
def _everybody() -> sa.Executable:
    return sa.select(Client.name)


@prepared
def _invoice() -> sa.Executable:
    return tenancy.stored(Invoice).where(Invoice.id == sa.bindparam("id", type_=sa.Uuid()))


@prepared
def _in_italy() -> sa.Executable:
    return sa.select(Client.name).where(mine(Client), Client.country == "IT").limit(1)


@prepared
def _broken() -> sa.Executable:
    return sa.select(Client.name, sa.func.nobody_has_this(Client.name)).where(mine(Client))


def test_it_reads_what_its_agency_has(agency: AgencyView, other_agency: AgencyView) -> None:
    documents.client("Ours", "a@client.example")
    with tenancy.tenant(other_agency.id):
        documents.client("Theirs", "b@client.example")
        assert [name for (name,) in _names()] == ["Theirs"]
    assert [name for (name,) in _names()] == ["Ours"]


def test_each_variation_is_made_once(agency: AgencyView) -> None:
    documents.client("Ours", "a@client.example", country="IT")
    found = [len(_names("country", country=country)) for country in ("IT", "CH", "IT")]
    assert found == [1, 0, 1]
    assert _made.count(("country",)) == 1


def test_one_that_forgets_whose_rows_it_wants_is_stopped(agency: AgencyView) -> None:
    with pytest.raises(tenancy.Unscoped):
        _everybody()


def test_it_needs_an_agency(app: Flask) -> None:
    with tenancy.platform("a test"), pytest.raises(db.NoUnit):
        _names()


def test_a_write_sees_what_it_has_changed(agency: AgencyView) -> None:
    client_id = documents.client("Before", "a@client.example")
    with db.writing() as unit:
        unit.get_one(Client, client_id).name = "After"
        assert [name for (name,) in _names()] == ["After"]


def test_it_reads_what_the_mapper_reads(agency: AgencyView) -> None:
    """Numbers, days, moments, JSON and choices, whatever way a database keeps them."""
    invoice_id = documents.issued("100")
    mapped = invoices.get(invoice_id)
    (row,) = _invoice(id=invoice_id)
    assert row._fields == tuple(column.key for column in sa.inspect(Invoice).columns)
    for name in row._fields:
        known, found = getattr(mapped, name), getattr(row, name)
        assert (found, type(found)) == (known, type(known)), name


def test_a_value_of_its_own_is_written_once(agency: AgencyView) -> None:
    documents.client("Ours", "a@client.example", country="IT")
    assert [_in_italy()[0].name for _ in range(2)] == ["Ours", "Ours"]


def test_what_the_database_refuses_is_an_error_of_sqlalchemy(agency: AgencyView) -> None:
    documents.client("Ours", "a@client.example")
    with pytest.raises(sa.exc.DBAPIError):
        _broken()
    db.release()
    assert [name for (name,) in _names()] == ["Ours"]
