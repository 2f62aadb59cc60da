"""Four writers who issue prepared drafts of one agency at once, and the floor that takes the same two locks.

Each is a process. It issues a few to be warm, as a server is that has been asked before, says "ready", waits for a
line, issues its other drafts one after another, reports every time, and stays until all are done.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg

WRITERS, WARM = 4, 15
TRIES = 20


@dataclass(frozen=True, slots=True)
class Issued:
    """How long each issue took in ms, sorted, and how long all of them together."""

    times: list[float]
    seconds: float

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds


def run(
    kind: str, env: Mapping[str, str], drafts: Sequence[str], log: Path, meanwhile: Callable[[], None] = lambda: None
) -> Issued:
    """Let all writers issue their share; `meanwhile` runs beside them."""
    command = [sys.executable, "-m", "benchmarks.writers", kind]
    with ExitStack() as stack, log.open("ab") as errors:
        writers = [
            stack.enter_context(
                subprocess.Popen(
                    command, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
                )
            )
            for _ in range(WRITERS)
        ]
        for number, writer in enumerate(writers):
            _tell(writer, json.dumps(drafts[number::WRITERS]))
            if _hear(writer) != "ready":
                raise RuntimeError(log.read_text()[-3000:])
        began = time.perf_counter()
        for writer in writers:
            _tell(writer, "go")
        meanwhile()
        times = [time for writer in writers for time in json.loads(_hear(writer))]
        return Issued(sorted(times), time.perf_counter() - began)


def _tell(writer: subprocess.Popen[str], line: str) -> None:
    assert writer.stdin is not None
    writer.stdin.write(line + "\n")
    writer.stdin.flush()


def _hear(writer: subprocess.Popen[str]) -> str:
    assert writer.stdout is not None
    return writer.stdout.readline().strip()


def main(kind: str) -> None:
    drafts = json.loads(sys.stdin.readline())
    issue = {"ours": _ours, "floor": _floor}[kind]()
    gc.freeze()  # as web processes do with what is there from the start
    for draft in drafts[:WARM]:
        issue(draft)
    print("ready", flush=True)
    sys.stdin.readline()
    times = []
    for draft in drafts[WARM:]:
        began = time.perf_counter()
        issue(draft)
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps(times), flush=True)
    sys.stdin.readline()  # ending takes a processor from those who still issue


def _ours() -> Callable[[str], None]:
    """As a web process does it, again and again until it is done: a connection may be cut at any moment."""
    from sqlalchemy.exc import DBAPIError

    from benchmarks import house
    from webkit.core.kernel import jobs, tenancy
    from webkit.invoices import service

    app = house.create()
    jobs.serve()
    app.app_context().push()
    with tenancy.platform("the first agency of the benchmark"):
        from webkit.agencies import service as agencies

        (agency,) = agencies.all_ids()

    def issue(draft: str) -> None:
        for attempt in range(TRIES):
            try:
                with tenancy.tenant(agency):
                    service.issue(UUID(draft), "system")
            except DBAPIError:
                if attempt == TRIES - 1:
                    raise
            else:
                return

    return issue


def _floor() -> Callable[[str], None]:
    """A counter's row, then the head of a chain, then the commit: nothing else."""
    import os

    line = psycopg.connect(os.environ["FLOOR_DATABASE"].replace("+psycopg", ""), autocommit=True)

    def issue(draft: str) -> None:
        with line.transaction():
            taken = line.execute("UPDATE counters SET value = value + 1 RETURNING value").fetchone()
            assert taken is not None
            line.execute(
                "UPDATE invoices SET number = %s, state = 'issued' WHERE id = %s", (f"N-{taken[0]}", int(draft))
            )
            line.execute(
                "WITH head AS (UPDATE heads SET seq = seq + 1, hash = encode(sha256((hash || %s)::bytea), 'hex') "
                "RETURNING seq, hash) INSERT INTO events SELECT seq, %s, hash FROM head",
                (draft, draft),
            )

    return issue


if __name__ == "__main__":
    main(sys.argv[1])
