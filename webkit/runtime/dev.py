"""What `webkit dev` runs: every part of the platform on this machine, under one supervisor."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from webkit.core.settings import Settings
from webkit.runtime import ports, processes, sockets, valkey
from webkit.runtime.supervisor import CannotStart, Child, Supervisor

RENDERER_SOCKET = "WEBKIT_RENDERER_SOCKET"
# Less than the time after which the supervisor stops asking.
GRACEFUL = 3


def run(settings: Settings, factory: str) -> int:
    """Blocks until everything has ended; returns the exit code."""
    port = settings.port or ports.free_port(settings.host)
    children = parts(settings, factory, port)
    return Supervisor(settings.data, children, prepare=partial(_prepare, settings, port)).run()


def parts(settings: Settings, factory: str, port: int) -> list[Child]:
    """The children in the order of their start: what the web needs, the web, what may come a moment later."""
    own = partial(_own, factory, _environment(settings, port))
    web = own("web", "serve", "--upgrade", "--graceful", str(GRACEFUL))
    # It listens only when the application is loaded and the database up to date.
    return [
        *_store(settings),
        own("renderer", "renderer"),
        Child(
            web.name,
            web.argv,
            web.env,
            ready=partial(ports.answers, settings.host, port),
            announce=f"webkit is running at {_address(settings, port)}",
        ),
        own("worker-now", "worker", "now", "--processes", "2"),
        own("worker-long", "worker", "long"),
        own("worker-ai", "worker", "ai"),
        own("scheduler", "scheduler"),
    ]


def _own(factory: str, environment: dict[str, str], name: str, *arguments: str) -> Child:
    return Child(name, processes.python("-m", "webkit.runtime", factory, *arguments), environment)


def _store(settings: Settings) -> list[Child]:
    if settings.redis_url:
        return []
    return [Child("valkey", valkey.command(settings.data), ready=partial(valkey.ready, settings.data))]


def _environment(settings: Settings, port: int) -> dict[str, str]:
    environment = {
        "WEBKIT_DATA": str(settings.data),
        "HOST": settings.host,
        "PORT": str(port),
        "REDIS_URL": store_url(settings),
        RENDERER_SOCKET: str(renderer_socket(settings.data)),
    }
    if sys.stdout.isatty() and not os.environ.get("LOG_FORMAT"):
        environment["LOG_FORMAT"] = "console"  # the parts write to a pipe, but a person reads it
    return environment


def store_url(settings: Settings) -> str:
    """The configured store, else the embedded one."""
    return settings.redis_url or valkey.url(settings.data)


def renderer_socket(data: Path) -> Path:
    """Where the renderer listens on this machine."""
    return sockets.socket_path(data, "renderer.sock")


def _prepare(settings: Settings, port: int) -> None:
    if not settings.redis_url:
        valkey.shut_down_stale(settings.data)
    try:
        ports.require_free(settings.host, port)
    except ports.PortTaken as taken:
        raise CannotStart(str(taken)) from None


def _address(settings: Settings, port: int) -> str:
    return f"http://{ports.written(ports.reachable(settings.host), port)}"
