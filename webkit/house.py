"""The composition root: the one module that knows every feature."""

from __future__ import annotations

import os
import sys
from types import ModuleType

import click
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from webkit.accounts import plugin as accounts
from webkit.agencies import plugin as agencies
from webkit.branding import plugin as branding
from webkit.core.app import create_app
from webkit.core.plugins import PluginError
from webkit.core.settings import Settings, SettingsError
from webkit.operations.plugins_cli import plugins_command
from webkit.webhooks import plugin as webhooks

FEATURES: tuple[ModuleType, ...] = (webhooks, agencies, accounts, branding,)


def create(settings: Settings | None = None) -> Flask:
    """The whole application, configured by the environment unless settings are given."""
    return create_app(settings or Settings.load(os.environ), FEATURES)


@click.group(cls=FlaskGroup, create_app=lambda: create(), add_default_commands=False, add_version_option=False)
@click.version_option(package_name="webkit")
def cli() -> None:
    """webkit: deals of digital agencies, from proposal to paid invoice."""


cli.add_command(plugins_command)


def main() -> None:
    """The `webkit` command; configuration problems are listed, not traced."""
    try:
        cli.main(obj=ScriptInfo(create_app=lambda: create()), prog_name="webkit")
    except (SettingsError, PluginError) as error:
        click.echo("webkit cannot start:", err=True)
        for problem in error.problems:
            click.echo(f"  {problem.where}: {problem.problem}\n    {problem.fix}", err=True)
        sys.exit(2)
