"""Processes a run needs: started by us, ended by us, and seen to be ready before they are measured."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from webkit.core.settings import environment_names
from webkit.runtime import ports

ROOT = Path(__file__).resolve().parent.parent


def environment(**values: str) -> dict[str, str]:
    """Ours, without what somebody's shell configures about the platform, or keeps Python from keeping compiled code."""
    foreign = {*environment_names(), "WEBKIT_RENDERER_SOCKET", "WEBKIT_RUN", "PYTHONDONTWRITEBYTECODE"}
    own = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**own, "PYTHONPATH": str(ROOT), **values}


@contextlib.contextmanager
def process(*command: str, env: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own; at the end all of it ends."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            command, env=dict(env), cwd=log.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield started
    finally:
        _end(started)


def python(*arguments: str) -> tuple[str, ...]:
    """The command line of a module of ours."""
    return (sys.executable, "-P", "-m", *arguments)


def webkit(*arguments: str, factory: str = "webkit.house:create") -> tuple[str, ...]:
    """The command line of a part of the platform."""
    return python("webkit.runtime", factory, *arguments)


@contextlib.contextmanager
def server(factory: str, env: Mapping[str, str], log: Path) -> Iterator[int]:
    """A web server like ours, two processes, on a free port; yields the port."""
    port = ports.free_port()
    settings = {"HOST": "127.0.0.1", "PORT": str(port), "WEB_WORKERS": "2"}
    with process(*webkit("serve", factory=factory), env={**env, **settings}, log=log) as started:
        wait(lambda: ports.answers("127.0.0.1", port), started, log)
        yield port


def wait(
    ready: Callable[[], bool], started: subprocess.Popen[bytes], log: Path, seconds: float = 60, pause: float = 0.02
) -> None:
    """Until it is ready. Raises RuntimeError with the end of its log when it never is."""
    deadline = time.monotonic() + seconds
    while not ready():
        if started.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{started.args!r} does not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(pause)


def _end(started: subprocess.Popen[bytes]) -> None:
    started.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        started.wait(10)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(started.pid, signal.SIGKILL)  # whatever of its session is left
    started.wait()
