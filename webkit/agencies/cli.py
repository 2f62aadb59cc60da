"""`webkit agency tier`: what agencies may use."""

from __future__ import annotations

import json
import sys

import click
from flask.cli import with_appcontext

from webkit.agencies import service
from webkit.core.kernel.db import Scope, unit
from webkit.core.kernel.errors import DomainError


@click.group("agency")
def agency_group() -> None:
    """What the operator decides about agencies."""


@agency_group.command("tier")
@click.argument("slug", required=False)
@click.argument("tier", required=False, type=click.Choice([*service.TIERS, "default"]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def tier_command(slug: str | None, tier: str | None, as_json: bool) -> None:
    """Give the agency SLUG a TIER, or list the tiers of all agencies. "default" is the installation's."""
    with unit(Scope()):
        try:
            if slug and tier:
                service.set_tier(slug, "" if tier == "default" else tier)
        except DomainError as error:
            click.echo(error.message, err=True)
            sys.exit(1)
        found = {name: held for name, held in service.tiers() if slug in (None, name)}
    if as_json:
        click.echo(json.dumps([{"agency": name, "tier": held or "default"} for name, held in found.items()]))
        return
    for name, held in found.items():
        click.echo(f"{name}\t{held or 'default'}")
