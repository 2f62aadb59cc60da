"""`webkit db`: bring the database up to date, and see whether it is."""

from __future__ import annotations

import json
import sys

import click
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask.cli import with_appcontext
from flask_migrate import Config, downgrade, upgrade
from sqlalchemy import create_engine

from webkit.core.kernel.db import db
from webkit.core.kernel.runtime import current
from webkit.core.paths import MIGRATIONS


@click.group("db")
def db_group() -> None:
    """The database's structure."""


@db_group.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def upgrade_command(as_json: bool) -> None:
    """Apply every migration that is missing; nothing is left half done."""
    before = revision()
    upgrade(directory=str(MIGRATIONS))
    after = revision()
    click.echo(
        json.dumps({"ok": True, "before": before, "after": after}) if as_json else f"The database is at {after}."
    )


@db_group.command("downgrade")
@click.argument("to")
@with_appcontext
def downgrade_command(to: str) -> None:
    """Go back to the revision TO ("base" removes everything)."""
    downgrade(directory=str(MIGRATIONS), revision=to)
    click.echo(f"The database is at {revision() or 'base'}.")


@db_group.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def check_command(as_json: bool) -> None:
    """Exit with 1 unless the database is what this version expects."""
    here, wanted = revision(), newest()
    engine = create_engine(current().settings.owner_database)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [_words(difference) for difference in compare_metadata(context, db.metadata)]
    engine.dispose()
    ok = here == wanted and not differences
    report = {"ok": ok, "revision": here, "newest": wanted, "differences": differences}
    click.echo(json.dumps(report) if as_json else ("up to date" if ok else f"not up to date: {report}"))
    if not ok:
        sys.exit(1)


def _words(difference: object) -> str:
    """A difference of structure, short: what would have to be done to which table."""
    first = difference[0] if isinstance(difference, list) else difference
    kind, *rest = first if isinstance(first, tuple) else (str(first),)
    return " ".join([str(kind), *(str(getattr(part, "name", part)) for part in rest[:3])])[:120]


def revision() -> str | None:
    """The revision the database is at; None before the first."""
    engine = create_engine(current().settings.owner_database)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def newest() -> str | None:
    """The newest revision this version brings."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()
