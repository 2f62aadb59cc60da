"""Settings › Subscription, as owner, admin, member and stranger; what a list costs; the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import people
from tests.factories.people import Person
from webkit.accounts.models import Role
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db, entitlements
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.entitlements import Feature, Limit
from webkit.sdk.testing.doubles.stripe import StripeDouble
from webkit.subscriptions import buying, cli, service

HERE = "/northwind/settings/subscription"


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


@pytest.fixture
def admin(agency: AgencyView, browser_of: Any) -> Browser:
    person = people.make_person("Nora Admin", "nora@northwind.example")
    people.join(agency, person, Role.ADMIN)
    browser: Browser = browser_of(person)
    return browser


def test_without_billing_the_page_says_that_all_is_open(owner: Browser, member: Browser) -> None:
    text = owner.get(HERE).text
    assert "No tiers are sold on this platform" in text
    assert "Enterprise" not in text
    assert "Subscription" not in owner.get("/northwind/settings").text
    assert member.get(HERE).status_code == 403


def test_a_deal_with_the_vendor_by_the_buttons(
    owner: Browser, admin: Browser, member: Browser, stranger: Browser, double: StripeDouble
) -> None:
    assert "Subscription" in owner.get("/northwind/settings").text
    text = owner.get(HERE).text
    assert "A$29.00" in text or "29.00" in text
    shown = owner.get(f"{HERE}/change?tier=growth&interval=month")
    assert "Go on to the payment" in shown.text
    answer = owner.post(f"{HERE}/begin", data={"tier": "growth", "interval": "month"})
    assert answer.status_code == 303
    double.begin_subscription(answer.location.rpartition("/")[2])
    assert owner.get(f"{HERE}/back").status_code == 303
    assert "Growth" in owner.get(HERE).text and "renewed" in owner.get(HERE).text

    assert "Payment method and invoices" not in admin.get(HERE).text
    for path in ("begin", "change", "end", "go-on", "portal", "ask"):
        assert admin.post(f"{HERE}/{path}").status_code == 403
        assert member.post(f"{HERE}/{path}").status_code == 403
        assert stranger.post(f"{HERE}/{path}").status_code == 404
    assert admin.get(f"{HERE}/change?tier=growth&interval=year").status_code == 403

    less = owner.get(f"{HERE}/change?tier=starter&interval=month").text
    assert "Nothing now" in less and "Reports" in less
    at = clock.now().isoformat()
    assert owner.post(f"{HERE}/change", data={"tier": "starter", "interval": "month", "at": at}).status_code == 303
    assert "changes to Starter" in owner.get(HERE).text
    assert owner.post(f"{HERE}/go-on").status_code == 303
    assert owner.post(f"{HERE}/end").status_code == 303
    assert "The subscription ends on" in owner.get(HERE).text
    portal = owner.post(f"{HERE}/portal")
    assert portal.location.startswith(f"{double.url}/p/session/")
    assert double.url in owner.get(HERE).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("path", "data", "code"),
    [
        ("begin", {"tier": "free", "interval": "month"}, 409),
        ("begin", {"tier": "growth"}, 409),
        ("begin", {"tier": "growth", "interval": "week"}, 409),
        ("change", {"tier": "growth", "interval": "month", "at": "yesterday"}, 409),
        ("change", {"tier": "growth", "interval": "month", "at": "2026-01-01T00:00:00"}, 409),
        ("change", {"tier": "growth", "interval": "month", "at": "2026-01-01T00:00:00+00:00"}, 409),
        ("change", {"tier": "x" * 99, "interval": "month", "at": "0" * 99}, 409),
        ("end", {}, 409),
        ("go-on", {}, 409),
        ("portal", {}, 404),
        ("ask", {}, 303),
    ],
)
def test_what_cannot_be_done_is_said(
    owner: Browser, double: StripeDouble, path: str, data: dict[str, str], code: int
) -> None:
    assert owner.post(f"{HERE}/{path}", data=data).status_code == code
    assert double.all("subscription") == []


def test_what_is_too_much_is_said_and_stays(
    owner: Browser, agency: AgencyView, double: StripeDouble, ada: Person
) -> None:
    agencies.set_tier(agency.slug, "growth")
    for nth in range(3):
        people.join(agency, people.make_person(f"P {nth}", f"p{nth}@northwind.example"), Role.MEMBER)
    agencies.set_tier(agency.slug, "")
    release()
    text = owner.get(f"{HERE}/change?tier=starter&interval=month").text
    assert "Members: you have 5, the tier holds 3" in text
    assert "More than the tier holds" in owner.get(HERE).text
    assert owner.get(f"{HERE}/change?tier=nothing&interval=month").status_code == 404


def test_features_are_closed_by_tier(owner: Browser, agency: AgencyView, billing: None) -> None:
    answer = owner.get("/northwind/reports")
    assert answer.status_code == 403
    assert "Settings, Subscription" in answer.text
    agencies.set_tier(agency.slug, "growth")
    assert owner.get("/northwind/reports").status_code == 200


def test_lists_cost_no_statement_more(app: Flask, owner: Browser, agency: AgencyView) -> None:
    runtime = runtimes.of(app)
    before = runtime.settings
    found = []
    for billing in (False, True):
        runtime.settings = before.model_copy(update={"billing": billing})
        owner.get("/northwind/clients")
        with statements() as seen:
            owner.get("/northwind/clients")
            owner.get("/northwind/invoices")
        found.append(len(seen))
    runtime.settings = before
    assert found[0] == found[1]


def test_without_billing_nobody_is_asked(agency: AgencyView) -> None:
    with statements() as seen:
        for feature in Feature:
            entitlements.require(feature)
        with writing():
            for limit in Limit:
                if limit is not Limit.AI_GENERATIONS:
                    entitlements.within(limit)
    assert [each for each in seen if each.startswith("SELECT")] == []


def test_the_command_shows_lends_and_takes_back(app: Flask, agency: AgencyView, billing: None) -> None:
    runner = app.test_cli_runner()
    release()

    def run(*words: str) -> Any:
        return runner.invoke(cli.tier_group, words)

    assert (
        run("set", "northwind", "growth", "--until", "2099-01-01", "--reason", "partner", "--note", "x").exit_code == 0
    )
    shown = json.loads(run("show", "northwind", "--json").output)
    assert shown == [{"agency": "northwind", "tier": "growth", "why": "grant", "until": "2099-01-01T00:00:00+00:00"}]
    assert "1 taken back" in run("take-back", "northwind").output
    assert run("set", "northwind", "starter").exit_code == 0
    assert "starter\tbase" in run("show").output
    for wrong in (("show", "nobody"), ("set", "nobody", "free"), ("take-back", "nobody")):
        assert run(*wrong).exit_code == 1
    assert run("set", "northwind", "free", "--until", "2001-01-01").exit_code == 1


def test_the_owner_sees_what_was_given(owner: Browser, agency: AgencyView, billing: None) -> None:
    until = clock.now().replace(year=clock.now().year + 1)
    service.set_tier(agency.id, "enterprise", until, "partner")
    release()
    assert "as a partner" in owner.get(HERE).text
    assert buying.seller() is None
    assert "Whoever runs this platform sets your tier" in owner.get(HERE).text
