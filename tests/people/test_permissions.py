"""Who may do what: every address and every service function, tried as everybody, against the table in the docs."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask, Response
from sqlalchemy.orm import with_loader_criteria
from werkzeug.routing import Rule

from tests.factories import people as factory
from tests.factories.people import Person
from tests.people import calling, world
from webkit.accounts import service as accounts
from webkit.accounts.models import Membership, Role
from webkit.accounts.views import UserView
from webkit.core.access import ALL, NONE, OWN, Reach
from webkit.core.kernel import db, entrances, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.core.paths import ROOT
from webkit.operations import permissions_cli

PAGE = ROOT / "docs" / "operations" / "permissions.md"
PEOPLE = ("owner", "admin", "member", "colleague", "stranger", "suspended", "anonymous")
PASSED, ASKED_IN, UNKNOWN, REFUSED, NOT_THERE = 299, 303, 401, 403, 404


@pytest.fixture
def docs(app: Flask, agency: AgencyView, max_: Person) -> dict[str, UUID]:
    """Documents of Max's."""
    return world.make(max_.id)


@pytest.fixture
def visitors(
    app: Flask,
    agency: AgencyView,
    other_agency: AgencyView,
    ada: Person,
    max_: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The sessions of everybody, and an application that lets them as far as a view and no further.

    Who is suspended was an admin and has kept a session that was never ended.
    """
    admin, lea, sid = (factory.make_person(name, f"{name}@northwind.example") for name in ("bo", "lea", "sid"))
    factory.join(agency, admin, Role.ADMIN)
    factory.join(agency, lea, Role.MEMBER)
    factory.join(agency, sid, Role.ADMIN)
    with db.unit(db.Scope()):
        accounts.suspend(sid.id, "a test")
    kept = factory.begin_session(sid)
    mira = Person(factory.id_of("mira@harbour.example"), "mira@harbour.example", "Mira Holt")
    found = {"owner": ada, "admin": admin, "member": max_, "colleague": lea, "stranger": mira}
    users = {
        str(each.id): UserView(each.id, each.name, each.email, "en", False, str(each.id)) for each in found.values()
    }
    manager: Any = app.login_manager  # type: ignore[attr-defined]
    load = manager._user_callback
    monkeypatch.setattr(manager, "_user_callback", lambda token: users.get(token) or load(token))
    monkeypatch.setattr(entrances, "find", functools.cache(entrances.find))
    for endpoint in app.view_functions:
        monkeypatch.setitem(app.view_functions, endpoint, lambda **_: Response(status=PASSED))
    return {**{name: str(each.id) for name, each in found.items()}, "suspended": kept, "anonymous": ""}


def test_the_page_is_what_the_code_says(house: Flask) -> None:
    with house.test_request_context():
        said = permissions_cli.table(house)
    assert PAGE.read_text() == said, "run: webkit permissions > docs/operations/permissions.md"


def test_every_address_as_everybody(app: Flask, docs: dict[str, UUID], visitors: dict[str, str]) -> None:
    table = _page()
    wrong, tried = [], 0
    clients = {name: _browser(app, token) for name, token in visitors.items()}
    for rule, method in permissions_cli.addresses(app, permissions_cli.STAFF):
        reaches = table[permissions_cli._shown(rule), method]
        path, about = world.address(rule, "northwind", docs), _subjects(app, rule)
        for name in PEOPLE:
            wanted, tried = _expected(name, reaches, about), tried + 1
            wanted = UNKNOWN if wanted == ASKED_IN and path.startswith("/api/") else wanted
            got = _status(clients[name], path, method)
            if got != wanted:
                wrong.append(f"{method} {path} as {name}: {got}, not {wanted}")
    assert not wrong, "\n".join(wrong)
    assert tried > 2_000


def test_other_doors(app: Flask, docs: dict[str, UUID], visitors: dict[str, str]) -> None:
    """Links open what they name; what is for the signed in, the operators and the platform stays so."""
    tokens = _tokens(docs)
    owner, nobody = _browser(app, visitors["owner"]), _browser(app, "")
    wrong = []
    for rule, method in permissions_cli.addresses(app):
        door = permissions_cli.door_of(app, rule)
        token = tokens.get(rule.rule.split("/")[1], "nobody")
        path = world.address(rule, "northwind", docs, token)
        wanted = {
            permissions_cli.LINK: (PASSED, PASSED) if token != "nobody" else (NOT_THERE, NOT_THERE),
            "signed in": (PASSED, ASKED_IN),
            "operators": (NOT_THERE, ASKED_IN),
            "platform": (NOT_THERE, ASKED_IN),
        }.get(door)
        got = (_status(owner, path, method), _status(nobody, path, method))
        if wanted and got != wanted:
            wrong.append(f"{method} {path} ({door}): {got}, not {wanted}")
        if (
            door == permissions_cli.LINK
            and _status(nobody, world.address(rule, "northwind", docs, "x" * 22), method) != 404
        ):
            wrong.append(f"{path} opens with a token that nobody gave")
    assert not wrong, "\n".join(wrong)


def test_a_colleague_sees_nothing_of_others(
    app: Flask, docs: dict[str, UUID], agency: AgencyView, browser_of: Callable[[Person], Any], member: Any
) -> None:
    """With the real views: lists, searches, sums, the dashboard, a client's page and every page of a document."""
    lea = factory.make_person("Lea Berg", "lea@northwind.example")
    factory.join(agency, lea)
    other, shown = browser_of(lea), 0
    rules = [rule for rule in world.staff_rules(app) if "GET" in (rule.methods or ()) and _subjects(app, rule)]
    for rule in rules:
        path = world.address(rule, "northwind", docs)
        assert other.get(path).status_code in (REFUSED, NOT_THERE), path
    for path in ("", "invoices/", "proposals/", "quotations/", "contracts/", "consultations/"):
        theirs, own = other.get(f"/northwind/{path}").text, member.get(f"/northwind/{path}").text
        assert world.MARK not in theirs, path
        shown += world.MARK in own
    assert shown >= 5
    assert "INV" not in other.get(f"/northwind/clients/{docs['client_id']}").text
    assert other.get("/northwind/invoices/?q=leakmark").text.count(world.MARK) == 0


def test_service_functions_know_no_others(docs: dict[str, UUID], agency: AgencyView, other_agency: AgencyView) -> None:
    """Whoever calls them with an id of a colleague, or of another agency, hears that there is no such thing."""
    sight = frozenset(tenancy.authored_tables())
    tried, told = 0, []
    for name, function, argument in calling.functions(_DOCS):
        for door in (
            tenancy.tenant(agency.id, UUID(int=9), own=sight),
            tenancy.tenant(agency.id, UUID(int=9), hidden=sight),
            tenancy.tenant(other_agency.id),
        ):
            with door:
                answer = calling.call(function, docs[argument])
            tried += 1
            if answer:
                told.append(f"{name} answers {answer!r}"[:200])
    assert not told, "\n".join(told)
    assert tried > 90


@pytest.mark.parametrize("filtered", [True, False])
def test_generated_requests_across_agencies(
    app: Flask,
    docs: dict[str, UUID],
    stranger: Any,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    filtered: bool,
) -> None:
    """Everything of an agency asked for by another one's owner; also when the filter of the session is off."""
    _cross(app, docs, stranger, monkeypatch, filtered, every=9)


@pytest.mark.slow
@pytest.mark.parametrize("filtered", [True, False])
def test_every_document_asked_for_across_agencies(
    app: Flask, docs: dict[str, UUID], stranger: Any, monkeypatch: pytest.MonkeyPatch, filtered: bool
) -> None:
    """Each address of a document as a page, as a fragment and for a machine, with the ids in what is sent too."""
    named = {name: str(value) for name, value in docs.items()}
    ways = ({}, {"HX-Request": "true"}, {"Accept": "application/json"})
    assert _cross(app, docs, stranger, monkeypatch, filtered, every=1, ways=ways, data=named) > 500


def _cross(
    app: Flask,
    docs: dict[str, UUID],
    stranger: Any,
    monkeypatch: pytest.MonkeyPatch,
    filtered: bool,
    every: int,
    ways: Sequence[dict[str, str]] = ({},),
    data: Mapping[str, str] = MappingProxyType({}),
) -> int:
    app.testing = False
    if not filtered:
        off = with_loader_criteria(Membership, sa.true())
        monkeypatch.setattr(tenancy, "_criteria", lambda _agency: off)
    tried = 0
    for at, rule in enumerate(world.staff_rules(app)):
        if at % every or not (set(rule.arguments) & set(docs)):
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            for slug, way in itertools.product(("northwind", "harbour-pine"), ways):
                sent = {"once": "x", **data}
                answer = stranger.open(world.address(rule, slug, docs), method=method, data=sent, headers=way)
                assert world.MARK not in answer.text, f"{method} {rule.rule} under {slug}"
                assert slug != "northwind" or answer.status_code == NOT_THERE or not filtered
                if filtered:
                    assert answer.status_code < 500, f"{method} {rule.rule} under {slug}: {answer.status_code}"
                tried += 1
    return tried


# --- how it is read and tried -----------------------------------------------------------------------------------


def _page() -> dict[tuple[str, str], tuple[Reach, Reach, Reach]]:
    """What the page says: for each address and method how far it goes for owner, admin and member."""
    words = {"no": NONE, "own": OWN, "all": ALL}
    reaches, found = {}, {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip().strip("`") for cell in line.replace("\\|", "\0").split("|")[1:-1]]
        if len(cells) == 5 and cells[2] in words:
            reaches[cells[0]] = (words[cells[2]], words[cells[3]], words[cells[4]])
        elif len(cells) == 3 and cells[0].startswith("/") and cells[2] in reaches:
            found[cells[0].replace("\0", "\\|"), cells[1]] = reaches[cells[2]]
    return found


def _expected(name: str, reaches: tuple[Reach, Reach, Reach], about: set[str]) -> int:
    if name in ("suspended", "anonymous"):
        return ASKED_IN
    if name == "stranger":
        return NOT_THERE
    reach = reaches[{"owner": 0, "admin": 1}.get(name, 2)]
    if reach is NONE:
        return REFUSED
    if name in ("member", "colleague") and about - MAXS:
        return NOT_THERE  # nobody's, or not there at all
    return NOT_THERE if name == "colleague" and about else PASSED


def _subjects(app: Flask, rule: Rule) -> set[str]:
    """What an address names that is somebody's."""
    return set(runtimes.of(app).rules.subjects) & set(rule.arguments)


MAXS = {"proposal_id", "quotation_id", "contract_id", "consultation_id", "invoice_id", "source_id", "subject"}
_DOCS = ("proposal_id", "quotation_id", "contract_id", "consultation_id", "invoice_id")


def _browser(app: Flask, token: str) -> Any:
    client: Any = app.test_client()
    return client.sign_in(token) if token else client


def _status(client: Any, path: str, method: str) -> int:
    status: int = client.open(path, method=method).status_code
    return status


def _tokens(docs: dict[str, UUID]) -> dict[str, str]:
    with db.writing():
        found = world.tokens(docs)
    db.release()
    return found
