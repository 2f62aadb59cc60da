"""`webkit db`: bring the database up to date, and see whether it is."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from webkit.core.kernel import migrations
from webkit.operations.models import Unreachable, differences, newest, revision


@click.group("db")
def db_group() -> None:
    """The database's structure."""


@db_group.command("upgrade")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def upgrade_command(as_json: bool) -> None:
    """Apply every migration that is missing; nothing is left half done."""
    before = revision()
    migrations.upgrade()
    after = revision()
    click.echo(
        json.dumps({"ok": True, "before": before, "after": after}) if as_json else f"The database is at {after}."
    )


@db_group.command("downgrade")
@click.argument("to")
@with_appcontext
def downgrade_command(to: str) -> None:
    """Go back to the revision TO ("base" removes everything)."""
    migrations.downgrade(to)
    click.echo(f"The database is at {revision() or 'base'}.")


@db_group.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def check_command(as_json: bool) -> None:
    """Exit with 1 unless the database is what this version expects."""
    report: dict[str, object] = {"ok": False, "revision": None, "newest": newest(), "differences": []}
    try:
        report |= {"revision": revision(), "differences": differences()}
        ok = report["ok"] = report["revision"] == report["newest"] and not report["differences"]
    except Unreachable as error:
        ok, report["problem"] = False, f"the database does not answer: {error}"
    click.echo(json.dumps(report) if as_json else ("up to date" if ok else f"not up to date: {report}"))
    if not ok:
        sys.exit(1)
