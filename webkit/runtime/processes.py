"""Finding and ending the processes of one run.

Every child of a supervisor carries a mark in its environment, which its own children inherit. The mark survives
the death of whoever started the process, cannot be carried by a stranger, and needs no pid file that may be stale.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

MARK = "WEBKIT_RUN"
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Process:
    """A living process; `leads` says that it leads its session, so that a signal to it reaches a whole program."""

    pid: int
    group: int
    leads: bool
    mark: str


def place(data: Path) -> str:
    """What all marks of this data folder begin with, whichever run wrote them."""
    return hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:16]


def new_run(data: Path) -> str:
    """A mark nobody else carries."""
    return f"{place(data)}.{uuid4().hex[:12]}"


def marked(prefix: str) -> list[Process]:
    """Every living process, but for ourselves, whose mark begins with `prefix`."""
    found = _from_proc() if _PROC.joinpath("self/environ").exists() else _from_ps()
    return [process for process in found if process.mark.startswith(prefix) and process.pid != os.getpid()]


def end(find: Callable[[], Iterable[Process]], grace: float) -> None:
    """Ask what `find` finds to stop; kill what still runs after `grace` seconds. Newest first."""
    for process in sorted(find(), key=lambda p: p.mark, reverse=True):
        if process.leads:
            send(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while list(find()) and time.monotonic() < deadline:
        time.sleep(0.02)
    kill(find)


def kill(find: Callable[[], Iterable[Process]]) -> None:
    """Kill until nothing is found: a process may fork while we look."""
    deadline = time.monotonic() + 1
    while (left := list(find())) and time.monotonic() < deadline:
        for process in left:
            send(process.pid, signal.SIGKILL)
        time.sleep(0.01)


def send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _from_proc() -> Iterator[Process]:
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        # Gone meanwhile, or another user's. A zombie has no environment left, so it is not seen as living.
        with contextlib.suppress(OSError):
            if (mark := _value((entry / "environ").read_bytes())) is not None:
                # The name in brackets may hold anything, so the fields are counted from its end.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                pid = int(entry.name)
                yield Process(pid, int(fields[2]), int(fields[3]) == pid, mark)


def _value(environment: bytes) -> str | None:
    wanted = f"{MARK}=".encode()
    for item in environment.split(b"\0"):
        if item.startswith(wanted):
            return item.removeprefix(wanted).decode(errors="replace")
    return None


def _from_ps() -> Iterator[Process]:
    """Where there is no /proc (macOS): ps shows the environment of our own processes."""
    command = ["ps", "-axEww", "-o", "pid=,command="]
    for line in subprocess.check_output(command, text=True).splitlines():  # noqa: S603
        number, _, command_line = line.strip().partition(" ")
        mark = next((word for word in command_line.split() if word.startswith(f"{MARK}=")), "")
        if mark and number.isdigit():
            pid = int(number)
            with contextlib.suppress(OSError):
                yield Process(pid, os.getpgid(pid), os.getsid(pid) == pid, mark.partition("=")[2])


def python(*arguments: str) -> list[str]:
    """The command line of a Python of ours; -P keeps the working folder from shadowing our packages."""
    return [sys.executable, "-P", *arguments]
