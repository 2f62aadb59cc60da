"""`webkit dev` with the real application: started again, killed in parts, ended in the middle of work."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from pathlib import Path

import pytest

from tests.journeys.deal import Deal
from tests.journeys.facts import Facts
from tests.journeys.stack import Stack, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
PASSING = ("run/", "valkey/", "webkit.db")
"""What a start may touch: locks, sockets, the queue, the database's file, whose rows are compared instead."""


def test_a_second_start_keeps_every_byte(stack: Stack) -> None:
    deal = Deal(stack, stack.visitor())
    for step in (*deal.BEFORE, *deal.STEPS[:6]):
        step(deal)
    until(lambda: not stack.rows("SELECT id FROM outbox WHERE state = 'waiting'"))
    stack.stop()
    files, rows = _files(stack.data), _rows(stack)
    assert any(name.startswith("keys/") for name in files)
    stack.start()
    assert deal.staff.get(f"/{deal.agency}/").ok().path == f"/{deal.agency}/"
    assert stack.visitor().get("/start").path == "/sign-in"
    assert {name: files[name] for name in files} == {name: _files(stack.data).get(name) for name in files}
    after = _rows(stack)
    for table in rows.keys() - {"sessions", "schedules"}:
        assert rows[table] <= after[table], table
    for step in deal.STEPS[6:]:
        step(deal)
    Facts(deal).all_hold()
    stack.stop()


def _files(data: Path) -> dict[str, str]:
    found = {path.relative_to(data).as_posix(): path for path in data.rglob("*") if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in found.items()
        if not name.startswith(PASSING) and not name.endswith(".lock")
    }


def _rows(stack: Stack) -> dict[str, set[str]]:
    tables = [row["name"] for row in stack.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: {repr(row) for row in stack.rows(f'SELECT * FROM "{table}"')} for table in tables}


def test_any_part_that_is_killed_comes_back_alone(stack: Stack) -> None:
    deal = Deal(stack, stack.visitor())
    for step in deal.BEFORE:
        step(deal)
    before = stack.leaders()
    for name, step in zip(stack.parts, deal.STEPS, strict=False):
        os.kill(before[name], signal.SIGKILL)
        after = until(lambda before=before: _whole(stack, before), 30, f"for {name}")  # type: ignore[misc]
        assert [part for part in stack.parts if after[part] != before[part]] == [name]
        until(lambda: stack.visitor().get("/readyz").status == 200, 30)
        before = after
        deal.do(lambda step=step: step(deal))  # type: ignore[misc]
    deal.close()
    Facts(deal).all_hold()
    assert stack.restarts() == stack.parts, [line for line in stack.lines if "ended" in line]
    stack.stop()


def _whole(stack: Stack, before: dict[str, int]) -> dict[str, int]:
    after = stack.leaders()
    return after if len(after) == len(before) and after != before else {}


def test_it_ends_in_the_middle_of_work_and_goes_on_later(stack: Stack) -> None:
    deal = Deal(stack, stack.visitor())
    for step in (*deal.BEFORE, *deal.STEPS[:2]):
        step(deal)
    asking = threading.Thread(target=_ask_until_it_ends, args=(stack,))
    asking.start()
    deal.send()
    stack.stop()
    asking.join()
    stack.start()
    for step in deal.STEPS[3:]:
        step(deal)
    Facts(deal).all_hold()
    stack.stop()


def _ask_until_it_ends(stack: Stack) -> None:
    visitor = stack.visitor()
    try:
        while True:
            visitor.get("/sign-in")
    except Exception:
        assert all(code < 500 for _method, _path, code in visitor.seen)
