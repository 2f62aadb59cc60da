"""The platform with two pages that do nothing: one for the staff of an agency, one for everybody."""

from __future__ import annotations

from flask import Blueprint, Flask

from webkit import house
from webkit.core.kernel import ratelimit
from webkit.core.kernel.doors import staff_blueprint

INSIDE, OUTSIDE = "/bare", "/bare-outside"


def create() -> Flask:
    """The application, with the two pages."""
    app = house.create()
    inside, outside = staff_blueprint("bare", __name__), Blueprint("bare_outside", __name__)

    @inside.get(INSIDE)
    def nothing() -> str:
        return "nothing"

    @outside.get(OUTSIDE)
    @ratelimit.own_limit
    def nothing_outside() -> str:
        return "nothing"

    app.register_blueprint(inside)
    app.register_blueprint(outside)
    return app
