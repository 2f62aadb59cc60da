"""`webkit export` and `webkit import`: an agency from one installation to another."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO, cast

import click
from flask.cli import with_appcontext

from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, tenancy
from webkit.core.kernel.db import Scope, unit, writing
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.passphrases import SHORTEST
from webkit.portability import exporting, importing
from webkit.portability.archive import Broken

VARIABLE = "WEBKIT_PASSPHRASE"


def _passphrase() -> str:
    """From the environment: an argument would stand in the history of the shell."""
    words = os.environ.get(VARIABLE, "")
    if words and len(words) < SHORTEST:
        raise click.ClickException(f"{VARIABLE} has to have at least {SHORTEST} characters")
    return words


@click.command("export")
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def export_command(slug: str, file: Path) -> None:
    """Write everything of the agency SLUG into FILE, its files included.

    Secrets are left out, or sealed with the passphrase in WEBKIT_PASSPHRASE.
    """
    words = _passphrase()
    with unit(Scope()):
        found = agencies.by_slug(slug)
    if found is None:
        raise click.ClickException(f"there is no agency {slug}")
    beside = file.with_name(f".{file.name}.part")
    try:
        with tenancy.tenant(found.id):
            with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as into:
                made = exporting.export(cast("BinaryIO", into), clock.now(), words)
            with writing():
                audit.log("agency.exported", detail={"rows": made.rows, "secrets": bool(words)})
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    click.echo(f"{file}: {made.rows} rows, {made.files} files")
    if made.missing:
        click.echo(f"{made.missing} files are nowhere; the archive says which", err=True)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--open", "is_open", is_flag=True, help="Let its people in at once.")
@with_appcontext
def import_command(file: Path, is_open: bool) -> None:
    """Bring in the agency in FILE, which `webkit export` or its owner has made.

    Everything is looked through first; then all of it is written, or nothing. The agency stays closed until somebody
    opens it, so that two installations do not work for the same clients at once.
    """
    closed = "" if is_open else _("This agency has just moved here. It opens when the move is over.")
    try:
        with file.open("rb") as archive:
            found = importing.bring_in(cast("BinaryIO", archive), _passphrase(), closed=closed)
    except (Broken, DomainError) as error:
        click.echo(str(getattr(error, "message", error)), err=True)
        sys.exit(1)
    click.echo(f"{found.slug}: {found.rows} rows, {found.files} files")
    if found.missing:
        click.echo(f"{found.missing} files were nowhere when it was exported", err=True)
