"""Claude on its bad days: each ends in its own state and sentence, costs what is fair, and the deal goes on."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.steered import Steered, lean
from tests.faults.vendors import PACE, VendorDeal, Vendors
from tests.journeys.facts import quiet
from tests.journeys.stack import Stack, until
from webkit.sdk.testing.doubles.anthropic import Behaviour, Mode

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Mood:
    """How the model behaves towards one client's first `times` requests, and what must become of it.

    `quota` is what becomes of the generation, `tries` how often the model was asked, `waits` what a page says then.
    """

    behaviour: Behaviour
    state: str = "done"
    code: str = ""
    says: str = ""
    quota: str = "used"
    tries: int = 1
    times: int = 0
    waits: str = ""
    section: str = "opportunity"
    keeps: bool = True


MOODS = {
    "slow": Mood(Behaviour(Mode.SLOW, first=1.5, pause=0.02)),
    "broken off": Mood(Behaviour(Mode.BREAKS_OFF, after=9), "failed", "broken_off", "The connection broke off"),
    "broken off before a word": Mood(Behaviour(Mode.BREAKS_OFF, after=0), tries=2, times=1),
    "ends early": Mood(Behaviour(Mode.ENDS_EARLY, after=9), "failed", "broken_off", "The connection broke off"),
    "fails midway": Mood(Behaviour(Mode.FAILS_MIDWAY, after=9), "failed", "overloaded", "is overloaded"),
    "overloaded": Mood(Behaviour(Mode.OVERLOADED), tries=3, times=2, waits="It is tried again at"),
    "rate limited": Mood(
        Behaviour(Mode.RATE_LIMITED, retry_after=4), tries=2, times=1, waits="takes no more requests for now"
    ),
    "rate limited for an hour": Mood(
        Behaviour(Mode.RATE_LIMITED, retry_after=3600),
        *("failed", "rate_limited", "takes no more requests for now", "returned"),
        keeps=False,
    ),
    "truncated": Mood(Behaviour(Mode.TRUNCATES, after=9), "failed", "length", "reached the limit for its length"),
    "refuses": Mood(
        Behaviour(Mode.REFUSES, after=0), "failed", "refused", "declined to write this", "returned", keeps=False
    ),
    "refuses midway": Mood(
        Behaviour(Mode.REFUSES, after=9), "failed", "refused", "declined to write this", keeps=False
    ),
    "no key": Mood(
        Behaviour(Mode.UNAUTHORIZED), "failed", "bad_key", "does not accept our key", "returned", keeps=False
    ),
    "silent": Mood(Behaviour(Mode.SILENT), tries=2, times=1, waits="did not answer in time"),
    "garbage": Mood(Behaviour(Mode.GARBAGE), tries=2, times=1),
    "no list": Mood(
        Behaviour(text="Here is your list!"),
        *("failed", "invalid", "was not the list we asked for"),
        tries=2,
        section="issues",
        keeps=False,
    ),
    "a list at the second try": Mood(Behaviour(text="[1, 2"), tries=2, times=1, section="issues"),
    "hostile": Mood(Behaviour(Mode.HOSTILE)),
    "hostile list": Mood(Behaviour(Mode.HOSTILE), section="issues"),
}
POISON = ("<script>document.title", "<img src=x", 'href="javascript:', "<a href='https://evil", "<style>*{", "[[fact")


@pytest.fixture(scope="module")
def first() -> Iterator[VendorDeal]:
    """A running installation with both doubles, and its agency."""
    with tempfile.TemporaryDirectory(prefix="wk-") as folder, Vendors().open() as vendors:
        more = {"CLAUDE_SILENCE_SECONDS": "3"}
        stack = Stack(Path(folder), factory="tests.faults.launch:create", **vendors.environment(), **more)
        try:
            made = vendors.people(stack.start())
            for step in made.BEFORE:
                step(made)
            yield made
        finally:
            stack.kill()


def test_every_mood_ends_well(first: VendorDeal) -> None:
    deals = {name: lean(first) for name in MOODS}
    for name, deal in deals.items():
        deal.sections, deal.insists = (MOODS[name].section,), False
    _all(lambda name: _begin(deals[name], MOODS[name]))
    _all(lambda name: _ends(deals[name], name, MOODS[name]))
    _all(lambda name: _goes_on(deals[name], MOODS[name]))
    quiet(first.stack)
    assert first.stack.verify()["ok"]
    codes = [code for deal in deals.values() for _method, _path, code in (*deal.client.seen, *deal.staff.seen)]
    assert max(codes) < 500


def _all(act: Callable[[str], Any]) -> None:
    """For every mood, some at a time: most of them wait."""
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(act, MOODS))


def _begin(deal: Steered, mood: Mood) -> None:
    """As far as the button that asks for a text."""
    deal.vendors.ai.when(deal.client_name, mood.behaviour, times=mood.times)
    deal.client.patient = deal.staff.patient = False
    for step in (deal.add_client, deal.consult, deal.write, deal.ask_for_texts):
        step()
    if mood.waits:
        until(lambda: mood.waits in deal.staff.get(f"{deal.proposal_page}/edit").text, 30, f"for {mood.waits}")


def _ends(deal: Steered, name: str, mood: Mood) -> None:
    """State, sentence, quota, and how often the model was asked."""
    until(lambda: deal.texts()[0]["state"] not in ("queued", "running"), 60, f"for the mood {name}")
    (run,) = deal.texts()
    assert (name, run["state"], run["error_code"]) == (name, mood.state, mood.code)
    calls = [call for call in deal.vendors.ai.calls if deal.client_name in str(call.body)]
    assert (name, len(calls), run["attempt"]) == (name, mood.tries, mood.tries)
    assert bool(run["text"]) is mood.keeps or mood.code == "invalid", (name, run["text"])
    page = deal.staff.get(f"{deal.proposal_page}/edit").ok().says(mood.says)
    assert not any(poison in page.html for poison in POISON[:-1]), name
    generations = deal.stack.rows("SELECT state FROM ai_generations WHERE id = :id", id=run["generation_id"])
    assert (name, [row["state"] for row in generations]) == (name, [mood.quota])
    if mood.state == "done":
        asked = calls[-1].body
        behaviour = mood.behaviour if mood.behaviour.mode is Mode.HOSTILE else PACE
        assert run["text"] == deal.vendors.ai.text(asked, behaviour)


def _goes_on(deal: Steered, mood: Mood) -> None:
    """What is usable is applied; then the proposal is sent and accepted, whatever the model did."""
    if any(form.action.endswith("/apply") for form in deal.staff.get(f"{deal.proposal_page}/edit").forms):
        deal.apply_texts()
    if mood.behaviour.mode is Mode.HOSTILE:
        _is_asked(deal)
    else:
        deal.send()
    page = deal.client.get(deal.proposal).ok()
    assert not any(poison in page.html for poison in POISON)
    assert ("312 %" in page.text) is (mood.behaviour.mode is Mode.HOSTILE)
    deal.answer()


def _is_asked(deal: Steered) -> None:
    """Figures nobody gave are marked, and leave the house only when somebody says so."""
    page = deal.staff.get(f"{deal.proposal_page}/edit").ok()
    assert "312 %" in page.text and 'class="wk-doubt"' in page.html
    deal.staff.get(f"{deal.proposal_page}/send").ok().says("Fill the gap [?]")
    form = page.form(has="summary")
    form.values = [(name, value.replace("[?]", "nobody")) for name, value in form.values]
    form.submit("Save").ok()
    asked = deal.staff.get(f"{deal.proposal_page}/send").form("/send").submit("Send the proposal").ok()
    asked.says("have no source", "312 %")
    assert deal.stack.rows("SELECT id FROM mails WHERE to_email = :to", to=deal.client_email) == []
    deal.proposal = asked.form("/send").submit("Send it with these figures").ok().link("Open client's page")
