"""VIES: asked by a job, remembered, and nothing waits for it. The double refuses what the register would refuse."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from webkit.clients import models, service, vies
from webkit.core.kernel import clock, db, runtime
from webkit.core.kernel.directory import AgencyView

GOOD, UNUSED = "IT00743110157", "IT01234560157"
PATH = re.compile(r"/rest-api/ms/([A-Z]{2})/vat/([A-Z0-9+*]{2,12})")


class Register(ThreadingHTTPServer):
    """Knows one number. `mood` is what it answers about itself instead; `asked` the numbers it was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mood, self.asked = "", list[str]()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Register

    def do_GET(self) -> None:
        found = PATH.fullmatch(self.path)
        if self.server.mood == "500":
            return self._tell(500, {})
        if self.server.mood == "garbage":
            return self._tell(200, ["no"])
        if found is None:
            return self._tell(400, {"actionSucceed": False, "errorWrappers": [{"error": "INVALID_INPUT"}]})
        self.server.asked.append("".join(found.groups()))
        word = self.server.mood or ("VALID" if "".join(found.groups()) == GOOD else "INVALID")
        known = word == "VALID"
        told = {"isValid": known, "userError": word, "name": "ACME\nSPA" if known else "---", "address": "---"}
        return self._tell(200, told)

    def _tell(self, status: int, told: object) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def register(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Register]:
    with Register() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = runtime.of(app)
        told = {"vies_url": f"http://{server.host}/rest-api", "allow_hosts": (server.host,)}
        monkeypatch.setattr(here, "settings", here.settings.model_copy(update=told))
        yield server
        server.shutdown()


def _known(number: str) -> vies.VatNumber:
    db.release()
    found = vies.known(number, "IT")
    assert found is not None
    return found


def test_a_number_is_looked_up_once_a_month(
    agency: AgencyView, register: Register, run_jobs: Callable[[], int]
) -> None:
    documents.client(tax_id="0074 3110 157")
    assert register.asked == [], "nobody waits for the register"
    run_jobs()
    answer = _known(GOOD)
    assert (answer.number, answer.valid, answer.name) == (GOOD, True, "ACME SPA")
    documents.client("Second", "second@birch.example", tax_id=GOOD)
    run_jobs()
    assert register.asked == [GOOD]
    with clock.frozen(clock.now() + timedelta(days=31)):
        documents.client("Third", "third@birch.example", tax_id=GOOD)
        run_jobs()
    assert register.asked == [GOOD, GOOD]


def test_a_number_that_nobody_uses(
    owner: Browser, agency: AgencyView, register: Register, run_jobs: Callable[[], int]
) -> None:
    client_id = documents.client()
    service.change(client_id, {"tax_id": UNUSED}, None, documents.ACTOR)
    run_jobs()
    assert (_known(UNUSED).valid, _known(UNUSED).name) == (False, "")
    assert "Not in use" in owner.get(f"/northwind/clients/{client_id}").text


@pytest.mark.parametrize("mood", ["MS_UNAVAILABLE", "MS_MAX_CONCURRENT_REQ", "SERVICE_UNAVAILABLE", "500", "garbage"])
def test_while_it_does_not_answer_nothing_is_known(
    agency: AgencyView, register: Register, run_jobs: Callable[[], int], mood: str
) -> None:
    register.mood = mood
    documents.client(tax_id=GOOD)
    run_jobs()
    assert _known(GOOD).valid is None
    register.mood = ""
    with clock.frozen(clock.now() + timedelta(hours=1)):
        run_jobs()
    assert _known(GOOD).valid is True


def test_who_is_never_asked_about(agency: AgencyView, register: Register, run_jobs: Callable[[], int]) -> None:
    documents.client("Person", "p@birch.example", tax_id="RCCMNL83S18D969H")
    documents.client("Abroad", "a@birch.example", tax_id="12-3456789", country="US")
    documents.client("None", "n@birch.example")
    run_jobs()
    assert register.asked == []
    assert vies.known("12-3456789", "US") is None


def test_without_an_address_nobody_is_asked(agency: AgencyView, run_jobs: Callable[[], int]) -> None:
    documents.client(tax_id=GOOD)
    assert run_jobs() == 0
    assert models.vat_check(GOOD) is None
