"""The web server: gunicorn as a library, threads in a few processes that share the loaded application's memory.

Not through gunicorn's command, which puts the working folder on the import path.
"""

from __future__ import annotations

import gc
import logging
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from webkit.runtime import ports
from webkit.runtime.seams import AppFactory, of


def serve(
    app_factory: AppFactory,
    host: str,
    port: int,
    workers: int = 2,
    threads: int = 128,
    *,
    graceful: int = 10,
) -> None:
    """Serve until SIGTERM; then requests under way get `graceful` seconds to finish.

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
    _Server(app_factory, options).run()


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, app_factory: AppFactory, options: dict[str, Any]) -> None:
        self._app_factory, self._options = app_factory, options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        self.cfg.set("post_fork", self._forked)

    def load(self) -> Flask:
        """Once, in the master. What is loaded now is never collected, so its pages stay shared."""
        app = self._app_factory()
        gc.collect()
        gc.freeze()
        return app

    def _forked(self, _server: object, _worker: object) -> None:
        of(self.callable).after_fork(self.callable)


class _OurLogger(Logger):  # type: ignore[misc]
    """Gunicorn's own lines go where all others go; requests are logged by the application."""

    def setup(self, cfg: Any) -> None:
        self.loglevel = getattr(logging, cfg.loglevel.upper())
        self.error_log.setLevel(self.loglevel)
        self.error_log.propagate = True
