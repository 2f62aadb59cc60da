"""The pages of erasures, and the log with what it can be asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from flask import Flask

from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.core.kernel import audit, db
from webkit.core.kernel.directory import AgencyView
from webkit.privacy import service
from webkit.privacy.cli import privacy_group
from webkit.statements import service as statements


def test_from_the_client_to_the_receipt(
    agency: AgencyView, owner: Any, member: Any, run_jobs: Callable[[], int], tmp_path: Path
) -> None:
    client_id = documents.client()
    invoice_id = documents.draft(client_id=client_id)
    page = f"/northwind/privacy/clients/{client_id}"
    assert "Erase personal data" in owner.get(f"/northwind/clients/{client_id}").text
    assert "Erase personal data" not in member.get(f"/northwind/clients/{client_id}").text
    assert member.get(page).status_code == 403 and member.post(page, data={"sure": "1"}).status_code == 403
    assert "Invoices" in owner.get(page).text and "Nobody was erased" in owner.get("/northwind/privacy").text
    assert owner.post(page).status_code == 422
    place = owner.post(page, data={"sure": "1"}).location
    assert owner.post(page, data={"sure": "1"}).location == place, "twice is once"
    assert "goes on" in owner.get(place).text and owner.get(f"{place}/receipt.json").status_code == 404
    run_jobs()
    shown = owner.get(place).text
    assert "Carried out" in shown and "Giulia" not in shown
    assert "E-" in owner.get("/northwind/privacy").text
    assert owner.get(f"/northwind/clients/{client_id}").status_code == 200
    assert owner.get(f"/northwind/invoices/{invoice_id}").status_code == 404
    assert owner.get(f"{place}/receipt.pdf").data.startswith(b"%PDF-")
    _verified_elsewhere(owner.get(f"{place}/receipt.json").data, tmp_path)


def _verified_elsewhere(receipt: bytes, folder: Path) -> None:
    file = folder / "receipt.json"
    file.write_bytes(receipt)
    assert b"Giulia" not in receipt
    run = CliRunner().invoke
    key = json.loads(receipt)["public_key"]
    assert run(privacy_group, ["verify", str(file), "--key", key]).exit_code == 0
    assert run(privacy_group, ["verify", str(file), "--key", "00" * 32]).exit_code == 1
    file.write_bytes(receipt.replace(b'"files": ', b'"files": 1'))
    assert run(privacy_group, ["verify", str(file)]).exit_code == 1
    file.write_text("[]")
    assert run(privacy_group, ["verify", str(file)]).exit_code == 1


def test_a_mail_is_counted_once(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    """It went to the client's address, and is about the client, too."""
    client_id = documents.client("Ada", "ada@x.example")
    statements.send(client_id, None, agencies.today(), "user:test")
    run_jobs()
    assert [part.rows for part in service.preview(client_id).goes if part.table == "mails"] == [1]


def test_what_is_open_has_to_end_first(agency: AgencyView, owner: Any) -> None:
    client_id = documents.client()
    documents.issued("100", client_id=client_id)
    page = f"/northwind/privacy/clients/{client_id}"
    shown = owner.get(page).text
    assert "End it first" in shown and "I am sure" not in shown
    assert owner.post(page, data={"sure": "1"}).status_code == 409
    assert service.of_client(client_id) is None


def test_the_log_is_searched_and_taken_along(app: Flask, agency: AgencyView, owner: Any) -> None:
    with db.writing():
        audit.log("mail.bounced", subject="client:1", detail={"said": "=1+1 Mailbox full"})
        audit.log("member.left", subject="user:2")
    found = owner.get("/northwind/settings/log?q=mailbox").text
    assert "mail.bounced" in found and "member.left" not in found
    nobody = owner.get("/northwind/settings/log?user=01a20560-395e-7f73-b9df-c8b17e336895").text
    assert "member.left" not in nobody
    today = agencies.today().isoformat()
    assert "member.left" in owner.get(f"/northwind/settings/log?since={today}&until={today}").text
    assert "member.left" not in owner.get("/northwind/settings/log?until=2000-01-01").text
    sheet = owner.get("/northwind/settings/log/log.csv?q=mailbox").text
    assert "mail.bounced" in sheet and "member.left" not in sheet
