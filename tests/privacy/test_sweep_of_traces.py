"""Traces of use end by themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, db, ids, tenancy
from webkit.core.kernel.audit import Asked
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base
from webkit.core.retention import Retention
from webkit.privacy import jobs, register

JOB = Job(ids.uuid7(), None, {}, 1, "")


def note(action: str, days: int) -> None:
    with clock.frozen(clock.now() - timedelta(days=days)), tenancy.platform("a test of traces"), db.writing():
        audit.log(action)


def left() -> list[str]:
    with tenancy.platform("a test of traces"):
        return [each.action for each in audit.entries(Asked(), limit=50)]


def sweep() -> None:
    with tenancy.platform("a test of traces"):
        jobs.sweep_traces(JOB)


def test_entries_of_the_log_go_when_their_time_is_over(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    days = current().settings.trace_days
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    for nth in range(5):
        note(f"old.{nth}", days + 1 + nth)
    note("young", days - 1)
    sweep()
    assert left() == ["traces.removed", "young"]
    sweep()
    assert left() == ["traces.removed", "young"]  # nothing to do is not worth an entry


def test_a_day_takes_no_more_than_its_work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE", 2)
    monkeypatch.setattr(jobs, "MOST_A_DAY", 4)
    for nth in range(5):
        note(f"old.{nth}", current().settings.trace_days + 9 - nth)
    sweep()
    assert left() == ["traces.removed", "old.4"]


def test_every_table_of_traces_says_how_it_ends(app: Flask) -> None:
    traces = [table for table in register.tables().values() if table.retention is Retention.SECURITY]
    assert traces and all(bool(table.ends) is not bool(table.over) for table in traces)
    for name, table in register.ending().items():
        assert table.retention is Retention.SECURITY and table.ends in Base.metadata.tables[name].c, name
