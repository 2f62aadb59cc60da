"""`webkit api`: the description of the API, for tools that make clients of it."""

from __future__ import annotations

import json

import click
from flask.cli import with_appcontext


@click.group("api")
def api_group() -> None:
    """The API for programs."""


@api_group.command("openapi")
@with_appcontext
def openapi_command() -> None:
    """Print the description of the API (OpenAPI 3.1)."""
    from webkit.api import document

    click.echo(json.dumps(document.make(), indent=1, ensure_ascii=False))
