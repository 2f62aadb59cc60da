"""Jobs of the toy application: they write down that they ran."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from webkit.runtime import worker

DIARY = "TOY_DIARY"


def note(what: str, value: str = "") -> None:
    if DIARY not in os.environ:
        return
    line = json.dumps({"what": what, "value": value, "pid": os.getpid(), "parent": os.getppid(), "at": time.time()})
    descriptor = os.open(os.environ[DIARY], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, line.encode() + b"\n")
    os.close(descriptor)


def read(diary: Path, what: str) -> list[dict[str, Any]]:
    lines = diary.read_text().splitlines() if diary.exists() else []
    return [entry for line in lines if (entry := json.loads(line))["what"] == what]


def run(job: str) -> None:
    note("ran", job)


@contextmanager
def _noted(job: str) -> Iterator[None]:
    note("began", job)
    yield
    note("ended", job)


def slow(job: str) -> None:
    with _noted(job):
        time.sleep(1)


def endless(job: str) -> None:
    with _noted(job):
        time.sleep(60)


def polite(job: str) -> None:
    with _noted(job):
        worker.stopping.wait(60)


def suicide(job: str) -> None:
    note("began", job)
    os.kill(os.getpid(), signal.SIGKILL)
