"""`webkit doctor`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict

import click
from flask.cli import ScriptInfo

from webkit.core.kernel.runtime import of
from webkit.core.plugins import PluginError
from webkit.core.problems import Problem
from webkit.core.settings import SettingsError, environment_names
from webkit.operations import doctor, legacy_settings


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def doctor_command(info: ScriptInfo, as_json: bool) -> None:
    """Say what is wrong with this installation and how to mend it; exits with 1 if anything is.

    Noted, as nothing wrong, are providers that work badly, variables that are set and not heard, and plugins that use
    what goes away.
    """
    notes: list[Problem] = []
    try:
        app = info.load_app()
    except (SettingsError, PluginError) as error:  # it cannot even start
        problems = error.problems
    else:
        problems, noted = doctor.examine(app)
        heard = {name for setting in of(app).registry.describe() for name in setting.names}
        notes = [*noted, *legacy_settings.notes(os.environ, heard.union(environment_names()))]
    if as_json:
        report = {"ok": not problems, "problems": list(map(asdict, problems)), "notes": list(map(asdict, notes))}
        click.echo(json.dumps(report))
    else:
        for found in (*problems, *notes):
            click.echo(f"{found.where}: {found.problem}\n  {found.fix}")
        click.echo("Something needs you." if problems else "All is well.")
    if problems:
        sys.exit(1)
