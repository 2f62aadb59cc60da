from __future__ import annotations

import os
from pathlib import Path

import pytest

from webkit.runtime import ports, sockets


def test_a_short_path_is_in_the_data_folder(data: Path) -> None:
    assert sockets.socket_path(data, "valkey.sock") == data / "run" / "valkey.sock"


def test_a_long_path_gets_a_short_private_folder_that_is_written_down(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    first = sockets.socket_path(deep, "valkey.sock")
    assert len(os.fsencode(first)) <= sockets.LONGEST
    assert sockets.socket_path(deep, "renderer.sock").parent == first.parent
    assert first.parent.stat().st_mode & 0o777 == 0o700
    first.parent.rmdir()


@pytest.mark.parametrize("spoil", ["gone", "open"])
def test_a_short_folder_that_is_not_ours_alone_is_replaced(tmp_path: Path, spoil: str) -> None:
    deep = tmp_path / ("d" * 90)
    first = sockets.socket_path(deep, "s").parent
    if spoil == "gone":
        first.rmdir()
    else:
        first.chmod(0o755)
    second = sockets.socket_path(deep, "s").parent
    assert second != first
    for folder in (first, second):
        if folder.exists():
            folder.rmdir()


def test_a_taken_port_is_refused_with_what_to_do() -> None:
    port = ports.free_port()
    ports.require_free("127.0.0.1", port)
    with ports.listener("127.0.0.1", port), pytest.raises(ports.PortTaken, match=f"Port {port} .* set PORT"):
        ports.require_free("127.0.0.1", port)
    assert not ports.answers("127.0.0.1", port)


def test_addresses() -> None:
    assert ports.written("::1", 80) == "[::1]:80"
    assert ports.reachable("0.0.0.0") == "127.0.0.1"
    with pytest.raises(ports.PortTaken, match="cannot be used"):
        ports.require_free("192.0.2.1", 80)
