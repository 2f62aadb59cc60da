"""Runs without HTTP: what is asked for is written, once, and whatever goes wrong is told apart."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from tests.ai_runs.conftest import request
from tests.ai_runs.model import Script
from webkit.ai_runs import service
from webkit.ai_runs.views import RunState
from webkit.core.kernel.directory import AgencyView

Run = Callable[[], int]


def test_a_text_is_written(agency: AgencyView, puppet: Script, run_jobs: Run) -> None:
    (run_id,) = service.start([request()])
    assert service.get(run_id).state == RunState.QUEUED
    run_jobs()
    run = service.get(run_id)
    assert (run.state, run.text, run.attempt) == (RunState.DONE, "Six in ten visitors come by phone.", 1)
    assert (run.usage.input_tokens, run.usage.output_tokens, run.usage.cached_tokens) == (1000, 200, 400)
    assert (run.usage.cost_micro, run.usage.currency) == (4800, "USD")
    assert isinstance(run_id, UUID)
