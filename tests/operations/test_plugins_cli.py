from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webkit.operations.plugins_cli import plugins_command


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AI_PROVIDER", "EMAIL_PROVIDER", "PAYMENTS_PROVIDER", "PDF_PROVIDER", "STORAGE_PROVIDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEBKIT_DATA", str(tmp_path))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(plugins_command, arguments)


def test_json_has_these_fields(tmp_path: Path) -> None:
    result = run("--json")
    assert result.exit_code == 0
    rows = json.loads(result.stdout)
    wanted = {
        "capability": "email",
        "provider": "outbox",
        "plugin": "email_outbox",
        "version": rows[0]["version"],
        "chosen": True,
        "features": ["idempotent", "inline_images"],
        "health": "ok",
    }
    assert wanted in [{name: row[name] for name in wanted} for row in rows]
    assert [row["capability"] for row in rows] == sorted(row["capability"] for row in rows)
    assert list(tmp_path.iterdir()) == []


def test_people_get_a_table() -> None:
    lines = run().stdout.splitlines()
    assert lines[0].split() == [
        "capability",
        "provider",
        "plugin",
        "version",
        "chosen",
        "by",
        "own",
        "health",
        "features",
    ]
    assert any(line.startswith("*  email") and "outbox" in line for line in lines)


def test_a_wrong_choice_is_explained_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_PROVIDER", "pigeon")
    result = run("--json")
    assert result.exit_code == 1
    assert (
        "EMAIL_PROVIDER: there is no provider 'pigeon'; installed: msgraph, outbox, postmark, resend" in result.stderr
    )
    assert {row["provider"]: row["chosen"] for row in json.loads(result.stdout)}["outbox"] is False


def test_what_is_switched_off_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBKIT_PLUGINS_OFF", "email_outbox,nothing")
    result = run("--json")
    assert result.exit_code == 1
    assert "outbox" not in {row["provider"] for row in json.loads(result.stdout)}
    assert "there is no plugin 'nothing'" in result.stderr
    assert "there is no provider 'outbox'" in result.stderr


def test_a_provider_that_is_down_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file where the folder should be")
    result = run("--json")
    assert result.exit_code == 1
    assert {row["provider"]: row["health"] for row in json.loads(result.stdout)}["outbox"] == "down"
    assert "email=outbox is down: " in result.stderr
