from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from webkit.runtime import ports, processes

T = TypeVar("T")
PATIENCE = 30
"""Seconds that something may take on a busy machine before it counts as stuck; `make bench` has the real figures."""


def until(probe: Callable[[], T], seconds: float = 20) -> T:
    """The first true answer of `probe`; errors of connections, also in the middle of an answer, count as no."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if answer := probe():
                return answer
        time.sleep(0.02)
    raise AssertionError("waited in vain")


class Platform:
    """A toy platform under a real supervisor in a process of its own."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = ports.free_port()
        self.lines: list[str] = []

    def start(self, **environment: str) -> subprocess.Popen[str]:
        return self._start("tests.runtime.toys", "run", str(self.data), str(self.port), **environment)

    def start_dev(self, **environment: str) -> subprocess.Popen[str]:
        """The same application, but as `webkit dev` runs one."""
        own = {"WEBKIT_DATA": str(self.data), "PORT": str(self.port), "TOY_DIARY": str(self.data / "diary")}
        return self._start("webkit.runtime", "tests.runtime.toys:create", "dev", **own, **environment)

    def _start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **environment},
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        return self.process

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.lines.append(line.rstrip("\n"))

    def page(self) -> dict[str, int]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2) as answer:
            found: dict[str, int] = json.load(answer)
            return found

    def up(self) -> None:
        until(lambda: self.page() and len(self.leaders()) == len(PARTS))

    def said(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def processes(self) -> list[processes.Process]:
        return processes.marked(processes.place(self.data))

    def leaders(self) -> dict[str, int]:
        """The parts' own processes by the end of their mark."""
        leading = {p.mark.rpartition(".")[2]: p.pid for p in self.processes() if p.leads}
        return {part: pid for part, pid in leading.items() if part in PARTS}

    @property
    def reaper(self) -> int:
        return next(p.pid for p in self.processes() if p.mark.endswith("reaper"))

    def stop(self, number: signal.Signals = signal.SIGINT) -> float:
        """Seconds until the supervisor had ended."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(10)
        return time.monotonic() - began

    def die(self) -> None:
        """The supervisor is killed."""
        self.process.kill()
        self.process.wait()


PARTS = VALKEY, WEB, SPARE, STUBBORN = "00", "02", "03", "04"


@pytest.fixture
def data() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        yield Path(folder)


@pytest.fixture
def platform(data: Path) -> Iterator[Platform]:
    platform = Platform(data)
    yield platform
    platform.die()
    until(lambda: _ended(platform))


def _ended(platform: Platform) -> bool:
    """Whether nothing is left; what is, perhaps forked while the others were ended, is ended too."""
    left = platform.processes()
    for each in left:
        processes.send(each.pid, signal.SIGKILL)
    return not left
