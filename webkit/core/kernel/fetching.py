"""Opens an address that was judged (`outbound`), at exactly the place that was judged."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.outbound import Answer, Target, Unreachable

ADDRESSES_TRIED = 3
PIECE = 65_536


def get(target: Target, deadline: float, most: int, headers: Mapping[str, str]) -> Answer:
    """One answer of a judged address, redirect or not. Raises Unreachable, also for more than `most` bytes."""

    def read(response: Any) -> bytes:
        content = bytearray()
        while chunk := response.read1(PIECE):
            content += chunk
            if len(content) > most:
                raise Unreachable(_("%(host)s sends more than we read.", host=target.host))
        _left(deadline)  # as it does with what follows
        return bytes(content)

    return _first(target, "GET", None, headers, deadline, read)


def post(target: Target, body: bytes, deadline: float, most: int, headers: Mapping[str, str]) -> Answer:
    """Send something to a judged address; what it answers beyond `most` bytes is not read. Raises Unreachable."""

    def read(response: Any) -> bytes:
        content = bytearray()
        with suppress(urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):  # its answer is known by then
            while len(content) < most and (chunk := response.read1(most)):
                content += chunk
        return bytes(content[:most])

    return _first(target, "POST", body, headers, deadline, read)


def _first(
    target: Target,
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
    deadline: float,
    read: Callable[[Any], bytes],
) -> Answer:
    """The answer of the first of a target's addresses to which a connection can be made."""
    for address in target.addresses[:ADDRESSES_TRIED]:
        try:
            with _connected(target, address, deadline) as line:
                return _ask(line, target, method, body, headers, deadline, read)
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            continue
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
            break
    raise Unreachable(_("%(host)s does not answer.", host=target.host))


def _ask(
    line: Any,
    target: Target,
    method: str,
    body: bytes | None,
    headers: Mapping[str, str],
    deadline: float,
    read: Callable[[Any], bytes],
) -> Answer:
    """One request; the name only goes into the Host header and the certificate's check."""
    parts = urlsplit(target.url)
    path = urlunsplit(("", "", parts.path, parts.query, ""))
    given = {"Host": parts.netloc, "Accept-Encoding": "identity", **headers}
    line.request(method, path, body=body, headers=given, preload_content=False)
    response = line.getresponse()
    _left(deadline)  # a head that was cut looks as if it had come to its end
    names = {name.lower(): value for name, value in response.headers.items()}
    return Answer(target.url, response.status, names, read(response))


@contextmanager
def _connected(target: Target, address: str, deadline: float) -> Iterator[Any]:
    """A connection that is cut when the time is over: a server that sends a byte now and then gains no time."""
    line = _line(target, address, _left(deadline))
    watch = threading.Timer(_left(deadline), _cut, (line,))
    watch.daemon = True
    watch.start()
    try:
        yield line
    finally:
        watch.cancel()
        line.close()


def _cut(line: Any) -> None:
    with suppress(OSError, AttributeError):
        line.sock.shutdown(socket.SHUT_RDWR)


def _line(target: Target, address: str, seconds: float) -> Any:
    if target.scheme == "http":
        return HTTPConnection(address, target.port, timeout=seconds)
    return HTTPSConnection(
        address,
        target.port,
        timeout=seconds,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise urllib3.exceptions.TimeoutError("the time for all of it is over")
    return left
