"""The load generator: a process of its own that asks a server on this machine, so many times and no longer.

It reads orders as lines of JSON and answers each with one line. A flow is a list of requests made one after another;
`{location}` in a path stands for where the answer before led to, `{unique}` in a body for a fresh name.
"""

from __future__ import annotations

import gc
import itertools
import json
import math
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

PATIENCE = 10.0
FORM = "application/x-www-form-urlencoded"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_LOCATION = re.compile(rb"\r\nlocation: *([^\r]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request and the status it must be answered with."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expect: int = 200


@dataclass(frozen=True, slots=True)
class Order:
    """`count` flows in all by so many clients at once, taken in turn from `flows`, for at most `seconds`."""

    port: int
    flows: Sequence[Sequence[Ask]]
    clients: int = 1
    count: int = 30
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Result:
    """How long each flow took in ms, sorted, how long all of them together, and what went wrong."""

    times: list[float]
    seconds: float
    failed: int
    errors: list[str]

    @property
    def median(self) -> float:
        return statistics.median(self.times) if self.times else math.inf

    @property
    def p95(self) -> float:
        return self.percentile(0.95)

    def percentile(self, part: float) -> float:
        """The time that `part` of all flows stayed under."""
        return self.times[min(len(self.times) - 1, int(len(self.times) * part))] if self.times else math.inf

    @property
    def rate(self) -> float:
        """Flows per second."""
        return len(self.times) / self.seconds if self.seconds else 0.0


class Load:
    """Our side of the generator."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, order: Order) -> Result:
        """Carry an order out. Raises RuntimeError when nothing at all was answered as expected."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        result = Result(**json.loads(self._process.stdout.readline()))
        if not result.times:
            raise RuntimeError(f"{order.flows[0][0].path}: {result.errors}")
        return result

    def close(self) -> None:
        """End the process: it reads no more orders."""
        self._process.communicate()


class _Client(threading.Thread):
    """One connection, kept as long as the server keeps it."""

    def __init__(self, order: dict[str, Any], turns: itertools.count[int], start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self._order, self._turns, self._start = order, turns, start
        self._line: socket.socket | None = None
        self.times: list[float] = []
        self.errors: list[str] = []
        self.ended = 0.0

    def run(self) -> None:
        self._connect()
        self._start.wait()
        deadline = time.perf_counter() + self._order["seconds"]
        flows = self._order["flows"]
        while (turn := next(self._turns)) < self._order["count"] and time.perf_counter() < deadline:
            try:
                self.times.append(self._flow(flows[turn % len(flows)]))
            except (OSError, ValueError) as error:
                self.errors.append(str(error))
                self._connect()
        self.ended = time.perf_counter()
        assert self._line is not None
        self._line.close()

    def _connect(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = socket.create_connection(("127.0.0.1", self._order["port"]), timeout=PATIENCE)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _flow(self, flow: list[dict[str, Any]]) -> float:
        location, total = "", 0.0
        for ask in flow:
            message = _message(ask, self._order["port"], location)
            began = time.perf_counter()
            head = self._exchange(message)
            total += time.perf_counter() - began
            if int(head[9:12]) != ask["expect"]:
                raise ValueError(f"{ask['path']} was answered {head[:15].decode()}")
            location = found[1].decode() if (found := _LOCATION.search(head)) else ""
        return total * 1000

    def _exchange(self, message: bytes) -> bytes:
        assert self._line is not None
        self._line.sendall(message)
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._read()
        head = received[:end]
        length = int(found[1]) if (found := _LENGTH.search(head)) else 0
        missing = end + 4 + length - len(received)
        while missing > 0:
            missing -= len(self._read())
        return head

    def _read(self) -> bytes:
        assert self._line is not None
        part: bytes = self._line.recv(262_144)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part


def _message(ask: dict[str, Any], port: int, location: str) -> bytes:
    path: str = ask["path"].replace("{location}", location)
    body: bytes = ask["body"].replace("{unique}", uuid.uuid4().hex).encode()
    headers = {"Host": f"127.0.0.1:{port}", **ask["headers"]}
    if ask["method"] != "GET":
        headers["Content-Length"] = str(len(body))
    lines = [f"{ask['method']} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def carry_out(order: dict[str, Any]) -> Result:
    """All clients at once."""
    turns, start = itertools.count(), threading.Barrier(order["clients"] + 1, timeout=PATIENCE)
    clients = [_Client(order, turns, start) for _ in range(order["clients"])]
    for client in clients:
        client.start()
    start.wait()
    began = time.perf_counter()
    for client in clients:
        client.join()
    seconds = max(client.ended for client in clients) - began
    errors = [error for client in clients for error in client.errors]
    return Result(sorted(t for client in clients for t in client.times), seconds, len(errors), errors[:5])


def main() -> None:
    for line in sys.stdin:
        gc.collect()
        gc.disable()
        result = carry_out(json.loads(line))
        gc.enable()
        print(json.dumps(asdict(result)), flush=True)


if __name__ == "__main__":
    main()
