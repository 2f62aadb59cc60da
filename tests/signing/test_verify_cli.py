"""`webkit verify`: all chains, and a sealed PDF by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from tests.client import let_go
from tests.factories import deals
from tests.signing.conftest import Tamper
from webkit.contracts import service as contracts
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import frozen
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.operations.verify_cli import verify_command

Mails = Callable[[], list[OutboxMessage]]


@pytest.fixture
def sealed(agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Mails) -> UUID:
    contract_id = deals.signed(run_jobs, outbox_mails)
    run_jobs()
    return contract_id


@pytest.fixture
def file(sealed: UUID, tmp_path: Path) -> Path:
    path = tmp_path / "contract.pdf"
    path.write_bytes(frozen.ensure_pdf(contracts.get(sealed).sealed_id))  # type: ignore[arg-type]
    return path


def verify(app: Flask, *arguments: str, data: Path | None = None) -> Result:
    let_go()
    environment = {"WEBKIT_DATA": str(data)} if data else {"WEBKIT_DATA": str(current().settings.data)}
    return CliRunner(env=environment).invoke(verify_command, arguments, obj=ScriptInfo(create_app=lambda: app))


def test_an_untouched_house(app: Flask, agency: AgencyView, other_agency: AgencyView, sealed: UUID) -> None:
    result = verify(app, "--json")
    report = json.loads(result.output)
    assert result.exit_code == 0 and set(report) == {"ok", "chains"} and report["ok"] is True
    by_agency = {chain["agency"]: chain for chain in report["chains"]}
    assert set(by_agency) == {"northwind", "harbour-pine"}
    assert by_agency["northwind"]["events"] > 5 and by_agency["northwind"]["first_broken"] is None
    words = verify(app)
    assert words.exit_code == 0 and "Everything is as it was recorded." in words.output


def test_a_broken_chain_names_its_event_and_fails(app: Flask, sealed: UUID, tamper: Tamper) -> None:
    tamper("UPDATE events SET text = replace(text, 'a', 'b') WHERE seq = 4")
    result = verify(app, "--json")
    report = json.loads(result.output)
    assert result.exit_code == 1 and report["ok"] is False
    assert report["chains"][0]["first_broken"] == 4 and report["chains"][0]["ok"] is False
    words = verify(app)
    assert words.exit_code == 1 and "northwind: BROKEN" in words.output


def test_a_sealed_file_on_the_machine_that_sealed_it(app: Flask, file: Path) -> None:
    result = verify(app, "--json", str(file))
    report = json.loads(result.output)
    assert result.exit_code == 0 and report["ok"] and report["trusted"] is True
    assert report["statement"]["number"].startswith("CON-") and report["chains"] == []


def test_offline_without_any_key(file: Path, app: Flask, tmp_path: Path) -> None:
    empty = tmp_path / "nothing"
    result = verify(app, "--json", str(file), data=empty)
    report = json.loads(result.output)
    assert result.exit_code == 0 and report["ok"] and report["trusted"] is None
    assert not empty.exists()
    words = verify(app, str(file), data=empty).output
    assert "unchanged since it was sealed" in words and "/verify/" in words


def test_offline_with_the_key_given(file: Path, app: Flask, tmp_path: Path) -> None:
    own = current().keys.public_key.hex()
    assert verify(app, "--key", own.upper(), str(file), data=tmp_path / "n").exit_code == 0
    result = verify(app, "--key", "00" * 32, str(file), data=tmp_path / "n")
    assert result.exit_code == 1 and "not trusted" in result.output


def test_a_changed_file_fails(file: Path, app: Flask) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    result = verify(app, "--json", str(file))
    assert result.exit_code == 1 and json.loads(result.output)["ok"] is False
    assert "NOT genuine" in verify(app, str(file)).output


def test_what_was_never_sealed_fails(app: Flask, agency: AgencyView, tmp_path: Path) -> None:
    path = tmp_path / "b.pdf"
    path.write_bytes(b"%PDF-1.7\n%%EOF\n")
    assert verify(app, str(path)).exit_code == 1
    assert verify(app, str(tmp_path / "missing.pdf")).exit_code == 2


def test_a_database_that_was_never_set_up_is_a_sentence(app: Flask, agency: AgencyView, tamper: Tamper) -> None:
    tamper("ALTER TABLE events RENAME TO gone")
    result = verify(app, "--json")
    report = json.loads(result.output)
    assert result.exit_code == 1 and report["chains"] == [] and "db upgrade" in report["problem"]
    assert "db upgrade" in verify(app).output
