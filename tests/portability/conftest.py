"""An agency that goes from one installation to another: in between, the database is emptied."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests.client import let_go
from tests.conftest import _empty
from tests.databases import Source
from webkit.core.kernel import crypto, db
from webkit.core.kernel import runtime as runtimes


@pytest.fixture
def move(app: Flask, database: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From here on everything happens in another, empty installation, with keys of its own."""

    def away() -> None:
        let_go()
        db.db.engine.dispose()
        _empty(runtimes.of(app).settings.data)
        database.renew()
        monkeypatch.setattr(runtimes.of(app), "keys", crypto.load_keys(tmp_path / "keys"))

    return away
