"""A small supervised platform for the tests: a store, a web server, a part that just lives."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from flask import Flask, Response

from tests.runtime import jobs
from webkit.runtime import ports, processes, seams, store, valkey, web
from webkit.runtime.supervisor import NOT_NEEDED, CannotStart, Child, Supervisor

HOST = "127.0.0.1"
WAITING = "toy:waiting"
"""The list of jobs for threads."""


def _pages() -> Flask:
    flask = Flask("toy")
    flask.get("/")(lambda: {"worker": os.getpid(), "master": os.getppid()})

    @flask.get("/stream")
    def stream() -> Response:
        def ticks() -> Iterator[bytes]:
            for _ in range(600):
                yield b"tick\n"
                time.sleep(0.1)

        return Response(ticks())

    return flask


def create() -> Flask:
    """The toy as an application whose processes the platform's own commands can start."""
    flask = _pages()
    flask.extensions[seams.EXTENSION] = seams.Seams(
        upgrade=_upgrade,
        rehearse=lambda _app: jobs.note("rehearsed"),
        after_fork=lambda _app: jobs.note("forked"),
        enter_worker=lambda _app: jobs.note("worker"),
        lost=lambda _app, job: jobs.note("lost", job),
        tick=_tick,
        await_ids=_await_ids,
        take=_take,
    )
    return flask


def _upgrade(_app: Flask) -> None:
    jobs.note("upgraded")
    if os.environ.get("TOY_UPGRADE") == "fails":
        raise RuntimeError("no such table")


def _await_ids(_app: Flask, room: int) -> list[str]:
    with store.connection(os.environ["REDIS_URL"]) as connection:
        first = connection.blpop([WAITING], 1)
        more = connection.lpop(WAITING, room - 1) if first and room > 1 else None
    return [each.decode() for each in (*(first or ())[1:], *(more or ()))]


def _take(_app: Flask, ids: Sequence[str]) -> list[Callable[[], None]]:
    return [partial(getattr(jobs, each.partition("-")[0]), each) for each in ids]


def _tick(_app: Flask) -> None:
    jobs.note("tick")
    if os.environ.get("TOY_TICK") == "fails":
        raise ConnectionError("no database")


def children(data: Path, port: int) -> list[Child]:
    toy = processes.python("-m", "tests.runtime.toys")
    return [
        Child("valkey", valkey.command(data), ready=lambda: valkey.ready(data)),
        Child("step", [*toy, "step", str(data)]),
        Child(
            "web",
            [*toy, "web", str(port)],
            ready=lambda: ports.answers(HOST, port),
            announce=f"webkit is running at http://{ports.written(HOST, port)}",
        ),
        Child("spare", ["sleep", "600"]),
        Child("stubborn", [*toy, "stubborn"]),
    ]


def prepare(data: Path, port: int) -> None:
    valkey.shut_down_stale(data)
    try:
        ports.require_free(HOST, port)
    except ports.PortTaken as taken:
        raise CannotStart(str(taken)) from None


def main(command: str, *arguments: str) -> None:
    if command == "run":
        data, port = Path(arguments[0]), int(arguments[1])
        sys.exit(Supervisor(data, children(data, port), prepare=lambda: prepare(data, port)).run())
    elif command == "web":
        web.serve(create, HOST, int(arguments[0]), threads=16, graceful=2)
    elif command == "step":
        sys.exit(int(os.environ.get("TOY_STEP", NOT_NEEDED)))
    elif command == "stubborn":
        if os.environ.get("TOY_STUBBORN"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            print("I stay", flush=True)
        time.sleep(600)


if __name__ == "__main__":
    main(*sys.argv[1:])
