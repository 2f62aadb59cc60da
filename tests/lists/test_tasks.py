"""Many rows at once: what became of each is said, nothing is done twice, and files go after a week."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import documents, listed
from tests.factories import quotations as quoted
from webkit.clients import service as clients
from webkit.clients.listing import CLIENTS
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.capabilities.errors import ProviderError
from webkit.core.extensions import Job
from webkit.core.kernel import clock, db, ids, sheets
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.lists import tasks
from webkit.invoices.listing import INVOICES
from webkit.quotations import service as quotations

LISTS = "/northwind/lists"
Jobs = Callable[[], int]


def asked(browser: Browser, name: str, **data: Any) -> dict[str, Any]:
    """The fields of the question."""
    page = browser.post(f"{LISTS}/{name}/ask", data=data)
    assert page.status_code == 200, page.location
    fields: dict[str, Any] = {}
    for key, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text):
        fields.setdefault(key, []).append(value)
    return fields


def done(browser: Browser, run_jobs: Jobs, name: str, **data: Any) -> str:
    """The page of a task once it has ended."""
    started = browser.post(f"{LISTS}/{name}/start", data=asked(browser, name, **data))
    assert started.status_code == 303
    assert "goes on by itself" in browser.get(started.location).text
    run_jobs()
    return str(started.location)


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_each_row_says_what_became_of_it(owner: Browser, agency: AgencyView, run_jobs: Jobs) -> None:
    client = documents.client()
    sent, draft = documents.issued("100", client_id=client), documents.draft("5", client_id=client)
    gone = ids.uuid7()
    db.release()
    page = owner.get(done(owner, run_jobs, "invoices", action="delete", id=[str(sent), str(draft), str(gone)])).text
    said = words(page)
    assert "2 were left as they are" in said and "Deleted" in said
    assert "An issued invoice cannot be deleted." in said and "There is no such invoice." in said
    assert [row.id for row in listed.rows(INVOICES)] == [sent]
    db.release()


def test_the_same_form_twice_is_one_task(owner: Browser, agency: AgencyView, run_jobs: Jobs) -> None:
    client = documents.client()
    db.release()
    fields = asked(owner, "clients", action="archive", id=[str(client)])
    first, second = (owner.post(f"{LISTS}/clients/start", data=fields).location for _ in range(2))
    assert first == second and run_jobs() == 1
    assert listed.rows(CLIENTS) == [] and len(listed.rows(CLIENTS, archived="1")) == 1
    assert owner.get("/northwind/tasks").text.count(first) == 1
    db.release()


def test_all_that_is_filtered(owner: Browser, agency: AgencyView, run_jobs: Jobs) -> None:
    for name in ("Bar Uno", "Bar Due", "Caffè"):
        documents.client(name, f"{name[-3:].lower()}@client.example".replace("è", "e"))
    db.release()
    done(owner, run_jobs, "clients", action="archive", all="1", q="bar")
    assert [row.name for row in listed.rows(CLIENTS)] == ["Caffè"]
    db.release()


def test_reminders_go_once_a_day(
    owner: Browser, agency: AgencyView, run_jobs: Jobs, outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    client = documents.client()
    one, draft = documents.issued("100", client_id=client), documents.draft("5", client_id=client)
    db.release()
    run_jobs()
    assert "never sent" in owner.get(done(owner, run_jobs, "invoices", action="remind", id=[str(one), str(draft)])).text
    mails = [mail for mail in outbox_mails() if "Reminder" in mail.entry.subject]
    assert len(mails) == 1 and "€122.00" in mails[0].text and mails[0].attachments
    assert "today already" in owner.get(done(owner, run_jobs, "invoices", action="remind", id=[str(one)])).text
    assert "reminded of INV-" in owner.get(f"/northwind/invoices/{one}").text


def test_pdfs_come_in_one_file(owner: Browser, stranger: Browser, member: Browser, run_jobs: Jobs) -> None:
    client = documents.client()
    ids_ = [documents.issued("100", client_id=client), documents.draft("5", client_id=client)]
    db.release()
    address = done(owner, run_jobs, "invoices", action="pdfs", id=[str(each) for each in ids_])
    page = owner.get(address).text
    assert "never sent" in page and "Download invoices-" in page
    with owner.get(f"{address}/file") as file, zipfile.ZipFile(io.BytesIO(file.data)) as archive:
        assert len(archive.namelist()) == 1
        assert archive.read(archive.namelist()[0]).startswith(b"%PDF-")
    for other in (stranger, member):
        assert other.get(f"{address}/file").status_code == 404 and other.get(address).status_code == 404
    task_id = UUID(address.rpartition("/")[2])
    with clock.frozen(clock.now() + timedelta(days=8)):
        tasks.prune_agency(Job(ids.uuid7(), agency_id=None, args={}, attempt=1, key="k"))
    assert not tasks.get(task_id).has_file
    db.release()
    assert owner.get(f"{address}/file").status_code == 404


def test_sheets_come_at_once_or_from_a_job(
    owner: Browser, agency: AgencyView, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = documents.client("=Evil()", "evil@client.example")
    for price in ("100", "2.50"):
        documents.issued(price, client_id=client)
    db.release()
    sheet = owner.post(f"{LISTS}/invoices/export", data={"format": "csv", "total_from": "10"})
    assert sheet.mimetype == "text/csv" and "invoices-" in sheet.headers["Content-Disposition"]
    assert "'=Evil()" in sheet.text and "122.00" in sheet.text and "3.05" not in sheet.text
    assert owner.post(f"{LISTS}/invoices/export", data={"format": "excel-csv"}).data.startswith(b"\xef\xbb\xbf")
    assert owner.post(f"{LISTS}/invoices/export", data={"format": "xlsx"}).data.startswith(b"PK")
    assert owner.post(f"{LISTS}/invoices/export", data={"format": "exe"}).status_code == 404
    monkeypatch.setattr(tasks, "AT_ONCE", 1)
    large = owner.post(f"{LISTS}/invoices/export", data={"format": "csv", "once": "o"})
    assert large.status_code == 303
    run_jobs()
    with owner.get(f"{large.location}/file") as file:
        assert file.text.count("'=Evil()") == 2


def test_members_do_with_many_what_they_may_do_with_one(member: Browser, agency: AgencyView, run_jobs: Jobs) -> None:
    made = quoted.draft()
    db.release()
    page = member.get(done(member, run_jobs, "quotations", action="delete", id=[str(made)])).text
    assert "Only the author" not in page and "There is no such quotation" in page  # somebody else's is not there
    assert quotations.get(made)


@pytest.mark.parametrize(
    "path, data",
    [
        ("nothing/ask", {"action": "delete"}),
        ("invoices/ask", {"action": "explode", "id": "x"}),
        ("clients/ask", {"action": "pdfs", "id": "x"}),
        ("nothing/export", {"format": "csv"}),
    ],
)
def test_what_is_not_there_is_not_there(owner: Browser, path: str, data: dict[str, str]) -> None:
    assert owner.post(f"{LISTS}/{path}", data=data).status_code == 404


def test_nothing_chosen_leads_back(owner: Browser, agency: AgencyView) -> None:
    answer = owner.post(f"{LISTS}/invoices/ask", data={"action": "delete", "id": "nonsense", "state": "paid"})
    assert answer.status_code == 303 and answer.location.endswith("/invoices/?state=paid")
    assert owner.post(f"{LISTS}/invoices/start", data={"action": "delete"}).status_code == 303


def test_a_sheet_without_a_format_is_refused(owner: Browser, agency: AgencyView, run_jobs: Jobs) -> None:
    answer = owner.post(f"{LISTS}/invoices/start", data={"action": "export", "all": "1"})
    assert answer.status_code == 422 and "XLSX or CSV" in answer.text
    assert run_jobs() == 0


def test_a_contract_that_is_gone_spoils_no_file(owner: Browser, agency: AgencyView, run_jobs: Jobs) -> None:
    page = owner.get(done(owner, run_jobs, "contracts", action="pdfs", id=[str(ids.uuid7())])).text
    assert "There is no such contract." in page and "None of these has a PDF" in page


def test_a_failure_that_stays_ends_the_task(
    owner: Browser, agency: AgencyView, run_jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_given: object, **_more: object) -> int:
        raise ProviderError("refused")

    monkeypatch.setattr(tasks, "AT_ONCE", -1)
    monkeypatch.setattr(sheets, "write", breaks)
    started = owner.post(f"{LISTS}/invoices/export", data={"format": "csv", "once": "o"})
    run_jobs()
    assert "Something went wrong. Nothing more was done" in owner.get(started.location).text


def test_many_are_written_off_with_a_reason(
    owner: Browser, member: Browser, agency: AgencyView, run_jobs: Jobs
) -> None:
    client = documents.client()
    sent, draft = documents.issued("100", client_id=client), documents.draft("5", client_id=client)
    db.release()
    chosen = {"action": "write_off", "id": [str(sent), str(draft)]}
    asked_first = owner.post(f"{LISTS}/invoices/ask", data=chosen).text
    assert "You stop waiting" in asked_first and 'name="said"' in asked_first
    refused = owner.post(f"{LISTS}/invoices/start", data={**chosen, "said": " ok "})
    assert refused.status_code == 422 and 'aria-invalid="true"' in refused.text and str(draft) in refused.text
    started = owner.post(f"{LISTS}/invoices/start", data={**chosen, "said": "Gone bankrupt"})
    run_jobs()
    said = words(owner.get(str(started.location)).text)
    assert "Written off" in said and "1 was left as it is" in said
    row = next(each for each in listed.rows(INVOICES) if each.id == sent)
    assert row.state == "written_off"
    assert "Gone bankrupt" in owner.get(f"/northwind/invoices/{sent}").text
    db.release()
    assert member.post(f"{LISTS}/invoices/ask", data=chosen).status_code == 404


def test_documents_are_found_by_both_names_of_a_client(owner: Browser, agency: AgencyView) -> None:
    client = documents.client("Lario Cicli")
    sent = documents.issued("100", client_id=client)
    clients.change(client, {"name": "Brera Bikes"}, None, documents.ACTOR)
    db.release()
    for name in ("lario", "Brera bik"):
        assert str(sent) in owner.get(f"/northwind/invoices/?q={name}").text
    assert str(sent) not in owner.get("/northwind/invoices/?q=Navigli").text
