"""Kept statements that pass the machinery by: the same rows, the same errors."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from webkit.core.kernel import asking, clock, db, outbox, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.outbox import OutboxJob

ALL = sa.select(*OutboxJob.__table__.columns).order_by(OutboxJob.id)
SOME = ALL.where(OutboxJob.agency_id == sa.bindparam("agency"), OutboxJob.next_at <= sa.bindparam("now"))


def _job(agency: AgencyView) -> None:
    with db.writing():
        tenancy.add_late(OutboxJob, kind="a.kind", queue="now", args={"one": "1"}, agency_id=agency.id)


@pytest.mark.parametrize("statement", [ALL, SOME, ALL.where(OutboxJob.kind.in_(["a.kind", "another"]))])
def test_rows_are_those_of_the_usual_way(agency: AgencyView, statement: sa.Executable) -> None:
    _job(agency)
    _job(agency)
    line = db.session().connection()
    given = {"agency": agency.id, "now": clock.now() + timedelta(days=1)}
    found, usual = asking.rows(line, statement, given), line.execute(statement, given).all()
    assert found == usual
    assert (found[0].state, found[1].args) == (outbox.State.WAITING, {"one": "1"})
    assert found[0]._fields == usual[0]._fields


def test_nothing_is_found(agency: AgencyView) -> None:
    given = {"agency": uuid4(), "now": clock.now()}
    assert list(asking.rows(db.session().connection(), SOME, given)) == []


def test_a_value_that_is_missing_is_an_error(agency: AgencyView) -> None:
    with pytest.raises((KeyError, sa.exc.StatementError)):
        asking.rows(db.session().connection(), SOME, {"agency": agency.id})


def test_errors_are_the_usual_ones_and_say_no_values(agency: AgencyView) -> None:
    """Also of a connection that was cut: the pool lets go of it."""
    line = db.session().connection()
    if line.dialect.name != "postgresql":
        pytest.skip("elsewhere everything goes the usual way")
    cut = sa.select(sa.func.pg_terminate_backend(sa.func.pg_backend_pid()), sa.bindparam("secret", type_=sa.Text))
    with pytest.raises(sa.exc.OperationalError, match="terminating") as told:
        asking.rows(line, cut, {"secret": "a secret"})
    assert "a secret" not in str(told.value)
    assert line.invalidated
    db.session().rollback()
    assert asking.rows(db.session().connection(), sa.select(sa.literal(1)), {})[0][0] == 1
