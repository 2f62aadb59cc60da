"""TCP addresses: is it free, is it answered, how is it written."""

from __future__ import annotations

import errno
import socket


class PortTaken(Exception):
    """We cannot listen where we were told to; the message says what to do."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody uses at this moment."""
    with listener(host, 0) as opened:
        return int(opened.getsockname()[1])


def require_free(host: str, port: int) -> None:
    """Raise PortTaken, in words for the person at the terminal, if the address cannot be bound."""
    try:
        _bound(host, port).close()  # without listening: nobody may take the try for the server
    except OSError as error:
        raise PortTaken(_reason(host, port, error)) from None


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((reachable(host), port), timeout=0.5).close()
    except OSError:
        return False
    return True


def reachable(host: str) -> str:
    """The address to connect to when a server is bound to `host`."""
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104


def written(host: str, port: int) -> str:
    """`host:port`, with the brackets that an IPv6 address needs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def listener(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises OSError."""
    opened = _bound(host, port)
    try:
        opened.listen()
    except OSError:
        opened.close()
        raise
    return opened


def _bound(host: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened


def _reason(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is already in use. Stop what uses it or set PORT to another number."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} may not be used by this account. Set PORT to a number above 1023."
    return f"The address {written(host, port)} cannot be used: {error.strerror}. Set HOST and PORT."
