"""What a row says about its limit, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report import Row, save, table


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        (Row("page", 4.0, "ms", 2, 2.0), True),
        (Row("page", 4.2, "ms", 2, 2.0), False),
        (Row("rate", 90.0, "jobs/s", 0.8, 100.0), True),
        (Row("rate", 70.0, "jobs/s", 0.8, 100.0), False),
        (Row("memory", 149.0, "MiB", 150), True),
        (Row("errors", 1, "errors", 0), False),
        (Row("events", 301.0, "events/s", 300), True),
        (Row("floor", 1.0, "ms"), None),
    ],
)
def test_a_limit_is_one_of_the_ratio_where_there_is_a_floor(row: Row, ok: bool | None) -> None:
    assert row.ok is ok


def test_the_table_marks_what_is_over() -> None:
    lines = table([Row("page", 9.0, "ms", 2, 2.0), Row("rate", 1.0, "jobs/s", 5)]).splitlines()
    assert [line.split()[-1] for line in lines[2:]] == ["OVER", "UNDER"]


def test_measuring_one_figure_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "results" / "latest.json"
    save([Row("a", 1.0, "ms", 2, 1.0), Row("b", 1.0, "ms")], path)
    save([Row("b", 3.0, "ms")], path)
    assert json.loads(path.read_text()) == [
        {"name": "a", "value": 1.0, "unit": "ms", "floor": 1.0, "ratio": 1.0, "limit": 2},
        {"name": "b", "value": 3.0, "unit": "ms", "floor": None, "ratio": None, "limit": None},
    ]
