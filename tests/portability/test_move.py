"""Exported, brought in elsewhere, exported again: the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from plugins.payments_local import courier
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, db, evidence, tenancy
from webkit.demo import service as demo
from webkit.portability import exporting, importing

LATER = timedelta(days=3650)


def exported(slug: str, passphrase: str = "") -> bytes:
    with db.unit(db.Scope()):
        found = agencies.by_slug(slug)
    assert found is not None
    into = io.BytesIO()
    with tenancy.tenant(found.id):
        exporting.export(into, clock.now() + LATER, passphrase)
    return into.getvalue()


def outside(app: Flask, function: Callable[..., Any], *args: Any) -> Any:
    """Call where no unit is open, as a command does."""

    def call() -> Any:
        with app.app_context():
            return function(*args)

    return Context().run(call)


@pytest.mark.slow
def test_the_demo_agency_moves(app: Flask, move: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "start", lambda *_args: None)
    slug = outside(app, demo.load).agency
    words = ("", "correct horse battery")
    first = {word: outside(app, exported, slug, word) for word in words}
    for word in words:
        move()
        outside(app, lambda word=word: importing.bring_in(io.BytesIO(first[word]), word))
        assert outside(app, exported, slug, word) == first[word]
        report = outside(app, verified, slug)
        assert report.ok, report.findings
        assert report.events > 50 and report.documents > 5 and report.signed_heads


def verified(slug: str) -> evidence.ChainReport:
    with db.unit(db.Scope()):
        found = agencies.by_slug(slug)
    assert found is not None
    with tenancy.tenant(found.id):
        return evidence.examine(slug, evidence.trusted_keys())
