"""The web server: gunicorn as a library, threads in a few processes that share the loaded application's memory.

Not through gunicorn's command, which puts the working folder on the import path.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from webkit.runtime import ports
from webkit.runtime.seams import AppFactory, of

log = logging.getLogger(__name__)


class UpgradeFailed(Exception):
    """The reason is in the log."""


def serve(
    app_factory: AppFactory,
    host: str,
    port: int,
    workers: int = 2,
    threads: int = 128,
    *,
    graceful: int = 10,
    upgrade: bool = False,
) -> None:
    """Serve until SIGTERM; then requests under way get `graceful` seconds to finish.

    `upgrade` brings the database up to date before anybody is let in, and raises UpgradeFailed.

    Raises PortTaken before the application is loaded if nobody can listen there.
    """
    ports.require_free(host, port)
    options = {
        "bind": ports.written(host, port),
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "worker_connections": threads * 4,
        "graceful_timeout": graceful,
        "keepalive": 15,
        "preload_app": True,
        "logger_class": _OurLogger,
        "loglevel": "warning",
        "control_socket_disable": True,
        # Whom to believe about the client's address is the application's decision alone.
        "forwarded_allow_ips": "",
    }
    _Server(app_factory, options, upgrade).run()


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app_factory: AppFactory, options: dict[str, Any], upgrade: bool) -> None:
        self._app_factory, self._options, self._upgrade = app_factory, options, upgrade
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        self.cfg.set("post_fork", self._forked)

    def load(self) -> Flask:
        """Once, in the master. What is there now is never collected, so its pages stay shared."""
        app = self._app_factory()
        if self._upgrade:
            _in_a_fork(lambda: of(app).upgrade(app))
        of(app).rehearse(app)
        gc.freeze()
        return app

    def _forked(self, _server: object, _worker: object) -> None:
        of(self.callable).after_fork(self.callable)


def _in_a_fork(step: Callable[[], None]) -> None:
    """Run a step that opens connections: the master keeps none that its workers would inherit."""
    if (pid := os.fork()) == 0:
        code = 1
        try:
            step()
            code = 0
        except Exception:
            log.exception("the database could not be brought up to date")
        finally:
            logging.shutdown()
            os._exit(code)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
        raise UpgradeFailed


class _OurLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines go where all others go; requests are logged by the application."""

    def setup(self, cfg: Any) -> None:
        self.loglevel = getattr(logging, cfg.loglevel.upper())
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
