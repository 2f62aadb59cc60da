"""Files that go with an invoice: attached to the draft, frozen with the issue, shown, mailed, handed out inert."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import db, frozen, links, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.invoices import filing, service

PDF = b"%PDF-1.7\nthe hours of November"


@pytest.fixture
def draft(agency: AgencyView) -> UUID:
    return documents.draft("100")


def _post(who: Browser, invoice_id: UUID, name: str, body: bytes) -> object:
    data = {"file": (io.BytesIO(body), name)}
    return who.post(f"/northwind/invoices/{invoice_id}/files", data=data, content_type="multipart/form-data")


def _stored(app: Flask) -> list[str]:
    folder = runtime.of(app).settings.data / "files"
    return [path.name for path in folder.rglob("attachments/**/*") if path.is_file()]


def test_from_the_draft_to_the_client(
    owner: Browser,
    anonymous: Browser,
    draft: UUID,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    assert _post(owner, draft, "Ore/../hours.pdf", PDF).status_code == 303  # type: ignore[attr-defined]
    assert "hours.pdf" in owner.get(f"/northwind/invoices/{draft}").text
    service.issue(draft, ACTOR)
    run_jobs()
    db.release()
    (file,) = filing.of(draft)
    document = frozen.latest("invoice", draft)
    assert document is not None
    assert document.snapshot["attachments"] == [file.shown()]
    assert file.sha256 == hashlib.sha256(PDF).hexdigest() and "key" not in file.shown()
    sent = next(mail for mail in outbox_mails() if "INV-" in mail.entry.subject)
    assert [(each.filename, each.content) for each in sent.attachments][1:] == [("hours.pdf", PDF)]
    page = f"/i/{links.token_for('i', draft)}"
    assert f"{page}/files/{file.id}" in anonymous.get(page).text
    for answer in (
        anonymous.get(f"{page}/files/{file.id}"),
        owner.get(f"/northwind/invoices/{draft}/files/{file.id}"),
    ):
        assert answer.data == PDF
        headers = answer.headers
        assert (
            headers["Content-Disposition"].startswith("attachment") and "sandbox" in headers["Content-Security-Policy"]
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert anonymous.get(f"{page}/files/{draft}").status_code == 404


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("a.pdf", b"", "is empty"),
        ("a.exe", b"MZ", "Attach PDF"),
        ("a.pdf", b"<b>", "what its name says"),
        ("", b"", "Choose"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(owner: Browser, draft: UUID, name: str, body: bytes, why: str) -> None:
    refused = _post(owner, draft, name, body)
    assert refused.status_code == 422 and why in refused.text  # type: ignore[attr-defined]
    assert 'aria-invalid="true"' in refused.text  # type: ignore[attr-defined]
    db.release()
    assert filing.of(draft) == ()


def test_with_the_issue_they_are_fixed(app: Flask, owner: Browser, draft: UUID) -> None:
    file = filing.attach(draft, "a.pdf", io.BytesIO(PDF), ACTOR)
    service.issue(draft, ACTOR)
    db.release()
    with pytest.raises(Conflict, match="stay as they are"):
        filing.attach(draft, "b.pdf", io.BytesIO(PDF), ACTOR)
    with pytest.raises(Conflict):
        filing.detach(draft, file.id)
    assert owner.post(f"/northwind/invoices/{draft}/files/{file.id}/remove").status_code == 409
    assert len(_stored(app)) == 1


def test_what_nobody_names_is_thrown_away(app: Flask, owner: Browser, draft: UUID, run_jobs: Callable[[], int]) -> None:
    first = filing.attach(draft, "a.pdf", io.BytesIO(PDF), ACTOR)
    filing.attach(draft, "b.pdf", io.BytesIO(PDF), ACTOR)
    assert len(_stored(app)) == 2
    assert owner.post(f"/northwind/invoices/{draft}/files/{first.id}/remove").status_code == 303
    run_jobs()
    assert len(_stored(app)) == 1
    assert owner.post(f"/northwind/invoices/{draft}/delete").status_code == 303
    run_jobs()
    assert _stored(app) == []


def test_bytes_that_were_changed_are_not_handed_out(app: Flask, owner: Browser, draft: UUID) -> None:
    file = filing.attach(draft, "a.pdf", io.BytesIO(PDF), ACTOR)
    db.release()
    runtime.of(app).registry.get(STORAGE).put(file.key, io.BytesIO(b"%PDF-other"), content_type="application/pdf")
    answer = owner.get(f"/northwind/invoices/{draft}/files/{file.id}")
    assert answer.status_code == 409 and "bytes were changed" in answer.text


def test_who_may(stranger: Browser, anonymous: Browser, member: Browser, draft: UUID) -> None:
    file = filing.attach(draft, "a.pdf", io.BytesIO(PDF), ACTOR)
    path = f"/northwind/invoices/{draft}/files/{file.id}"
    assert [who.get(path).status_code for who in (member, stranger, anonymous)] == [404, 404, 303]
    assert _post(stranger, draft, "b.pdf", PDF).status_code == 404  # type: ignore[attr-defined]
