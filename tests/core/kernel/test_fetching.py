"""What is opened for people takes no longer than it may, however slowly the other side writes."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from webkit.core.kernel import fetching
from webkit.core.kernel.outbound import Target, Unreachable


@pytest.fixture
def dripping() -> Iterator[Target]:
    """A server that sends a byte of its head now and then."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _address = listening.accept()
                except OSError:
                    return
                threading.Thread(target=drip, args=(line,), daemon=True).start()

        def drip(line: socket.socket) -> None:
            with line:
                for each in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"s" * 1_000:
                    if over.wait(0.02):
                        return
                    try:
                        line.sendall(bytes([each]))
                    except OSError:
                        return

        threading.Thread(target=serve, daemon=True).start()
        port = listening.getsockname()[1]
        yield Target(f"http://127.0.0.1:{port}/", "http", "127.0.0.1", port, ("127.0.0.1",))
        over.set()


def test_a_slow_head_gains_no_time(dripping: Target) -> None:
    for method in ("get", "post"):
        began = time.monotonic()
        with pytest.raises(Unreachable):
            if method == "get":
                fetching.get(dripping, began + 0.3, 1_000, {})
            else:
                fetching.post(dripping, b"{}", began + 0.3, 1_000, {})
        assert time.monotonic() - began < 5


def test_the_next_address_is_tried_only_where_no_line_was_made() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    closed = Target(f"http://127.0.0.1:{port}/", "http", "127.0.0.1", port, ("127.0.0.1", "127.0.0.2"))
    with pytest.raises(Unreachable):
        fetching.post(closed, b"{}", time.monotonic() + 2, 1_000, {})
