"""Cards in our pages: fetched after the page, drawn by a job, kept, escaped; what fails says so and holds nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from tests.client import Browser
from tests.extras.conftest import fresh
from tests.factories import clients as made
from webkit.core.kernel import switches
from webkit.core.kernel.directory import AgencyView

SOURCE = """
import time
from webkit.sdk import Card, CardContent, hookimpl

mode = "good"
asked = []

def balance(place):
    asked.append(place)
    if mode == "raise":
        raise RuntimeError("no luck")
    if mode == "hang":
        time.sleep(30)
    if mode == "nonsense":
        return "<b>text</b>"
    if mode == "nothing":
        return None
    return CardContent(
        text="Owes <script>alert(1)</script> nothing",
        rows=[("Customer", place.facts["client.name"]), ("Open", "12")],
        link=("Open in Acme", "https://acme.example/1"),
    )

def drawn(place):
    return CardContent(template="agency.html", values={"words": "<i>five</i>"})

@hookimpl
def webkit_register_cards():
    return [
        Card("acme.balance", "client", "Balance", balance),
        Card("acme.owners", "client", "For owners", balance, roles=frozenset({"owner"})),
        Card("acme.agency", "dashboard", "Agency", drawn),
        Card("acme.settings", "settings", "Agency too", drawn),
    ]
"""
PLUGINS = {"acme-cards": {"acme": SOURCE}}
FILES = {
    "templates/agency.html": "<p>{{ words }} for {{ place.facts['agency.name'] }}<form action='/x'><input></form>"
    "<a href='javascript:x()' onclick='x()' style='top:0'>go</a></div><b class=x>bold",
}


@pytest.fixture(autouse=True)
def plugin() -> object:
    import made_up_acme_cards_acme as module  # type: ignore[import-not-found]

    module.mode = "good"
    module.asked.clear()
    return module


@pytest.fixture
def url(agency: AgencyView) -> str:
    return f"/northwind/cards/client/{made.make_client('Kestrel Bikes')}"


def test_a_page_only_has_the_place(owner: Browser, agency: AgencyView, plugin: object) -> None:
    client = made.make_client()
    page = owner.get(f"/northwind/clients/{client}").text
    assert f'hx-get="/northwind/cards/client/{client}"' in page
    assert plugin.asked == []  # type: ignore[attr-defined]


def test_a_card_is_drawn_by_a_job_and_escaped(owner: Browser, url: str, run_jobs: Callable[[], int]) -> None:
    first = owner.get(url, headers={"HX-Request": "true"}).text
    assert "One moment" in first and "hx-trigger" in first
    run_jobs()
    page = owner.get(url, headers={"HX-Request": "true"}).text
    assert "Owes &lt;script&gt;alert(1)&lt;/script&gt; nothing" in page
    assert "Kestrel" in page and "<dd>12</dd>" in page and "https://acme.example/1" in page
    assert "hx-trigger" not in page and "<html" not in page


def test_what_is_known_is_not_asked_again_until_it_is_old(
    owner: Browser, url: str, run_jobs: Callable[[], int], plugin: object, later: Callable[[timedelta], None]
) -> None:
    for _ in range(3):
        owner.get(url)
        run_jobs()
    assert len(plugin.asked) == 2  # type: ignore[attr-defined]  # two cards, once each
    later(timedelta(seconds=301))
    assert "Owes" in owner.get(url).text
    run_jobs()
    assert len(plugin.asked) == 4  # type: ignore[attr-defined]


def test_a_card_is_for_its_roles(member: Browser, url: str, run_jobs: Callable[[], int]) -> None:
    member.get(url)
    run_jobs()
    page = member.get(url).text
    assert "Balance" in page and "For owners" not in page


def test_a_template_is_rendered_and_cleaned(owner: Browser, agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    url = f"/northwind/cards/settings/{agency.id}"
    owner.get(url)
    run_jobs()
    page = owner.get(url, headers={"HX-Request": "true"}).text
    assert "&lt;i&gt;five&lt;/i&gt; for Northwind Studio" in page
    assert "<b>bold</b>" in page
    assert not any(word in page for word in ("<form", "<input", "javascript", "onclick", "style", "class=x"))


@pytest.mark.parametrize("mode", ["raise", "nonsense"])
def test_a_card_that_fails_says_so(
    owner: Browser, url: str, run_jobs: Callable[[], int], plugin: object, mode: str
) -> None:
    plugin.mode = mode  # type: ignore[attr-defined]
    owner.get(url)
    run_jobs()
    page = owner.get(url).text
    assert page.count("This part could not be shown") == 2
    assert "no luck" not in page
    assert switches.views()["acme"].failures == 2


def test_nothing_to_say_is_nothing_to_see(
    owner: Browser, url: str, run_jobs: Callable[[], int], plugin: object
) -> None:
    plugin.mode = "nothing"  # type: ignore[attr-defined]
    owner.get(url)
    run_jobs()
    assert "Balance" not in owner.get(url).text


def test_a_card_that_hangs_is_given_up(
    owner: Browser, url: str, run_jobs: Callable[[], int], plugin: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webkit.core.kernel.isolation.ANSWER_SECONDS", 0.05)
    plugin.mode = "hang"  # type: ignore[attr-defined]
    owner.get(url)
    run_jobs()
    assert "This part could not be shown" in owner.get(url).text
    assert "did not answer within" in switches.views()["acme"].last


def test_what_no_job_ever_draws_is_given_up(owner: Browser, url: str, later: Callable[[timedelta], None]) -> None:
    owner.get(url)
    later(timedelta(seconds=21))
    assert "One moment" not in owner.get(url).text


def test_five_failures_switch_everything_off_until_somebody_says_so(
    app: Flask,
    owner: Browser,
    agency: AgencyView,
    run_jobs: Callable[[], int],
    plugin: object,
    later: Callable[[timedelta], None],
) -> None:
    plugin.mode = "raise"  # type: ignore[attr-defined]
    urls = [f"/northwind/cards/client/{made.make_client()}" for _ in range(3)]
    for url in urls:
        owner.get(url)
        run_jobs()
    fresh(app)
    found = switches.views()["acme"]
    assert found.quarantined
    assert "failed 5 times within 10 minutes" in found.reason and "no luck" in found.reason
    assert "Balance" not in owner.get(urls[0]).text
    assert "cards-client" not in owner.get(urls[0].replace("cards/client", "clients")).text
    plugin.mode = "good"  # type: ignore[attr-defined]
    switches.switch_on("acme", "user:1")
    fresh(app)
    later(timedelta(minutes=1))
    owner.get(urls[0])
    run_jobs()
    assert "Owes" in owner.get(urls[0]).text


def test_failures_that_are_far_apart_do_not_count_together(
    agency: AgencyView, later: Callable[[timedelta], None]
) -> None:
    for _ in range(12):
        switches.blame("acme", "card acme.balance", "no luck")
        later(timedelta(minutes=3))
    assert not switches.views()["acme"].off


def test_strangers_and_unknown_subjects_get_nothing(
    owner: Browser, stranger: Browser, anonymous: Browser, url: str, plugin: object
) -> None:
    assert stranger.get(url).status_code == 404
    assert anonymous.get(url).status_code == 303
    assert owner.get(f"/northwind/cards/client/{uuid4()}").status_code == 404
    assert owner.get(f"/northwind/cards/nowhere/{uuid4()}").status_code == 404
    assert owner.get(f"/northwind/cards/dashboard/{uuid4()}").status_code == 404
    assert plugin.asked == []  # type: ignore[attr-defined]
