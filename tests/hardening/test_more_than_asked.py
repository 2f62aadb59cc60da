"""Forms take what they ask for. Whatever else is sent along, named like a column of any table, changes nothing."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.hardening import pages
from tests.hardening.pages import Form
from webkit.agencies.models import Agency
from webkit.core.kernel import db, sealed, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.tables import Base

WORD, NUMBER, DAY = "zzplanted", 987_654_321, date(2001, 2, 3)
GRANTED = ("is_operator", "is_admin", "is_platform", "is_superuser", "email_verified", "confirmed")
"""Names that people try although nobody has them."""


def _planted(foreign: AgencyView, some: UUID) -> dict[str, str]:
    """A value for every column there is."""
    found = dict.fromkeys(GRANTED, "1")
    for table in Base.metadata.tables.values():
        for column in table.columns:
            found[column.name] = _value(column, some)
    return {**found, "agency_id": str(foreign.id), "agency": foreign.slug, "id": str(some)}


def _value(column: sa.Column[Any], some: UUID) -> str:
    try:
        kind = column.type.python_type
    except NotImplementedError:
        kind = str
    if column.foreign_keys or kind is UUID:
        return str(some)
    known = {
        bool: "1",
        int: str(NUMBER),
        Decimal: str(NUMBER),
        date: DAY.isoformat(),
        datetime: f"{DAY}T04:05:06+00:00",
    }
    return known.get(kind, WORD)


def _post(client: Browser, form: Form, planted: dict[str, str]) -> int:
    """A form as its page shows it, with everything that it does not ask for."""
    own = {field.name for field in form.fields}
    more = {name: value for name, value in planted.items() if name not in own}
    kind = "multipart/form-data" if form.multipart else "application/x-www-form-urlencoded"
    answer = client.post(form.action, data={**form.data(), **more}, content_type=kind)
    assert answer.status_code < 500, (form.key, answer.status_code)
    return answer.status_code


def _kept(planted: set[str]) -> set[str]:
    """Columns in which something planted stands, `table.column`."""
    found = set()
    with tenancy.platform("a test looks from above") as unit:
        for agency in unit.scalars(sa.select(Agency.id)):
            with sealed.belonging_to(agency):
                for table in Base.metadata.tables.values():
                    owner = table.columns.get("agency_id")
                    rows = sa.select(table).where(
                        sa.true() if owner is None else sa.or_(owner == agency, owner.is_(None))
                    )
                    for row in unit.execute(rows).mappings():
                        found |= {f"{table.name}.{name}" for name, value in row.items() if _text(value) in planted}
    db.release()
    return found


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=UTC).date()}T"
    return str(value)


def _standing(foreign: AgencyView) -> dict[str, Any]:
    """Who may do what, and how much the other agency has."""
    tables = Base.metadata.tables
    member, user = tables["memberships"].c, tables["users"].c
    with tenancy.platform("a test looks from above") as unit:
        found: dict[str, Any] = {
            name: unit.scalar(sa.select(sa.func.count()).where(tables[name].c.agency_id == foreign.id))
            for name in tenancy.owned_tables()
        }
        found["members"] = sorted(map(repr, unit.execute(sa.select(member.agency_id, member.user_id, member.role))))
        found["operators"] = sorted(map(str, unit.scalars(sa.select(user.id).where(user.is_operator))))
    db.release()
    return found


def _try(client: Browser, forms: list[Form], foreign: AgencyView) -> None:
    some = uuid4()
    planted, before = _planted(foreign, some), _standing(foreign)
    codes = [_post(client, form, planted) for form in forms]
    assert sum(code < 400 for code in codes) > len(codes) // 4, "many of them are taken, not refused"
    assert _kept({WORD, str(NUMBER), str(some), f"{DAY}T", DAY.isoformat()}) == set()
    assert _standing(foreign) == before


def test_what_is_planted_is_found(docs: dict[str, UUID], owner: Browser) -> None:
    """The one who looks is awake: a word that a form does ask for is seen where it is kept."""
    owner.post(f"/northwind/clients/{docs['client_id']}/notes", data={"notes": WORD})
    assert "clients.notes" in _kept({WORD})


@pytest.mark.slow
def test_some_forms_take_no_more(
    app: Flask, starts: tuple[list[str], list[str]], owner: Browser, other_agency: AgencyView
) -> None:
    _try(owner, pages.forms(owner, random.sample(starts[0], 60), most=60), other_agency)


@pytest.mark.soak
def test_every_form_takes_no_more(
    app: Flask, starts: tuple[list[str], list[str]], owner: Browser, anonymous: Browser, other_agency: AgencyView
) -> None:
    staff, public = starts
    _try(owner, pages.forms(owner, staff), other_agency)
    _try(anonymous, pages.forms(anonymous, public), other_agency)
