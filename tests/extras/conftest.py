"""The application with plugins of a stranger beside ours: a module says which in `PLUGINS`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask

from tests.client import Browser
from tests.core.installing import Shelf
from tests.databases import Source
from webkit.accounts import passwords
from webkit.core.app import create_app
from webkit.core.kernel import clock, runtime
from webkit.core.settings import Settings
from webkit.house import FEATURES


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """A folder of installed distributions that Python finds."""
    folder = tmp_path_factory.mktemp("site")
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    yield Shelf(folder)
    sys.path.remove(str(folder))
    for name in set(sys.modules) - before:
        if name.startswith("made_up_"):
            del sys.modules[name]


@pytest.fixture(scope="module")
def house(
    request: pytest.FixtureRequest, database: Source, shelf: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Flask:
    """The application with the plugins of this module: distribution → (name, source)."""
    for distribution, plugins in request.module.PLUGINS.items():
        shelf.install(distribution, plugins)
    for name, text in getattr(request.module, "FILES", {}).items():
        path = shelf.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    data = (tmp_path_factory.getbasetemp() / "house0" / "data").resolve()
    app = create_app(Settings(data=data, database_url=database.url, web_threads=16, log_level="ERROR"), FEATURES, {})
    app.test_client_class = Browser
    return app


@pytest.fixture(autouse=True)
def everybody_is_on(app: Flask) -> None:
    """Each test has a fresh database; what was seen of the one before is forgotten."""
    runtime.of(app).switches_seen, runtime.of(app).switched_off = 0.0, frozenset()


@pytest.fixture
def later() -> Iterator[Callable[[timedelta], None]]:
    """Moves the clock ahead, as often as it is called."""
    with ExitStack() as stack:

        def move(ahead: timedelta) -> None:
            stack.enter_context(clock.frozen(clock.now() + ahead))

        yield move


def fresh(app: Flask) -> None:
    """Look at the switches now, not within two seconds."""
    runtime.of(app).switches_seen = 0.0
