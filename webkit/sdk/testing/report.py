"""A pytest plugin that says which contracts were run: `pytest -p webkit.sdk.testing.report --webkit-report FILE`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from webkit.sdk.testing.contract import ProviderContract


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the option."""
    parser.addoption("--webkit-report", type=Path, help="file that gets what was run, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Starts to listen where a report is wanted."""
    if file := config.getoption("--webkit-report"):
        config.pluginmanager.register(_Report(file))


class _Report:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._contracts: dict[str, list[str]] = {}
        self._counts = {"passed": 0, "failed": 0, "skipped": 0}
        self._failed: list[str] = []

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        suite: Any = getattr(item, "cls", None)
        spec = getattr(suite, "spec", None)
        if isinstance(suite, type) and issubclass(suite, ProviderContract) and spec is not None:
            bases = [base.__name__ for base in suite.__mro__ if base.__module__.startswith("webkit.sdk.testing.")]
            self._contracts[f"{spec.capability.key}={spec.name}"] = bases

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or (report.when == "call" and report.passed) or report.skipped:
            self._counts[report.outcome] += 1
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._failed.append(f"{report.nodeid or 'tests'} cannot be collected")

    def pytest_sessionfinish(self) -> None:
        found = {"contracts": self._contracts, "failed": self._failed, "counts": self._counts}
        self._file.write_text(json.dumps(found), "utf-8")
