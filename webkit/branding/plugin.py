"""What branding adds to the application: theme sheets, art for templates, the look of paper."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit.branding.art import cover_art, mark_art
from webkit.branding.colours import public_colours
from webkit.branding.print import print_context
from webkit.branding.routes import blueprint
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel import runtime


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_startup(app: Flask) -> None:
    app.jinja_env.globals.update(cover_art=cover_art, mark_art=mark_art, brand_colours=public_colours)
    runtime.of(app).print_context = print_context
