"""The description is one, and the examples of its page work as they stand."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.factories.people import Person
from webkit.api import document
from webkit.api.table import OPERATIONS, current_of
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.core.paths import ROOT
from webkit.tokens import service as tokens

PAGE = ROOT / "docs" / "users" / "api.md"
EXAMPLE = re.compile(r"```(sh|python)\n(.*?)```", re.DOTALL)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.mark.slow
def test_the_description_is_valid(app: Flask) -> None:
    told = json.loads(app.json.dumps(document.make()))
    validate(told)
    assert len(told["paths"]) > 100


def test_it_names_every_address_and_no_other(app: Flask, anonymous: Any) -> None:
    told = anonymous.get("/api/v1/openapi.json").json
    said = {(path, method.upper()) for path, methods in told["paths"].items() for method in methods}
    place = re.compile(r"<(?:[^:<>]*:)?(\w+)>")
    routed = {
        (place.sub(r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert said == routed


def test_what_is_changed_can_be_read(app: Flask) -> None:
    for each in OPERATIONS:
        if each.method in ("PUT", "PATCH", "DELETE") and each.in_agency:
            assert current_of(each) or each.name in HANGS_ON_NOTHING, each.name


HANGS_ON_NOTHING = {"members.remove", "members.change_role", "invitations.cancel"}
"""What is read in a list alone."""


def test_the_reference_shows_every_operation(anonymous: Any, app: Flask) -> None:
    shown = anonymous.get("/api/v1/reference").text
    assert all(f'id="{each.name}"' in shown for each in OPERATIONS)


def test_the_examples_work(agency: AgencyView, ada: Person, site: str, tmp_path: Path) -> None:
    key = tokens.create_for_agency(ada.id, "examples", ["write"], 30).key
    db.release()
    known = {**os.environ, "SITE": site, "AGENCY": agency.slug, "KEY": key}
    said = []
    for kind, text in EXAMPLE.findall(PAGE.read_text()):
        command = ["bash", "-ec", text] if kind == "sh" else [sys.executable, "-c", text]
        done = subprocess.run(command, env=known, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "Ada Brandt" in said[0]
    assert '"name":"Birch & Co"' in said[2]
    assert '"filename":"clients.csv"' in said[3]
    assert "109800 EUR" in said[4]
