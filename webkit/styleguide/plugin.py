"""What this feature adds to the application."""

from collections.abc import Sequence

from flask import Blueprint

from webkit.core.hookspecs import hookimpl
from webkit.styleguide.routes import blueprint


@hookimpl
def webkit_register_blueprints() -> Sequence[Blueprint]:
    return (blueprint,)
