"""Several statements in one message: what was begun, what is prepared, and what becomes of it when something fails."""

from __future__ import annotations

import signal
import threading
import time
from contextvars import Context
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from psycopg.pq import TransactionStatus

from webkit.core.kernel import asking, db, tenancy, wire
from webkit.core.kernel.directory import AgencyView

DOUBLED = sa.select(sa.bindparam("x", type_=sa.Integer) * 2)
DIVIDED = sa.select(1 / sa.bindparam("x", type_=sa.Integer))
LENGTH = sa.select(sa.func.length(sa.bindparam("x", type_=sa.Text)))
LOCK = sa.select(sa.func.pg_advisory_xact_lock(sa.bindparam("x", type_=sa.BigInteger)))
SLEEP = sa.select(sa.func.pg_sleep(sa.bindparam("x", type_=sa.Integer)))
AGENCY = sa.select(sa.func.current_setting("app.agency_id"))
PREPARED = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'webkit%'")


@pytest.fixture(autouse=True)
def _postgresql(agency: AgencyView) -> None:
    if db.session().get_bind().dialect.name != "postgresql":
        pytest.skip("a file needs no messages")
    db.release()


def _ask(statement: sa.Executable, x: Any = None) -> Any:
    return asking.rows(db.session().connection(), statement, {"x": x})[0][0]


def _status() -> TransactionStatus:
    line: Any = db.session().connection().connection.dbapi_connection
    return TransactionStatus(line.pgconn.transaction_status)


def _prepared() -> int:
    return int(db.session().connection().execute(PREPARED).scalar_one())


def test_a_transaction_begins_with_its_first_question(agency: AgencyView) -> None:
    assert _status() == TransactionStatus.IDLE
    assert _ask(AGENCY) == str(agency.id)
    assert _status() == TransactionStatus.INTRANS


def test_also_when_the_first_goes_through_a_cursor(agency: AgencyView) -> None:
    assert db.session().connection().execute(AGENCY).scalar_one() == str(agency.id)
    assert _status() == TransactionStatus.INTRANS


@pytest.mark.parametrize("end", [lambda: db.session().commit(), db.release])
def test_one_in_which_nothing_was_asked_never_began(end: Any) -> None:
    db.session().connection()
    end()
    assert _status() == TransactionStatus.IDLE
    assert _ask(DOUBLED, 21) == 42


def test_what_is_prepared_outlives_a_rollback() -> None:
    _ask(DOUBLED, 1)
    before = _prepared()
    with pytest.raises(RuntimeError), db.writing():
        _ask(DOUBLED, 2)
        raise RuntimeError
    assert (_ask(DOUBLED, 3), _prepared()) == (6, before)


def test_only_so_many_stay_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "PREPARED", 3)
    statements = [sa.select(sa.bindparam("x", type_=sa.Integer) + plus) for plus in range(100, 106)]
    before = _prepared()
    for _ in range(2):
        assert [_ask(statement, 1) for statement in statements] == list(range(101, 107))
    assert _prepared() <= max(before, 3)


def test_a_statement_that_failed_at_first_is_prepared_once() -> None:
    _ask(DOUBLED, 1)
    before = _prepared()
    for _ in range(2):
        with pytest.raises(sa.exc.DataError, match="division by zero"):
            _ask(DIVIDED, 0)
        with pytest.raises(sa.exc.InternalError, match="aborted"):
            _ask(DOUBLED, 1)
        db.release()
    assert (_ask(DIVIDED, 1), _prepared()) == (1, before + 1)


def test_a_statement_that_cannot_be_read_is_not_taken_for_prepared() -> None:
    for _ in range(2):
        with pytest.raises(sa.exc.ProgrammingError, match="does not exist"):
            _ask(sa.select(sa.column("nothing")))
        db.release()


def test_what_somebody_else_threw_away_is_prepared_again() -> None:
    _ask(DOUBLED, 1)
    db.session().connection().execute(sa.text("DEALLOCATE ALL"))
    with pytest.raises(sa.exc.DBAPIError, match="does not exist"):
        _ask(DOUBLED, 1)
    db.session().rollback()
    assert _ask(DOUBLED, 4) == 8


def test_a_table_that_was_changed_meanwhile_is_asked_anew() -> None:
    """An upgrade may run beside: one question fails, then all connections are new."""
    kept = sa.select(sa.column("name")).select_from(sa.table("changing"))
    with pytest.raises(sa.exc.NotSupportedError, match="cached plan"), db.writing() as unit:
        unit.execute(sa.text("CREATE TEMP TABLE changing (name varchar(5)) ON COMMIT DROP"))
        assert list(asking.rows(unit.connection(), kept, {})) == []
        unit.execute(sa.text("ALTER TABLE changing ALTER name TYPE text"))
        asking.rows(unit.connection(), kept, {})
    assert (_ask(DOUBLED, 4), _prepared()) == (8, 1)


def test_nothing_is_asked_outside_a_transaction() -> None:
    """It would be nobody's, and stay whatever becomes of the write."""
    line = db.session().connection()
    asking.wire(line).begin(b"BEGIN NONSENSE")
    with pytest.raises(sa.exc.ProgrammingError, match="syntax error"):
        _ask(AGENCY)
    for ask in (lambda: _ask(AGENCY), lambda: line.execute(AGENCY)):
        with pytest.raises(sa.exc.ProgrammingError, match="no transaction is open"):
            ask()
    db.session().rollback()
    assert _ask(DOUBLED, 1) == 2


def test_a_value_in_two_places_is_one() -> None:
    part = sa.func.left(sa.column("word"), sa.bindparam("x", type_=sa.Integer))
    words = sa.values(sa.column("word", sa.Text), name="words").data([("one",), ("other",), ("two",)])
    kept = sa.select(part, sa.func.count()).select_from(words).group_by(part).order_by(part)
    line = db.session().connection()
    assert [tuple(row) for row in asking.rows(line, kept, {"x": 1})] == [("o", 2), ("t", 1)]


def test_what_cannot_be_read_is_an_error_of_the_usual_kind() -> None:
    with pytest.raises(sa.exc.DataError, match="too large"):
        _ask(sa.select(sa.cast("infinity", sa.DateTime(timezone=True))))


def test_a_value_that_cannot_be_sent_leaves_the_transaction_as_it_was() -> None:
    with pytest.raises(sa.exc.DataError, match="NUL"):
        _ask(LENGTH, "a\0b")
    with pytest.raises(UnicodeEncodeError, match="surrogate"):
        _ask(LENGTH, "\ud800")
    assert _ask(LENGTH, "a" * 3_000_000) == 3_000_000


class _Enough(Exception):
    """A limit of time, as workers set for a job."""


def test_whoever_is_stopped_meanwhile_leaves_no_half_answer() -> None:
    """The next question is not answered with what the last one asked for."""

    def stop(*_: object) -> None:
        raise _Enough

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(_Enough):
            _ask(SLEEP, 60)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert db.session().connection().invalidated
    db.session().rollback()
    assert _ask(DOUBLED, 5) == 10


def test_whoever_waits_for_a_lock_holds_up_no_other_thread(app: Flask, agency: AgencyView) -> None:
    heard: list[str] = []

    def wait() -> None:
        with app.app_context(), tenancy.tenant(agency.id), db.writing() as unit:
            unit.connection().execute(sa.text("SET LOCAL lock_timeout = '20s'"))
            heard.append("waits")
            _ask(LOCK, 77)
            heard.append("has it")

    with db.writing():
        _ask(LOCK, 77)
        thread = threading.Thread(target=lambda: Context().run(wait))
        thread.start()
        while thread.is_alive() and not heard:
            time.sleep(0.01)
        time.sleep(0.2)
        assert heard == ["waits"]
    thread.join()
    assert heard == ["waits", "has it"]
