"""What works today and will not for ever is shown by `webkit plugins` and `webkit doctor`, and is nothing wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from webkit.core.plugins import Plugins
from webkit.core.problems import Problem
from webkit.operations.doctor_cli import doctor_command
from webkit.operations.plugins_cli import plugins_command

NOTICE = Problem("plugin acme (acme-mail 1.2)", "uses old(): it is gone in 0.5", "Install a newer acme-mail")


@pytest.fixture(autouse=True)
def notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Plugins, "notices", lambda _: [NOTICE])


def test_webkit_plugins_names_the_plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WEBKIT_DATA", str(tmp_path))
    result = CliRunner().invoke(plugins_command)
    assert f"{NOTICE.where}: {NOTICE.problem}\n  {NOTICE.fix}" in result.stderr


def test_doctor_notes_it(app: Flask) -> None:
    info = ScriptInfo(create_app=lambda: app)
    result = CliRunner().invoke(doctor_command, ["--json"], obj=info)
    report = json.loads(result.stdout)
    assert {"where": NOTICE.where, "problem": NOTICE.problem, "fix": NOTICE.fix} in report["notes"]
    assert NOTICE.where not in {found["where"] for found in report["problems"]}
