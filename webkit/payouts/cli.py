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
    """Book what payment services told of before the ledger knew it: payments, then payouts. Again it does nothing."""
    from webkit.core.kernel import tenancy
    from webkit.core.kernel.runtime import current
    from webkit.invoices import service as invoices
    from webkit.payouts import keeping

    directory = current().directory
    for agency in [directory.by_id(each) for each in directory.all_ids()]:
        if agency is not None:
            with tenancy.tenant(agency.id):
                click.echo(f"{agency.slug}: {invoices.follow_all()} invoices, {keeping.book_all()} payouts")
