"""The pages of runs as owner, colleague, stranger and anonymous."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest

from tests.ai_runs.conftest import LETTER, request
from tests.ai_runs.model import Script
from tests.client import Browser
from webkit.ai_runs import service, subjects
from webkit.ai_runs.views import RunState
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Forbidden

Run = Callable[[], int]
PLACE = "/northwind/ai-runs"


def _written(run_jobs: Run, **values: object) -> UUID:
    (run_id,) = service.start([request("summary", **values)])
    run_jobs()
    return run_id


def test_a_finished_text_is_shown_with_its_marks(
    agency: AgencyView, puppet: Script, owner: Browser, run_jobs: Run
) -> None:
    puppet.says(
        ["It takes [[fact:audit.lcp]] to load", ".\n\n- a list\n- we lift orders by 32%\n\n<script>alert(1)</script>"]
    )
    run_id = _written(run_jobs, facts={"audit.lcp": "4.8 seconds"})
    page = owner.get(f"{PLACE}/{run_id}").text
    assert '<mark class="wk-fact" title="From what is known about the client">4.8 seconds</mark>' in page
    assert '<mark class="wk-doubt" title="no source">32%' in page
    assert "<li>a list</li>" in page
    assert "&lt;script&gt;" in page and "<script>alert" not in page
    assert "2 figures have no source" in page
    assert "1,200 tokens" in page or "1200 tokens" in page


def test_the_stream_of_a_finished_text_ends_at_once(
    agency: AgencyView, puppet: Script, owner: Browser, run_jobs: Run
) -> None:
    run_id = _written(run_jobs)
    answer = owner.get(f"{PLACE}/{run_id}/stream?after=1-4")
    assert answer.mimetype == "text/event-stream"
    assert answer.text.endswith("event: done\ndata: \n\n")


@pytest.mark.parametrize("path", ["", "/stream"])
def test_strangers_see_nothing(
    agency: AgencyView, puppet: Script, stranger: Browser, anonymous: Browser, run_jobs: Run, path: str
) -> None:
    run_id = _written(run_jobs)
    assert stranger.get(f"{PLACE}/{run_id}{path}").status_code == 404
    assert stranger.get(f"/harbour-pine/ai-runs/{run_id}{path}").status_code == 404
    assert anonymous.get(f"{PLACE}/{run_id}{path}").status_code == 303


@pytest.mark.parametrize("act", ["stop", "retry", "discard"])
def test_strangers_press_nothing(
    agency: AgencyView, puppet: Script, stranger: Browser, anonymous: Browser, run_jobs: Run, act: str
) -> None:
    run_id = _written(run_jobs)
    before = service.get(run_id)
    assert stranger.post(f"{PLACE}/{run_id}/{act}").status_code == 404
    assert stranger.post(f"/harbour-pine/ai-runs/{run_id}/{act}").status_code == 404
    assert anonymous.post(f"{PLACE}/{run_id}/{act}").status_code == 303
    assert service.get(run_id) == before


def test_the_owner_stops_and_has_it_written_again(
    agency: AgencyView, puppet: Script, owner: Browser, run_jobs: Run
) -> None:
    (run_id,) = service.start([request()])
    assert owner.post(f"{PLACE}/{run_id}/stop").headers["Location"] == "/northwind"
    assert service.get(run_id).state == RunState.STOPPED
    fragment = owner.post(f"{PLACE}/{run_id}/retry", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith(f'<div id="run-{run_id}-frame">')
    assert f"/{run_id}/stream?after=2-0" in fragment
    run_jobs()
    assert service.get(run_id).state == RunState.DONE


def test_who_may_only_read_is_offered_nothing_to_press(
    agency: AgencyView, puppet: Script, owner: Browser, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither on the page nor in what follows it, which is drawn when nobody asks any more."""
    buttons = [f"/{name}" for name in ("stop", "retry", "discard", "apply")]
    alive, over = service.start([request("one")])[0], _written(run_jobs, subject="letter:2")
    (queued,) = service.start([request("two", subject="letter:3")])
    pages = [f"{PLACE}/{over}", f"{PLACE}/{queued}", f"{PLACE}/{over}/stream", PLACE]
    assert [sum(f"{each}{button}" in owner.get(each).text for button in buttons) for each in pages[:2]] == [2, 1]

    def demand(_name: str) -> None:
        raise Forbidden("Only the author does that.")

    monkeypatch.setitem(subjects._known, "letter", replace(LETTER, demand=demand))
    for path in pages:
        text = owner.get(path).text
        assert not [button for button in buttons if f'{button}"' in text]
    assert owner.post(f"{PLACE}/{alive}/stop").status_code == 403


def test_without_script_the_page_asks_again_also_when_it_ends_in_a_place(
    agency: AgencyView, puppet: Script, owner: Browser
) -> None:
    """A browser that is at /page#place stays there unless it is told where to go."""
    (run_id,) = service.start([request()])
    page = owner.get(f"{PLACE}/{run_id}?from=a&b=1").text
    assert f'<meta http-equiv="refresh" content="3; url={PLACE}/{run_id}?from=a&amp;b=1">' in page


def test_the_usage_page_says_what_is_left(agency: AgencyView, puppet: Script, member: Browser, run_jobs: Run) -> None:
    assert "Nothing written yet" in member.get(PLACE).text
    _written(run_jobs)
    page = member.get(PLACE).text
    assert "1 generation this month. There is no limit." in page
    assert "0.0048" in page
    assert "Summary" in page
