"""Files of documents, sent and fetched by programs."""

from __future__ import annotations

import io
from typing import Any

import pytest

from tests.factories import documents, quotations
from webkit.core.kernel import attachments
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import filing

BASE = "/api/v1/agencies/northwind"
BYTES = {"content_type": "application/octet-stream"}


@pytest.fixture
def files(agency: AgencyView) -> str:
    return f"{BASE}/invoices/{documents.draft()}/files"


def test_a_file_is_attached_fetched_and_taken_off(owner: Any, member: Any, files: str) -> None:
    sent = owner.post(f"{files}?name=r%C3%A9sum%C3%A9.txt", data=b"Hello", **BYTES)
    assert (sent.status_code, sent.json["name"], sent.json["content_type"]) == (201, "résumé.txt", "text/plain")
    one = f"{files}/{sent.json['id']}"
    assert owner.get(files).json["data"] == [sent.json]
    got = owner.get(one)
    assert (got.data, got.mimetype) == (b"Hello", BYTES["content_type"])
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert member.get(one).status_code == 404  # somebody else's invoice
    assert owner.delete(one).status_code == 204
    assert owner.get(files).json["data"] == []
    assert owner.get(one).status_code == 404


def test_what_is_no_file_for_a_document_is_refused(owner: Any, files: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(query: str, data: bytes, **how: Any) -> tuple[int, Any]:
        answer = owner.post(f"{files}{query}", data=data, **{**BYTES, **how})
        return answer.status_code, answer.json.get("errors")

    assert refused("?name=page.html", b"<p>")[0] == 422
    assert refused("?name=plan.pdf", b"no pdf")[1][0]["pointer"] == "/"
    assert refused("?name=plan.txt", b"")[0] == 422
    assert refused("", b"x") == (422, [{"parameter": "name", "detail": "Please fill this in."}])
    assert refused("?name=a.txt", b"x", content_type="text/plain")[0] == 415
    monkeypatch.setattr(attachments, "MOST", 0)
    assert refused("?name=a.txt", b"x")[0] == 422


def test_too_much_is_not_read(owner: Any, files: str) -> None:
    sent = owner.post(f"{files}?name=a.txt", data=b"x" * (attachments.LIMIT + 1), **BYTES)
    assert sent.status_code == 413


def test_what_one_key_attaches_is_attached_once(owner: Any, agency: AgencyView) -> None:
    invoice_id = documents.draft()
    first, second = (filing.attach(invoice_id, "a.txt", io.BytesIO(b"x"), "system", key="plan") for _ in range(2))
    assert first == second
    assert filing.of(invoice_id) == (first,)


def test_quotations_have_files_too(owner: Any, agency: AgencyView) -> None:
    files = f"{BASE}/quotations/{quotations.draft(documents.client())}/files"
    assert owner.post(f"{files}?name=a.csv", data=b"a,b", **BYTES).status_code == 201
