"""Runs without HTTP: what is asked for is written, once, and whatever goes wrong is told apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.ai_runs.conftest import request, steps
from tests.ai_runs.model import Said, Script
from tests.client import let_go
from tests.runtime.conftest import until
from tests.threads import at_once
from webkit.agencies import service as agencies
from webkit.ai_runs import keeping, models, outcomes, pump, service
from webkit.ai_runs.views import Fate, Mark, RunState, RunView
from webkit.core.capabilities.ai_text import AI_TEXT, Role, StopReason
from webkit.core.capabilities.errors import (
    BrokenOff,
    CredentialsRejected,
    FeatureNotSupported,
    OutcomeUnknown,
    Overloaded,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TimedOut,
)
from webkit.core.kernel import clock, db, jobs, outbox, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, NotFound, TooMany

Run = Callable[[], int]
TEXT = "Six in ten visitors come by phone."


def _one(run_jobs: Run, **values: object) -> RunView:
    (run_id,) = service.start([request("summary", **values)])
    run_jobs()
    return service.get(run_id)


def _used() -> int:
    return service.allowance().used


def _tier(app: Flask, tier: str) -> None:
    let_go()
    Context().run(_set_tier, app, tier)


def _set_tier(app: Flask, tier: str) -> None:
    with app.app_context(), db.unit(db.Scope()):
        agencies.set_tier("northwind", tier)


# --- What is written ------------------------------------------------------------------------------------------------


def test_a_text_is_written(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    (run_id,) = service.start([request()])
    assert service.get(run_id).state == RunState.QUEUED
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.text, run.attempt) == (RunState.DONE, TEXT, 1)
    assert (run.usage.input_tokens, run.usage.output_tokens, run.usage.cached_tokens) == (1000, 200, 400)
    assert (run.usage.cost_micro, run.usage.currency) == (4800, "USD")
    assert puppet.closed == 1
    (month,) = service.spent(service.allowance().month)
    assert (month.cost_micro, month.estimated) == (4800, False)


def test_several_sections_are_one_generation_and_one_run_each(
    agency: AgencyView, puppet: Script, run_jobs: Run
) -> None:
    service.start([request("a"), request("b"), request("c")])
    assert _used() == 1
    run_jobs()
    assert [(run.section, run.state) for run in service.of("letter:1")] == [(name, RunState.DONE) for name in "abc"]
    assert (_used(), len(puppet.asked)) == (1, 3)


def test_what_is_being_written_is_not_started_twice(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    (first,) = service.start([request()])
    with pytest.raises(Conflict):
        service.start([request("other"), request()])
    with pytest.raises(Conflict):
        service.retry(first)
    assert (_used(), len(service.of("letter:1"))) == (1, 1)
    run_jobs()
    (second,) = service.start([request()])
    assert [run.id for run in service.of("letter:1")] == [second]


def test_done_twice_it_is_written_once(agency: AgencyView, puppet: Script, run_jobs: Run, app: Flask) -> None:
    (run_id,) = service.start([request()])
    run_jobs()
    assert Context().run(_begin, app, agency.id, run_id) == {}
    assert len(puppet.asked) == 1


def _begin(app: Flask, agency: UUID, run_id: UUID) -> object:
    with app.app_context(), tenancy.tenant(agency):
        return outcomes.begin({run_id: run_id})


def test_citations_are_printed_and_other_figures_marked(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    puppet.says(["It takes [[fact:audit", ".lcp]].\n\n", "We lift orders by 32%, ", "in 6 weeks."])
    run = _one(run_jobs, facts={"audit.lcp": "4.8 seconds"}, exempt=("6 weeks",))
    result = service.result(run.id)
    assert result.text == "It takes 4.8 seconds.\n\nWe lift orders by 32%, in 6 weeks."
    assert result.marks == (Mark(result.text.index("32%"), result.text.index("32%") + 3, "32%"),)
    assert run.figures_unproven == 1


# --- Lists ----------------------------------------------------------------------------------------------------------


def test_a_list_is_held_against_its_shape(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    puppet.says(['{"steps": ["Talk", ', '"Lift orders by 32%"]}'])
    (run_id,) = service.start([steps()])
    run_jobs()
    assert service.get(run_id).state == RunState.DONE
    result = service.result(run_id)
    assert result.parsed == {"steps": ["Talk", "Lift orders by 32%"]}
    assert result.marks == (Mark(15, 18, "32%", ("steps", 1)),)


def test_a_wrong_list_is_mended_once(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    puppet.says(['{"steps": "Talk"}'], ['{"steps": ["Talk"]}'])
    (run_id,) = service.start([steps()])
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.attempt, run.usage.output_tokens) == (RunState.DONE, 2, 400)
    asked = puppet.asked[1].messages
    assert [message.role for message in asked] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert "steps: Input should be a valid list" in asked[-1].text


@pytest.mark.parametrize("said", ["no JSON at all", '{"steps": ["broken', "[" * 100_000, "null", '{"steps": [1]}'])
def test_a_list_that_stays_wrong_is_reported(agency: AgencyView, puppet: Script, run_jobs: Run, said: str) -> None:
    puppet.says([said])
    (run_id,) = service.start([steps()])
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.error_code, run.usable, len(puppet.asked)) == (RunState.FAILED, "invalid", False, 2)
    assert "not the list" in run.error_sentence


def test_a_list_needs_a_shape(agency: AgencyView, puppet: Script) -> None:
    with pytest.raises(ValueError, match="no shape"):
        service.start([request("unheard of", json_schema={})])


# --- What goes wrong ------------------------------------------------------------------------------------------------

FINAL: list[tuple[list[Said], str, str, int]] = [
    (["Half a ", StopReason.MAX_TOKENS], "length", "Half a ", 1),
    (["I will ", StopReason.REFUSED], "refused", "", 0),
    ([""], "empty", "", 0),
    (["Half a ", BrokenOff("gone")], "broken_off", "Half a ", 1),
    (["Half a ", ProviderUnavailable("gone")], "broken_off", "Half a ", 1),
    (["Half a ", TimedOut("gone")], "timed_out", "Half a ", 1),
    (["Half a ", Overloaded("full")], "overloaded", "Half a ", 1),
    ([CredentialsRejected("no")], "bad_key", "", 0),
    ([ProviderMisconfigured("no")], "not_configured", "", 0),
    ([FeatureNotSupported("no")], "not_supported", "", 0),
    ([ProviderRejected("no")], "rejected", "", 0),
    ([RateLimited("wait", retry_after=3600)], "rate_limited", "", 0),
    (["Half a ", RuntimeError("ours")], "internal", "", 0),
]


@pytest.mark.parametrize(("said", "code", "text", "charged"), FINAL)
def test_a_failure_is_told_apart(
    agency: AgencyView,
    puppet: Script,
    run_jobs: Run,
    said: list[Said],
    code: str,
    text: str,
    charged: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "SAVE", 60.0)  # it fails before it is saved
    puppet.says(said)
    run = _one(run_jobs)
    assert (run.state, run.error_code, run.text) == (RunState.FAILED, code, text)
    assert run.error_sentence.endswith(".")
    assert puppet.closed == 1
    # What nobody got anything of is not counted; a refusal that began to write is.
    assert _used() == (1 if code == "refused" else charged)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RateLimited("wait", retry_after=30), "rate_limited"),
        (Overloaded("full"), "overloaded"),
        (ProviderUnavailable("gone"), "unreachable"),
        (OutcomeUnknown("gone"), "unreachable"),
        (TimedOut("silence"), "timed_out"),
    ],
)
def test_what_passes_is_tried_again_visibly(
    agency: AgencyView, puppet: Script, run_jobs: Run, error: Exception, code: str
) -> None:
    puppet.says([error], ["Here it is."])
    with clock.frozen(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        run = _one(run_jobs)
        assert (run.state, run.error_code, run.alive) == (RunState.QUEUED, code, True)
        assert run.resume_at is not None and run.resume_at > clock.now()
        assert _used() == 1
    with clock.frozen(run.resume_at + timedelta(seconds=1)):
        run_jobs()
        run = service.get(run.id)
    assert (run.state, run.text, run.attempt, run.error_code) == (RunState.DONE, "Here it is.", 2, "")


def test_it_is_not_tried_for_ever(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    puppet.says([Overloaded("full")])
    run = _one(run_jobs)
    while run.alive:
        assert run.resume_at is not None
        with clock.frozen(run.resume_at + timedelta(seconds=1)):
            run_jobs()
            run = service.get(run.id)
    assert (run.state, run.error_code, len(puppet.asked)) == (RunState.FAILED, "overloaded", 5)
    assert _used() == 0


def test_a_stream_that_just_ends_broke_off(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    puppet.whole = False
    run = _one(run_jobs)
    assert (run.state, run.error_code, run.text) == (RunState.FAILED, "broken_off", TEXT)
    assert run.usable
    assert run.usage.estimated and run.usage.output_tokens == len(TEXT) // 4


def test_a_provider_without_lists_says_so(
    agency: AgencyView, puppet: Script, run_jobs: Run, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    puppet.says([FeatureNotSupported("no lists")])
    (run_id,) = service.start([steps()])
    run_jobs()
    assert service.get(run_id).error_code == "not_supported"
    monkeypatch.setitem(runtimes.of(app).registry._environ, AI_TEXT.env, "nobody")
    assert _one(run_jobs).error_code == "not_configured"


def test_nothing_the_model_says_is_logged(
    agency: AgencyView, puppet: Script, run_jobs: Run, caplog: pytest.LogCaptureFixture
) -> None:
    secrets: list[list[Said]] = [["SECRET words"], ['{"SECRET": 1'], ["SECRET", BrokenOff("gone")]]
    for said in secrets:
        puppet.says(said)
        service.start([request(), steps()])
        run_jobs()
    assert "SECRET" not in caplog.text


# --- Stopping, repeating, deciding ----------------------------------------------------------------------------------


def _elsewhere(app: Flask, agency: AgencyView, act: Callable[[], object]) -> Callable[[], None]:
    """Something another process does meanwhile."""

    def run() -> None:
        with app.app_context(), tenancy.tenant(agency.id):
            act()

    return lambda: Context().run(run)


def test_stop_keeps_what_is_written_and_closes_the_vendor(
    agency: AgencyView, puppet: Script, run_jobs: Run, app: Flask
) -> None:
    (run_id,) = service.start([request()])
    stop = _elsewhere(app, agency, lambda: service.stop(run_id))
    puppet.says(["One ", "two ", stop, partial(_noticed, app), "three ", "four"])
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.text, puppet.closed) == (RunState.STOPPED, "One two ", 1)
    assert (_used(), run.usage.estimated, run.usable) == (1, True, True)
    assert service.stop(run_id) is False


def test_a_stop_is_heard_while_nothing_new_is_said(
    agency: AgencyView, puppet: Script, run_jobs: Run, app: Flask
) -> None:
    """Every word is kept already: nothing but the question itself leads to the database."""
    (run_id,) = service.start([request()])
    stop = _elsewhere(app, agency, lambda: service.stop(run_id))
    puppet.says(["One ", "two ", partial(_kept, app), stop, partial(_noticed, app), "three"])
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.text) == (RunState.STOPPED, "One two ")


def _kept(app: Flask) -> None:
    """Wait until every word so far stands in the database."""
    (text,) = pump.of(app)._living()
    until(lambda: text.kept == text.length)


def _noticed(app: Flask) -> None:
    """Wait until the text that is being written has been halted."""
    (text,) = pump.of(app)._living()
    until(lambda: text.halted)


def test_a_silent_vendor_is_hung_up_on(agency: AgencyView, puppet: Script, run_jobs: Run, app: Flask) -> None:
    """Stopping does not wait for the vendor's next word, nor does the vendor's line."""
    (run_id,) = service.start([request()])
    stop = _elsewhere(app, agency, lambda: service.stop(run_id))
    puppet.says(["One ", "two ", stop, puppet.silence, "three"])
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.text, puppet.closed) == (RunState.STOPPED, "One two ", 1)
    assert (_used(), run.usage.estimated, run.usage.output_tokens) == (1, True, 2)


def test_a_queued_run_is_stopped_for_nothing(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    first, second = service.start([request("a"), request("b")])
    assert service.stop(first)
    assert _used() == 1
    assert service.stop(second)
    run_jobs()
    assert (_used(), puppet.asked) == (0, [])


def test_a_stop_that_nobody_heard_is_heard_by_the_next_attempt(
    agency: AgencyView, puppet: Script, app: Flask, run_jobs: Run
) -> None:
    (run_id,) = service.start([request()])
    _elsewhere(app, agency, lambda: outcomes.begin({_job(): run_id}))()
    let_go()
    assert service.stop(run_id)
    assert service.get(run_id).stopping
    run_jobs()
    run = service.get(run_id)
    assert (run.state, puppet.asked, _used()) == (RunState.STOPPED, [], 1)


def _job() -> UUID:
    return outbox.views()[0].id


def test_a_run_whose_worker_died_is_written_anew(agency: AgencyView, puppet: Script, app: Flask, run_jobs: Run) -> None:
    (run_id,) = service.start([request()])
    works: list[outcomes.Work] = []

    def begin() -> None:
        works.extend(outcomes.begin({_job(): run_id}).values())
        assert outcomes.save([(works[0], "Half a ", True)]) == [(True, False)]

    _elsewhere(app, agency, begin)()
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.attempt, run.text) == (RunState.DONE, 2, TEXT)
    let_go()
    assert outcomes.save([(works[0], "late", True)]) == [(False, False)]
    assert outcomes.end(works[0], RunState.FAILED, "late") is False
    assert (service.get(run_id).text, _used()) == (TEXT, 1)


def test_a_worker_that_ends_puts_its_run_back(
    agency: AgencyView, puppet: Script, run_jobs: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = type(jobs.stopping)()
    monkeypatch.setattr(jobs, "stopping", stopping)
    waited: list[float] = []

    def end() -> None:
        stopping.set()
        while not waited and not puppet.closed:
            waited.append(0.3)
            type(stopping)().wait(0.3)
        monkeypatch.setattr(jobs, "stopping", type(stopping)())

    puppet.says(["Half ", end, "a ", "word"], ["All of it."])
    (run_id,) = service.start([request()])
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.attempt, run.text) == (RunState.DONE, 2, "All of it.")
    assert _used() == 1


def test_what_failed_is_tried_again_within_its_generation(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    puppet.says(["Half ", BrokenOff("gone")], ["All of it."])
    run = _one(run_jobs)
    service.retry(run.id)
    again = service.get(run.id)
    assert (again.state, again.text, again.attempt) == (RunState.QUEUED, "", 2)
    run_jobs()
    assert (service.get(run.id).text, _used()) == ("All of it.", 1)
    service.retry(run.id)
    assert _used() == 2


def test_a_text_is_applied_or_discarded_once(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    (run_id,) = service.start([request()])
    assert service.settle_applied(run_id) is False
    run_jobs()
    assert service.get(run_id).usable
    assert service.settle_applied(run_id) is True
    assert service.discard(run_id) is False
    assert (service.get(run_id).fate, service.get(run_id).usable) == (Fate.APPLIED, False)


def test_runs_of_others_are_not_there(agency: AgencyView, other_agency: AgencyView, puppet: Script) -> None:
    (run_id,) = service.start([request()])
    acts: list[Callable[[UUID], object]] = [
        service.get, service.stop, service.retry, service.result, service.discard, service.settle_applied
    ]  # fmt: skip
    db.release()
    with tenancy.tenant(other_agency.id):
        for act in acts:
            with pytest.raises(NotFound):
                act(run_id)
        assert service.of("letter:1") == [] == service.latest()
        assert _used() == 0


# --- How much -------------------------------------------------------------------------------------------------------


def test_a_tier_has_so_many_generations_a_month(agency: AgencyView, puppet: Script, run_jobs: Run, app: Flask) -> None:
    _tier(app, "free")
    with clock.frozen(datetime(2026, 11, 30, 12, tzinfo=UTC)):
        for _ in range(5):
            _one(run_jobs)
        with pytest.raises(TooMany, match=r"All 5 AI generations of this month are used.*1 December 2026") as refused:
            service.start([request()])
        assert 0 < refused.value.retry_after <= 86_400
    with clock.frozen(datetime(2026, 11, 30, 23, 30, tzinfo=UTC)):  # in Rome it is December already
        assert service.allowance().month == "2026-12"
        _one(run_jobs)
    _tier(app, "")
    assert service.allowance().limit is None


def test_the_last_generation_is_given_away_once(agency: AgencyView, puppet: Script, app: Flask) -> None:
    _tier(app, "free")
    for n in range(4):
        service.start([request(f"before {n}")])
    db.release()

    def ask(n: int) -> Callable[[], list[UUID]]:
        def run() -> list[UUID]:
            with tenancy.tenant(agency.id):
                return service.start([request(f"section {n}", subject=f"letter:{n}")])

        return run

    answers = at_once(app, *(ask(n) for n in range(8)))
    assert sum(isinstance(answer, list) for answer in answers) == 1
    assert sum(isinstance(answer, TooMany) for answer in answers) == 7
    assert _used() == 5


def test_the_operator_caps_the_day(
    agency: AgencyView, puppet: Script, run_jobs: Run, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    runtime = runtimes.of(app)
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"ai_runs_per_day": 3}))
    with pytest.raises(TooMany, match="Only 3 sections"):
        service.start([request(name) for name in "abcd"])
    run = _one(run_jobs)
    service.retry(run.id)
    run_jobs()
    service.retry(run.id)
    run_jobs()
    with pytest.raises(TooMany):
        service.retry(run.id)
    assert service.get(run.id).state == RunState.DONE
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"ai_runs_per_day": 0}))
    with pytest.raises(TooMany, match="switched off"):
        service.start([request("other")])


def test_a_text_that_ends_while_it_is_kept_waits_for_that(
    agency: AgencyView, puppet: Script, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lock the run, then its generation: the other way round one of them would be thrown out."""
    (run_id,) = service.start([request()])
    ((job_id, _kind),) = outbox.due()
    (work,) = outcomes.begin({job_id: run_id}).values()
    ends = threading.Thread(target=_elsewhere(app, agency, lambda: outcomes.end(work, RunState.DONE, "One two")))
    settle = models.settle

    def slowly(*args: Any) -> bool:
        settled = settle(*args)
        if threading.current_thread() is not ends:
            ends.start()
            time.sleep(0.4)
        return settled

    monkeypatch.setattr(models, "settle", slowly)
    assert outcomes.save([(work, "One ", True)]) == [(True, False)]
    ends.join()
    assert (service.get(run_id).state, service.get(run_id).text) == (RunState.DONE, "One two")
