"""`webkit doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from flask import current_app
from flask.cli import with_appcontext

from webkit.operations import doctor


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def doctor_command(as_json: bool) -> None:
    """Say what is wrong with this installation and how to mend it; exits with 1 if anything is."""
    problems = doctor.examine(current_app._get_current_object())  # type: ignore[attr-defined]
    if as_json:
        click.echo(json.dumps({"ok": not problems, "problems": [asdict(problem) for problem in problems]}))
    else:
        for problem in problems:
            click.echo(f"{problem.where}: {problem.problem}\n  {problem.fix}")
        click.echo("Something needs you." if problems else "All is well.")
    if problems:
        sys.exit(1)
