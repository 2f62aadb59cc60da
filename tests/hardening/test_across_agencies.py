"""Requests made up by chance, all of them for what is another agency's: nothing is told, nothing is changed."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import with_loader_criteria
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.client import Browser
from tests.factories import documents
from tests.factories import people as factory
from tests.people import calling, world
from webkit.accounts.models import Membership
from webkit.core.kernel import db, sealed, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.tables import Base
from webkit.tokens import service as tokens

WAYS: tuple[dict[str, str], ...] = (
    {},
    {"HX-Request": "true"},
    {"Accept": "application/json"},
    {"Accept": "text/csv"},
    {"If-None-Match": "*"},
    {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "northwind.example"},
)
WORDS = ("", "1", "leak", "paid", "all", "csv", "xlsx", "2026-01-31", "-1", "%", "northwind")
ASKED = ("q", "client", "client_id", "before", "after", "from", "template", "invoice", "agency", "agency_id", "format")


@pytest.fixture
def key(app: Flask, other_agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> str:
    """What a program of the other agency's owner calls with, as often as it likes."""
    here = runtimes.of(app)
    monkeypatch.setattr(here, "settings", here.settings.model_copy(update={"rate_bearer": 0}))
    made = tokens.create_own(factory.id_of("mira@harbour.example"), "Program", ["write"], 30).key
    db.release()
    return made


@pytest.fixture
def theirs(docs: dict[str, UUID], agency: AgencyView) -> dict[str, UUID]:
    """Every id of the agency that somebody could know, under each name that an address has for it."""
    documents.issued(client_id=docs["client_id"])
    found = dict(docs)
    with tenancy.platform("a test looks from above") as unit:
        for name in tenancy.owned_tables():
            columns = Base.metadata.tables[name].c
            row = (
                unit.execute(sa.select(columns.id).where(columns.agency_id == agency.id)).first()
                if "id" in columns
                else None
            )
            if row is not None:
                found.setdefault(f"{name.removesuffix('s')}_id", row[0])
    db.release()
    return found


def _requests(
    app: Flask, ids: dict[str, UUID], chance: random.Random, key: str
) -> Iterator[tuple[Rule, str, str, dict[str, Any]]]:
    """Rule, path, method and what goes along, of programs with their key; without an end."""
    rules = [rule for rule in app.url_map.iter_rules() if _is_an_agencys(rule, ids)]
    known = list(ids.values())
    while True:
        rule = chance.choice(rules)
        mixed = {
            name: chance.choice([value, value, value, chance.choice(known), uuid4()]) for name, value in ids.items()
        }
        slug = chance.choice(("northwind", "harbour-pine", "harbour-pine", "harbour-pine"))
        method = chance.choice(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        sent = {name: str(chance.choice(known)) for name in chance.sample(sorted(ids), 4)}
        sent |= {name: chance.choice([*WORDS, str(chance.choice(known))]) for name in chance.sample(ASKED, 3)}
        headers, body = chance.choice(WAYS), "data"
        if rule.rule.startswith("/api/v1/"):
            headers, body = {**headers, "Authorization": f"Bearer {key}"}, "json"
        along: dict[str, Any] = {"headers": headers}
        along |= {"query_string": sent} if method == "GET" else {body: {"once": "x", **sent}}
        yield rule, world.address(rule, slug, mixed), method, along


def _is_an_agencys(rule: Rule, ids: dict[str, UUID]) -> bool:
    named = bool(set(rule.arguments) & set(ids)) or "uuid" in rule.rule
    return named and rule.rule.startswith(("/<slug:agency>/", "/api/"))


def _held(agency: AgencyView) -> dict[str, list[str]]:
    """Everything the agency has."""
    with tenancy.platform("a test looks from above") as unit, sealed.belonging_to(agency.id):
        tables = {name: Base.metadata.tables[name] for name in tenancy.owned_tables()}
        found = {
            name: sorted(map(repr, unit.execute(sa.select(table).where(table.c.agency_id == agency.id))))
            for name, table in tables.items()
        }
    db.release()
    return found


def _leaks(rule: Rule, answer: TestResponse, path: str, method: str) -> Iterator[str]:
    if world.MARK in answer.text or b"Leakmark" in answer.data:
        yield f"{method} {path} ({answer.status_code}) tells the name of a client"
    if answer.mimetype in ("application/pdf", "application/octet-stream") and "uuid" in rule.rule:
        yield f"{method} {path} gives a file: {answer.mimetype}"
    if answer.status_code >= 500:
        yield f"{method} {path} answers {answer.status_code}"


def _cross(
    app: Flask, ids: dict[str, UUID], agency: AgencyView, stranger: Browser, key: str, many: int, *, filtered: bool
) -> tuple[int, list[str]]:
    before, leaks, found = _held(agency), [], []
    made = _requests(app, ids, random.Random(random.getrandbits(32)), key)
    for _number in range(many):
        rule, path, method, along = next(made)
        answer = stranger.open(path, method=method, **along)
        told = list(_leaks(rule, answer, path, method))
        if not filtered:  # a refusal in the very last place is a refusal
            told = [each for each in told if not each.endswith(" answers 500")]
        leaks += told
        if "/northwind" in path and answer.status_code not in (404, 405):
            found.append(f"{method} {path}: {answer.status_code}")
    after = _held(agency)
    leaks += [f"rows of {name} have changed" for name in before if before[name] != after[name]]
    assert not (filtered and found), f"an address of another agency is not there: {found[:5]}"
    return many, leaks


@pytest.fixture(params=[True, False], ids=["filtered", "unfiltered"])
def filtered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """With the filter of the session, and without it: then what stands behind it must hold alone."""
    if not request.param:
        off = with_loader_criteria(Membership, sa.true())
        monkeypatch.setattr(tenancy, "_criteria", lambda _agency: off)
    return bool(request.param)


def test_some_requests(
    app: Flask, theirs: dict[str, UUID], agency: AgencyView, stranger: Browser, key: str, filtered: bool
) -> None:
    assert _cross(app, theirs, agency, stranger, key, 40, filtered=filtered)[1] == []


def test_service_functions_know_nothing_of_others(
    app: Flask, theirs: dict[str, UUID], agency: AgencyView, other_agency: AgencyView
) -> None:
    """Each function that is given the id of something, called inside the other agency: it answers and does nothing."""
    before, told, tried = _held(agency), [], 0
    for name, function, argument in calling.functions(theirs):
        with tenancy.tenant(other_agency.id):
            answer = calling.call(function, theirs[argument])
        tried += 1
        if answer and answer != ([], []):
            told.append(f"{name} answers {answer!r}"[:200])
    after = _held(agency)
    told += [f"rows of {name} have changed" for name in before if before[name] != after[name]]
    assert not told, "\n".join(told)
    assert tried > 100


@pytest.mark.soak
@pytest.mark.timeout(2 * 3600)
def test_ten_thousand_requests(
    app: Flask,
    theirs: dict[str, UUID],
    agency: AgencyView,
    stranger: Browser,
    key: str,
    filtered: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = int(os.environ.get("WEBKIT_REQUESTS", "10000"))
    tried, leaks = _cross(app, theirs, agency, stranger, key, many, filtered=filtered)
    with capsys.disabled():
        print(f"\n{tried} requests across agencies, {'with' if filtered else 'without'} the filter: {len(leaks)} leaks")
    assert not leaks, "\n".join(leaks[:40])
