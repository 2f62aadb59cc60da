"""Messages on a stream socket: a number of parts, each after its length. The child imports it, so it stays small."""

from __future__ import annotations

import socket
import struct
import time

_LENGTH = struct.Struct(">I")
# A document with its pictures inside. Nobody is asked to hold more.
LARGEST = 128 * 1024 * 1024


class Closed(Exception):
    """The other side is gone."""


class TooLarge(Exception):
    """A message is larger than any may be."""


def send(line: socket.socket, *parts: bytes, deadline: float | None = None) -> None:
    """Raises Closed, or TimeoutError at the deadline (of the monotonic clock)."""
    message = b"".join(
        (_LENGTH.pack(len(parts)), *(piece for part in parts for piece in (_LENGTH.pack(len(part)), part)))
    )
    if len(message) > LARGEST:
        raise TooLarge
    _until(line, deadline)
    try:
        line.sendall(message)
    except (BrokenPipeError, ConnectionResetError):
        raise Closed from None


def receive(line: socket.socket, deadline: float | None = None) -> list[bytes]:
    """Raises Closed, TooLarge, or TimeoutError at the deadline."""
    parts: list[bytes] = []
    room = LARGEST
    for _ in range(_number(line, deadline)):
        room -= (length := _number(line, deadline))
        if room < 0:
            raise TooLarge
        parts.append(_exactly(line, length, deadline))
    return parts


def _number(line: socket.socket, deadline: float | None) -> int:
    number: int = _LENGTH.unpack(_exactly(line, _LENGTH.size, deadline))[0]
    return number


def _exactly(line: socket.socket, length: int, deadline: float | None) -> bytes:
    buffer = bytearray(length)
    view, filled = memoryview(buffer), 0
    while filled < length:
        _until(line, deadline)
        try:
            got = line.recv_into(view[filled:])
        except ConnectionResetError:
            got = 0
        if not got:
            raise Closed
        filled += got
    return bytes(buffer)


def _until(line: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        line.settimeout(None)
    elif (left := deadline - time.monotonic()) > 0:
        line.settimeout(left)
    else:
        raise TimeoutError
