"""Addresses that people give us: the one guard between what they type and what is opened in their name.

Only public web servers are named: http or https, a usual port, no credentials, no address of this machine, its network
or its cloud, however it is written. A name is looked up and every address behind it is judged; what we fetch ourselves
goes to exactly the address that was judged, so a name that changes its mind in between gains nothing.
`WEBKIT_ALLOW_HOSTS` names exact exceptions for development.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
import time
import unicodedata
from collections.abc import Collection, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

Address = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
OTHER_PORTS = frozenset({8080, 8443})
LONGEST = 2048
LOOKUP_SECONDS = 3.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PRIVATE_NAMES = frozenset(
    {"localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "onion"}
)
"""Last parts of names that never lead to a public server."""
_RESERVED = tuple(
    map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20", "2001::/23"))
)
"""What looks public and is not: protocol assignments, relays, the machinery of a cloud, documentation."""
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_ILLEGAL = re.compile(r"[\x00-\x20\x7f-\xa0\\<>\"`{}|^]")
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)


class Refused(Invalid):
    """The address is none that we open for anybody."""

    def __init__(self, sentence: str) -> None:
        super().__init__({"url": sentence})


class Unreachable(DomainError):
    """The address is fine, but nothing usable answers there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address. `addresses` are those behind the name, all of them public; empty when nobody knows it."""

    url: str
    scheme: str
    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, from `url` after all redirects."""

    url: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def check_url(url: str, *, must_resolve: bool = True) -> Target:
    """Judge an address. Raises Refused.

    Without `must_resolve` an unknown name passes: for addresses that somebody else opens, from another network.
    Asks the network for the name: not inside a transaction.
    """
    parts = _split(url)
    host, port = _host(parts), _port(parts)
    shown = f"[{host}]" if ":" in host else host
    place = shown if port == PORTS[parts.scheme] else f"{shown}:{port}"
    clean = urlunsplit((parts.scheme, place, _ascii(parts.path or "/"), _ascii(parts.query), ""))
    if len(clean) > LONGEST:  # other letters are written longer
        raise Refused(_("This is not a web address. It looks like https://example.com."))
    if f"{shown}:{port}" in current().settings.allow_hosts:
        return Target(clean, parts.scheme, host, port, tuple(map(str, _behind(host))))
    if port != PORTS[parts.scheme] and port not in OTHER_PORTS:
        raise Refused(_("Web servers do not answer on port %(port)s. Leave the port out.", port=port))
    found = _public_addresses(host)
    if must_resolve and not found:
        raise Refused(_("There is no server named %(host)s.", host=host))
    return Target(clean, parts.scheme, host, port, tuple(map(str, found)))


def is_public(address: Address) -> bool:
    """Whether an address belongs to somebody on the internet: not to us, our network, our cloud or nobody."""
    if isinstance(address, IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved or _is_reserved(address))
    if (inner := _inside(address)) is not None:
        return is_public(inner)
    return address in _GLOBAL_V6 and address.is_global and not _is_reserved(address)


def judged(host: str, port: int, allowed: Collection[str]) -> tuple[str, ...]:
    """The addresses to which a connection may be made right now: all of a host's are public, or it is an exception.

    Needs no application. Raises OSError.
    """
    try:
        found: tuple[Address, ...] = (ipaddress.ip_address(host),)
    except ValueError:
        found = _looked_up(host)
    shown = f"[{host}]" if ":" in host else host
    if not found:
        raise OSError(f"there is no server named {shown}")
    if f"{shown}:{port}" not in allowed and not all(map(is_public, found)):
        raise PermissionError(f"{shown} leads into a private network and is not opened")
    return tuple(map(str, found))


def _is_reserved(address: Address) -> bool:
    return any(address in network for network in _RESERVED)


def fetch(
    url: str, *, seconds: float = 10.0, most: int = 2_000_000, redirects: int = 5, headers: Mapping[str, str] = {}
) -> Answer:
    """GET an address that a person gave. Raises Refused or Unreachable.

    Every redirect is judged like the first address. `seconds` and `most` bytes are limits for all of it together.
    """
    from webkit.core.kernel import fetching  # with its HTTP client, which only jobs need

    deadline = time.monotonic() + seconds
    for _hop in range(redirects + 1):
        target = check_url(url)
        answer = fetching.get(target, deadline, most, headers)
        location = answer.headers.get("location", "")
        if answer.status not in REDIRECTS or not location:
            return answer
        url = urljoin(target.url, location)
    raise Unreachable(_("%(url)s redirects in circles.", url=url))


def _split(url: str) -> SplitResult:
    if len(url) > LONGEST or _ILLEGAL.search(url):
        raise Refused(_("This is not a web address. It looks like https://example.com."))
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  raises for what is no port
    except ValueError:
        raise Refused(_("This is not a web address. It looks like https://example.com.")) from None
    if parts.scheme not in PORTS:
        raise Refused(_("Only addresses that begin with http:// or https:// can be opened."))
    if "@" in parts.netloc:
        raise Refused(_("Please leave name and password out of the address."))
    return parts


def _port(parts: SplitResult) -> int:
    if parts.netloc.endswith(":") or parts.port == 0:
        raise Refused(_("This is not a web address. It looks like https://example.com."))
    return parts.port or PORTS[parts.scheme]


def _host(parts: SplitResult) -> str:
    """The name in the one form that is compared and looked up: ASCII, small letters, no dot at the end."""
    host = unicodedata.normalize("NFKC", parts.hostname or "").casefold().removesuffix(".")
    if ":" in host:
        try:
            return IPv6Address(host if "%" not in host else "").compressed
        except ValueError:
            raise Refused(_("This is not the address of a server: %(host)s", host=host)) from None
    try:
        return host.encode("idna").decode().lower() if not host.isascii() else host
    except UnicodeError:
        raise Refused(_("This is not the name of a server: %(host)s", host=host)) from None


def _ascii(text: str) -> str:
    return quote(text, safe="%/:;=?@!$&'()*+,~[]-._")


def _public_addresses(host: str) -> tuple[Address, ...]:
    is_name = _literal(host) is None
    if is_name and (not _NAME.fullmatch(host) or host.rpartition(".")[2] in PRIVATE_NAMES):
        raise Refused(_("%(host)s is not a public web server.", host=host or "?"))
    found = _behind(host)
    if not all(map(is_public, found)):
        raise Refused(_("%(host)s leads into a private network and is not opened.", host=host))
    return found


def _behind(host: str) -> tuple[Address, ...]:
    """Every address a host stands for: itself, or what its name leads to."""
    literal = _literal(host)
    return (literal,) if literal is not None else _looked_up(host)


def _literal(host: str) -> Address | None:
    """The address that is written instead of a name. Numbers that only some programs take for one are refused."""
    if ":" not in host and not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        raise Refused(_("This is not the address of a server: %(host)s", host=host)) from None


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for: mapped, translated or tunnelled."""
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    tunnel = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnel


def _looked_up(host: str) -> tuple[Address, ...]:
    """Every address behind a name; none when nobody knows it or the answer takes too long."""
    found: list[Address] = []

    def look() -> None:
        with suppress(OSError, UnicodeError, ValueError):
            found.extend(ipaddress.ip_address(answer.partition("%")[0]) for answer in lookup(host))

    thread = threading.Thread(target=look, daemon=True, name="name-lookup")
    thread.start()
    thread.join(LOOKUP_SECONDS)
    return () if thread.is_alive() else tuple(dict.fromkeys(found))


def lookup(host: str) -> list[str]:
    """What the system's resolver says."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
