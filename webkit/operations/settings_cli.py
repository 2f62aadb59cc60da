"""`webkit settings`: everything that can be configured, in the form of an environment file."""

from __future__ import annotations

import os

import click

from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.core.settings import Settings
from webkit.operations import env_file


@click.command("settings")
def settings_command() -> None:
    """Print every setting with its default and what it is for: `webkit settings > .env.example`."""
    plugins = load_plugins(off=Settings.load(os.environ).plugins_off)
    click.echo(env_file.text(ProviderRegistry({}, plugins.providers).describe()), nl=False)
