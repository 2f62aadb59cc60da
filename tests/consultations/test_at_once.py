"""Several at once: nothing is lost, nothing is doubled, and pages ask the database a fixed number of questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import consultations as make
from tests.factories import listed
from tests.factories.consultations import ANSWERS, AUTHOR
from tests.threads import at_once
from webkit.clients.listing import CLIENTS
from webkit.consultations import service
from webkit.consultations.models import State, Why
from webkit.consultations.views import Saved, Seen
from webkit.core.kernel import db, tenancy
from webkit.core.kernel.directory import AgencyView

T = TypeVar("T")


def together(app: Flask, agency: AgencyView, *calls: Callable[[], T]) -> list[T | Exception]:
    """Each call in a thread and a unit of its own."""

    def inside(call: Callable[[], T]) -> Callable[[], T]:
        def run() -> T:
            with tenancy.tenant(agency.id):
                return call()

        return run

    db.release()
    results = at_once(app, *[inside(call) for call in calls])
    db.release()
    return results


def test_many_tabs_on_one_step(app: Flask, agency: AgencyView) -> None:
    made = make.start()

    def typed(tab: int) -> Callable[[], Saved]:
        return lambda: service.save(made, {"business_name": f"Tab {tab}"}, Seen(1, f"tab{tab}"), AUTHOR)

    results = together(app, agency, *[typed(tab) for tab in range(6)])
    saved = [result for result in results if isinstance(result, Saved)]
    assert len(saved) == 6 and sum(not each.aside for each in saved) == 1
    kept = service.versions(made, None, 20)
    assert [version.number for version in kept] == [7, 6, 5, 4, 3, 2, 1]
    texts = {service.version(made, number).answers.get("business_name") for number in range(2, 8)}
    assert texts == {f"Tab {tab}" for tab in range(6)}
    assert sum(version.why is Why.ASIDE for version in kept) == 5


def test_many_tabs_on_different_questions(app: Flask, agency: AgencyView) -> None:
    made = make.start()
    names = ("business_name", "contact_person", "email", "phone", "consultation_notes")

    def typed(name: str) -> Callable[[], Saved]:
        return lambda: service.save(made, {name: f"{name} said"}, Seen(1, name), AUTHOR)

    together(app, agency, *[typed(name) for name in names])
    view = service.get(made)
    assert {name: view.answers.get(name) for name in names} == {name: f"{name} said" for name in names}
    assert view.version == 6


def test_many_clicks_make_one_client(app: Flask, agency: AgencyView) -> None:
    drafts = [make.draft() for _number in range(3)]

    def done(made: UUID) -> Callable[[], None]:
        return lambda: service.complete(made, AUTHOR)

    results = together(app, agency, *[done(made) for made in (*drafts, *drafts)])
    assert results == [None] * 6
    views = [service.get(made) for made in drafts]
    assert {view.state for view in views} == {State.COMPLETED}
    assert len({view.client_id for view in views}) == 1
    assert len(listed.rows(CLIENTS)) == 1


@contextmanager
def counted() -> Iterator[list[str]]:
    """What the database was asked."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


@pytest.mark.usefixtures("agency")
def test_pages_do_not_ask_more_the_more_there_is(owner: Browser) -> None:
    """A list of twenty asks what a list of one asks."""
    first = make.draft()

    def questions(path: str) -> int:
        owner.get(f"/northwind/consultations{path}")
        with counted() as asked:
            assert owner.get(f"/northwind/consultations{path}").status_code == 200
        return len(asked)

    paths = ("/", f"/{first}", f"/{first}/situation", f"/{first}/versions", f"/{first}/compare")
    before = [questions(path) for path in paths]
    for number in range(20):
        make.answer(make.start(), **ANSWERS)
        make.answer(first, consultation_notes=f"Note {number}")
    assert [questions(path) for path in paths] == before
    assert max(before) <= 12, before
    with counted() as asked:
        form = {"version": "23", "tab": "t", "timeline": "flexible"}
        owner.post(f"/northwind/consultations/{first}/goals", data=form, headers={"HX-Request": "true"})
    assert len(asked) <= 20, asked
