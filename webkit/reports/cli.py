"""`webkit reports`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


@click.group("reports")
def reports_group() -> None:
    """What reports are added up from."""


@reports_group.command("again")
@click.option("--agency", "slug", help="The agency's part of the address; all without it.")
@with_appcontext
def again_command(slug: str | None) -> None:
    """Make the entries of reports again from the documents. Changes no document; takes a while for many."""
    from webkit.core.kernel import tenancy
    from webkit.core.kernel.runtime import current
    from webkit.reports import following

    directory = current().directory
    known = [directory.by_id(each) for each in directory.all_ids()]
    for agency in known:
        if agency is not None and slug in (None, agency.slug):
            with tenancy.tenant(agency.id):
                following.again()
            click.echo(f"{agency.slug}: done")
