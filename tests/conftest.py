"""Fixtures for every test that needs the application: `--db sqlite` (default) or `--db postgres`."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests import databases
from tests.client import Browser, let_go
from tests.databases import Source
from tests.factories import people
from tests.factories.people import Person
from webkit.accounts import passwords
from webkit.accounts.models import Role
from webkit.core.capabilities.email import EMAIL, OutboxMessage, ReadableOutbox
from webkit.core.kernel import db, jobs, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.core.settings import Settings

# A busy machine is not a failing example. Where a verdict is given (CI), the same commit gets the same one:
# new examples are looked for by everybody else's runs, and a found one becomes a named test.
hypothesis.settings.register_profile("webkit", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("webkit")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--db", choices=("sqlite", "postgres"), default="sqlite", help="database the tests run on")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What knows no database is the same on every one."""
    if config.getoption("--db") == "sqlite":
        return
    alike = [item for item in items if "database" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=alike)
    items[:] = [item for item in items if item not in alike]


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    """The template of this process."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "data").mkdir()
    if request.config.getoption("--db") == "sqlite":
        yield databases.SqliteSource(folder, folder / "data")
        return
    with databases.postgres() as server:
        yield databases.PostgresSource(server)


@pytest.fixture(scope="session")
def house(database: Source, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application of this process. Tests take `app`, which has a fresh database and an empty data folder."""
    from webkit.core.app import create_app
    from webkit.house import FEATURES

    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    data = (tmp_path_factory.getbasetemp() / "house0" / "data").resolve()
    settings = Settings(data=data, database_url=database.url, web_threads=16, log_level="ERROR")
    app = create_app(settings, FEATURES, environ={})
    app.test_client_class = Browser
    with app.app_context():
        database.hurry(db.db.engine)
    gc.set_threshold(50_000, 20, 50)
    gc.collect()
    gc.freeze()  # what the house is made of is never garbage
    return app


@pytest.fixture
def app(house: Flask, database: Source) -> Iterator[Flask]:
    """The application with a fresh database and nothing in its data folder but keys; its context is open."""
    runtime = runtimes.of(house)
    subscribers = {kind: list(handlers) for kind, handlers in runtime.subscribers.items()}
    with house.app_context():
        db.db.engine.dispose()
        _empty(runtime.settings.data)
        database.renew()
        yield house
        db.db.engine.dispose()
    runtime.subscribers, runtime.redis = subscribers, None
    runtime.remembered.clear()


@pytest.fixture
def ada(app: Flask) -> Person:
    """The owner of `agency`."""
    return people.make_person("Ada Brandt", "ada@northwind.example")


@pytest.fixture
def max_(app: Flask) -> Person:
    """A member of `agency`."""
    return people.make_person("Max Ferri", "max@northwind.example")


@pytest.fixture
def agency(app: Flask, ada: Person, max_: Person) -> Iterator[AgencyView]:
    """Northwind Studio, with its door open for the test."""
    view = people.make_agency(ada)
    people.join(view, max_, Role.MEMBER)
    with tenancy.tenant(view.id):
        yield view


@pytest.fixture
def other_agency(app: Flask) -> AgencyView:
    """Harbour & Pine, an agency that nobody of `agency` belongs to."""
    mira = people.make_person("Mira Holt", "mira@harbour.example")
    return people.make_agency(mira, name="Harbour & Pine", slug="harbour-pine", email="hello@harbour.example")


@pytest.fixture
def browser_of(app: Flask) -> Callable[[Person], Browser]:
    """Makes a browser in which somebody is signed in."""

    def browser(person: Person) -> Browser:
        token = Context().run(_in_app, app, people.begin_session, person)
        client: Browser = app.test_client()
        return client.sign_in(token)

    return browser


@pytest.fixture
def owner(agency: AgencyView, ada: Person, browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of the agency's owner."""
    return browser_of(ada)


@pytest.fixture
def member(agency: AgencyView, max_: Person, browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of one of the agency's members."""
    return browser_of(max_)


@pytest.fixture
def stranger(other_agency: AgencyView, browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of another agency's owner."""
    return browser_of(Person(people.id_of("mira@harbour.example"), "mira@harbour.example", "Mira Holt"))


@pytest.fixture
def anonymous(app: Flask) -> Browser:
    """A browser in which nobody is signed in."""
    client: Browser = app.test_client()
    return client


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Delivers every job that is due, and what those jobs ask for; returns how many were delivered."""

    def run() -> int:
        let_go()
        return Context().run(_in_app, app, jobs.run_waiting)

    return run


@pytest.fixture
def outbox_mails(app: Flask) -> Callable[[], list[OutboxMessage]]:
    """Every mail that was sent, newest first."""

    def mails() -> list[OutboxMessage]:
        provider = runtimes.of(app).registry.get(EMAIL)
        assert isinstance(provider, ReadableOutbox)
        return [provider.read(entry.id) for entry in provider.messages()]

    return mails


def _in_app(app: Flask, function: Callable[..., object], *args: object) -> object:
    with app.app_context():
        return function(*args)


def _empty(data: Path) -> None:
    for path in data.iterdir():
        if path.is_dir() and path.name != "keys":
            shutil.rmtree(path)
        elif path.is_file() and not path.name.endswith(".lock"):
            path.unlink()
    (data / "keys" / "setup-code").unlink(missing_ok=True)
