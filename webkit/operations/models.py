"""What the database says about itself: its revision, its structure, whose eyes it is seen through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel.db import db, insert_missing, session
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base
from webkit.core.paths import MIGRATIONS


class ProviderCheck(Base):
    """How a provider that the platform has chosen felt when it was last asked."""

    __tablename__ = "provider_checks"

    capability: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    provider: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    health: Mapped[str] = mapped_column(sa.String(16))
    detail: Mapped[str] = mapped_column(sa.Text, default="")
    millis: Mapped[int]
    checked_at: Mapped[datetime]


def checks() -> dict[tuple[str, str], ProviderCheck]:
    """The last check of every provider, by capability and name."""
    return {(row.capability, row.provider): row for row in session().scalars(sa.select(ProviderCheck))}


def keep_check(capability: str, provider: str, **values: Any) -> None:
    """Remember a check; the newest stays. Inside a write."""
    insert_missing(ProviderCheck, capability=capability, provider=provider, **values)
    where = (ProviderCheck.capability == capability, ProviderCheck.provider == provider)
    session().execute(sa.update(ProviderCheck).where(*where).values(**values))


class Unreachable(Exception):
    """The database does not answer, or not to us."""


@contextmanager
def reaching() -> Iterator[None]:
    """Call every way in which a database can fail Unreachable."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        raise Unreachable(type(error).__name__) from error


def revision() -> str | None:
    """The revision the database is at; None before the first. Raises Unreachable."""
    from alembic.migration import MigrationContext  # see kernel/migrations.py for why this late

    with _owner() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def _owner() -> Iterator[sa.Connection]:
    """A connection as the role that owns the tables. Raises Unreachable."""
    url = current().settings.owner_database
    engine = sa.create_engine(url, connect_args={} if url.startswith("sqlite") else {"connect_timeout": 5})
    try:
        with reaching(), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def newest() -> str | None:
    """The newest revision this version brings."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def differences() -> list[str]:
    """What would have to be done to make the database what the code expects. Raises Unreachable."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with _owner() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [_words(difference) for difference in compare_metadata(context, db.metadata)]


def _words(difference: object) -> str:
    """A difference of structure, short: what would have to be done to which table."""
    first = difference[0] if isinstance(difference, list) else difference
    kind, *rest = first if isinstance(first, tuple) else (str(first),)
    return " ".join([str(kind), *(str(getattr(part, "name", part)) for part in rest[:3])])[:120]


def most_connections() -> int | None:
    """How many connections the database accepts; None when it knows no such limit."""
    if db.engine.dialect.name != "postgresql":
        return None
    return int(session().scalar(sa.text("SELECT current_setting('max_connections')")) or 0)


def passes_row_security() -> bool:
    """Whether the role we work as sees every row, as superusers do: the second wall would not stand."""
    if db.engine.dialect.name != "postgresql":
        return False
    # The owner of the tables is no superuser, yet a policy lets it see everything.
    query = sa.text(
        "SELECT rolsuper OR rolbypassrls OR EXISTS (SELECT 1 FROM pg_policies"
        " WHERE policyname = 'everyone' AND session_user = ANY (roles))"
        " FROM pg_roles WHERE rolname = session_user"
    )
    return bool(session().scalar(query))
