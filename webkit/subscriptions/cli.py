"""`webkit tier`: what agencies have, and giving them a tier by hand."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import click
from flask.cli import with_appcontext

from webkit.agencies import service as agencies
from webkit.core.kernel.db import Scope, unit
from webkit.core.kernel.errors import DomainError
from webkit.subscriptions import service
from webkit.subscriptions.service import AgencyTier, Reason
from webkit.subscriptions.tiers import TIERS

REASONS = [each.value for each in Reason]


@click.group("tier")
def tier_group() -> None:
    """Tiers of agencies."""


@tier_group.command("show")
@click.argument("slug", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def show(slug: str | None, as_json: bool) -> None:
    """The tier of the agency SLUG, or of all of them: which, why, and until when."""
    with unit(Scope()):
        slugs = [name for name, _tier in agencies.tiers() if slug in (None, name)]
        found = {name: service.of(_id(name)) for name in slugs}
    if slug and not found:
        _fail("There is no agency with this address.")
    if as_json:
        click.echo(json.dumps([{"agency": name, **_plain(tier)} for name, tier in found.items()]))
        return
    for name, tier in found.items():
        shown = _plain(tier)
        until = f" until {shown['until']}" if shown["until"] else ""
        click.echo(f"{name}\t{shown['tier']}\t{shown['why']}{until}{_strange(tier)}")


@tier_group.command("set")
@click.argument("slug")
@click.argument("tier", type=click.Choice([*TIERS, "default"]))
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Lend it until this day (UTC) instead of for good.")
@click.option(
    "--reason",
    type=click.Choice([each.value for each in Reason]),
    default=Reason.INTERNAL.value,
    help="Why it is lent.",
)
@click.option("--note", default="", help="A sentence for those who come later.")
@with_appcontext
def set_(slug: str, tier: str, until: datetime | None, reason: str, note: str) -> None:
    """Give the agency SLUG a TIER for nothing: for good, or until a day. "default" is the installation's."""
    expires = until.replace(tzinfo=UTC) if until else None
    with unit(Scope()):
        try:
            service.set_tier(_id(slug), "" if tier == "default" else tier, expires, f"{reason}: {note}")
        except DomainError as error:
            _fail(error.message)


@tier_group.command("take-back")
@click.argument("slug")
@with_appcontext
def take_back(slug: str) -> None:
    """End everything the agency SLUG is lent, now."""
    with unit(Scope()):
        try:
            click.echo(f"{service.take_back(_id(slug))} taken back")
        except DomainError as error:
            _fail(error.message)


def _id(slug: str) -> UUID:
    agency = agencies.by_slug(slug)
    if agency is None:
        _fail("There is no agency with this address.")
    return agency.id


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)


def _plain(tier: AgencyTier) -> dict[str, str]:
    until = tier.standing.until
    return {"tier": tier.tier, "why": tier.standing.why.value, "until": until.isoformat() if until else ""}


def _strange(tier: AgencyTier) -> str:
    return f"\t! {tier.subscription.strange}" if tier.subscription and tier.subscription.strange else ""
