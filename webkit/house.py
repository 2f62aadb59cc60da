"""The composition root: the one module that knows every feature."""

from __future__ import annotations

import os
import sys
from types import ModuleType

import click
from flask import Flask
from flask.cli import ScriptInfo

from webkit.accounts import plugin as accounts
from webkit.administration import plugin as administration
from webkit.agencies import plugin as agencies
from webkit.ai_runs import plugin as ai_runs
from webkit.api import plugin as api
from webkit.banking import plugin as banking
from webkit.branding import plugin as branding
from webkit.catalogue import plugin as catalogue
from webkit.charges import plugin as charges
from webkit.clients import plugin as clients
from webkit.connections import plugin as connections
from webkit.consultations import plugin as consultations
from webkit.contracts import plugin as contracts
from webkit.core.app import create_app
from webkit.core.plugins import PluginError, load_plugins
from webkit.core.settings import Settings, SettingsError
from webkit.demo import plugin as demo
from webkit.domains import plugin as domains
from webkit.endpoints import plugin as endpoints
from webkit.extras import plugin as extras
from webkit.imports import plugin as imports
from webkit.invoices import plugin as invoices
from webkit.ledger import plugin as ledger
from webkit.lists import plugin as lists
from webkit.messaging import plugin as messaging
from webkit.operations import plugin as operations
from webkit.operations.db_cli import db_group
from webkit.operations.doctor_cli import doctor_command
from webkit.operations.plugins_cli import plugins_command
from webkit.operations.verify_cli import verify_command
from webkit.payments import plugin as payments
from webkit.payouts import plugin as payouts
from webkit.people import plugin as people
from webkit.plans import plugin as plans
from webkit.portability import plugin as portability
from webkit.pricing import plugin as pricing
from webkit.privacy import plugin as privacy
from webkit.proposals import plugin as proposals
from webkit.quotations import plugin as quotations
from webkit.receipts import plugin as receipts
from webkit.recurring import plugin as recurring
from webkit.reports import plugin as reports
from webkit.retainers import plugin as retainers
from webkit.runtime.cli import commands
from webkit.signing import plugin as signing
from webkit.statements import plugin as statements
from webkit.styleguide import plugin as styleguide
from webkit.subscriptions import plugin as subscriptions
from webkit.tokens import plugin as tokens
from webkit.webhooks import plugin as webhooks
from webkit.website_audits import plugin as website_audits

FEATURES: tuple[ModuleType, ...] = (
    extras,
    lists,
    agencies,
    accounts,
    people,
    tokens,
    connections,
    endpoints,
    domains,
    branding,
    clients,
    catalogue,
    consultations,
    website_audits,
    messaging,
    payments,
    ledger,
    pricing,
    ai_runs,
    proposals,
    quotations,
    contracts,
    signing,
    invoices,
    receipts,
    banking,
    payouts,
    charges,
    plans,
    recurring,
    retainers,
    statements,
    imports,
    reports,
    subscriptions,
    privacy,
    administration,
    portability,
    operations,
    api,
    webhooks,
    styleguide,
    demo,
)


def create(settings: Settings | None = None) -> Flask:
    """The whole application, configured by the environment unless settings are given."""
    return create_app(settings or Settings.load(os.environ), FEATURES)


class Commands(click.Group):
    """Our own commands, and those that features and plugins bring; the latter are loaded when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_contributed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or _contributed().get(cmd_name)


def _contributed() -> dict[str, click.Command]:
    plugins = load_plugins(FEATURES, off=Settings.load(os.environ).plugins_off)
    return {command.name: command for command in plugins.commands if command.name}


@click.group(cls=Commands)
@click.version_option(package_name="webkit")
def cli() -> None:
    """webkit: deals of digital agencies, from proposal to paid invoice."""


for command in (*commands("webkit.house:create"), plugins_command, doctor_command, verify_command, db_group):
    cli.add_command(command)


def main() -> None:
    """The `webkit` command; configuration problems are listed, not traced."""
    try:
        cli.main(obj=ScriptInfo(create_app=lambda: create(), set_debug_flag=False), prog_name="webkit")
    except (SettingsError, PluginError) as error:
        click.echo("webkit cannot start:", err=True)
        for problem in error.problems:
            click.echo(f"  {problem.where}: {problem.problem}\n    {problem.fix}", err=True)
        sys.exit(2)
