"""Opens an address that was judged (`outbound`), at exactly the place that was judged."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import urllib3

from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.outbound import Answer, Target, Unreachable

ADDRESSES_TRIED = 3


def get(target: Target, deadline: float, most: int, headers: Mapping[str, str]) -> Answer:
    """One answer of a judged address, redirect or not. Raises Unreachable."""
    for address in target.addresses[:ADDRESSES_TRIED]:
        try:
            return _get_from(target, address, deadline, most, headers)
        except urllib3.exceptions.NewConnectionError:
            continue
        except (urllib3.exceptions.HTTPError, OSError):
            break
    raise Unreachable(_("%(host)s does not answer.", host=target.host))


def _get_from(target: Target, address: str, deadline: float, most: int, headers: Mapping[str, str]) -> Answer:
    """One request to one address; the name only goes into the Host header and the certificate's check."""
    parts = urlsplit(target.url)
    with _pool(target, address) as pool:
        response = pool.urlopen(
            "GET",
            urlunsplit(("", "", parts.path, parts.query, "")),
            headers={"Host": parts.netloc, "Accept-Encoding": "identity", **headers},
            timeout=urllib3.Timeout(total=_left(deadline)),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        content = bytearray()
        while chunk := _chunk(response, deadline):
            content += chunk
            if len(content) > most:
                raise Unreachable(_("%(host)s sends more than we read.", host=target.host))
        names = {name.lower(): value for name, value in response.headers.items()}
        return Answer(target.url, response.status, names, bytes(content))


def _chunk(response: Any, deadline: float) -> bytes:
    """What has arrived; a server that sends a byte now and then gains no time."""
    left = _left(deadline)
    if response.connection is not None and response.connection.sock is not None:
        response.connection.sock.settimeout(left)
    return bytes(response.read1(65_536))


def _pool(target: Target, address: str) -> Any:
    if target.scheme == "http":
        return urllib3.HTTPConnectionPool(address, target.port)
    return urllib3.HTTPSConnectionPool(
        address,
        target.port,
        cert_reqs="CERT_REQUIRED",
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise urllib3.exceptions.TimeoutError("the time for all of it is over")
    return left
