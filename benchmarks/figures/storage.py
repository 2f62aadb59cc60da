"""A big body through the storage provider beside the vendor's library alone, and the memory it takes."""

from __future__ import annotations

import gc
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from benchmarks.parts import environment, python
from benchmarks.providers import built, double
from benchmarks.report import Row
from benchmarks.rounds import take_turns
from benchmarks.world import World

MIB = 1024 * 1024
KEYS = {"R2_ACCESS_KEY_ID": "key", "R2_SECRET_ACCESS_KEY": "secret", "R2_BUCKET": "bucket", "R2_REGION": "us-east-1"}
ROUNDS, MOST_MIB, LEAST_OF_BARE = 10, 32, 0.8


def measure(world: World) -> Iterator[Row]:
    """Best of ten, interleaved, against a sink that costs next to nothing."""
    size = (8 if world.quick else 64) * MIB
    with double(world, "benchmarks.floors.s3_sink") as url:
        ours, bare = _provider(url), _library(url)
        path = world.folder / "body"
        path.write_bytes(os.urandom(MIB) * (size // MIB))
        pairs: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "put": (lambda: _put(ours, path), lambda: _upload(bare, path)),
            "get": (lambda: _drain(ours.open(f"k/{size}")), lambda: _drain(_object(bare, f"k/{size}"))),
        }
        for name, (mine, theirs) in pairs.items():
            contestants = {"ours": _rate(mine, size), "bare": _rate(theirs, size)}
            best = take_turns(world.some(ROUNDS), contestants, most=True)
            yield Row(f"storage.{name}", best["ours"], "MiB/s", LEAST_OF_BARE, best["bare"])
        yield Row("storage.memory", _memory(url, 2 if world.quick else 8), "MiB", MOST_MIB)


def _provider(url: str) -> Any:
    from plugins.storage_r2.plugin import webkit_register_providers

    return built(webkit_register_providers()[0], {**KEYS, "R2_ENDPOINT": url})


def _library(url: str) -> Any:
    import boto3

    session = boto3.session.Session("key", "secret", region_name="us-east-1")
    return session.client("s3", endpoint_url=url)


def _put(storage: Any, path: Path) -> None:
    with path.open("rb") as body:
        storage.put("k/x", body, content_type="application/zip")


def _upload(client: Any, path: Path) -> None:
    with path.open("rb") as body:
        client.upload_fileobj(body, "bucket", "k/x", ExtraArgs={"ContentType": "application/zip"})


def _object(client: Any, key: str) -> BinaryIO:
    return cast("BinaryIO", client.get_object(Bucket="bucket", Key=key)["Body"])


def _drain(stream: BinaryIO) -> None:
    while stream.read(MIB):
        pass
    stream.close()


def _rate(act: Callable[[], None], size: int) -> Callable[[], float]:
    def measured() -> float:
        began = time.perf_counter()
        act()
        return size / MIB / (time.perf_counter() - began)

    return measured


# --- memory: a process of its own, which does nothing else -----------------------------------------------------------


def _memory(url: str, times: int) -> float:
    """How much a process grows at its highest while bodies of 32 MiB × `times` go up and come down."""
    command = python("benchmarks.figures.storage", url, str(times))
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return float(done.stdout)


class _Stream(io.RawIOBase):
    """Bytes without end, until `left` is over."""

    def __init__(self, left: int) -> None:
        self._left = left

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        piece = bytes(min(size, self._left))
        self._left -= len(piece)
        return piece


def _kib(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) if found else 0


def main() -> None:
    """Print the growth in MiB."""
    url, times = sys.argv[1], int(sys.argv[2])
    storage = _provider(url)
    storage.put("k/0", io.BytesIO(b"x"), content_type="text/plain")
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = _kib("VmRSS")
    storage.put("k/x", cast("BinaryIO", _Stream(times * 32 * MIB)), content_type="application/zip")
    _drain(storage.open(f"k/{times * 32 * MIB}"))
    print((_kib("VmHWM") - before) / 1024)


if __name__ == "__main__":
    main()
