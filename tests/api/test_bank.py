"""Money that a bank tells of, and files that are brought in, by program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.banking.test_pages import statement
from tests.factories import documents
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices

BASE = "/api/v1/agencies/northwind"
BYTES = {"content_type": "application/octet-stream"}
CSV = b"Name;E-mail;Country\nBirch & Co;hi@birch.example;DE\nOak;hi@oak.example;DE\n"


def test_a_statement_is_taken_matched_and_taken_off_again(owner: Any, member: Any, agency: AgencyView) -> None:
    invoice = invoices.get(documents.issued("100"))
    body = statement(invoice.number)
    db.release()
    taken = owner.post(f"{BASE}/bank-lines?name=march.xml", data=body, **BYTES)
    assert taken.json == {"came": 2, "known": 0, "went": 1}, taken.text
    assert owner.post(f"{BASE}/bank-lines?name=march.xml", data=b"nothing", **BYTES).status_code == 422
    lines = owner.get(f"{BASE}/bank-lines").json["data"]
    named = next(each for each in lines if each["suggestion"])
    other = next(each for each in lines if not each["suggestion"])
    told = {"client_id": named["suggestion"]["client_id"], "invoices": named["suggestion"]["invoices"]}
    recorded = owner.post(f"{BASE}/bank-lines/{named['id']}/record", json=told)
    assert recorded.status_code == 200, recorded.text
    one = f"{BASE}/invoices/{invoice.id}"
    assert owner.get(one).json["state"] == "paid"
    assert owner.post(f"{BASE}/bank-lines/{other['id']}/ignore", json={}).json["state"] == "ignored"
    assert owner.get(f"{BASE}/bank-lines?state=recorded").json["data"][0]["receipt_id"] == recorded.json["id"]
    assert member.get(f"{BASE}/bank-lines").status_code == 403
    (paid,) = owner.get(f"{one}/paid-by").json["data"]
    assert owner.post(f"{one}/release", json={"source": paid["source"]}).json["state"] == "issued"
    assert owner.get(f"{BASE}/rates-missing").json["data"] == []
    assert owner.get(f"{BASE}/payouts").json["data"] == []
    assert owner.post(f"{BASE}/payouts/ask").status_code == 409


def test_a_file_is_read_brought_in_and_taken_back(owner: Any, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    key = {"Idempotency-Key": "clients"}
    sent = owner.post(f"{BASE}/imports?kind=clients&name=clients.csv", data=CSV, headers=key, **BYTES)
    assert sent.status_code == 201, sent.text
    assert owner.post(f"{BASE}/imports?name=a.csv", data=CSV, **BYTES).json["errors"][0]["parameter"] == "kind"
    assert sent.json["headings"] == ["Name", "E-mail", "Country"]
    one = f"{BASE}/imports/{sent.json['id']}"
    reading = {**sent.json["reading"], "decimal": ".", "order": "dmy"}
    wrong = owner.put(f"{one}/reading", json={**reading, "columns": {"name": 7}})
    assert wrong.json["errors"][0]["pointer"] == "/columns/name"
    missing = owner.put(f"{one}/reading", json={**reading, "columns": {}})
    assert missing.json["errors"][0]["pointer"] == "/columns/name"
    assert owner.put(f"{one}/reading", json=reading).json["state"] == "checking"
    run_jobs()
    first = owner.get(f"{one}/rows?limit=1").json
    after = owner.get(f"{one}/rows?limit=1&cursor={first['next']}&which=new").json
    assert [each["title"] for each in (*first["data"], *after["data"])] == ["Birch & Co", "Oak"]
    assert owner.post(f"{one}/run").json["state"] == "running"
    run_jobs()
    assert owner.get(one).json["state"] == "done"
    assert len(owner.get(f"{BASE}/clients").json["data"]) == 2
    assert owner.post(f"{one}/undo").json["state"] == "undoing"
    run_jobs()
    assert owner.get(f"{BASE}/clients").json["data"] == []
    assert owner.delete(one).status_code == 204
    assert owner.get(f"{BASE}/imports").json["data"] == []


def test_statements_and_their_link(owner: Any, agency: AgencyView) -> None:
    of = f"{BASE}/clients/{documents.client()}"
    made = owner.post(f"{of}/statements/make", json={})
    assert (made.status_code, made.json["sent_to"]) == (201, ""), made.text
    assert owner.get(f"{of}/statement-link").json == {"url": None}
    assert owner.post(f"{of}/statement-link").json["url"].startswith("http")
    assert owner.delete(f"{of}/statement-link").status_code == 204
    assert owner.get(f"{of}/statement-link").json == {"url": None}
