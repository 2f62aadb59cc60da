"""Registers the demo agency's command, and loads it at the start where that was asked for."""

from __future__ import annotations

import structlog
from click import Command
from flask import Flask

from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.runtime import of
from webkit.demo.cli import demo_group

log = structlog.get_logger(__name__)


@hookimpl
def webkit_register_commands() -> list[Command]:
    return [demo_group]


@hookimpl
def webkit_startup(app: Flask) -> None:
    if of(app).settings.demo:
        of(app).after_upgrade.append(_load)


def _load(app: Flask) -> None:
    """A demo that cannot be loaded keeps nobody from working."""
    from webkit.demo import service

    try:
        with app.app_context():
            demo = service.load()
    except Exception:
        log.exception("the demo agency could not be loaded")
        return
    log.info("the demo agency is there; `webkit demo load` prints the password", url=demo.url, email=demo.email)
