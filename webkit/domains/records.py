"""TXT records of a name, asked of a resolver over TCP: one question, one answer (RFC 1035, 7766).

Only what a proof needs. A resolver that says nothing usable is told apart from one that says there is no such record:
the first changes nothing, the second loses a domain. TCP, because its answers cannot be forged by whoever guesses a
port and a number. The resolver is the operator's and is believed, as by everybody who looks up a name here.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from webkit.core.kernel.runtime import current

TXT, IN, PORT = 16, 1, 53
RECURSE, ANSWER, CUT, CODE = 0x0100, 0x8000, 0x0200, 0x000F
OK, NO_SUCH_NAME = 0, 3
POINTER = 0xC0
CONFIGURED = Path("/etc/resolv.conf")
Server = tuple[str, int]
Resolver = Callable[[str, float], frozenset[str]]
"""Every text at a name, asked for at most so many seconds. Raises NoAnswer; no text is an answer too."""


class NoAnswer(Exception):
    """Nobody who would know has said anything."""


def look_up(name: str, seconds: float) -> frozenset[str]:
    """What the resolvers of this machine say, the first that answers. Raises NoAnswer."""
    deadline = time.monotonic() + seconds
    for server in servers():
        try:
            return _ask(server, name, deadline)
        except (OSError, NoAnswer):
            continue
    raise NoAnswer(name)


def servers(place: Path = CONFIGURED) -> tuple[Server, ...]:
    """The one of the settings, or those that this machine asks."""
    if given := current().settings.dns_server:
        host, _colon, port = given.rpartition(":")
        return ((host.strip("[]"), int(port)),)
    try:
        lines = [line.split() for line in place.read_text().splitlines()]
    except OSError:
        return ()
    named = [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
    return tuple((host, PORT) for host in named if _is_address(host))


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _ask(server: Server, name: str, deadline: float) -> frozenset[str]:
    number, question = secrets.randbits(16), _question(name)
    message = struct.pack("!6H", number, RECURSE, 1, 0, 0, 0) + question
    with socket.create_connection(server, _left(deadline)) as line:
        line.sendall(struct.pack("!H", len(message)) + message)
        (length,) = struct.unpack("!H", _read(line, 2, deadline))
        answer = _read(line, length, deadline)
    try:
        return frozenset(_texts(answer, number, question))
    except (struct.error, IndexError, UnicodeDecodeError):
        raise NoAnswer(name) from None


def _question(name: str) -> bytes:
    labels = name.encode("ascii").split(b".")
    return b"".join(bytes([len(each)]) + each for each in labels) + b"\0" + struct.pack("!2H", TXT, IN)


def _read(line: socket.socket, size: int, deadline: float) -> bytes:
    content = b""
    while len(content) < size:
        line.settimeout(_left(deadline))
        piece = line.recv(size - len(content))
        if not piece:
            raise NoAnswer
        content += piece
    return content


def _left(deadline: float) -> float:
    if (left := deadline - time.monotonic()) <= 0:
        raise NoAnswer
    return left


def _texts(answer: bytes, number: int, question: bytes) -> Iterator[str]:
    """The texts of an answer to exactly this question; also those at the end of aliases."""
    given, flags, asked, answers = struct.unpack_from("!4H", answer)
    place = 12 + len(question)
    usual = flags & ANSWER and not flags & CUT and flags & CODE in (OK, NO_SUCH_NAME)
    if given != number or asked != 1 or not usual or answer[12:place].lower() != question.lower():
        raise NoAnswer
    for _each in range(answers):
        place = _after_name(answer, place)
        kind, family, _seconds, length = struct.unpack_from("!HHIH", answer, place)
        place += 10 + length
        if place > len(answer):
            raise NoAnswer
        if (kind, family) == (TXT, IN):
            yield _joined(answer[place - length : place])


def _after_name(answer: bytes, place: int) -> int:
    """Where a name ends: with an empty label, or with a pointer to the rest of it."""
    while (length := answer[place]) and length < POINTER:
        place += 1 + length
    return place + (2 if length else 1)


def _joined(content: bytes) -> str:
    """The strings of one record are one text."""
    parts, place = [], 0
    while place < len(content):
        end = place + 1 + content[place]
        parts.append(content[place + 1 : end])
        place = end
    return b"".join(parts).decode("utf-8", "replace")
