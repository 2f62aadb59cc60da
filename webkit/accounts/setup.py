"""The code that lets somebody on another machine set the installation up: it stands in a file only operators read."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from ipaddress import ip_address
from pathlib import Path

from flask import Request

from webkit.core.kernel.runtime import current

FILE = "setup-code"
_PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def is_local(request: Request) -> bool:
    """Whether the browser runs on this very machine; what a proxy passed on does not count."""
    if any(name in request.headers for name in _PASSED_ON):
        return False
    host = request.host.rpartition(":")[0] if request.host[-1:].isdigit() and ":" in request.host else request.host
    return _loopback(request.remote_addr or "") and _loopback(host.strip("[]"))


def code() -> str:
    """The setup code, made on first use."""
    path = place()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(12) + "\n")
    return path.read_text().strip()


def fits(given: str) -> bool:
    """Whether this is the code."""
    return bool(given) and hmac.compare_digest(code().encode(), given.strip().encode())


def forget() -> None:
    """The code has done its work."""
    place().unlink(missing_ok=True)


def place() -> Path:
    return current().settings.data / "keys" / FILE


def _loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
