"""What became of a mail: reported by webhooks that come late, twice and in any order, and shown as it is."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import documents, proposals
from tests.messaging.test_service import CONTEXT, SUBJECT
from tests.threads import at_once
from webkit.core.capabilities.email import DeliveryEvent, DeliveryKind
from webkit.core.capabilities.errors import ProviderUnavailable
from webkit.core.extensions import Delivery, Job
from webkit.core.kernel import clock, db, events, inbox, outbox, runtime, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.inbox import InboxEvent
from webkit.core.providers import ProviderRegistry
from webkit.messaging import fate, handing, jobs, models, service
from webkit.messaging.models import MailState
from webkit.proposals import service as offers
from webkit.sdk.testing.doubles.resend import Mail as Taken
from webkit.sdk.testing.doubles.resend import Resend, Webhook

PATH = f"/webhooks/email/resend/{inbox.PLATFORM}"


@pytest.fixture
def vendor(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resend]:
    """Mail goes through Resend in this test."""
    with Resend(domains=None) as double:
        here = runtime.of(app)
        environ = {
            "WEBKIT_DATA": str(here.settings.data),
            "EMAIL_PROVIDER": "resend",
            "RESEND_API_KEY": "re_test_sending",
            "RESEND_API_URL": double.url,
            "RESEND_WEBHOOK_SECRET": double.secret,
        }
        registry = ProviderRegistry(environ, here.plugins.providers, in_transaction=db.in_transaction)
        monkeypatch.setattr(here, "registry", registry)
        monkeypatch.setattr(here, "settings", here.settings.model_copy(update={"mail_from": "mail@northwind.example"}))
        yield double


@pytest.fixture
def tell(vendor: Resend, anonymous: Browser, run_jobs: Callable[[], int]) -> Callable[..., int]:
    """Lets the vendor report something by webhook and everything that follows happen."""

    def tell(taken: Taken, kind: str, **details: object) -> int:
        status = _post(anonymous, vendor.report(taken.id, f"email.{kind}", **details))  # type: ignore[arg-type]
        run_jobs()
        db.release()
        return status

    return tell


def _post(browser: Browser, webhook: Webhook, path: str = PATH) -> int:
    return browser.post(path, data=webhook.body, headers=dict(webhook.headers)).status_code


def _send(to: str = "giulia@caffeolmo.example") -> UUID:
    return service.send(
        "invoice_sent", "Giulia Ferrante", to, context=CONTEXT, subject=SUBJECT, about=("client:1",), locale="en"
    )


def _view(mail_id: UUID) -> service.MailView:
    db.release()
    return service.get(mail_id)


def _kinds() -> list[str]:
    db.release()
    return [entry.kind for entry in events.timeline(SUBJECT)]


def _event(mail_id: UUID, kind: DeliveryKind, *, sending: int = 1, reason: str = "") -> Delivery:
    now = datetime.now(UTC)
    key = f"mail-{mail_id}-{sending}"
    event = DeliveryEvent(f"evt_{uuid7()}", kind, "re_1", key, "giulia@caffeolmo.example", reason, now)
    return Delivery("resend", inbox.PLATFORM, event)


# --- from the vendor to the page ---------------------------------------------------------------------------------


def test_a_mail_is_followed_to_its_delivery(
    agency: AgencyView, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    mail_id = _send()
    run_jobs()
    (taken,) = vendor.taken()
    assert (_view(mail_id).state, _view(mail_id).sent_at is not None) == (MailState.ACCEPTED, True)
    assert [tell(taken, kind) for kind in ("sent", "delivered", "opened")] == [200, 200, 200]
    view = _view(mail_id)
    assert (view.state, view.troubled) == (MailState.DELIVERED, False)
    assert view.at == view.reported_at and view.reported_at is not None
    assert _kinds() == ["mail.sent"]


def test_a_bounce_is_told_with_its_reason_everywhere(
    agency: AgencyView, owner: Browser, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    mail_id = _send("Wrong@CaffeOlmo.example")
    run_jobs()
    bounce = {"message": "550 5.1.1 no such <mailbox>", "type": "Permanent", "subType": "General"}
    assert tell(vendor.taken()[0], "bounced", bounce=bounce) == 200
    view = _view(mail_id)
    assert (view.state, view.error, view.troubled) == (MailState.BOUNCED, "550 5.1.1 no such <mailbox>", True)
    assert _kinds() == ["mail.bounced", "mail.sent"]
    for path in ("/northwind/mail/?view=returned", "/northwind/mail/?view=troubled", f"/northwind/mail/{mail_id}"):
        text = owner.get(path).text
        assert "550 5.1.1 no such &lt;mailbox&gt;" in text and "Came back" in text
    assert "A mail came back" in owner.get("/northwind/").text
    warning = service.warning("wrong@caffeolmo.EXAMPLE")
    assert warning is not None and (warning.state, warning.reason) == (MailState.BOUNCED, view.error)


def test_who_has_seen_to_it_is_no_longer_asked(
    agency: AgencyView, owner: Browser, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    mail_id = _send()
    run_jobs()
    tell(vendor.taken()[0], "complained")
    assert "marked as spam" in owner.get("/northwind/").text
    assert owner.post(f"/northwind/mail/{mail_id}/done").status_code == 303
    assert "marked as spam" not in owner.get("/northwind/").text
    assert str(mail_id) not in owner.get("/northwind/mail/?view=troubled").text
    assert "seen to" in owner.get("/northwind/mail/?view=returned").text
    assert service.warning("giulia@caffeolmo.example") is not None


def test_the_warning_ends_with_the_next_mail_that_arrives(
    agency: AgencyView, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    _send()
    run_jobs()
    tell(vendor.taken()[0], "bounced")
    assert service.warning("giulia@caffeolmo.example") is not None
    assert service.warning("other@caffeolmo.example") is None and service.warning("") is None
    _send()
    run_jobs()
    assert service.warning("giulia@caffeolmo.example") is not None, "on its way is not yet there"
    tell(vendor.taken()[1], "delivered")
    assert service.warning("giulia@caffeolmo.example") is None


def test_a_delay_is_shown_and_ends(
    agency: AgencyView, owner: Browser, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    mail_id = _send()
    run_jobs()
    tell(vendor.taken()[0], "delivery_delayed")
    view = _view(mail_id)
    assert view.state == MailState.ACCEPTED and view.delayed_at is not None and not view.troubled
    assert "Delayed" in owner.get(f"/northwind/mail/{mail_id}").text
    tell(vendor.taken()[0], "delivered")
    assert "Delivered" in owner.get("/northwind/mail/").text


def test_the_document_shows_how_far_its_mail_got(
    agency: AgencyView, owner: Browser, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    invoice_id = documents.issued("100")
    run_jobs()
    tell(vendor.taken()[0], "delivered")
    assert "Delivered" in owner.get(f"/northwind/invoices/{invoice_id}").text


def test_a_bad_address_is_warned_of_before_the_next_document(
    agency: AgencyView, owner: Browser, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    client = documents.client()
    path = f"/northwind/invoices/{documents.draft('10', client_id=client)}"
    assert "came back" not in owner.get(path).text
    _send()
    run_jobs()
    tell(vendor.taken()[0], "bounced")
    assert "The last mail to giulia@caffeolmo.example came back." in owner.get(path).text


def test_a_mail_of_the_platform_is_followed_too(
    app: Flask, anonymous: Browser, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    context = {"name": "Ada", "url": "http://127.0.0.1:8000/sign-in/link/x", "minutes": 20}
    with db.unit(db.Scope()):
        mail_id = service.send_platform("sign_in", "Ada", "ada@x.example", context=context)
    run_jobs()
    assert _post(anonymous, vendor.report(vendor.taken()[0].id, "email.bounced")) == 200
    run_jobs()
    with db.unit(db.Scope()):
        mail = models.platform_mail(mail_id)
        assert mail is not None and (mail.state, mail.sealed) == (MailState.BOUNCED, "")


# --- webhooks that are not what they should be ---------------------------------------------------------------------


def test_a_webhook_that_cannot_be_proven_now_may_come_again(
    anonymous: Browser, vendor: Resend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def verify(*_args: object) -> None:
        raise ProviderUnavailable("the certificate cannot be fetched")

    monkeypatch.setattr("plugins.email_resend.webhooks.verify", verify)
    assert _post(anonymous, vendor.unknown_webhook()) == 503


def test_wrong_old_doubled_and_foreign_webhooks(
    app: Flask, agency: AgencyView, anonymous: Browser, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    mail_id = _send()
    run_jobs()
    good = vendor.report(vendor.taken()[0].id, "email.delivered")
    tampered = Webhook(good.headers, good.body.replace(b"email.delivered", b"email.bounced"))
    old = vendor.aged(good, timedelta(hours=1))
    assert [_post(anonymous, webhook) for webhook in (tampered, old)] == [400, 400]
    assert _post(anonymous, Webhook({}, good.body)) == 400
    assert _view(mail_id).state == MailState.ACCEPTED
    assert _post(anonymous, good, "/webhooks/email/resend/nobody") == 404
    assert _post(anonymous, good, "/webhooks/email/postmark/platform") == 404
    again = vendor.signed("msg_other", good.body)
    assert [_post(anonymous, webhook) for webhook in (good, good, again)] == [200, 200, 200]
    unknown = vendor.unknown_webhook()
    assert _post(anonymous, unknown) == 200
    run_jobs()
    db.release()
    with tenancy.platform("a test looks from above") as unit:
        assert unit.scalar(sa.select(sa.func.count()).select_from(InboxEvent)) == 2
    assert _view(mail_id).state == MailState.DELIVERED


def test_mail_of_others_at_the_same_account_is_left_alone(
    agency: AgencyView, anonymous: Browser, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    mail_id = _send()
    run_jobs()
    (taken,) = vendor.taken()
    vendor.mails["foreign"] = replace(taken, id="foreign", request={**taken.request, "tags": []})
    assert _post(anonymous, vendor.report("foreign", "email.bounced")) == 200
    run_jobs()
    assert _view(mail_id).state == MailState.ACCEPTED
    with tenancy.platform("a test looks from above"):
        assert outbox.counts() == {}


def test_another_agencys_endpoint_cannot_touch_it(agency: AgencyView, other_agency: AgencyView) -> None:
    mail_id = _send()
    db.release()
    with tenancy.tenant(other_agency.id):
        fate.apply(_event(mail_id, DeliveryKind.BOUNCED))
    assert _view(mail_id).state == MailState.QUEUED


# --- order ---------------------------------------------------------------------------------------------------------

STORY = (DeliveryKind.ACCEPTED, DeliveryKind.DELAYED, DeliveryKind.DELIVERED, DeliveryKind.COMPLAINED)


def test_any_order_ends_in_the_same_state(agency: AgencyView) -> None:
    """Each order of four reports, with one of them doubled; the history has each fact once."""
    for order in itertools.permutations(STORY):
        mail_id = _send()
        for kind in (*order, order[0]):
            fate.apply(_event(mail_id, kind))
        assert _view(mail_id).state == MailState.COMPLAINED
    assert sorted(set(_kinds())) == ["mail.complained", "mail.sent"]
    assert len(_kinds()) <= 50


@pytest.mark.parametrize(
    ("first", "late", "stays"),
    [
        (DeliveryKind.BOUNCED, DeliveryKind.DELIVERED, MailState.BOUNCED),
        (DeliveryKind.BOUNCED, DeliveryKind.ACCEPTED, MailState.BOUNCED),
        (DeliveryKind.DELIVERED, DeliveryKind.DELAYED, MailState.DELIVERED),
        (DeliveryKind.DELIVERED, DeliveryKind.FAILED, MailState.DELIVERED),
        (DeliveryKind.COMPLAINED, DeliveryKind.BOUNCED, MailState.COMPLAINED),
        (DeliveryKind.DELIVERED, DeliveryKind.BOUNCED, MailState.BOUNCED),
        (DeliveryKind.FAILED, DeliveryKind.ACCEPTED, MailState.FAILED),
        (DeliveryKind.IGNORED, DeliveryKind.IGNORED, MailState.QUEUED),
    ],
)
def test_nothing_goes_back(agency: AgencyView, first: DeliveryKind, late: DeliveryKind, stays: MailState) -> None:
    mail_id = _send()
    fate.apply(_event(mail_id, first))
    fate.apply(_event(mail_id, late))
    assert _view(mail_id).state == stays


def test_a_report_faster_than_our_own_record(
    agency: AgencyView, anonymous: Browser, vendor: Resend, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies after the vendor's answer; the webhook comes first; the repeated attempt sends nothing new."""
    mail_id = _send()

    def die(*_args: object, **_values: object) -> None:
        raise KeyboardInterrupt

    job = Job(uuid7(), agency.id, {"mail_id": str(mail_id)}, 1, "job-1")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(handing, "_conclude", die)
        jobs.send(job)
    assert _view(mail_id).state == MailState.SENDING
    fate.apply(_event(mail_id, DeliveryKind.DELIVERED))
    db.release()
    jobs.send(job)
    assert len(vendor.taken()) == 1
    assert (_view(mail_id).state, _kinds()) == (MailState.DELIVERED, ["mail.sent"])


def test_two_reports_and_the_receipt_at_the_same_moment(agency: AgencyView, app: Flask) -> None:
    """Three transactions race for one mail; the furthest state stands, and each fact is told once."""
    for _ in range(5):
        mail_id = _send()
        mail = models.mail(mail_id)
        assert mail is not None
        draft = jobs._draft(mail)
        db.release()

        def inside(act: Callable[[], object]) -> Callable[[], object]:
            def run() -> object:
                with tenancy.tenant(agency.id):
                    return act()

            return run

        answers = at_once(
            app,
            inside(lambda mail_id=mail_id: fate.apply(_event(mail_id, DeliveryKind.DELIVERED))),  # type: ignore[misc]
            inside(lambda mail_id=mail_id: fate.apply(_event(mail_id, DeliveryKind.BOUNCED))),  # type: ignore[misc]
            inside(lambda draft=draft: handing._conclude(draft, MailState.ACCEPTED, vendor_id="x", sealed="")),  # type: ignore[misc]
        )
        assert answers == [None, None, None]
        assert _view(mail_id).state == MailState.BOUNCED
    kinds = _kinds()
    assert (kinds.count("mail.sent"), kinds.count("mail.bounced")) == (5, 5)


# --- giving up, and again ------------------------------------------------------------------------------------------


def _exhaust(run_jobs: Callable[[], int]) -> None:
    for hour in range(1, outbox.ATTEMPTS + 2):
        with clock.frozen(clock.now() + timedelta(hours=2 * hour)):
            run_jobs()


def test_after_the_last_attempt_it_says_failed_and_can_be_sent_again(
    agency: AgencyView, owner: Browser, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    vendor.fail(503, "application_error", times=outbox.ATTEMPTS, message="down for today")
    mail_id = _send()
    run_jobs()
    view = _view(mail_id)
    assert view.state == MailState.QUEUED and "down for today" in view.error
    assert "The last attempt failed" in owner.get(f"/northwind/mail/{mail_id}").text
    _exhaust(run_jobs)
    view = _view(mail_id)
    assert (view.state, view.can_repeat) == (MailState.FAILED, True)
    text = owner.get(f"/northwind/mail/{mail_id}").text
    assert "down for today" in text and "Send again" in text
    assert _kinds() == ["mail.failed"]
    assert owner.post(f"/northwind/mail/{mail_id}/again").status_code == 303
    run_jobs()
    assert _view(mail_id).state == MailState.ACCEPTED
    assert [mail.key for mail in vendor.taken()] == [f"mail-{mail_id}-2"]
    with pytest.raises(Conflict):
        service.send_again(mail_id)


def test_what_may_have_left_is_uncertain_after_the_last_attempt(
    agency: AgencyView, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    """One attempt's connection died after the request; all others were refused for the moment."""
    vendor.fail(drop="before")
    vendor.fail(503, times=outbox.ATTEMPTS)
    mail_id = _send()
    run_jobs()
    assert _view(mail_id).state == MailState.SENDING
    _exhaust(run_jobs)
    assert _view(mail_id).state == MailState.UNCERTAIN
    fate.apply(_event(mail_id, DeliveryKind.DELIVERED))
    assert _view(mail_id).state == MailState.DELIVERED


def test_a_wrong_key_fails_at_once_and_an_operator_may_retry(
    agency: AgencyView, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    keys, vendor.keys = vendor.keys, {}
    mail_id = _send()
    run_jobs()
    assert _view(mail_id).state == MailState.FAILED
    vendor.keys = keys
    with tenancy.platform("a test looks from above"):
        (dead,) = outbox.views(outbox.State.DEAD)
    assert outbox.retry(dead.id)
    run_jobs()
    assert _view(mail_id).state == MailState.ACCEPTED


def test_retrying_the_job_and_sending_again_is_one_mail(
    agency: AgencyView, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    vendor.keys, keys = {}, vendor.keys
    mail_id = _send()
    run_jobs()
    vendor.keys = keys
    service.send_again(mail_id)
    with tenancy.platform("a test looks from above"):
        (dead,) = outbox.views(outbox.State.DEAD)
    assert outbox.retry(dead.id)
    run_jobs()
    assert len(vendor.taken()) == 1
    assert _view(mail_id).state == MailState.ACCEPTED


def test_a_mail_that_cannot_be_written_says_so(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    """Not only the vendor may fail: a template without what it needs does too."""
    mail_id = service.send("invoice_sent", "Giulia", "g@x.example", context={}, subject=SUBJECT, locale="en")
    run_jobs()
    _exhaust(run_jobs)
    view = _view(mail_id)
    assert (view.state, view.can_repeat) == (MailState.FAILED, True)
    assert "UndefinedError" in view.error


def test_reports_about_an_earlier_sending_are_stale(
    agency: AgencyView, vendor: Resend, run_jobs: Callable[[], int]
) -> None:
    vendor.fail(422, "validation_error")
    mail_id = _send()
    run_jobs()
    assert _view(mail_id).state == MailState.FAILED
    service.send_again(mail_id)
    fate.apply(_event(mail_id, DeliveryKind.BOUNCED, sending=1))
    assert _view(mail_id).state == MailState.QUEUED
    run_jobs()
    assert _view(mail_id).state == MailState.ACCEPTED
    fate.apply(_event(mail_id, DeliveryKind.BOUNCED, sending=2))
    assert _view(mail_id).state == MailState.BOUNCED


def test_a_proposal_asks_once_before_it_goes_to_a_bad_address(
    agency: AgencyView, owner: Browser, vendor: Resend, tell: Callable[..., int], run_jobs: Callable[[], int]
) -> None:
    bad = "davide@lario.example"
    _send(bad)
    run_jobs()
    tell(vendor.taken()[0], "bounced")
    proposal_id = proposals.draft()
    path = f"/northwind/proposals/{proposal_id}/send"
    assert f"The last mail to {bad} came back." in owner.get(path).text
    db.release()
    revision = str(offers.get(proposal_id).revision)
    form = {"by": "mail", "to_name": "Giulia", "to_email": bad, "message": "", "revision": revision}
    asked = owner.post(path, data=form)
    assert asked.status_code == 422 and f'name="warned" value="{bad}"' in asked.text
    assert owner.post(path, data={**form, "warned": bad}).status_code == 303
    run_jobs()
    assert len(vendor.taken()) == 2
