"""`webkit doctor` and `webkit db check` on sound and on broken installations: they tell, they never fall over."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from tests.factories import documents
from webkit.core.capabilities.base import Health, HealthReport
from webkit.core.capabilities.errors import ProviderRejected
from webkit.core.extensions import Job, JobSpec
from webkit.core.kernel import db, outbox, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.providers import ProviderRegistry
from webkit.core.settings import Settings
from webkit.house import create
from webkit.operations import doctor, models
from webkit.operations.db_cli import db_group
from webkit.operations.doctor_cli import doctor_command


def _run(command: Any, make: Callable[[], Flask], *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj=ScriptInfo(create_app=make, set_debug_flag=False))


def _doctor(make: Callable[[], Flask]) -> dict[str, Any]:
    result = _run(doctor_command, make, "--json")
    report: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if report["ok"] else 1), result.exception
    assert report["ok"] == (not report["problems"])
    assert all(set(problem) == {"where", "problem", "fix"} for problem in report["problems"])
    return report


def _where(report: dict[str, Any]) -> set[str]:
    return {problem["where"] for problem in report["problems"]}


def _broken(tmp_path: Path, **environ: str) -> Callable[[], Flask]:
    given = {"WEBKIT_DATA": str(tmp_path / "data"), "LOG_LEVEL": "ERROR", **environ}
    return lambda: create(Settings.load(given))


@pytest.fixture
def migrated(tmp_path: Path) -> Callable[[], Flask]:
    """A new installation in a folder of its own, up to date."""
    make = _broken(tmp_path)
    result = _run(db_group, make, "upgrade", "--json")
    assert result.exit_code == 0, result.output
    return make


def test_a_database_that_accepts_too_few_connections_is_named(app: Flask) -> None:
    if db.db.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL has a limit")
    here = runtime.of(app)
    here.settings = here.settings.model_copy(update={"web_threads": 1024})
    with tenancy.platform("doctor"):
        (found,) = doctor._connections()
    assert "2088 may be wanted" in found.problem


def test_a_new_installation_is_well(migrated: Callable[[], Flask]) -> None:
    assert _doctor(migrated)["problems"] == []
    assert "All is well" in _run(doctor_command, migrated).output


def test_the_database_is_what_the_code_expects(migrated: Callable[[], Flask]) -> None:
    result = _run(db_group, migrated, "check", "--json")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["ok"], report["differences"]) == (0, True, [])
    assert report["revision"] == report["newest"]


def test_a_changed_database_is_noticed(migrated: Callable[[], Flask], tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/data/webkit.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE rate_limits")
    engine.dispose()
    result = _run(db_group, migrated, "check", "--json")
    assert result.exit_code == 1 and "rate_limits" in str(json.loads(result.stdout)["differences"])


def test_an_empty_database_needs_an_upgrade(tmp_path: Path) -> None:
    assert _where(_doctor(_broken(tmp_path))) == {"database"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@db/webkit"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_MIGRATIONS_URL", "nonsense"),
        ("DATABASE_URL", "sqlite:////nowhere/at/all/webkit.db"),
        ("REDIS_URL", "localhost:6379"),
        ("PUBLIC_URL", "studio.example"),
        ("PORT", "eighty"),
        ("LOG_LEVEL", "LOUD"),
        ("WEBKIT_DATA", "/proc/nowhere"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, name: str, value: str) -> None:
    report = _doctor(_broken(tmp_path, **{name: value}))
    assert name in _where(report)
    assert "hunter2" not in str(report)


def test_a_provider_that_works_badly_is_noted(migrated: Callable[[], Flask], monkeypatch: pytest.MonkeyPatch) -> None:
    tired = HealthReport(Health.DEGRADED, "slow today")
    monkeypatch.setattr(ProviderRegistry, "health", lambda *_, **__: tired)
    report = _doctor(migrated)
    assert report["ok"]
    assert {"where": "STORAGE_PROVIDER=local", "problem": "storage works, but not well: slow today"}.items() <= next(
        note.items() for note in report["notes"] if note["where"].startswith("STORAGE")
    )


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    make = _broken(tmp_path, DATABASE_URL="postgresql://webkit_app:hunter2@127.0.0.1:1/webkit")
    report = _doctor(make)
    assert _where(report) == {"DATABASE_URL"} and "hunter2" not in str(report)
    result = _run(db_group, make, "check", "--json")
    assert result.exit_code == 1 and json.loads(result.stdout)["ok"] is False


def test_a_queue_that_does_not_answer_is_named(migrated: Callable[[], Flask], tmp_path: Path) -> None:
    assert "REDIS_URL" in _where(_doctor(_broken(tmp_path, REDIS_URL=f"unix://{tmp_path}/none.sock")))


def test_keys_that_others_can_read_are_named(migrated: Callable[[], Flask], tmp_path: Path) -> None:
    keys = tmp_path / "data" / "keys"
    keys.chmod(0o755)
    assert str(keys) in _where(_doctor(migrated))


def test_jobs_that_gave_up_are_named(app: Flask, agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_job: Job) -> None:
        raise ProviderRejected("no")

    monkeypatch.setattr(models, "revision", models.newest)
    monkeypatch.setitem(runtime.of(app).jobs, "test.job", JobSpec("test.job", refuse))
    with db.writing():
        job_id = outbox.add("test.job")
    outbox.deliver(job_id)
    db.release()
    assert "jobs" in _where(_doctor(lambda: app))


def test_the_plain_role_is_held_by_the_wall(app: Flask, agency: AgencyView) -> None:
    documents.client()
    db.release()
    with tenancy.platform("test"):
        assert not models.passes_row_security()
