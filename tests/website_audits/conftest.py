"""A service that measures, and a client whose site it may measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from flask import Flask

from tests.factories.clients import make_client
from tests.website_audits import scripted
from webkit.core.kernel import outbound
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView

SITE = "https://lariocicli.example/"


@pytest.fixture(autouse=True)
def nobody_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names lead to one public server, without asking the network."""
    monkeypatch.setattr(outbound, "lookup", lambda host: ["93.184.215.14"])


@pytest.fixture
def bench(app: Flask) -> Iterator[Callable[..., None]]:
    """Says what the service answers."""
    before = runtimes.of(app).registry
    scripted.connect(app)
    yield lambda *answers: scripted.connect(app, *answers)
    runtimes.of(app).registry = before


@pytest.fixture
def client_id(agency: AgencyView) -> UUID:
    return make_client("Lario Cicli", website=SITE, locale="it-IT")
