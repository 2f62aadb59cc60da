"""One agency cannot reach another's rows, whatever a statement looks like, and what has no filter does not run."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import aliased

from tests.databases import Source
from tests.factories import listed
from webkit.clients import service as clients
from webkit.clients.listing import CLIENTS
from webkit.clients.models import Client, ClientWord
from webkit.core.kernel import db, tenancy
from webkit.core.kernel.db import NoUnit, session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.tables import Base
from webkit.core.kernel.tenancy import Unscoped

TABLE = Client.__table__
NAMES = {"ours", "ours too"}


@pytest.fixture
def foreign(agency: AgencyView, other_agency: AgencyView) -> UUID:
    """A client of the other agency; two of ours stand beside it."""
    for name in sorted(NAMES):
        clients.create({"name": name, "country": "IT"}, "system")
    with tenancy.tenant(other_agency.id):
        return clients.create({"name": "theirs", "country": "AU", "email": "secret@example.com"}, "system")


def _other(foreign: UUID) -> UUID:
    with tenancy.platform("a test looks from above") as unit:
        return unit.execute(sa.select(Client.agency_id).where(Client.id == foreign)).scalar_one()


def _alias() -> sa.Select[tuple[str]]:
    return sa.select(aliased(Client, name="c").name)


READS: dict[str, Callable[[], sa.Select[tuple[str]]]] = {
    "column": lambda: sa.select(Client.name),
    "alias": _alias,
    "subquery": lambda: sa.select(sa.select(Client.name).subquery().c.name),
    "cte": lambda: sa.select(sa.select(Client.name).cte().c.name),
    "exists": lambda: sa.select(Client.name).where(sa.exists().where(ClientWord.client_id == Client.id)),
    "join": lambda: sa.select(Client.name).join(ClientWord, ClientWord.client_id == Client.id),
    "outer join": lambda: sa.select(Client.name).outerjoin(ClientWord, ClientWord.client_id == Client.id),
}


@pytest.mark.parametrize("kind", READS)
def test_reads_see_one_agency(kind: str, foreign: UUID) -> None:
    assert set(session().scalars(READS[kind]())) == NAMES


def test_entities_and_counts_see_one_agency(foreign: UUID) -> None:
    assert {client.name for client in session().scalars(sa.select(Client))} == NAMES
    assert session().scalar(sa.select(sa.func.count()).select_from(Client)) == 2
    assert session().scalar(sa.select(sa.func.max(Client.name))) == "ours too"
    assert session().get(Client, foreign) is None
    union = sa.union_all(sa.select(Client.name), sa.select(Client.name))
    assert set(session().scalars(union)) == NAMES


def test_orm_updates_and_deletes_stay_inside(foreign: UUID) -> None:
    with writing():
        session().execute(sa.update(Client).values(city="here"))
        session().execute(sa.delete(ClientWord))
    with tenancy.platform("a test looks from above") as unit:
        cities = dict(unit.execute(sa.select(Client.name, Client.city)).all())
        assert cities == {"ours": "here", "ours too": "here", "theirs": ""}
        assert set(unit.scalars(sa.select(ClientWord.client_id))) == {foreign}


ESCAPES: dict[str, Callable[[UUID, UUID], object]] = {
    "core select": lambda row, agency: session().execute(sa.select(TABLE)),
    "core update": lambda row, agency: session().execute(sa.update(TABLE).values(city="x")),
    "core delete": lambda row, agency: session().execute(sa.delete(TABLE)),
    "core table joined into an ORM select": lambda row, agency: session().execute(
        sa.select(ClientWord.word).join(TABLE, TABLE.c.id == ClientWord.client_id)
    ),
    "text": lambda row, agency: session().execute(sa.text("SELECT name FROM clients")),
    "text with join": lambda row, agency: session().execute(
        sa.text("SELECT c.name FROM agencies a JOIN clients c ON c.country = a.country")
    ),
    "text with a comma": lambda row, agency: session().execute(sa.text("SELECT c.name FROM agencies, clients c")),
    "quoted text": lambda row, agency: session().execute(sa.text('SELECT name FROM "clients"')),
    "from_statement": lambda row, agency: session().execute(
        sa.select(Client).from_statement(sa.text("SELECT * FROM clients"))
    ),
    "bulk update by key": lambda row, agency: session().execute(sa.update(Client), [{"id": row, "city": "x"}]),
    "bulk_update_mappings": lambda row, agency: session().bulk_update_mappings(Client, [{"id": row, "city": "x"}]),
    "insert": lambda row, agency: session().execute(
        sa.insert(Client).values(agency_id=agency, name="x", sort_name="x", country="IT")
    ),
    "add": lambda row, agency: _add(Client(agency_id=agency, name="x", sort_name="x", country="IT")),
    "connection": lambda row, agency: session().connection().execute(sa.select(TABLE)),
    "driver": lambda row, agency: session().connection().exec_driver_sql("SELECT name FROM clients"),
}


def _add(row: Client) -> None:
    session().add(row)
    session().flush()


@pytest.mark.parametrize("kind", ESCAPES)
def test_escapes_are_refused(kind: str, foreign: UUID) -> None:
    agency = _other(foreign)
    with pytest.raises(Unscoped), writing():
        ESCAPES[kind](foreign, agency)
    with tenancy.platform("a test looks from above") as unit:
        assert unit.execute(sa.select(Client.name, Client.city).order_by(Client.name)).all() == [
            ("ours", ""),
            ("ours too", ""),
            ("theirs", ""),
        ]


def test_a_row_cannot_move_to_another_agency(foreign: UUID) -> None:
    agency = _other(foreign)
    with pytest.raises(Unscoped), writing():
        session().scalars(sa.select(Client)).first().agency_id = agency  # type: ignore[union-attr]
        session().flush()


def test_a_session_cannot_change_its_agency(foreign: UUID) -> None:
    with pytest.raises(AttributeError):
        session().scope = db.Scope(agency=uuid4())  # type: ignore[misc]
    with pytest.raises(AttributeError):
        session().scope.agency = uuid4()  # type: ignore[misc]


def test_loaded_rows_can_be_read_again(foreign: UUID) -> None:
    """Column loads carry no filter; the row came in through it."""
    row = session().scalars(sa.select(Client)).first()
    assert row is not None
    db.release()
    assert row.name in NAMES


def test_without_a_door_nothing_is_read(foreign: UUID) -> None:
    with db.unit(db.Scope()):
        for statement in (
            sa.select(Client.name),
            sa.select(sa.func.count()).select_from(Client),
            sa.select(sa.select(Client.name).subquery().c.name),
            sa.select(sa.select(Client.name).limit(1).scalar_subquery()),
            sa.text("SELECT name FROM clients"),
        ):
            with pytest.raises(Unscoped):
                session().execute(statement)
        with pytest.raises(NoUnit):
            tenancy.agency_id()


def test_foreign_keys_cannot_cross(foreign: UUID) -> None:
    """Foreign-key checks bypass row-level security, hence the composite keys."""
    with pytest.raises(sa.exc.IntegrityError), writing():
        session().add(ClientWord(client_id=foreign, word="theirs"))
        session().flush()


def test_a_write_has_one_scope(agency: AgencyView, other_agency: AgencyView) -> None:
    with writing(), pytest.raises(RuntimeError, match="one scope"), tenancy.tenant(other_agency.id):
        pass


def test_services_see_nothing_foreign(foreign: UUID) -> None:
    with pytest.raises(NotFound):
        clients.get(foreign)
    assert listed.rows(CLIENTS, q="theirs") == []
    assert clients.by_email("secret@example.com") is None
    assert clients.names([foreign]) == {}
    assert foreign not in dict(clients.choices())


def test_reading_units_cannot_write(agency: AgencyView) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        session().execute(sa.update(Client).values(city="x"))


def _is_postgres(source: Source) -> bool:
    return source.url.startswith("postgresql")


@pytest.fixture
def plain_role(database: Source, foreign: UUID) -> sa.Engine:
    """A connection as the application's role, with none of our listeners."""
    if not _is_postgres(database):
        pytest.skip("row-level security is PostgreSQL's")
    return sa.create_engine(database.url, poolclass=sa.NullPool)


def test_row_security_stands_behind(plain_role: sa.Engine, agency: AgencyView, foreign: UUID) -> None:
    with plain_role.connect() as raw:
        assert raw.scalar(sa.text("SELECT current_user")) == "webkit_app"
        assert (
            raw.scalar(sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")) is False
        )
        assert raw.scalar(sa.text("SELECT count(*) FROM clients")) == 0
        raw.execute(sa.text("SELECT set_config('app.agency_id', :id, true)"), {"id": str(agency.id)})
        assert set(raw.scalars(sa.text("SELECT name FROM clients"))) == NAMES
        assert raw.execute(sa.text("UPDATE clients SET city = 'x' WHERE id = :id"), {"id": foreign}).rowcount == 0
        assert raw.execute(sa.text("DELETE FROM clients WHERE id = :id"), {"id": foreign}).rowcount == 0
        for statement in (
            f"UPDATE clients SET agency_id = '{_other(foreign)}'",
            "ALTER TABLE clients DISABLE ROW LEVEL SECURITY",
            "TRUNCATE clients",
            "DROP POLICY tenant ON clients",
        ):
            with pytest.raises(sa.exc.ProgrammingError), raw.begin_nested():
                raw.execute(sa.text(statement))
        raw.rollback()
        assert raw.scalar(sa.text("SELECT count(*) FROM clients")) == 0


def test_every_owned_table_is_walled(plain_role: sa.Engine) -> None:
    with plain_role.connect() as raw:
        walled = sa.text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        assert set(tenancy.owned_tables()) <= set(raw.scalars(walled))


def test_a_unit_above_leaves_no_rights_behind(plain_role: sa.Engine, foreign: UUID) -> None:
    with tenancy.platform("a test looks from above") as unit:
        assert unit.scalar(sa.text("SELECT current_user")) == "webkit_platform"
        assert unit.scalar(sa.select(sa.func.count()).select_from(Client)) == 3
    with db.unit(db.Scope()):
        assert session().scalar(sa.text("SELECT current_user")) == "webkit_app"


def test_owned_tables_have_composite_keys(app: Flask) -> None:
    """A foreign key between owned tables carries the agency along."""
    owned = set(tenancy.owned_tables())
    loose = [
        f"{table.name}.{','.join(key.column_keys)}"
        for table in Base.metadata.sorted_tables
        if table.name in owned
        for key in table.foreign_key_constraints
        if key.referred_table.name in owned and "agency_id" not in key.column_keys
    ]
    assert loose == []
