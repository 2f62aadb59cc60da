"""The platform's own people: who they are, what they decide, and acting for an owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents, proposals
from tests.factories import people as factory
from tests.factories.people import Person
from webkit.administration import service
from webkit.charges import jobs as charges
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.extensions import Job
from webkit.core.kernel import audit, clock, db, events, links, outbox, stepup, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Forbidden, NotFound
from webkit.recurring import jobs as recurring


@pytest.fixture
def root(app: Flask, browser_of: Callable[[Person], Browser], monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A superadmin who has just shown who they are."""
    monkeypatch.setattr(stepup, "is_fresh", lambda: True)
    person = factory.make_person("Root Berg", "root@platform.example")
    with db.unit(db.Scope()):
        service.grant_first(person.email, "superadmin")
    return browser_of(person)


def test_for_others_this_side_does_not_exist(owner: Browser, anonymous: Browser) -> None:
    assert owner.get("/platform/agencies").status_code == 404
    assert anonymous.get("/platform/agencies").status_code == 303


def test_a_closed_agency(
    root: Browser, owner: Browser, anonymous: Browser, agency: AgencyView, run_jobs: Callable[[], int]
) -> None:
    invoice = documents.issued()
    with db.writing():
        token = links.create("i", invoice)
    db.release()
    place = f"/platform/agencies/{agency.id}"
    assert "Northwind" in root.get("/platform/agencies?q=north").text
    assert root.post(f"{place}/close", data={"reason": ""}).status_code == 422
    assert anonymous.get(f"/i/{token}").status_code == 200
    assert root.post(f"{place}/close", data={"reason": "Unpaid for three months"}).status_code == 303
    refused = owner.get("/northwind/")
    assert refused.status_code == 403 and "Unpaid for three months" in refused.text
    shown = anonymous.get(f"/i/{token}")
    assert shown.status_code == 403 and "closed for now" in shown.text and "Unpaid" not in shown.text
    assert "Closed" in root.get("/platform/agencies?view=closed").text
    assert root.post(f"{place}/open").status_code == 303
    assert owner.get("/northwind/").status_code == anonymous.get(f"/i/{token}").status_code == 200


def test_a_closed_agency_does_nothing_by_itself(
    root: Browser,
    agency: AgencyView,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No mail leaves, no plan bills, no card is charged; all of it goes on when it is open again."""
    proposals.sent()
    db.release()
    root.post(f"/platform/agencies/{agency.id}/close", data={"reason": "Sends spam"})
    run_jobs()
    assert not outbox_mails()
    monkeypatch.setattr(charges.models, "agencies_due", lambda _now: [agency.id])
    monkeypatch.setattr(recurring.models, "agencies_to_look", lambda _now: [agency.id])
    monkeypatch.setattr(recurring, "_with_plans", lambda: {agency.id})
    wanted = (charges.RUN, recurring.RUN, recurring.REMIND)
    for is_open in (False, True):
        with tenancy.platform("a test of sweeps"):
            for sweep in (charges.sweep, recurring.sweep):
                sweep(Job(agency.id, None, {}, 1, ""))
        with tenancy.platform("a test of sweeps"):
            assert [agency.id in outbox.asked_for(kind) for kind in wanted] == [is_open] * 3
        if not is_open:
            root.post(f"/platform/agencies/{agency.id}/open")
    with clock.frozen(clock.now() + timedelta(hours=1, minutes=1)):
        run_jobs()
    assert outbox_mails()


def test_a_suspended_person_is_out_at_once(root: Browser, member: Browser, max_: Person) -> None:
    assert member.get("/northwind/").status_code == 200
    assert "max@northwind.example" in root.get("/platform/people?q=ferri").text
    assert root.post(f"/platform/people/{max_.id}/suspend", data={"reason": "Sends spam"}).status_code == 303
    assert member.get("/northwind/").status_code == 303
    assert "Sends spam" in root.get("/platform/people").text
    assert root.post(f"/platform/people/{max_.id}/unsuspend").status_code == 303


def test_staff_look_and_help_but_do_not_decide(
    root: Browser, agency: AgencyView, browser_of: Callable[[Person], Browser], max_: Person
) -> None:
    helper = factory.make_person("Sam Holm", "sam@platform.example")
    assert root.post(f"/platform/people/{helper.id}/role", data={"role": "staff"}).status_code == 303
    sam = browser_of(helper)
    assert sam.get(f"/platform/agencies/{agency.id}").status_code == 200
    for path in (f"agencies/{agency.id}/close", f"people/{max_.id}/suspend"):
        assert sam.post(f"/platform/{path}", data={"reason": "Because of it"}).status_code == 403
    assert sam.post(f"/platform/people/{helper.id}/role", data={"role": "superadmin"}).status_code == 403
    assert sam.post(f"/platform/agencies/{agency.id}/tier", data={"tier": "free"}).status_code == 403
    assert root.post(f"/platform/people/{helper.id}/role", data={"role": ""}).status_code == 303
    assert sam.get("/platform/agencies").status_code == 404


def test_nobody_changes_or_suspends_themselves(root: Browser, agency: AgencyView) -> None:
    own = factory.id_of("root@platform.example")
    with pytest.raises(Conflict):
        service.set_role(own, "", own, "superadmin")
    with pytest.raises(Conflict):
        service.suspend_user(own, "why not", own, "superadmin")
    with pytest.raises(Forbidden):
        service.set_role(own, "", None, "staff")
    lost = factory.make_person("Sam Holm", "sam@platform.example")
    with pytest.raises(Forbidden):
        service.set_role(own, "", lost.id, "superadmin")
    with pytest.raises(NotFound):
        service.grant_first("nobody@nowhere.example", "staff")


def test_acting_for_the_owner(
    root: Browser,
    agency: AgencyView,
    ada: Person,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    place = f"/platform/agencies/{agency.id}"
    assert root.get("/northwind/").status_code == 404
    assert root.post(f"{place}/sit-in", data={"reason": "Ada asked for help"}).location == "/northwind/"
    shown = root.get("/northwind/").text
    assert "You act for the owner" in shown
    run_jobs()
    mail = outbox_mails()[0]
    assert "ada@northwind.example" in str(mail.entry.to) and "Ada asked for help" in mail.text
    root.post("/northwind/clients/new", data={"name": "Felt Ltd", "country": "IT", "email": "a@felt.example"})
    db.release()
    found = events.recent(1)[0]
    assert found.facts["for"] == f"user:{ada.id}" and str(ada.id) not in found.facts["actor"]
    noted = audit.entries(audit.Asked(agency_id=agency.id, action="platform."), limit=5)
    assert [each.action for each in noted] == ["platform.sat_in"]
    with clock.frozen(clock.now() + timedelta(hours=4, minutes=1)):
        assert root.get("/northwind/").status_code == 404
    assert root.post(f"{place}/rise").status_code == 303
    assert root.get("/northwind/").status_code == 404


REFUSED_IN_PERSON = {
    "members/invite": {"email": "root@home.example", "role": "admin"},
    "roles/new": {"name": "Helper"},
    "ownership": {"to": "00000000-0000-0000-0000-000000000000"},
}


def test_what_nobody_does_for_the_owner(root: Browser, agency: AgencyView, owner: Browser) -> None:
    """Also not with a password of their own: bank details, keys, payouts, whose the agency is, and who works there."""
    root.post(f"/platform/agencies/{agency.id}/sit-in", data={"reason": "Ada asked for help"})
    page = root.get("/northwind/settings").text
    for path, given in REFUSED_IN_PERSON.items():
        assert root.post(f"/northwind/settings/{path}", data=given).status_code == 403, path
    invited = {"email": "root@home.example", "role": "admin"}
    assert root.post("/api/v1/agencies/northwind/invitations", json=invited).status_code == 403, "nor as a program"
    form = dict(re.findall(r'<input[^>]* name="([a-z_]+)"[^>]* value="([^"]*)"', page))
    form |= dict(re.findall(r'<select[^>]* name="([a-z_]+)"[^>]*>.*?<option value="([^"]*)" selected', page, re.DOTALL))
    assert root.post("/northwind/settings", data=form).status_code == 303, "what the owner may have asked for"
    refused = root.post("/northwind/settings", data={**form, "bank_iban": "IT60X0542811101000000123456"})
    assert refused.status_code == 403 and "You act for the owner" in refused.text
    assert "IT60" not in owner.get("/northwind/settings").text
    assert "root@home.example" not in owner.get("/northwind/settings/members").text


def test_who_acts_for_the_owner_is_not_a_client(root: Browser, anonymous: Browser, agency: AgencyView) -> None:
    proposal = proposals.sent()
    token = links.token_for("p", proposal)
    db.release()
    root.post(f"/platform/agencies/{agency.id}/sit-in", data={"reason": "Ada asked for help"})
    read = audit.Asked(agency_id=agency.id, action="proposal.viewed")
    assert root.get(f"/p/{token}").status_code == 200
    db.release()
    assert not audit.entries(read, limit=5)
    assert anonymous.get(f"/p/{token}").status_code == 200
    db.release()
    assert len(audit.entries(read, limit=5)) == 1


def test_acting_for_an_owner_is_asked_for_twice(
    app: Flask, agency: AgencyView, browser_of: Callable[[Person], Any]
) -> None:
    person = factory.make_person("Root Berg", "root@platform.example")
    with db.unit(db.Scope()):
        service.grant_first(person.email, "superadmin")
    browser = browser_of(person)
    with clock.frozen(clock.now() + timedelta(days=1)):
        asked = browser.post(f"/platform/agencies/{agency.id}/sit-in", data={"reason": "Ada asked for help"})
    assert asked.status_code != 303 or "/northwind/" not in asked.location
    assert browser.get("/northwind/").status_code == 404


def test_lending_a_tier(root: Browser, agency: AgencyView) -> None:
    place = f"/platform/agencies/{agency.id}/tier"
    until = (clock.now() + timedelta(days=30)).date().isoformat()
    wrong = root.post(place, data={"tier": "growth", "until": until})
    assert wrong.status_code == 422
    assert root.post(place, data={"tier": "growth", "until": until, "why": "partner"}).status_code == 303
    assert "partner" in root.get(f"/platform/agencies/{agency.id}").text
    assert root.post(f"{place}/back").status_code == 303


def test_the_log(root: Browser, owner: Browser, member: Browser, agency: AgencyView, other_agency: AgencyView) -> None:
    owner.post("/northwind/settings/members/invite", data={"email": "=n@felt.example", "role": "member"})
    owner.post("/northwind/settings/members/invite", data={"email": "n@felt.example", "role": "member"})
    assert member.get("/northwind/settings/log").status_code == 403
    shown = owner.get("/northwind/settings/log?action=member").text
    assert "member.invited" in shown and "agency.founded" not in shown
    sheet = owner.get("/northwind/settings/log/log.csv").text
    assert "member.invited" in sheet and str(other_agency.id) not in sheet
    assert (
        str(other_agency.id) in root.get("/platform/log.csv").text or "agency.founded" in root.get("/platform/log").text
    )
    assert root.get(f"/platform/log?agency={agency.id}&action=member").text.count("member.invited") >= 1
    assert root.get("/platform/log?since=x&until=9999-12-31&before=y").status_code == 200
    everywhere = root.get("/platform/log?action=member").text
    assert f'href="?agency={agency.id}">{agency.name}</a>' in everywhere
    here = root.get(f"/platform/log?agency={agency.id}")
    assert "All agencies" in here.text and str(other_agency.id) not in here.text
