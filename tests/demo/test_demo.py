"""The demo agency: everything in it happened through the services, and loading again changes nothing."""

from __future__ import annotations

import json
from contextvars import Context
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask, current_app
from flask.cli import ScriptInfo

from plugins.payments_local import courier
from tests.client import Browser
from tests.factories import listed
from tests.factories.people import Person
from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.clients.listing import CLIENTS
from webkit.consultations import service as consultations
from webkit.contracts.listing import CONTRACTS
from webkit.core.capabilities.email import EMAIL
from webkit.core.kernel import clock, db, evidence, outbox, runtime, tenancy
from webkit.core.kernel.errors import DomainError
from webkit.demo import plugin, service, stories
from webkit.demo.cli import demo_group
from webkit.demo.service import Demo
from webkit.invoices import service as invoices
from webkit.proposals import service as proposals
from webkit.proposals.service import Filter
from webkit.quotations import service as quotations
from webkit.quotations.service import Filter as QuotationFilter


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at the address the courier would call."""
    monkeypatch.setattr(courier, "start", lambda *_args: None)


@pytest.fixture
def demo(app: Flask) -> Demo:
    return _load()


def _load() -> Demo:
    """As the command does: nothing of the test's own units is open."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]

    def load() -> Demo:
        with app.app_context():
            return service.load()

    return Context().run(load)


def _inside(demo: Demo) -> tenancy.UnitSession:
    with db.unit(db.Scope()):
        agency = agencies.by_slug(demo.agency)
    assert agency is not None
    return tenancy.tenant(agency.id)  # type: ignore[return-value]


def _words(demo: Demo) -> dict[str, list[str]]:
    """How every document stands."""
    with _inside(demo):
        return {
            "consultations": sorted(card.state for card in consultations.page(consultations.Filter(), 100)),
            "proposals": sorted(card.word for card in proposals.page(Filter(), 100)),
            "quotations": sorted(card.word for card in quotations.page(QuotationFilter(), 100)),
            "contracts": sorted(contract.word(listed.here().today) for contract in listed.rows(CONTRACTS)),
            "invoices": sorted(invoice.word for invoice in invoices.page(limit=100)),
        }


def test_every_state_is_there_and_the_past_is_whole(demo: Demo) -> None:
    words = _words(demo)
    every = {"accepted", "changes_requested", "declined", "draft", "expired", "sent"}
    assert set(words["proposals"]) == every
    assert words["quotations"] == ["accepted", "draft", "expired", "sent"]
    assert words["contracts"] == ["sealed", "sealed", "sent"]
    assert words["consultations"] == ["completed"]
    assert set(words["invoices"]) == {"draft", "issued", "overdue", "paid"}

    with _inside(demo):
        report = evidence.examine(demo.agency, frozenset({runtime.current().keys.public_key.hex()}))
        every_invoice = [invoices.get(row.id) for row in invoices.page(limit=100)]
        issued = [invoice for invoice in every_invoice if invoice.issued_at]
    assert report.ok
    assert report.events > 50
    assert min(invoice.issued_at for invoice in issued) < clock.now() - timedelta(days=60)  # type: ignore[type-var]
    in_order = sorted(issued, key=lambda invoice: invoice.number)
    assert in_order == sorted(issued, key=lambda invoice: invoice.issued_at)  # type: ignore[arg-type,return-value]
    assert not outbox.due()


def test_loading_again_changes_nothing(app: Flask, demo: Demo) -> None:
    with _inside(demo):
        agencies.change({"name": "Renamed"})
        before = [client.name for client in listed.rows(CLIENTS)]
    words = _words(demo)
    assert _load() == demo
    assert _words(demo) == words
    with _inside(demo):
        assert agencies.profile().name == "Renamed"
        assert [client.name for client in listed.rows(CLIENTS)] == before


def test_a_load_that_was_cut_short_is_finished(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_anything: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stories.signing, "send_code", power_cut)
        _load()
    demo = _load()
    with _inside(demo):
        assert len(clients.choices()) == 9


def test_the_password_opens_the_agency(demo: Demo, anonymous: Browser) -> None:
    answer = anonymous.post("/sign-in", data={"email": demo.email, "password": demo.password})
    assert answer.status_code == 303
    assert "Studio Vento" in anonymous.get(f"/{demo.agency}/").text


def test_an_installation_that_is_in_use_keeps_its_owner(app: Flask, ada: Person) -> None:
    demo = _load()
    with db.unit(db.Scope()):
        owner, before = accounts.user_id_of(demo.email), accounts.user_id_of(ada.email)
        assert owner is not None
        assert before == ada.id
        assert [place.slug for place in accounts.places_of(owner)] == [demo.agency]


def test_real_mail_is_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(runtime.current().registry._built, (EMAIL.key, "outbox", "platform"), (0, object()))
    with pytest.raises(DomainError, match="EMAIL_PROVIDER=outbox"):
        _load()


def test_the_command_prints_json(app: Flask) -> None:
    info = ScriptInfo(create_app=lambda: app)
    result = Context().run(CliRunner().invoke, demo_group, ["load", "--json"], obj=info)
    assert result.exit_code == 0, result.output
    assert set(json.loads(result.stdout.splitlines()[-1])) == {"url", "agency", "email", "password"}


def test_a_demo_that_fails_keeps_nobody_from_working(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> Demo:
        raise RuntimeError("a bad day")

    monkeypatch.setattr(service, "load", fails)
    plugin._load(app)
