"""RQ's own dashboard: operators only, changes by POST only, and nothing of it is loaded before somebody looks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import people
from tests.factories.people import Person
from webkit.core.kernel import runtime


@pytest.fixture
def operator(app: Flask, browser_of: Callable[[Person], Browser], monkeypatch: pytest.MonkeyPatch) -> Browser:
    """An operator of an installation that has a queue, although nobody answers there."""
    settings = runtime.of(app).settings
    queue = {"redis_url": "unix:///nonexistent/valkey.sock"}
    monkeypatch.setattr(runtime.of(app), "settings", settings.model_copy(update=queue))
    return browser_of(people.make_person("Olga Operator", "olga@house.example", is_operator=True))


def test_operators_get_its_answers_with_its_own_styles(operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rq_dashboard.web.Queue.all", lambda **_: [])
    shown = operator.get("/admin/rq/favicon.ico")
    assert (shown.status_code, shown.mimetype) == (200, "image/vnd.microsoft.icon")
    assert "'unsafe-inline'" in shown.headers["Content-Security-Policy"]
    for path in ("", "/"):
        shown = operator.get(f"/admin/rq{path}")
        assert (shown.status_code, shown.mimetype) == (200, "text/html")
    assert "/admin/rq/static/" in shown.get_data(as_text=True)
    assert "'unsafe-inline'" not in operator.get("/admin/jobs").headers["Content-Security-Policy"]


def test_changes_are_not_made_by_a_link(operator: Browser) -> None:
    assert operator.get("/admin/rq/job/1/delete").status_code == 405
    assert operator.post("/admin/rq/job/1/delete", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_without_a_queue_there_is_nothing_to_show(operator: Browser, app: Flask) -> None:
    bare = runtime.of(app).settings.model_copy(update={"redis_url": ""})
    runtime.of(app).settings = bare
    assert operator.get("/admin/rq/").status_code == 404


def test_nobody_else_sees_it(owner: Browser, anonymous: Browser) -> None:
    assert owner.get("/admin/rq/").status_code == 404
    assert anonymous.get("/admin/rq/").status_code == 303
