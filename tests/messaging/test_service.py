"""Mail: queued with what it is about, sent once, and honest about what nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.threads import at_once
from webkit.core.capabilities.email import EMAIL, EmailMessage, OutboxMessage, SendReceipt
from webkit.core.capabilities.errors import (
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from webkit.core.extensions import Job
from webkit.core.kernel import clock, db, events, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.ids import uuid7
from webkit.messaging import handing, jobs, models, service
from webkit.messaging.models import MailState

SUBJECT = "invoice:1"
CONTEXT = {
    "number": "INV-2026-0001",
    "title": "Online shop",
    "client": {"name": "Caffè Olmo"},
    "total": 12200,
    "currency": "EUR",
    "due_date": "2026-12-04",
    "kind": "standard",
    "url": "http://127.0.0.1:8000/i/Zk3vQ9x_LmN0pQrStUvWxY",
}


class Post:
    """An SMTP-like vendor: knows no key, takes what it is given, fails as it is told."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.error: BaseException | None = None
        self.before: Callable[[], None] = lambda: None

    def send(self, _self: object, message: EmailMessage) -> SendReceipt:
        self.before()
        if self.error is not None:
            raise self.error
        self.taken.append(message)
        return SendReceipt(f"smtp-{len(self.taken)}")


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Post:
    """The vendor of mail in this test."""
    double, registry = Post(), runtime.of(app).registry
    monkeypatch.setattr(type(registry.get(EMAIL)), "send", lambda self, message: double.send(self, message))
    monkeypatch.setattr(handing, "_repeatable", lambda _vendor: False)
    return double


def _send(**values: object) -> UUID:
    given = {"context": CONTEXT, "subject": SUBJECT, "about": ("client:1",), "locale": "en", **values}
    return service.send("invoice_sent", "Giulia Ferrante", "giulia@caffeolmo.example", **given)  # type: ignore[arg-type]


def _attempt(agency: AgencyView, mail_id: UUID, key: str = "job-1") -> None:
    jobs.send(Job(uuid7(), agency.id, {"mail_id": str(mail_id)}, 1, key))


def _state(mail_id: UUID) -> MailState:
    db.release()
    return service.get(mail_id).state


def _sealed(mail_id: UUID) -> str:
    db.release()
    mail = models.mail(mail_id)
    assert mail is not None
    return mail.sealed


def _kinds() -> list[str]:
    db.release()
    return [entry.kind for entry in events.timeline(SUBJECT)]


# --- sending ---------------------------------------------------------------------------------------------------


def test_a_mail_goes_out_and_into_the_history(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    mail_id = _send()
    assert _state(mail_id) == MailState.QUEUED
    run_jobs()
    db.release()
    (mail,) = outbox_mails()
    assert mail.entry.to == ("giulia@caffeolmo.example",)
    assert "INV-2026-0001" in mail.entry.subject and str(CONTEXT["url"]) in mail.text
    view = service.get(mail_id)
    assert (view.state, view.subject_line, view.can_repeat) == (MailState.ACCEPTED, mail.entry.subject, False)
    assert _kinds() == ["mail.sent"]
    assert [entry.kind for entry in events.timeline("client:1")] == ["mail.sent"]


def test_a_write_that_fails_sends_nothing(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    with pytest.raises(RuntimeError), db.writing():
        _send()
        raise RuntimeError
    assert run_jobs() == 0 and service.mails(SUBJECT) == []


def test_its_context_is_sealed_and_forgotten_once_it_left(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    """The links in it open documents."""
    mail_id = _send()
    sealed, mail = _sealed(mail_id), models.mail(mail_id)
    assert sealed and "Zk3vQ9x" not in sealed
    assert mail is not None and service.open_context(mail) == CONTEXT
    run_jobs()
    assert _sealed(mail_id) == ""


def test_its_language_is_its_own(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    _send(locale="it")
    run_jobs()
    db.release()
    assert "122,00" in outbox_mails()[0].entry.subject


def test_frozen_documents_go_along(agency: AgencyView, post: Post, run_jobs: Callable[[], int]) -> None:
    documents.issued("100")
    run_jobs()
    assert [file.content[:5] for file in post.taken[0].attachments] == [b"%PDF-"]
    assert post.taken[0].reply_to == "hello@northwind.example"


def test_a_mail_of_the_platform_belongs_to_no_agency(
    app: Flask, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    with db.unit(db.Scope()):
        mail_id = service.send_platform("sign_in", "Ada", "ada@x.example", context=_sign_in_context())
    run_jobs()
    assert "ada@x.example" in outbox_mails()[0].entry.to
    with db.unit(db.Scope()):
        mail = models.platform_mail(mail_id)
        assert mail is not None and (mail.state, mail.sealed) == (MailState.ACCEPTED, "")


def test_a_refused_mail_of_the_platform_forgets_its_link(app: Flask, post: Post, run_jobs: Callable[[], int]) -> None:
    post.error = ProviderRejected("no such mailbox")
    with db.unit(db.Scope()):
        mail_id = service.send_platform("sign_in", "Ada", "ada@x.example", context=_sign_in_context())
    run_jobs()
    with db.unit(db.Scope()):
        mail = models.platform_mail(mail_id)
        assert mail is not None and (mail.state, mail.sealed) == (MailState.FAILED, "")


def _sign_in_context() -> dict[str, object]:
    return {"name": "Ada", "url": "http://127.0.0.1:8000/sign-in/link/Zk3vQ9x_LmN0pQrStUvWxY", "minutes": 20}


# --- what goes wrong -------------------------------------------------------------------------------------------


def test_two_attempts_side_by_side_send_one_mail(agency: AgencyView, app: Flask, post: Post) -> None:
    """A slow attempt outlived its lease; both have found the mail queued."""
    mail_id = _send()
    _both_read(post, agency, app, mail_id)
    assert len(post.taken) == 1
    assert _state(mail_id) in (MailState.ACCEPTED, MailState.UNCERTAIN)


def _both_read(post: Post, agency: AgencyView, app: Flask, mail_id: UUID) -> None:
    def attempt() -> None:
        with tenancy.tenant(agency.id):
            _attempt(agency, mail_id)

    db.release()
    answers = at_once(app, attempt, attempt, attempt)
    assert answers == [None, None, None]


def test_an_attempt_that_read_before_the_other_marked_does_not_send(agency: AgencyView, post: Post) -> None:
    mail_id = _send()
    mail = models.mail(mail_id)
    assert mail is not None
    stale = jobs._draft(mail)
    db.release()
    letter = jobs._letter(stale, {"subject": "s", "text": "t", "html": "h"}, "Northwind")
    for _ in range(2):
        links = handing.links(stale)
        db.release()
        handing.deliver(stale, links, letter)
    assert len(post.taken) == 1


def test_killed_while_sending_it_is_uncertain_and_never_sent_by_itself(agency: AgencyView, post: Post) -> None:
    mail_id = _send()
    post.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        _attempt(agency, mail_id)
    assert _state(mail_id) == MailState.SENDING
    post.error = None
    for _ in range(2):
        _attempt(agency, mail_id)
    assert _state(mail_id) == MailState.UNCERTAIN and post.taken == []
    assert _kinds() == ["mail.uncertain"]


def test_a_receipt_that_comes_late_ends_the_doubt(agency: AgencyView, post: Post) -> None:
    mail_id = _send()
    post.before = lambda: _attempt_in_its_own_unit(agency, mail_id)
    _attempt(agency, mail_id)
    assert _state(mail_id) == MailState.ACCEPTED
    assert _kinds() == ["mail.sent", "mail.uncertain"]
    assert len(post.taken) == 1


def _attempt_in_its_own_unit(agency: AgencyView, mail_id: UUID) -> None:
    with tenancy.tenant(agency.id):
        _attempt(agency, mail_id, "job-2")


def test_a_broken_connection_is_uncertain(agency: AgencyView, post: Post) -> None:
    post.error = OutcomeUnknown("the connection died")
    mail_id = _send()
    _attempt(agency, mail_id)
    assert _state(mail_id) == MailState.UNCERTAIN


def test_what_never_left_is_sent_later(agency: AgencyView, post: Post) -> None:
    post.error = ProviderUnavailable("the mail service is busy")
    mail_id = _send()
    with pytest.raises(ProviderUnavailable):
        _attempt(agency, mail_id)
    db.release()
    view = service.get(mail_id)
    assert (view.state, view.error) == (MailState.QUEUED, "the mail service is busy")
    post.error = None
    _attempt(agency, mail_id)
    assert _state(mail_id) == MailState.ACCEPTED
    assert service.get(mail_id).error == ""


def test_an_idempotent_vendor_is_simply_asked_again(
    agency: AgencyView, outbox_mails: Callable[[], list[OutboxMessage]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the vendor's answer and our commit: the same key, one mail."""
    mail_id = _send()

    def die(*_args: object, **_values: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(handing, "_conclude", die)
        with pytest.raises(KeyboardInterrupt):
            _attempt(agency, mail_id)
    _attempt(agency, mail_id)
    db.release()
    assert len(outbox_mails()) == 1
    assert _state(mail_id) == MailState.ACCEPTED


def test_a_refused_mail_can_be_sent_again_by_a_person(
    agency: AgencyView, post: Post, run_jobs: Callable[[], int]
) -> None:
    post.error = ProviderRejected("no such mailbox")
    mail_id = _send()
    run_jobs()
    view = service.get(mail_id)
    assert (view.state, view.error, view.can_repeat) == (MailState.FAILED, "no such mailbox", True)
    post.error = None
    service.send_again(mail_id)
    with pytest.raises(Conflict):
        service.send_again(mail_id)
    with clock.frozen(clock.now() + timedelta(minutes=1)):
        run_jobs()
    assert _state(mail_id) == MailState.ACCEPTED and len(post.taken) == 1
    assert _kinds() == ["mail.sent", "mail.failed"]


def test_a_mail_that_was_sent_is_not_sent_again(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    mail_id = _send()
    run_jobs()
    with pytest.raises(Conflict):
        service.send_again(mail_id)


def test_another_agencys_mail_is_not_there(agency: AgencyView, other_agency: AgencyView) -> None:
    mail_id = _send()
    db.release()
    with tenancy.tenant(other_agency.id), pytest.raises(NotFound):
        service.get(mail_id)


def test_a_line_break_in_a_name_makes_no_header(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    service.send(
        "invoice_sent",
        "Giulia\r\nBcc: everybody@example.com",
        "giulia@caffeolmo.example",
        context={**CONTEXT, "number": "1\r\nBcc: x@example.com"},
        subject=SUBJECT,
        locale="en",
    )
    run_jobs()
    db.release()
    assert all(b"\nBcc:" not in mail.raw for mail in outbox_mails())


# --- pages -----------------------------------------------------------------------------------------------------


def test_staff_read_what_left(owner: Browser, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    mail_id = _send()
    run_jobs()
    assert "INV-2026-0001" in owner.get(f"/{agency.slug}/mail/").text
    assert owner.get(f"/{agency.slug}/mail/{mail_id}").status_code == 200
    frame = owner.get(f"/{agency.slug}/mail/{mail_id}/html")
    assert "sandbox" in frame.headers["Content-Security-Policy"] and "script-src" not in frame.headers
    assert owner.get(f"/{agency.slug}/mail/{mail_id}/attachment/0").status_code == 404


def test_the_page_of_a_mail_survives_its_file(
    owner: Browser, agency: AgencyView, app: Flask, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_id = _send()
    run_jobs()

    def gone(self: object, id: str) -> OutboxMessage:
        raise NotFoundAtProvider("there is no such message", provider="outbox")

    monkeypatch.setattr(type(runtime.of(app).registry.get(EMAIL)), "read", gone)
    assert owner.get(f"/{agency.slug}/mail/{mail_id}").status_code == 200


@pytest.mark.parametrize("page", ["", "/{id}", "/{id}/html"])
def test_mail_is_for_members(stranger: Browser, anonymous: Browser, agency: AgencyView, page: str) -> None:
    path = f"/{agency.slug}/mail" + (page or "/").format(id=_send())
    assert stranger.get(path).status_code == 404
    assert anonymous.get(path).status_code == 303


def test_send_again_from_the_page(owner: Browser, agency: AgencyView, post: Post, run_jobs: Callable[[], int]) -> None:
    post.error = ProviderRejected("no such mailbox")
    mail_id = _send()
    run_jobs()
    post.error = None
    path = f"/{agency.slug}/mail/{mail_id}/again"
    assert [owner.post(path).status_code for _ in range(2)] == [303, 409]
    run_jobs()
    assert _state(mail_id) == MailState.ACCEPTED
