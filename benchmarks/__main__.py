"""`python -m benchmarks [--only NAME] [--quick] [--full]`: measure, print, keep."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from types import FrameType

from benchmarks import report
from benchmarks.data import Sizes
from benchmarks.figures import FIGURES
from benchmarks.report import Row
from benchmarks.world import World


def main(arguments: list[str]) -> int:
    """0 also when a figure is over its limit: the table says so, and people decide."""
    given = _parsed(arguments)
    signal.signal(signal.SIGTERM, _stop)
    sizes = Sizes(10_000, 100_000, 1_000_000) if given.full else Sizes(50, 200, 400) if given.quick else Sizes()
    names = [given.only] if given.only else list(FIGURES)
    rows: list[Row] = []
    print(f"{sizes.clients} clients, {sizes.invoices} invoices; best of several rounds, floors of this very run\n")
    print(report.table([]), flush=True)
    with World(sizes, quick=given.quick) as world:
        for name in names:
            began = time.monotonic()
            for row in FIGURES[name](world):
                rows.append(row)
                print(report.table([row], head=False), flush=True)
            print(f"{'':<34} {name} took {time.monotonic() - began:.0f} s", flush=True)
    if not given.quick:
        report.save(rows)
    _sum_up(rows)
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure beside floors of the same run.")
    parser.add_argument("--only", choices=sorted(FIGURES), help="one subject alone")
    parser.add_argument("--quick", action="store_true", help="see that it works; the figures mean nothing")
    parser.add_argument("--full", action="store_true", help="10,000 clients, 100,000 invoices, and 1,000,000")
    return parser.parse_args(arguments)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """What was started is ended, also when somebody ends us."""
    sys.exit(143)


def _sum_up(rows: list[Row]) -> None:
    broken = [row.name for row in rows if row.ok is False]
    limited = [row for row in rows if row.ok is not None]
    print(f"\n{len(limited) - len(broken)} of {len(limited)} limits are kept." + _listed(broken))


def _listed(names: list[str]) -> str:
    return f" Not kept: {', '.join(names)}." if names else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
