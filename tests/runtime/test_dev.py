"""`webkit dev` around a toy application: the real children, the real command lines."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from plugins.pdf_pluto.provider import Pluto
from plugins.pdf_pluto.settings import PlutoSettings
from tests.runtime import jobs
from tests.runtime.conftest import PATIENCE, Platform, until
from tests.runtime.test_worker import ask, values
from webkit.core.settings import Settings
from webkit.runtime import ports, renderer, valkey
from webkit.runtime.supervisor import CANNOT_START
from webkit.sdk import PDF, Health, ProviderSpec

NAMES = dict(enumerate(("valkey", "web", "now", "long", "ai", "scheduler", "renderer")))


def leaders(platform: Platform) -> dict[str, int]:
    """The parts by name."""
    found = {p.mark.rpartition(".")[2]: p.pid for p in platform.processes() if p.leads}
    return {name: found[f"{index:02}"] for index, name in NAMES.items() if f"{index:02}" in found}


def up(platform: Platform) -> dict[str, int]:
    until(lambda: platform.page() and len(leaders(platform)) == len(NAMES))
    until(lambda: len(jobs.read(platform.data / "diary", "worker")) >= 3)
    return leaders(platform)


def test_everything_starts_works_and_ends(platform: Platform) -> None:
    platform.start_dev()
    up(platform)
    until(lambda: platform.said(f"webkit is running at http://127.0.0.1:{platform.port}"))
    assert values(platform.data, "upgraded") == [""]
    assert values(platform.data, "rehearsed") == [""]  # by the web alone, before it forks
    for queue in ("now", "long", "ai"):
        ask(platform.data, "run", queue=queue)
    until(lambda: len(values(platform.data, "ran")) == 3)
    until(lambda: values(platform.data, "tick"))
    until(lambda: Pluto(PlutoSettings(socket=platform.data / "run/renderer.sock")).health().status is Health.OK)
    assert platform.stop() < PATIENCE
    assert platform.process.returncode == 0
    assert platform.processes() == []


@pytest.mark.slow
def test_killing_any_part_restarts_that_one(platform: Platform) -> None:
    platform.start_dev()
    before = up(platform)
    for name in NAMES.values():
        os.kill(before[name], signal.SIGKILL)
        after = until(partial(_whole, platform, before))
        assert [other for other in after if after[other] != before[other]] == [name]
        before = after
    until(platform.page)
    ask(platform.data, "run")
    until(lambda: values(platform.data, "ran") == ["run-0"])
    assert platform.stop() < PATIENCE
    assert platform.processes() == []


def _whole(platform: Platform, before: dict[str, int]) -> dict[str, int]:
    after = leaders(platform)
    return after if len(after) == len(before) and after != before else {}


def test_a_running_job_does_not_hold_up_the_end(platform: Platform) -> None:
    platform.start_dev()
    up(platform)
    ask(platform.data, "endless")
    ask(platform.data, "endless", queue="ai")
    until(lambda: len(values(platform.data, "began")) == 2)
    assert platform.stop() < PATIENCE
    assert platform.processes() == []


@pytest.mark.slow
def test_a_long_data_path_is_no_obstacle(platform: Platform) -> None:
    platform.data = platform.data / ("long" * 30)
    platform.data.mkdir()
    platform.start_dev()
    up(platform)
    folder = Path(valkey.url(platform.data).removeprefix("unix://").removesuffix("?db=0")).parent
    assert not folder.is_relative_to(platform.data)
    platform.stop()
    assert list(folder.iterdir()) == []
    folder.rmdir()


def test_a_failed_upgrade_lets_nobody_in(platform: Platform) -> None:
    assert platform.start_dev(TOY_UPGRADE="fails").wait(20) == CANNOT_START
    until(lambda: platform.said("no such table"))
    assert not platform.said("webkit is running")
    assert platform.processes() == []


class Elsewhere:
    """A provider that renders on another machine."""

    def __init__(self, _settings: object) -> None:
        pass


def test_no_renderer_runs_where_the_provider_needs_none(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec: ProviderSpec[Any] = ProviderSpec(PDF, "elsewhere", "Elsewhere", f"{__name__}:Elsewhere")
    monkeypatch.setattr(renderer, "load_plugins", lambda off: SimpleNamespace(providers=[spec]))
    monkeypatch.setenv("PDF_PROVIDER", "elsewhere")
    assert renderer.run_renderer(Settings.load({"WEBKIT_DATA": str(data)}), "unused") is False


def test_wrong_settings_are_named(platform: Platform) -> None:
    assert platform.start_dev(WEB_WORKERS="none").wait(20) == 2
    until(lambda: platform.said("WEB_WORKERS"))
    assert not platform.said("Traceback")


def test_a_taken_port_is_named(platform: Platform) -> None:
    with ports.listener("127.0.0.1", platform.port):
        assert platform.start_dev().wait(20) == CANNOT_START
    until(lambda: platform.said("already in use"))


def test_a_free_port_is_found_for_port_zero(platform: Platform) -> None:
    began = time.monotonic()
    platform.port = 0
    platform.start_dev()
    until(lambda: platform.said("webkit is running at http://127.0.0.1:"))
    line = next(line for line in platform.lines if "webkit is running" in line)
    platform.port = int(line.rpartition(":")[2])
    assert platform.page()
    assert time.monotonic() - began < PATIENCE
