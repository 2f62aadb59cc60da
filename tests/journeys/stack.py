"""The real thing: `webkit dev` in a fresh data folder on a free port, and what one may ask of it from outside."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests import databases
from tests.journeys.web import Died, Visitor
from webkit.core.kernel import schema
from webkit.core.settings import Settings
from webkit.runtime import dev, ports, processes

T = TypeVar("T")

WEBKIT = Path(sys.executable).with_name("webkit")
LEASE = "8"
_OURS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


def until(probe: Callable[[], T | None], seconds: float = 20, what: str = "") -> T:
    """The first true answer of `probe`; a connection that fails, or a server being restarted, counts as no."""
    deadline, pause = time.monotonic() + seconds, 0.02
    while True:
        with contextlib.suppress(OSError, Died):
            if answer := probe():
                return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain {what}")
        time.sleep(pause)
        pause = min(pause * 1.3, 0.25)  # whoever waits for long must not keep the others from working


class Stack:
    """One installation: its data folder outlives its processes."""

    def __init__(self, data: Path, *, factory: str = "", owner: str = "", **environment: str) -> None:
        self.data, self.port = data, ports.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        # In the order in which they start; the number of a part ends its mark.
        self.parts = [part.name for part in dev.parts(Settings(data=data), "", self.port)]
        self._command = [str(WEBKIT), "dev"]
        if factory:  # the same processes around another application
            self._command = processes.python("-m", "webkit.runtime", factory, "dev")
        self.environment = {name: os.environ[name] for name in _OURS if name in os.environ} | {
            "WEBKIT_DATA": str(data),
            "PORT": str(self.port),
            "WEBKIT_JOB_LEASE_SECONDS": LEASE,
            "WEB_THREADS": "16",
            "PDF_RENDER_PROCESSES": "1",
            "EMAIL_OUTBOX_FOLDER": "",
            "WEBKIT_RATE_PER_MINUTE": "100000",  # one address does what a whole agency does in a day
            "WEBKIT_RATE_BURST": "10000",
            "WEBKIT_RATE_SIGNED_IN": "1000000",
            **({"DATABASE_URL": as_plain_role(owner), "DATABASE_MIGRATIONS_URL": owner} if owner else {}),
            **environment,
        }
        tables = owner or f"sqlite:///file:{data / 'webkit.db'}?mode=ro&uri=true"
        self._tables = sa.create_engine(tables, poolclass=sa.NullPool)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Stack:
        """Start it and wait until it answers that it is ready, with all its parts."""
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.environment, cwd=self.data
        )
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        try:
            self.ready()
        except AssertionError:
            self.kill()
            raise AssertionError("webkit dev did not get ready:\n" + "\n".join(self.lines[-60:])) from None
        return self

    def ready(self, seconds: float = 90) -> None:
        """Wait until every part runs and the platform can serve."""
        until(self._is_ready, seconds, "for the platform")

    def _is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"webkit dev ended with {self.process.returncode}")
        return Visitor(self.url).get("/readyz").status == 200 and len(self.leaders()) == len(self.parts)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """End it as Ctrl-C does. Nothing may be left."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(15)
        assert self.living() == [], "left behind"

    def kill(self) -> None:
        """End whatever of it is there, however it stands; for the end of a test that failed."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        processes.kill(self.living)

    def living(self) -> list[processes.Process]:
        """All its processes but the supervisor."""
        return processes.marked(processes.place(self.data))

    def leaders(self) -> dict[str, int]:
        """The process of each part by name."""
        found = {p.mark.rpartition(".")[2]: p.pid for p in self.living() if p.leads}
        return {name: found[f"{index:02}"] for index, name in enumerate(self.parts) if f"{index:02}" in found}

    def errors(self) -> list[str]:
        """What the parts logged as errors."""
        return [line for line in self.lines if '"level": "error"' in line or "Traceback" in line]

    def restarts(self) -> list[str]:
        """The parts that the supervisor started again, in order."""
        return [line.split(" ended", 1)[0] for line in self.lines if line.endswith("starting it again.")]

    def visitor(self) -> Visitor:
        """Somebody with a browser of their own."""
        return Visitor(self.url)

    def command(self, *arguments: str) -> tuple[int, str]:
        """Run another `webkit` command on the same data: its exit code and what it printed."""
        done = subprocess.run(
            [str(WEBKIT), *arguments], env=self.environment, cwd=self.data, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout or done.stderr

    def verify(self) -> dict[str, Any]:
        """What `webkit verify --json` says of the whole installation."""
        code, said = self.command("verify", "--json")
        assert code in (0, 1), said
        answer: dict[str, Any] = json.loads(said)
        assert answer["ok"] is (code == 0)
        return answer

    @contextlib.contextmanager
    def database(self) -> Iterator[sa.Connection]:
        """A look at the tables, reading only."""
        with self._tables.connect() as connection:
            yield connection

    def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """The rows of one query, the same on both databases."""
        with self.database() as connection:
            found = connection.execute(sa.text(statement), values).mappings()
            return [{name: _plain(value) for name, value in row.items()} for row in found]

    def mails(self) -> list[EmailMessage]:
        """Everything in the outbox folder, oldest first. The list's line is written last: only then it counts."""
        lines = sorted((self.data / "outbox").glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return [parsed(path.with_suffix(".eml")) for path in lines]

    def mail(self, to: str, *words: str, nth: int = -1, seconds: float = 20) -> EmailMessage:
        """The newest mail to an address whose subject or text has all these words; waits until it has come."""

        def found() -> list[EmailMessage]:
            return [mail for mail in self.mails() if is_for(mail, to, *words)]

        return until(found, seconds, f"for a mail to {to} with {words}")[nth]


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """A new, empty database on PostgreSQL: its address for the role that owns the tables."""
    with databases.postgres() as server:
        url = make_url(server).set(drivername="postgresql+psycopg")
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        name = f"journey_{uuid4().hex[:12]}"
        with admin.connect() as connection:
            connection.execute(sa.text(f"CREATE DATABASE {name}"))
        yield url.set(database=name).render_as_string(hide_password=False)
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def as_plain_role(owner: str) -> str:
    """The same database as the application logs in."""
    return make_url(owner).set(username=schema.APP).render_as_string(hide_password=False)


def _plain(value: object) -> object:
    return value.hex if isinstance(value, UUID) else value


def is_for(mail: EmailMessage, to: str, *words: str) -> bool:
    """Whether a mail went to this address and says all that."""
    said = f"{mail['Subject']}\n{text_of(mail)}"
    return to in str(mail["To"]) and all(word in said for word in words)


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def html_of(mail: EmailMessage) -> str:
    """The HTML of a mail."""
    body = mail.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def attachments(mail: EmailMessage) -> dict[str, bytes]:
    """The attached files by name."""
    return {str(part.get_filename()): part.get_payload(decode=True) for part in mail.iter_attachments()}  # type: ignore[misc]


def parsed(path: Path) -> EmailMessage:
    """A mail as it was written into a file."""
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(mail, EmailMessage)
    return mail
