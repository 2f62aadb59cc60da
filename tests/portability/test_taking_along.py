"""Archives that people ask for on pages: made by a job, for the owner or for one person, for a while."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from tests.client import Browser
from tests.factories.documents import client, issued
from tests.portability.moving import WORDS, outside, unpacked, verified
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import audit, clock, tenancy
from webkit.core.kernel.audit import Asked
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.sealed import MARK
from webkit.core.kernel.tables import Base
from webkit.portability import personal, personal_models, row_models, service
from webkit.portability.cli import export_command, import_command
from webkit.portability.content import FILE_LISTS, FILES, LEFT_OUT, OMITTED, PLATFORMS
from webkit.privacy import service as privacy


def test_the_owner_takes_everything_along(
    agency: AgencyView, owner: Browser, member: Browser, run_jobs: Callable[[], int]
) -> None:
    address = f"/{agency.slug}/settings/data"
    assert member.post(f"{address}/exports").status_code == 403
    other = owner.post(f"{address}/exports", data={"passphrase": WORDS, "again": "x"})
    assert other.status_code == 422 and WORDS not in other.text
    assert owner.post(f"{address}/exports", data={"passphrase": "short", "again": "short"}).status_code in (400, 422)
    assert owner.post(f"{address}/exports", data={"passphrase": WORDS, "again": WORDS}).status_code == 303
    assert owner.post(f"{address}/exports").status_code == 409
    assert "being made" in owner.get(address).text
    run_jobs()
    (made,) = service.latest()
    assert made.sealed == "" and made.rows and made.size
    download = f"{address}/exports/{made.id}/file"
    assert member.get(download).status_code == 403
    with owner.get(download) as answer:
        parts = unpacked(answer.data)
    assert json.loads(parts["manifest.json"])["secrets"] and WORDS.encode() not in b"".join(parts.values())
    acts = {entry.action for entry in audit.entries(Asked(agency_id=agency.id), limit=20)}
    assert {"agency.export_asked", "agency.export_downloaded"} <= acts
    assert owner.post(f"{address}/exports/{made.id}/delete").status_code == 303
    assert owner.get(download).status_code == 404


def test_an_archive_goes_with_a_person_who_is_erased(
    agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]
) -> None:
    address, person = f"/{agency.slug}/settings/data", client()
    owner.post(f"{address}/exports")
    run_jobs()
    (made,) = service.latest()
    tenancy.session().rollback()
    privacy.ask(person, None)
    run_jobs()
    shown = owner.get(address).text
    assert "no longer kept" in shown and "Download" not in shown and "asked for by" not in shown
    assert owner.get(f"{address}/exports/{made.id}/file").status_code == 404


def test_archives_are_kept_for_a_week(
    app: Flask, agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]
) -> None:
    owner.post(f"/{agency.slug}/settings/data/exports")
    run_jobs()
    with clock.frozen(clock.now() + timedelta(days=8)):
        outside(app, tidied)
        run_jobs()
    (made,) = service.latest()
    assert made.file_key is None and made.state.value == "gone"


def tidied() -> None:
    with tenancy.platform("what is over"):
        service.tidy(None)  # type: ignore[arg-type]
        personal.tidy(None)  # type: ignore[arg-type]


def test_a_person_gets_their_own_data_alone(
    agency: AgencyView,
    owner: Browser,
    member: Browser,
    anonymous: Browser,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    issued("100.00", client_id=client())
    tenancy.session().rollback()
    assert owner.post("/account/data/export").status_code == 303
    assert owner.post("/account/data/export").status_code == 409
    run_jobs()
    mail = next(mail for mail in outbox_mails() if "data" in mail.entry.subject)
    link = re.search(r"/account/data/file/[\w-]+", mail.text)
    assert link is not None
    assert member.get(link[0]).status_code == 404 and anonymous.get(link[0]).status_code in (302, 303)
    with owner.get(link[0]) as found:
        assert found.headers["Cache-Control"] == "private, no-store"
        content = found.data
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names, text = set(archive.namelist()), b"".join(map(archive.read, archive.namelist()))
        assert b"ada@northwind.example" in archive.read("account.jsonl")
        assert json.loads(archive.read("memberships.jsonl"))["role"] == "owner"
    assert {"sessions.jsonl", "audit_log.jsonl", "written/invoices.jsonl", f"acts/{agency.id}.jsonl"} <= names
    assert b"hash" not in text and b"max@northwind.example" not in text
    page = owner.get("/account/data").text
    drop = re.search(r"/account/data/exports/[\w-]+/delete", page)
    assert drop is not None and member.post(drop[0]).status_code == 404
    assert owner.post(drop[0]).status_code == 303
    assert owner.get(link[0]).status_code == 404


def test_an_agency_moves_by_command(app: Flask, agency: AgencyView, move: Callable[[], None], tmp_path: Path) -> None:
    issued("100.00", client_id=client())
    tenancy.session().rollback()
    file = tmp_path / "agency.zip"
    info, env = ScriptInfo(create_app=lambda: app), {"WEBKIT_PASSPHRASE": WORDS}
    run = CliRunner().invoke
    assert outside(app, lambda: run(export_command, [agency.slug, str(file)], obj=info, env=env)).exit_code == 0
    assert file.stat().st_mode & 0o77 == 0
    move()
    refused = outside(app, lambda: run(import_command, [str(file)], obj=info))
    assert refused.exit_code == 1 and "passphrase" in refused.output
    done = outside(app, lambda: run(import_command, [str(file)], obj=info, env=env))
    assert done.exit_code == 0, done.output
    assert outside(app, verified, agency.slug).ok


def test_no_table_is_forgotten(app: Flask) -> None:
    tables = {each.name: each for each in Base.metadata.sorted_tables}
    with_agency = {name for name, each in tables.items() if "agency_id" in each.c}
    assert with_agency <= {*row_models.tables(), *LEFT_OUT, *PLATFORMS}
    assert {*LEFT_OUT, *PLATFORMS, *OMITTED} <= tables.keys()
    assert set(LEFT_OUT) & set(row_models.tables()) == set()
    keys = {name for name, each in tables.items() if any(column.name.endswith("_key") for column in each.c)}
    named = {name for name in keys if any(column.name.endswith("_account") for column in tables[name].c)}
    assert named == {*FILES, "list_tasks", "agency_exports"}
    assert {name for name, each in tables.items() if "files" in each.c and name in with_agency} == {
        *FILE_LISTS, "agency_exports"
    }  # fmt: skip
    for name in row_models.tables():
        pointed = {each.referred_table.name for each in tables[name].foreign_key_constraints}
        assert pointed <= set(row_models.tables()) and ("users" not in pointed or name == "memberships")
        for column in tables[name].c:
            kept = column in row_models.columns(name)
            made = column.name in row_models.keyed(name).values()
            assert kept or made or name == "users" or column.name in OMITTED[name]


def test_no_secret_of_a_person_comes_along(app: Flask) -> None:
    for name in personal_models.tables():
        for column in personal_models.shown(Base.metadata.tables[name]):
            opened = (name, column.name) in personal_models.OPENED
            assert opened or not (column.info.get(MARK) or "hash" in column.name or "secret" in column.name)
