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

_made: list[tuple[str, ...]] = []


@prepared
def _names(*given: str) -> sa.Executable:
    _made.append(given)
    query = sa.select(Client.name).where(mine(Client)).order_by(Client.name)
    return query.where(Client.country == sa.bindparam("country")) if "country" in given else query


@prepared
def _everybody() -> sa.Executable:
    return sa.select(Client.name)


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
