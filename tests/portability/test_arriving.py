"""The platform's people bring an agency in from its archive, through a page."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import people as factory
from tests.factories.documents import client, draft, issued
from tests.factories.people import Person
from tests.portability.moving import WORDS, agency_at, exported, outside, packed, unpacked
from webkit.administration import service as administration
from webkit.core.extensions import Job
from webkit.core.kernel import audit, db, stepup, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.portability import arrival_models, arriving, importing
from webkit.portability.arrival_models import AgencyArrival, ArrivalState

Move = Callable[[], None]
PLACE = "/platform/archives"


@pytest.fixture
def enter(
    app: Flask, browser_of: Callable[[Person], Browser], monkeypatch: pytest.MonkeyPatch
) -> Callable[[], Browser]:
    """A superadmin of wherever one is by then, who has just shown who they are."""
    monkeypatch.setattr(stepup, "is_fresh", lambda: True)

    def come() -> Browser:
        person = factory.make_person("Root Berg", "root@platform.example")
        with db.unit(db.Scope()):
            administration.grant_first(person.email, "superadmin")
        return browser_of(person)

    return come


def small(agency: AgencyView) -> bytes:
    olmo = client()
    issued("100.00", client_id=olmo)
    draft("7.00", client_id=olmo)
    return exported(agency.slug, WORDS)


def sent(browser: Browser, archive: bytes, words: str = WORDS, name: str = "northwind.zip") -> tuple[int, str]:
    found = browser.post(PLACE, data={"file": (io.BytesIO(archive), name), "passphrase": words})
    return found.status_code, found.text


def arrivals() -> list[AgencyArrival]:
    with db.unit(db.Scope()):
        return arrival_models.page(10)


def noted() -> list[str]:
    with tenancy.platform("a test of archives"):
        return [each.action for each in audit.entries(audit.Asked(), limit=100) if each.action.startswith("agency.")]


def test_an_agency_comes_in(
    app: Flask, agency: AgencyView, move: Move, enter: Callable[[], Browser], run_jobs: Callable[[], int]
) -> None:
    archive = small(agency)
    db.release()
    move()
    root = enter()
    assert "Nothing yet" in root.get(PLACE).text
    assert sent(root, archive)[0] == 303
    waiting = arrivals()[0]
    assert waiting.sealed and WORDS not in waiting.sealed
    assert f"{PLACE}/{waiting.id}/progress" in root.get(PLACE).text
    assert root.get(f"{PLACE}/{waiting.id}/progress", headers={"HX-Request": "true"}).status_code == 200
    assert sent(root, archive)[0] == 409
    run_jobs()
    found = arrivals()[0]
    assert (found.state, found.slug, found.sealed, found.file_key) == (ArrivalState.DONE, agency.slug, "", None)
    assert agency_at(agency.slug).closed
    assert f"/{agency.slug}" in root.get(PLACE).text and WORDS not in root.get(PLACE).text
    assert {"agency.archive_uploaded", "agency.brought_in"} <= set(noted())
    assert not list(current().settings.data.rglob(f"*{found.id}*"))
    with tenancy.platform("a test of a job that is repeated"):
        arriving.bring_in(Job(found.id, None, {"arrival_id": str(found.id)}, 2, ""))
    assert sent(root, archive)[0] == 303
    run_jobs()
    assert arrivals()[0].state is ArrivalState.REFUSED and "is here already" in root.get(PLACE).text


def test_a_refusal_says_where_and_why(
    app: Flask, agency: AgencyView, move: Move, enter: Callable[[], Browser], run_jobs: Callable[[], int]
) -> None:
    archive = small(agency)
    db.release()
    move()
    root = enter()
    parts = unpacked(archive)
    parts["tables/clients.jsonl"] = parts["tables/clients.jsonl"].replace(b'"agency_id":"', b'"agency_id":"x', 1)
    for broken, words, why in (
        (packed(parts).getvalue(), WORDS, "tables/clients.jsonl, row 1"),
        (archive, "another passphrase", "This is not the passphrase"),
        (archive[: len(archive) // 2], WORDS, "it is no ZIP file"),
    ):
        assert sent(root, broken, words)[0] == 303
        run_jobs()
        found = arrivals()[0]
        assert found.state is ArrivalState.REFUSED and why in found.reason and found.sealed == ""
        assert why in root.get(PLACE).text
    assert noted().count("agency.archive_refused") == 3 and "agency.brought_in" not in noted()


def test_what_is_no_archive_is_refused_at_its_field(
    enter: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = enter()
    assert "it is no ZIP file" in sent(root, b"Name,E-mail\n")[1] and not arrivals()
    assert root.post(PLACE, data={"passphrase": WORDS}).status_code == 422
    assert WORDS not in root.post(PLACE, data={"passphrase": WORDS}).text
    monkeypatch.setattr(arriving, "MOST_BYTES", 1000)
    assert sent(root, b"PK" + b"x" * 2000)[0] == 422
    code, text = sent(root, b"PK" + b"x" * 200_000)
    assert code == 413 and "larger than" in text and not arrivals()


def test_only_who_decides_brings_agencies_in(
    enter: Callable[[], Browser], owner: Browser, anonymous: Browser, browser_of: Callable[[Person], Browser]
) -> None:
    root, helper = enter(), factory.make_person("Sam Holm", "sam@platform.example")
    root.post(f"/platform/people/{helper.id}/role", data={"role": "staff"})
    for browser, code in ((owner, 404), (anonymous, 303), (browser_of(helper), 403), (root, 200)):
        assert browser.get(PLACE).status_code == code
    assert sent(browser_of(helper), b"PK")[0] == 403 and sent(owner, b"PK")[0] == 404 and not arrivals()


def test_who_one_is_is_asked_first(enter: Callable[[], Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    root = enter()
    monkeypatch.setattr(stepup, "is_fresh", lambda: False)
    assert "/account/prove" in root.get(PLACE).headers["Location"]
    assert sent(root, b"PK")[0] == 403 and not arrivals()


def test_what_fails_here_is_said_and_leaves_no_secret(
    app: Flask,
    agency: AgencyView,
    enter: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = small(agency)
    db.release()
    root = enter()
    assert sent(root, archive)[0] == 303
    found = arrivals()[0]

    def broken(*_args: object, **_named: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(importing, "bring_in", broken)

    def attempt(nth: int) -> None:
        with tenancy.platform("a test of a job that fails"), pytest.raises(OSError, match="full"):
            arriving.bring_in(Job(found.id, None, {"arrival_id": str(found.id)}, nth, ""))

    outside(app, attempt, 1)
    assert arrivals()[0].state is ArrivalState.WAITING and arrivals()[0].sealed
    outside(app, attempt, 99)
    assert (arrivals()[0].state, arrivals()[0].sealed, arrivals()[0].file_key) == (ArrivalState.FAILED, "", None)
    assert "Something went wrong here" in root.get(PLACE).text
