"""An agency that names a domain, and the name server that says whose it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.domains.dns import NameServer
from webkit.core.kernel import hosts, stepup
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.domains import checking, names, service

HOST = "docs.northwind.example"
BASE = "https://studio.example"
OWN = f"https://{HOST}"


@pytest.fixture(scope="package")
def standing() -> Iterator[NameServer]:
    with NameServer() as server:
        yield server


@pytest.fixture
def dns(app: Flask, standing: NameServer, monkeypatch: pytest.MonkeyPatch) -> NameServer:
    """Who is asked for records; nothing is written there yet."""
    here = runtimes.of(app)
    changed = here.settings.model_copy(update={"public_url": BASE, "dns_server": standing.place})
    monkeypatch.setattr(here, "settings", changed)
    monkeypatch.setitem(app.config, "TRUSTED_HOSTS", hosts.own(changed))
    standing.texts.clear()
    standing.aliases.clear()
    standing.asked.clear()
    standing.mood = ""
    return standing


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Which names lead to the platform."""
    found: dict[str, bool] = {}
    monkeypatch.setattr(checking, "_answers", lambda look, _seconds: found.get(look.host, False))
    return found


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepup, "is_fresh", lambda: True)


def write_record(dns: NameServer, host: str = HOST) -> None:
    """Do what the page says."""
    shown = service.shown()
    assert shown is not None
    dns.texts[names.record(host)] = ["v=spf1 -all", shown.value]


@pytest.fixture
def domain(agency: AgencyView, dns: NameServer, leads: dict[str, bool]) -> str:
    """Northwind's, active and in use."""
    service.name(HOST)
    write_record(dns)
    leads[HOST] = True
    service.look()
    assert service.shown() is not None
    return HOST
