"""Operators see what others have installed and why it was switched off, and switch it on: on a page, by command."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from tests.client import Browser
from tests.extras.conftest import fresh
from tests.factories import people
from tests.factories.people import Person
from webkit.core.kernel import runtime, switches
from webkit.core.kernel.db import Scope, release, unit
from webkit.core.kernel.directory import AgencyView
from webkit.house import cli
from webkit.operations import doctor

PLUGINS = {
    "acme-desk": {
        "acme": """
from webkit.sdk import Card, MenuEntry, hookimpl

@hookimpl
def webkit_register_cards():
    return [Card("acme.card", "client", "Acme", print)]
"""
    },
    "broken-one": {"broken": "raise RuntimeError('no luck <b>')"},
}


@pytest.fixture
def operator(app: Flask, browser_of: Callable[[Person], Browser]) -> Browser:
    return browser_of(people.make_person("Olga Operator", "olga@house.example", is_operator=True))


@pytest.fixture
def quarantined(app: Flask) -> None:
    with unit(Scope()):
        pass
    for _ in range(5):
        switches.blame("acme", "card acme.card", "RuntimeError: <i>bad</i> day")
    fresh(app)


def run(app: Flask, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugin", *arguments], obj=ScriptInfo(create_app=lambda: app, set_debug_flag=False))


def test_the_page_shows_what_others_have_installed(operator: Browser, quarantined: None) -> None:
    page = operator.get("/admin/plugins").text
    assert "Quarantined" in page and "Left out" in page
    assert "failed 5 times within 10 minutes, last: card acme.card: RuntimeError: &lt;i&gt;bad&lt;/i&gt; day" in page
    assert "no luck &lt;b&gt;" in page
    assert "1 cards" in page
    assert "email_outbox" not in page


def test_the_page_switches_on_and_off(app: Flask, operator: Browser, quarantined: None) -> None:
    assert operator.post("/admin/plugins/acme/enable").location == "/admin/plugins"
    fresh(app)
    with app.app_context():
        assert not switches.is_off("acme")
    assert operator.post("/admin/plugins/acme/disable").status_code == 303
    assert "Switched off" in operator.get("/admin/plugins").text
    assert operator.post("/admin/plugins/nobody/enable").status_code == 404
    assert operator.post("/admin/plugins/email_outbox/disable").status_code == 404


def test_it_is_for_operators(agency: AgencyView, owner: Browser, anonymous: Browser) -> None:
    assert owner.get("/admin/plugins").status_code == 404
    assert owner.post("/admin/plugins/acme/enable").status_code == 404
    assert anonymous.get("/admin/plugins").status_code == 303


def test_doctor_and_plugins_name_it_with_the_line_that_ends_it(app: Flask, quarantined: None) -> None:
    with unit(Scope()):
        (problem,) = switches.problems(["acme", "broken"])
    assert problem.where == "plugin acme"
    assert problem.fix.endswith("webkit plugin enable acme")
    assert "bad" in problem.problem
    assert "plugin broken (broken-one 1.2)" in {found.where for found in doctor.examine(app).problems}
    (seen,) = switches.peek(runtime.of(app).settings.database, ["acme", "broken"])
    assert seen == problem
    assert switches.peek("sqlite:////nowhere/at/all.db", ["acme"]) == []


def test_commands_do_the_same(app: Flask, quarantined: None) -> None:
    rows = json.loads(run(app, "list", "--json").stdout)
    assert [(row["name"], row["state"]) for row in rows] == [("acme", "quarantined"), ("broken", "left_out")]
    assert run(app, "enable", "acme").output == "acme is switched on.\n"
    assert run(app, "disable", "acme", "--reason", "too slow").output == "acme is switched off.\n"
    assert "acme 1.2: off, too slow" in run(app, "list").output
    assert "There is no plugin 'nobody'" in run(app, "enable", "nobody").output
    assert "came with webkit" in run(app, "disable", "email_outbox").output
    assert "left out at the start" in run(app, "enable", "broken").output


def test_what_a_person_switched_off_is_no_problem(app: Flask, agency: AgencyView) -> None:
    switches.switch_off("acme", "command", "for now")
    release()
    assert switches.problems(["acme"]) == []


def test_a_database_that_is_not_there_yet_has_no_switches(app: Flask) -> None:
    assert "acme 1.2: on" in run(app, "list").output
