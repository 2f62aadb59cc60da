"""What runs when nothing happens, and how soon it does: memory of each process, first page after a start."""

from __future__ import annotations

import http.client
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.parts import ROOT, environment, process, wait, webkit
from benchmarks.report import Row
from benchmarks.world import World
from webkit.runtime import ports
from webkit.runtime.processes import marked, place

MIB = 1024 * 1024
SETTLE, PATIENCE = 3.0, 40.0
PARTS = {"serve": 3, "worker now": 5, "worker long": 3, "worker ai": 1, "scheduler": 1, "renderer": 3}
"""How many processes each part has when it is complete."""
LIMITS = {"worker": 80.0, "worker ai": 160.0, "renderer": 60.0}
"""For each single process; the web's is for all of its processes."""
WEB = 150.0


def measure(world: World) -> Iterator[Row]:
    yield from memory(world)
    yield from starts(world)


def memory(world: World) -> Iterator[Row]:
    """Everything that `webkit dev` starts, a while after some pages were shown. PSS shares what is shared."""
    data = world.folder / "dev"
    with _everything(data) as port:
        for _ in range(20):
            _page(port)
        deadline = time.monotonic() + PATIENCE
        while not _complete(_processes(data)) and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(SETTLE)
        found = _processes(data)
    total = 0.0
    for part, sizes in found.items():
        total += sum(sizes)
        for number, size in enumerate(sorted(sizes), start=1):
            limit = LIMITS.get(part) or (LIMITS["worker"] if part.startswith("worker") else None)
            yield Row(f"memory.{part.replace(' ', '-')}.{number}", size, "MiB", limit)
    yield Row("memory.web", sum(found["serve"]), "MiB", WEB)
    yield Row("memory.all", total, "MiB")


def starts(world: World) -> Iterator[Row]:
    """The web process alone, then everything: the data folder is there, the caches are warm."""
    house = world.house
    seconds = []
    for _ in range(world.some(4)):
        port = ports.free_port()
        variables = {**house.environment, "PORT": str(port)}
        began = time.perf_counter()
        with process(*webkit("serve"), env=variables, log=house.log) as started:
            wait(partial(_answers, port), started, house.log, pause=0.005)
            seconds.append(time.perf_counter() - began)
    yield Row("start.web", min(seconds), "s", 1.2)
    began = time.perf_counter()
    with _everything(world.folder / "dev") as port:
        _page(port)
        yield Row("start.everything", time.perf_counter() - began, "s", 10)


@contextmanager
def _everything(data: Path) -> Iterator[int]:
    """`make run` on its own data folder; where make would first install something, what it runs at the end."""
    data.mkdir(exist_ok=True)
    port = ports.free_port()
    variables = environment(WEBKIT_DATA=str(data), PORT=str(port), WEBKIT_RATE_PER_MINUTE="0")
    fresh = subprocess.run(["make", "-C", ROOT, "--question", "setup"], env=variables, capture_output=True).returncode
    command = (
        webkit("dev") if fresh > 1 or not (ROOT / ".venv" / "run.stamp").exists() else ("make", "-C", str(ROOT), "run")
    )
    log = data / "log"
    with process(*command, env=variables, log=log) as started:
        wait(partial(_answers, port), started, log, pause=0.01)
        yield port


def _answers(port: int) -> bool:
    try:
        _page(port)
    except (OSError, http.client.HTTPException):
        return False
    return True


def _page(port: int, path: str = "/sign-in") -> None:
    """The page that somebody sees who is not signed in; a new installation leads on to the one that sets it up."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", path)
        answer = line.getresponse()
        answer.read()
    finally:
        line.close()
    if answer.status >= 400:
        raise http.client.HTTPException(f"{path} was answered {answer.status}")
    if target := answer.getheader("Location"):
        _page(port, target)


def _complete(found: dict[str, list[float]]) -> bool:
    return all(len(found.get(part, [])) >= count for part, count in PARTS.items())


def _processes(data: Path) -> dict[str, list[float]]:
    """PSS in MiB of each process, by the part it belongs to."""
    found: dict[str, list[float]] = defaultdict(list)
    for running in marked(place(data)):
        folder = Path(f"/proc/{running.pid}")
        try:
            found[_part(folder)].append(_pss(folder))
        except (OSError, ValueError):
            continue  # it ended meanwhile
    return found


def _part(folder: Path) -> str:
    """The words of its command that say which part it is: a fork has its parent's."""
    words = (folder / "cmdline").read_text().split("\0")
    if "webkit.house:create" in words:
        return " ".join(word for word in words[words.index("webkit.house:create") + 1 :][:2] if word.isalpha())
    if "-m" not in words:
        return Path(words[0]).name
    module = words[words.index("-m") + 1]
    return "renderer" if "pdf" in module else module.rpartition(".")[2]


def _pss(folder: Path) -> float:
    line = next(line for line in (folder / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024 / MIB
