"""`webkit staff`: who looks after the platform."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext

from webkit.administration import service
from webkit.administration.policy import ROLES
from webkit.core.kernel.db import Scope, unit
from webkit.core.kernel.errors import DomainError


@click.group("staff")
def staff_group() -> None:
    """Who looks after the platform."""


@staff_group.command("grant")
@click.argument("email")
@click.argument("role", type=click.Choice([*ROLES, "none"]))
@with_appcontext
def grant(email: str, role: str) -> None:
    """Give the account EMAIL a ROLE on the platform: the first superadmin is named like this."""
    with unit(Scope()):
        try:
            service.grant_first(email, role)
        except DomainError as error:
            click.echo(error.message, err=True)
            sys.exit(1)
    click.echo(f"{email}: {role}")
