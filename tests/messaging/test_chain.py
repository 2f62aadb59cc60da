"""A chain of mail vendors: the second while the first is down, not when it refuses, and each mail once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.messaging.test_service import CONTEXT, SUBJECT
from webkit.core.capabilities.base import Health, HealthReport, NoSettings, ProviderSpec
from webkit.core.capabilities.email import EMAIL, EmailMessage, SendReceipt
from webkit.core.capabilities.errors import (
    CredentialsRejected,
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
)
from webkit.core.extensions import Job
from webkit.core.kernel import circuits, clock, db, events, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.core.providers import ProviderRegistry
from webkit.messaging import handing, jobs, models, service
from webkit.messaging.models import MailState


class Post:
    """A vendor that does what it is told."""

    taken: list[str]
    asked: int
    error: ProviderError | None

    def __init__(self, _settings: NoSettings) -> None:
        return

    def send(self, message: EmailMessage) -> SendReceipt:
        cls = type(self).__mro__[1]  # the registry's guard is a subclass
        cls.asked += 1  # type: ignore[attr-defined]
        if self.error is not None:
            raise self.error
        cls.taken.append(message.to[0].email)  # type: ignore[attr-defined]
        return SendReceipt(f"{cls.__name__}-{cls.asked}")  # type: ignore[attr-defined]

    def health(self) -> HealthReport:
        return HealthReport(Health.OK)


class First(Post):
    """Like an API with keys."""


class Second(Post):
    """Like SMTP."""


@pytest.fixture(autouse=True)
def chain(app: Flask) -> Iterator[None]:
    here = runtime.of(app)
    for post in (First, Second):
        post.taken, post.asked, post.error = [], 0, None
    specs = [
        ProviderSpec(EMAIL, "first", "First post", f"{__name__}:First", features=frozenset({"idempotent"})),
        ProviderSpec(EMAIL, "second", "Second post", f"{__name__}:Second"),
    ]
    given = {"WEBKIT_DATA": str(here.settings.data), "EMAIL_PROVIDER": "first,second"}
    before = here.registry
    here.registry = ProviderRegistry(given, [*here.plugins.providers, *specs], in_transaction=db.in_transaction)
    here.circuits = circuits.Own()
    yield
    here.registry, here.circuits = before, circuits.Own()


def _send(nth: int = 1) -> UUID:
    to = f"giulia{nth}@caffeolmo.example"
    return service.send("invoice_sent", "Giulia", to, context=CONTEXT, subject=SUBJECT, locale="en")


def _attempt(agency: AgencyView, mail_id: UUID) -> None:
    jobs.send(Job(uuid7(), agency.id, {"mail_id": str(mail_id)}, 1, "job"))


def _view(mail_id: UUID) -> service.MailView:
    db.release()
    return service.get(mail_id)


def test_the_first_sends_while_it_is_well(agency: AgencyView) -> None:
    mail_id = _send()
    _attempt(agency, mail_id)
    view = _view(mail_id)
    assert (view.provider, view.tried, First.asked, Second.asked) == ("First post", (), 1, 0)


def test_the_second_sends_while_the_first_is_down_and_says_so(agency: AgencyView, owner: Browser) -> None:
    First.error = ProviderUnavailable("no connection")
    mail_id = _send()
    _attempt(agency, mail_id)
    view = _view(mail_id)
    assert (view.state, view.provider) == (MailState.ACCEPTED, "Second post")
    assert view.tried == (("First post", "no connection"),)
    assert Second.taken == ["giulia1@caffeolmo.example"]
    (sent,) = [entry for entry in events.timeline(SUBJECT) if entry.kind == "mail.sent"]
    assert sent.facts["provider"] == "second"
    db.release()
    page = owner.get(f"/northwind/mail/{mail_id}").text
    assert "Sent through Second post." in page and "Not through First post: no connection." in page
    _attempt(agency, mail_id)
    assert len(Second.taken) == 1


@pytest.mark.parametrize(
    ("error", "state", "raises"),
    [
        (ProviderRejected("no such mailbox"), MailState.FAILED, False),
        (CredentialsRejected("the key is wrong"), MailState.FAILED, True),
    ],
)
def test_who_refuses_has_the_last_word(
    agency: AgencyView, error: ProviderError, state: MailState, raises: bool
) -> None:
    First.error = error
    mail_id = _send()
    if raises:
        with pytest.raises(type(error)):
            _attempt(agency, mail_id)
    else:
        _attempt(agency, mail_id)
    assert (_view(mail_id).state, Second.asked) == (state, 0)


def test_an_unknown_outcome_stays_with_who_may_have_sent_it(agency: AgencyView) -> None:
    First.error = OutcomeUnknown("the connection died")
    mail_id = _send()
    with pytest.raises(OutcomeUnknown):
        _attempt(agency, mail_id)
    assert (_view(mail_id).state, Second.asked) == (MailState.SENDING, 0)
    First.error = ProviderUnavailable("down now")  # the doubt is older than that
    with pytest.raises(ProviderUnavailable):
        _attempt(agency, mail_id)
    assert (_view(mail_id).state, Second.asked) == (MailState.SENDING, 0)
    First.error = None
    _attempt(agency, mail_id)
    assert (_view(mail_id).state, First.taken, Second.asked) == (MailState.ACCEPTED, ["giulia1@caffeolmo.example"], 0)


def test_the_second_that_may_have_sent_it_is_not_followed_by_the_first(agency: AgencyView) -> None:
    First.error, Second.error = ProviderUnavailable("down"), OutcomeUnknown("the connection died")
    mail_id = _send()
    _attempt(agency, mail_id)
    First.error = None
    _attempt(agency, mail_id)
    assert (_view(mail_id).state, First.taken) == (MailState.UNCERTAIN, [])


def test_with_all_of_them_down_it_waits(agency: AgencyView) -> None:
    First.error = Second.error = ProviderUnavailable("down")
    mail_id = _send()
    with pytest.raises(ProviderUnavailable):
        _attempt(agency, mail_id)
    assert _view(mail_id).state == MailState.QUEUED
    Second.error = None
    _attempt(agency, mail_id)
    assert (_view(mail_id).state, Second.taken) == (MailState.ACCEPTED, ["giulia1@caffeolmo.example"])


def test_an_attempt_that_was_overtaken_passes_nothing_on(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first is slow to say that it is down, another attempt asks it again: that one has the mail now."""
    mail_id = _send()

    def slow(_self: First, _message: EmailMessage) -> SendReceipt:
        with db.writing():
            mail = models.mail(mail_id)
            assert mail is not None
            mail.attempt += 1
        raise ProviderUnavailable("down")

    monkeypatch.setattr(First, "send", slow)
    here = runtime.current()
    here.registry._built.clear()
    with pytest.raises(handing._Overtaken):
        _attempt(agency, mail_id)
    assert (_view(mail_id).state, Second.asked) == (MailState.SENDING, 0)


def test_the_circuit_opens_and_closes_by_itself(agency: AgencyView) -> None:
    First.error = ProviderUnavailable("no connection")
    start = clock.now()
    with clock.frozen(start):
        for nth in range(circuits.FAILURES):
            _attempt(agency, _send(nth))
        asked = First.asked
        resting = _send(90)
        _attempt(agency, resting)
        assert First.asked == asked == circuits.FAILURES
        assert _view(resting).tried == (("First post", handing.NOT_ASKED),)
    with clock.frozen(start + timedelta(seconds=circuits.PAUSE + 1)):
        _attempt(agency, _send(91))  # one tries, and fails: the pause is longer now
        _attempt(agency, _send(92))
        assert First.asked == asked + 1
    First.error = None
    with clock.frozen(start + timedelta(seconds=circuits.PAUSE * 4)):
        _attempt(agency, _send(93))
        _attempt(agency, _send(94))
    assert First.taken == ["giulia93@caffeolmo.example", "giulia94@caffeolmo.example"]
    assert len(Second.taken) == len(set(Second.taken)) == circuits.FAILURES + 3
    assert circuits.look(circuits.key("email", "first", "platform")) == circuits.CLOSED


def test_jobs_carry_it_all(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    First.error = ProviderUnavailable("down")
    mails = [_send(nth) for nth in range(8)]
    run_jobs()
    assert {_view(mail_id).state for mail_id in mails} == {MailState.ACCEPTED}
    assert sorted(Second.taken) == sorted(f"giulia{nth}@caffeolmo.example" for nth in range(8))
