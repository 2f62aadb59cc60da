"""Units of work: what reads, what writes, what neither loses nor mixes."""

from __future__ import annotations

import threading
from contextvars import Context
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from webkit.agencies.models import Agency
from webkit.core.kernel import audit, clock, db, tenancy
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.tables import ExactDecimal, UTCDateTime


def _name(agency: AgencyView) -> str | None:
    return db.session().scalar(sa.select(Agency.name).where(Agency.id == agency.id))


def test_nothing_works_without_a_door(app: Flask) -> None:
    with pytest.raises(db.NoUnit):
        db.session()


def test_a_unit_that_nobody_needs_makes_no_session(app: Flask) -> None:
    with app.app_context(), db.waiting(db.Scope()) as place:
        db.release()
        assert not db.in_transaction() and place.opened is None
        db.session().execute(sa.text("SELECT 1"))
        assert db.in_transaction() and db.session() is place.opened
        first = db.session().line
        assert db.session().line is first
        db.release()
        assert not first.in_transaction() and db.session().line.in_transaction()
        opened = place.opened
    assert not opened.in_transaction()


def test_what_goes_past_the_mapper_is_told_of_a_failed_write(agency: AgencyView) -> None:
    """Its connection is no way round the rollback that is due."""
    with pytest.raises(sa.exc.PendingRollbackError), db.writing() as unit:
        assert unit.line.in_transaction()
        unit.add(Agency(id=agency.id))
        with pytest.raises(sa.exc.DBAPIError):
            unit.flush()
        unit.line.execute(sa.text("SELECT 1"))


def test_reading_units_cannot_write(agency: AgencyView) -> None:
    rename = sa.update(Agency).where(Agency.id == agency.id).values(name="Renamed")
    with pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"):
        db.session().execute(rename)
    db.release()
    assert _name(agency) == agency.name


def test_a_write_commits_whole_or_not_at_all(agency: AgencyView) -> None:
    with pytest.raises(RuntimeError, match="half-way"), db.writing() as unit:
        unit.execute(sa.update(Agency).where(Agency.id == agency.id).values(name="Renamed"))
        raise RuntimeError("half-way")
    assert _name(agency) == agency.name


def test_inner_writes_join_the_outer_one(agency: AgencyView) -> None:
    @db.writes
    def rename(name: str) -> None:
        db.session().execute(sa.update(Agency).where(Agency.id == agency.id).values(name=name))

    with pytest.raises(ValueError, match="outer"), db.writing():
        rename("Inner")
        raise ValueError("outer")
    assert _name(agency) == agency.name


def test_an_object_held_from_a_read_does_not_overwrite(agency: AgencyView, app: Flask) -> None:
    """The write sees what was committed since the read, not what the identity map remembers."""
    held = db.session().get(Agency, agency.id)
    assert held is not None and held.name == agency.name

    def rename() -> None:
        with app.app_context(), tenancy.tenant(agency.id), db.writing() as unit:
            unit.execute(sa.update(Agency).where(Agency.id == agency.id).values(name="Fresh"))

    thread = threading.Thread(target=lambda: Context().run(rename))
    db.release()
    thread.start()
    thread.join()
    with db.writing():
        again = db.session().get(Agency, agency.id)
        assert again is not None and again.name == "Fresh"


def test_concurrent_read_modify_write_loses_nothing(agency: AgencyView, app: Flask) -> None:
    def count() -> None:
        for _ in range(20):
            with app.app_context(), tenancy.tenant(agency.id), db.writing() as unit:
                row = unit.scalars(sa.select(Agency).where(Agency.id == agency.id).with_for_update()).one()
                row.name = str(int(row.name) + 1) if row.name.isdigit() else "1"

    threads = [threading.Thread(target=lambda: Context().run(count)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.release()
    assert _name(agency) == "120"


def test_after_commit_runs_after_commit_only(agency: AgencyView) -> None:
    ran: list[str] = []
    with pytest.raises(RuntimeError, match="no"), db.writing():
        db.after_commit(lambda: ran.append("rolled back"))
        raise RuntimeError("no")
    with db.writing():
        db.after_commit(lambda: ran.append("committed"))
        assert not ran
    assert ran == ["committed"]


def test_what_fails_after_the_commit_does_not_undo_it(agency: AgencyView) -> None:
    """The caller would take an error for "nothing happened" and do it twice."""
    ran: list[str] = []

    def fail() -> None:
        raise RuntimeError("queue on fire")

    with db.writing() as unit:
        unit.execute(sa.update(Agency).where(Agency.id == agency.id).values(name="Renamed"))
        db.after_commit(fail)
        db.after_commit(lambda: ran.append("next"))
    assert _name(agency) == "Renamed" and ran == ["next"]


def test_changes_before_the_declaration_are_refused(agency: AgencyView) -> None:
    db.session().add(AuditEntry(action="x", detail={}))
    with pytest.raises(RuntimeError, match="before the write was declared"), db.writing():
        pass


def test_another_door_cannot_open_inside_a_write(agency: AgencyView) -> None:
    with db.writing(), pytest.raises(RuntimeError, match="one scope"), tenancy.platform("test"):
        pass


def test_a_record_knows_its_id_and_its_moment_before_it_is_written(agency: AgencyView) -> None:
    entry = AuditEntry(action="looked", subject="", detail={})
    born = entry.id, entry.created_at
    with db.writing() as unit:
        unit.add(entry)
    written = db.session().scalars(sa.select(AuditEntry).where(AuditEntry.id == born[0])).one()
    assert (written.id, written.created_at) == born


def test_exact_decimals_stay_exact(app: Flask) -> None:
    column = ExactDecimal()
    dialect = db.db.engine.dialect
    stored = column.process_bind_param(Decimal("0.10000001"), dialect)
    assert column.process_result_value(stored, dialect) == Decimal("0.10000001")
    for wrong in (Decimal("0.123456789"), Decimal("NaN")):
        with pytest.raises((ValueError, TypeError)):
            column.process_bind_param(wrong, dialect)
    with pytest.raises(TypeError):
        column.process_bind_param(0.1, dialect)  # type: ignore[arg-type]


def test_moments_need_a_zone(app: Flask) -> None:
    with pytest.raises(TypeError):
        UTCDateTime().process_bind_param(datetime(2026, 1, 1), db.db.engine.dialect)  # noqa: DTZ001  the point


def test_the_clock_can_be_held() -> None:
    moment = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    with clock.frozen(moment):
        assert clock.now() == moment
        assert clock.today("Europe/Rome").isoformat() == "2026-12-01"
        assert clock.month_start("Europe/Rome") == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def test_answers_are_remembered_until_the_read_ends_or_anything_changes(agency: AgencyView) -> None:
    asked: list[int] = []

    @db.asked_once
    def question(number: int) -> tuple[int, int]:
        asked.append(number)
        return number, len(asked)

    assert question(1) == question(1) == (1, 1)
    assert question(2) == (2, 2)
    db.release()
    assert question(1) == (1, 3)
    with db.writing():
        assert question(1) == question(1) == (1, 4)
        audit.log("tests.changed")
        assert question(1) == question(1) == (1, 5)
        db.session().execute(sa.update(Agency).values(name="Other"))
        assert question(1) == (1, 6)
    assert question(1) == (1, 7)


def test_connections_that_the_server_ended_are_replaced_unseen(app: Flask, agency: AgencyView) -> None:
    if db.db.engine.dialect.name != "postgresql":
        pytest.skip("there is no server")
    own = db.session().scalar(sa.select(sa.func.pg_backend_pid()))
    db.release()  # back in the pool
    other = sa.create_engine(db.db.engine.url, poolclass=sa.NullPool)
    with other.connect() as connection:
        # Waits until it is gone.
        assert connection.scalar(sa.select(sa.func.pg_terminate_backend(own, 10_000)))
    other.dispose()
    assert _name(agency) == agency.name
    assert db.session().scalar(sa.select(sa.func.pg_backend_pid())) != own


def test_reads_leave_their_statements_prepared(app: Flask, agency: AgencyView) -> None:
    """Planning them again for every page would cost as much as running them. What fails spoils nothing."""
    if db.db.engine.dialect.name != "postgresql":
        pytest.skip("there is no server")
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%agencies.name%'")
    for _ in range(8):
        assert _name(agency) == agency.name
        db.release()
    assert db.session().scalar(prepared) == 1
    with pytest.raises(sa.exc.DBAPIError):
        db.session().execute(sa.text("SELECT 1 / 0"))
    db.release()
    assert _name(agency) == agency.name
