"""Files that go with a quotation: attached to the draft, named in the version that is sent, and kept for it."""

from __future__ import annotations

import io
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import authors
from tests.factories import quotations as make
from tests.factories.people import Person
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import db, frozen, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.quotations import filing, service

PDF = b"%PDF-1.7\nthe plan of the room"


@pytest.fixture
def draft(agency: AgencyView) -> UUID:
    return make.draft()


def _post(who: Browser, quotation_id: UUID, name: str, body: bytes = PDF) -> int:
    data = {"file": (io.BytesIO(body), name)}
    path = f"/northwind/quotations/{quotation_id}/files"
    return who.post(path, data=data, content_type="multipart/form-data").status_code


def _stored(app: Flask) -> int:
    folder = runtime.of(app).settings.data / "files"
    return sum(path.is_file() for path in folder.rglob("attachments/**/*"))


def test_from_the_draft_to_the_client(
    owner: Browser,
    anonymous: Browser,
    draft: UUID,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    assert _post(owner, draft, "plan.pdf") == 303 and _post(owner, draft, "a.exe") == 422
    base = f"/northwind/quotations/{draft}"
    assert "plan.pdf" in owner.get(f"{base}/files").text and "1 file" in owner.get(f"{base}/edit").text
    assert "plan.pdf" in owner.get(f"{base}/preview").text
    make.send(draft)
    run_jobs()
    db.release()
    (file,) = filing.of(draft)
    assert frozen.latest("quotation", draft).snapshot["attachments"] == [file.shown()]  # type: ignore[union-attr]
    (mail,) = [each for each in outbox_mails() if "QUO-" in each.entry.subject]
    assert [(each.filename, each.content) for each in mail.attachments][1:] == [("plan.pdf", PDF)]
    page = make.path(draft)
    assert f"{page}/files/{file.id}" in anonymous.get(page).text and "plan.pdf" in owner.get(base).text
    assert anonymous.get(f"{page}/files/{file.id}").data == PDF
    assert anonymous.get(f"{page}/files/{draft}").status_code == 404
    assert _post(owner, draft, "late.pdf") == 409


def test_an_earlier_version_keeps_what_it_named(
    app: Flask, anonymous: Browser, draft: UUID, run_jobs: Callable[[], int]
) -> None:
    first = filing.attach(draft, "first.pdf", io.BytesIO(PDF), make.ACTOR)
    make.send(draft)
    with pytest.raises(Conflict, match="Revise it"):
        filing.detach(draft, first.id)
    service.revise(draft, make.ACTOR)
    filing.detach(draft, first.id)
    second = filing.attach(draft, "second.pdf", io.BytesIO(PDF), make.ACTOR)
    filing.detach(draft, filing.attach(draft, "never-sent.pdf", io.BytesIO(PDF), make.ACTOR).id)
    run_jobs()
    db.release()
    assert [file.name for file in filing.of(draft)] == ["second.pdf"] and _stored(app) == 2
    page = make.path(draft)  # the client sees the version before
    assert anonymous.get(f"{page}/files/{first.id}").data == PDF
    assert anonymous.get(f"{page}/files/{second.id}").status_code == 404
    make.send(draft)
    make.accept(draft)
    db.release()
    assert anonymous.get(f"{page}/files/{second.id}").data == PDF
    assert anonymous.get(f"{page}/files/{first.id}").status_code == 404


def test_what_nobody_names_is_thrown_away(app: Flask, owner: Browser, draft: UUID, run_jobs: Callable[[], int]) -> None:
    first = filing.attach(draft, "a.pdf", io.BytesIO(PDF), make.ACTOR)
    filing.attach(draft, "b.pdf", io.BytesIO(PDF), make.ACTOR)
    db.release()
    assert owner.post(f"/northwind/quotations/{draft}/files/{first.id}/remove").status_code == 303
    run_jobs()
    assert _stored(app) == 1
    assert owner.post(f"/northwind/quotations/{draft}/delete").status_code == 303
    run_jobs()
    assert _stored(app) == 0


def test_who_may(stranger: Browser, anonymous: Browser, member: Browser, draft: UUID, max_: Person) -> None:
    file = filing.attach(draft, "a.pdf", io.BytesIO(PDF), make.ACTOR)
    db.release()
    path = f"/northwind/quotations/{draft}/files/{file.id}"
    assert [who.get(path).status_code for who in (member, stranger, anonymous)] == [404, 404, 303]
    assert [_post(who, draft, "b.pdf") for who in (member, stranger)] == [404, 404]
    assert member.post(f"{path}/remove").status_code == 404
    authors.hand_to(max_.id)
    assert member.get(path).status_code == 200
