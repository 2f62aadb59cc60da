"""`python -m webkit.runtime FACTORY COMMAND`: how the supervisor starts the parts."""

from __future__ import annotations

import sys

import click

from webkit.core.plugins import PluginError
from webkit.core.settings import SettingsError
from webkit.runtime.cli import commands
from webkit.runtime.supervisor import CANNOT_START


def main() -> None:
    group = click.Group(commands={command.name or "": command for command in commands(sys.argv[1])})
    try:
        group.main(args=sys.argv[2:], prog_name="webkit")
    except (SettingsError, PluginError) as error:
        for problem in error.problems:
            click.echo(f"{problem.where}: {problem.problem}\n  {problem.fix}", err=True)
        sys.exit(CANNOT_START)


main()
