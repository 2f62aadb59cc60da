"""Watching streams of server-sent events: when the first words came, and when the end."""

from __future__ import annotations

import http.client
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

WORD = b"word"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Watched:
    """Moments of one stream on the clock of `time.perf_counter`."""

    first: float
    words: int


def watch(port: int, path: str, headers: Mapping[str, str], method: str = "GET", body: str = "") -> Watched:
    """Read one stream to its end. Raises RuntimeError when it never says anything."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    first, words = 0.0, 0
    try:
        line.request(method, path, body or None, dict(headers))
        answer = line.getresponse()
        while text := answer.readline():
            if WORD in text:
                first = first or time.perf_counter()
                words += text.count(WORD)
            if text.startswith((b"event: done", b"event: message_stop")):
                break
    finally:
        line.close()
    if not first:
        raise RuntimeError(f"{path} said nothing: {answer.status}")
    return Watched(first, words)


def all_at_once(watchers: Sequence[Callable[[], Watched]]) -> list[Watched]:
    """A thread for each."""
    with ThreadPoolExecutor(len(watchers)) as pool:
        return [future.result() for future in [pool.submit(one) for one in watchers]]


def delays(began: float, watched: Sequence[Watched]) -> list[float]:
    """Milliseconds to the first words, sorted."""
    return sorted((one.first - began) * 1000 for one in watched)


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def cpu(sessions: Sequence[int]) -> float:
    """Seconds of CPU that the processes of these sessions have used so far."""
    used = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) in sessions:
                used += int(fields[11]) + int(fields[12])
    return used / TICKS
