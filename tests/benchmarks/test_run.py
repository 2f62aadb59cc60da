"""One figure from beginning to end, in small: PostgreSQL, Valkey, two web servers, the load generator."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from webkit.core.paths import ROOT


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_figure_runs_and_leaves_nothing_behind() -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "--only", "invoice", "--quick"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": folder},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert re.search(r"^invoice\.page +[\d.]+ ms +[\d.]+ +[\d.]+× +≤ 2×", done.stdout, re.MULTILINE)
        assert re.search(r"^invoice\.make\.8-clients\.errors +0 errors", done.stdout, re.MULTILINE)
        assert not list(Path(folder).glob("wk-bench-*"))
        assert running_in(folder) == []


def running_in(folder: str) -> list[str]:
    """Processes that were told about a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if process.name != str(os.getpid()) and folder.encode() in command + (process / "environ").read_bytes():
                found.append(command.decode(errors="replace"))
    return found
