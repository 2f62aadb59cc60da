"""A name server on this machine: real bytes over TCP, strict about what it is asked, and able to misbehave."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from typing import Any

ALIAS, TXT, IN = 5, 16, 1


class NameServer(socketserver.ThreadingTCPServer):
    """Answers questions for TXT records of the names in `texts`; `mood` makes it fail in one way."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.texts: dict[str, list[str]] = {}
        self.aliases: dict[str, str] = {}
        self.mood = ""
        self.asked: list[str] = []
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def answer(self, message: bytes) -> bytes:
        number, flags, questions, *rest = struct.unpack_from("!6H", message)
        assert (flags, questions, rest) == (0x0100, 1, [0, 0, 0]), "one question, recursion wanted, nothing else"
        name, place = _name(message, 12)
        assert struct.unpack_from("!2H", message, place) == (TXT, IN) and len(message) == place + 4
        self.asked.append(name)
        target = self.aliases.get(name, name)
        records = [] if target == name else [_record(12, ALIAS, _labels(target))]
        records += [_record(12, TXT, _strings(text)) for text in self.texts.get(target, [])]
        code, count = 0 if name in self.aliases or target in self.texts else 3, len(records)
        whole, question = 0x8180, message[12:]
        if self.mood == "other number":
            number ^= 1
        if self.mood == "refused":
            code, count, records = 5, 0, []
        if self.mood == "cut":
            whole |= 0x0200
        if self.mood == "other question":
            question = question.replace(b"docs", b"cods")
        if self.mood == "more promised":
            count += 3
        answer = struct.pack("!6H", number, whole | code, 1, count, 0, 0) + question + b"".join(records)
        return answer[: len(answer) - 4] if self.mood == "short record" else answer

    def __enter__(self) -> NameServer:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.shutdown()
        self.server_close()


class _Line(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        line: socket.socket = self.request
        (length,) = struct.unpack("!H", line.recv(2, socket.MSG_WAITALL))
        answer = server.answer(line.recv(length, socket.MSG_WAITALL))
        if server.mood == "silent":
            return
        promised = len(answer) + (9 if server.mood == "hangs up" else 0)
        for piece in (struct.pack("!H", promised), answer[:7], answer[7:]):
            line.sendall(piece)


def _name(message: bytes, place: int) -> tuple[str, int]:
    labels = []
    while length := message[place]:
        labels.append(message[place + 1 : place + 1 + length].decode())
        place += 1 + length
    return ".".join(labels), place + 1


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(each)]) + each.encode() for each in name.split(".")) + b"\0"


def _strings(text: str) -> bytes:
    """A text in pieces, as name servers cut long ones."""
    raw = text.encode()
    return b"".join(bytes([len(piece)]) + piece for piece in (raw[i : i + 20] for i in range(0, len(raw), 20)))


def _record(place: int, kind: int, data: bytes) -> bytes:
    return struct.pack("!HHHIH", 0xC000 | place, kind, IN, 300, len(data)) + data
