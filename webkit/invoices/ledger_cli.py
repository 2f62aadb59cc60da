"""`webkit ledger`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext


@click.group("ledger")
def ledger_group() -> None:
    """What was paid, as the ledger has it."""


@ledger_group.command("follow")
@with_appcontext
def follow_command() -> None:
    """Book what payment services told of before there was a ledger. Done again it does nothing."""
    from webkit.core.kernel import tenancy
    from webkit.core.kernel.runtime import current
    from webkit.invoices import settling

    directory = current().directory
    for agency in [directory.by_id(each) for each in directory.all_ids()]:
        if agency is not None:
            with tenancy.tenant(agency.id):
                click.echo(f"{agency.slug}: {settling.follow_all()}")
