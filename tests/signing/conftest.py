"""A way around every lock: what somebody with the database's own password could do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import let_go
from tests.databases import PostgresSource, Source
from webkit.core.kernel import db

Tamper = Callable[..., None]


@pytest.fixture
def tamper(app: Flask, database: Source) -> Tamper:
    """Runs statements as the tables' owner, with the triggers and foreign keys out of the way."""

    def run(*statements: str, **values: Any) -> None:
        let_go()
        if isinstance(database, PostgresSource):
            engine = sa.create_engine(database.owner_url, poolclass=sa.NullPool)
            before: tuple[str, ...] = ("SET session_replication_role = replica",)
        else:
            engine = sa.create_engine(db.db.engine.url, poolclass=sa.NullPool)
            before = _without_triggers(engine)
        with engine.begin() as connection:
            for statement in (*before, *statements):
                used = {name: value for name, value in values.items() if f":{name}" in statement}
                connection.execute(sa.text(statement), used)
        engine.dispose()

    return run


def _without_triggers(engine: sa.Engine) -> tuple[str, ...]:
    with engine.connect() as connection:
        names = connection.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        return tuple(f"DROP TRIGGER {name}" for name in names)
