"""Every example of docs/plugins/hooks.md is a plugin that works."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import ModuleType

import click
import pytest
from click.testing import CliRunner
from flask import Flask

from tests.client import Browser
from tests.extras import documented
from tests.extras.conftest import fresh
from tests.factories import clients, documents, proposals
from webkit.contracts import service as contracts
from webkit.contracts import templates
from webkit.contracts.templates import TemplateText
from webkit.contracts.terms import Clause
from webkit.core import hookspecs
from webkit.core.contributions import HOOKS
from webkit.core.extensions import SlotName
from webkit.core.kernel import clock, events, jobs, runtime, scheduler, switches, tenancy
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.proposals import service
from webkit.sdk.store import Store

PLUGINS = {documented.DISTRIBUTION: {documented.NAME: documented.source()}}
FILES = documented.files()
store = Store(documented.NAME)


OURS = ("event_kinds", "inbox_handlers", "document_sources", "slots", "permissions")


@pytest.fixture
def desk() -> ModuleType:
    return importlib.import_module(documented.MODULE)


def pay(number: int = 1) -> None:
    with writing():
        for _ in range(number):
            events.record("invoice.paid", "invoice:1", {"actor": "system", "number": "1", "amount": "€1"})


def test_every_hook_of_strangers_has_an_example() -> None:
    described = {name for name in vars(hookspecs) if name.startswith("webkit_register_")}
    text = documented.PAGE.read_text("utf-8")
    ours = {name for name in described if "For features only" in (getattr(hookspecs, name).__doc__ or "")}
    missing = [name for name in described - ours if f"def {name}(" not in text]
    assert missing == ["webkit_register_providers"]  # the tutorial is about them
    assert set(HOOKS) == {name.removeprefix("webkit_register_") for name in described}


def test_it_is_let_in(app: Flask) -> None:
    guest = runtime.of(app).guests[documented.NAME]
    assert runtime.of(app).plugins.problems() == []
    for hook in HOOKS:
        expected = hook not in ("providers", *OURS)
        assert bool(getattr(guest, hook)) is expected, hook


def test_a_listener_is_told_after_the_commit(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    pay(2)
    release()
    assert store.get("paid") is None
    run_jobs()
    assert store.get("paid") == [1, 2]


def test_a_listener_that_is_off_is_not_told(app: Flask, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    switches.switch_off(documented.NAME, "user:1", "for a test")
    fresh(app)
    pay()
    run_jobs()
    assert store.get("paid") is None


def test_what_was_under_way_when_it_was_switched_off_waits(
    app: Flask, agency: AgencyView, run_jobs: Callable[[], int], later: Callable[[timedelta], None]
) -> None:
    pay()
    switches.switch_off(documented.NAME, "user:1", "for a test")
    fresh(app)
    run_jobs()
    assert store.get("paid") is None
    switches.switch_on(documented.NAME, "user:1")
    fresh(app)
    later(timedelta(minutes=11))
    run_jobs()
    assert store.get("paid") == [1]


def test_staff_have_a_page_that_knows_them(
    agency: AgencyView, owner: Browser, member: Browser, run_jobs: Callable[[], int]
) -> None:
    pay()
    run_jobs()
    page = owner.get("/northwind/x/acme_desk/")
    assert "1 invoices paid." in page.text
    assert "Ada Brandt" in page.text
    assert "nonce-" in page.headers["Content-Security-Policy"]
    assert owner.post("/northwind/x/acme_desk/note", data={"note": "<b>hi"}).location == "/northwind/x/acme_desk/"
    assert "&lt;b&gt;hi" in member.get("/northwind/x/acme_desk/").text


def test_others_do_not(agency: AgencyView, owner: Browser, stranger: Browser, anonymous: Browser) -> None:
    assert stranger.get("/northwind/x/acme_desk/").status_code == 404
    assert "/sign-in" in anonymous.get("/northwind/x/acme_desk/").location
    assert owner.get("/x/acme_desk/").status_code == 404
    refused = owner.post("/northwind/x/acme_desk/note", data={"note": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    release()
    assert store.get("note") is None


def test_each_agency_has_its_own(
    agency: AgencyView, other_agency: AgencyView, owner: Browser, stranger: Browser
) -> None:
    owner.post("/northwind/x/acme_desk/note", data={"note": "ours"})
    stranger.post("/harbour-pine/x/acme_desk/note", data={"note": "theirs"})
    assert "ours" in owner.get("/northwind/x/acme_desk/").text
    assert "theirs" in stranger.get("/harbour-pine/x/acme_desk/").text


def test_a_vendor_may_post_to_the_public_page(anonymous: Browser) -> None:
    answer = anonymous.post("/x/acme_desk/hook", data=b"12345", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.json == {"received": 5}


def test_the_menu_shows_it_to_its_roles(app: Flask, agency: AgencyView, owner: Browser, member: Browser) -> None:
    line = re.compile(r'<a href="/northwind/x/acme_desk/"[^>]*>.*?Acme Desk</a>')
    assert line.search(owner.get("/northwind/clients").text)
    assert not line.search(member.get("/northwind/clients").text)
    switches.switch_off(documented.NAME, "user:1", "for a test")
    fresh(app)
    assert not line.search(owner.get("/northwind/clients").text)
    assert owner.get("/northwind/x/acme_desk/").status_code == 503
    assert owner.post("/x/acme_desk/hook").status_code == 503


def test_its_cards_are_drawn(agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]) -> None:
    client = clients.make_client("Kestrel Bikes")
    pay(3)
    for url in (f"/northwind/cards/client/{client}", f"/northwind/cards/settings/{agency.id}"):
        owner.get(url)
    run_jobs()
    assert "Kestrel Bikes is known at the desk." in owner.get(f"/northwind/cards/client/{client}").text
    page = owner.get(f"/northwind/cards/settings/{agency.id}").text
    assert "<strong>3</strong> invoices of Northwind Studio are paid." in page


@pytest.mark.parametrize("place", ["", "settings", "clients/{client}", "proposals/{proposal}", "contracts/{contract}"])
def test_every_page_has_its_place(
    app: Flask, agency: AgencyView, owner: Browser, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of our pages asks for its slot once a plugin has a card for it."""
    from dataclasses import replace

    guest = runtime.of(app).guests[documented.NAME]
    slots = ("dashboard", "settings", "client", "proposal", "contract")
    everywhere = tuple(replace(guest.cards[0], slot=slot) for slot in slots)
    monkeypatch.setitem(runtime.of(app).guests, documented.NAME, replace(guest, cards=everywhere))
    proposal = proposals.sent()
    proposals.accept(proposal)
    contract = contracts.create_from_proposal(proposal)
    client = contracts.get(contract).client_id
    url = f"/northwind/{place}".format(client=client, proposal=proposal, contract=contract)
    assert re.search(r'hx-get="/northwind/cards/(\w+)/', owner.get(url).text)


def test_the_facts_of_each_slot_are_described(app: Flask, agency: AgencyView) -> None:
    proposal = proposals.sent()
    client = service.get(proposal).client_id
    invoice = documents.draft("100", client_id=client)
    slots = runtime.of(app).slots
    told = {
        "dashboard": slots["dashboard"].facts(agency.id),
        "client": slots["client"].facts(client),
        "proposal": slots["proposal"].facts(proposal),
        "invoice": slots["invoice"].facts(invoice),
    }
    rows = documented.PAGE.read_text("utf-8").split("<!-- facts -->")[1].split("\n\n")[0].splitlines()
    for slot, facts in told.items():
        row = next(row for row in rows if row.startswith(f"| `{slot}`"))
        expected = set(re.findall(r"`(\w+\.\w+)`", row))
        known = set(facts or {})
        assert {
            name for name in known if "those of the client" not in row or not name.startswith("client.")
        } == expected
    assert set(slots) == set(SlotName)


def contract_with(text: str) -> object:
    proposal = proposals.sent()
    proposals.accept(proposal)
    wording = TemplateText("Ours", "en", (Clause("Account", text),), "Ada", "Owner")
    return contracts.create_from_proposal(proposal, template_id=templates.create(wording))


def test_a_field_is_looked_up_and_then_stands_in_the_contract(
    agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]
) -> None:
    contract = contract_with("Under {{acme_desk.account}} for {{client.name}}.")
    page = owner.get(f"/northwind/contracts/{contract}").text
    assert "The field {{acme_desk.account}} is being looked up." in page
    refused = owner.post(f"/northwind/contracts/{contract}/send")
    assert refused.status_code == 422
    run_jobs()
    assert "{{acme_desk" not in owner.get(f"/northwind/contracts/{contract}").text
    assert owner.post(f"/northwind/contracts/{contract}/send").status_code == 303
    kept = contracts.get(contract)  # type: ignore[arg-type]
    assert kept.number
    from webkit.core.kernel import frozen

    said = frozen.get(kept.frozen_id).snapshot["clauses"][0]["text"]  # type: ignore[arg-type]
    assert said.startswith("Under DESK-")


def test_an_answer_belongs_to_the_facts_it_was_given_for(
    agency: AgencyView, owner: Browser, run_jobs: Callable[[], int]
) -> None:
    contract = contract_with("Under {{acme_desk.account}}.")
    owner.get(f"/northwind/contracts/{contract}")
    run_jobs()
    view = contracts.get(contract)  # type: ignore[arg-type]
    contracts.change(view.id, view.revision, {"title": "Another title"})
    assert "is being looked up" in owner.get(f"/northwind/contracts/{contract}").text


def test_a_field_of_a_plugin_that_is_off_keeps_the_contract_and_says_why(
    app: Flask, agency: AgencyView, owner: Browser
) -> None:
    contract = contract_with("Under {{acme_desk.account}}.")
    switches.switch_off(documented.NAME, "user:1", "for a test")
    fresh(app)
    page = owner.get(f"/northwind/contracts/{contract}").text
    assert "the plugin acme_desk is switched off" in page
    with pytest.raises(DomainError):
        contracts.send(contract, actor="user:1")  # type: ignore[arg-type]


def test_editors_offer_the_field_and_refuse_unknown_ones(agency: AgencyView, owner: Browser) -> None:
    contract = contract_with("{{acme_desk.account}}")
    assert "Account at Acme Desk" in owner.get(f"/northwind/contracts/{contract}/edit").text
    with pytest.raises(DomainError, match=r"acme_desk\.nothing"):
        templates.create(TemplateText("Ours too", "en", (Clause("A", "{{acme_desk.nothing}}"),), "Ada", "Owner"))


def test_a_field_may_stand_in_the_message_of_a_proposal(
    agency: AgencyView, owner: Browser, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[object]]
) -> None:
    proposal = proposals.draft()
    sent = {"by": "mail", "to_name": "D", "to_email": "d@lario.example"}
    sent["revision"] = str(service.get(proposal).revision)
    sent["message"] = "Dear {{client.name}}, you are {{acme_desk.account}}."
    refused = owner.post(f"/northwind/proposals/{proposal}/send", data=sent)
    assert refused.status_code == 422
    assert "is being looked up" in refused.text
    run_jobs()
    assert owner.post(f"/northwind/proposals/{proposal}/send", data=sent).status_code == 303
    run_jobs()
    assert "you are DESK-" in str(outbox_mails()[0])
    again = owner.post(f"/northwind/proposals/{proposal}/send", data={**sent, "message": "{{x}}", "again": "1"})
    assert again.status_code == 422
    assert "There is no field {{x}}." in again.text


def test_a_schedule_is_a_job_for_each_agency(
    app: Flask, agency: AgencyView, other_agency: AgencyView, run_jobs: Callable[[], int]
) -> None:
    release()
    moment = datetime(2030, 1, 1, 2, 59, tzinfo=UTC)
    for at in (moment, moment + timedelta(minutes=2)):
        with clock.frozen(at):
            scheduler.tick(app)
            run_jobs()
    for each in (agency, other_agency):
        with tenancy.tenant(each.id):
            assert [value for key, value in store.items("report:")] == [{"paid": 0}]


def test_its_schedule_stands_still_while_it_is_off(app: Flask, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    switches.switch_off(documented.NAME, "user:1", "for a test")
    fresh(app)
    moment = datetime(2030, 1, 1, 2, 59, tzinfo=UTC)
    for at in (moment, moment + timedelta(minutes=2)):
        with clock.frozen(at):
            scheduler.tick(app)
            run_jobs()
    assert store.items("report:") == []


def test_its_jobs_wait_with_the_long_ones(app: Flask) -> None:
    spec = runtime.of(app).jobs["acme_desk.report"]
    assert (spec.queue, spec.lease) == ("long", 60)


def test_its_command_speaks(app: Flask) -> None:
    (command,) = runtime.of(app).guests[documented.NAME].commands
    assert isinstance(command, click.Command)
    assert CliRunner().invoke(command, ["--name", "Ada"]).output == "Hello Ada, the desk is open.\n"


def test_nothing_is_run_by_jobs_that_nobody_added(run_jobs: Callable[[], int]) -> None:
    assert jobs.run_waiting() == 0
