"""Forks that are kept for further jobs, and when they go."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from webkit.runtime import horses
from webkit.runtime.horses import Horse, Order

LONG = 30.0


@pytest.fixture
def horse() -> Iterator[Horse]:
    started = Horse(lambda: _work)
    yield started
    started.let_go()
    os.waitpid(started.pid, 0)


_kept: list[bytes] = []


def _work(order: Order) -> bool:
    what, *_ = order
    if what == "grow":
        _kept.append(b"x" * 2 * horses.GROWTH)
    elif what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "raise":
        raise LookupError
    elif what == "hang":
        signal.pause()
    return what != "last"


def test_it_does_one_job_after_another(horse: Horse) -> None:
    for _ in range(3):
        assert horse.give(("job",))
        assert horse.wait(LONG)
    assert horse.wait(0) is None  # nothing more is to be said


def test_one_that_works_has_not_answered_yet(horse: Horse) -> None:
    horse.give(("hang",))
    assert horse.wait(0.1) is None
    os.kill(horse.pid, signal.SIGKILL)
    assert horse.wait(LONG) is False


@pytest.mark.parametrize(
    "what, status", [("last", 0), ("grow", 0), ("die", -signal.SIGKILL), ("raise", 1)], ids=lambda value: str(value)
)
def test_it_goes(what: str, status: int) -> None:
    horse = Horse(lambda: _work)
    horse.give((what,))
    assert horse.wait(LONG) is False
    assert os.waitstatus_to_exitcode(os.waitpid(horse.pid, 0)[1]) == status
    assert not horse.give(("job",))


def test_it_goes_after_many_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(horses, "JOBS", 2)
    horse = Horse(lambda: _work)
    horse.give(("job",))
    assert horse.wait(LONG)
    horse.give(("job",))
    assert horse.wait(LONG) is False
    assert os.waitstatus_to_exitcode(os.waitpid(horse.pid, 0)[1]) == 0


def test_what_was_let_go_ends_and_is_reaped() -> None:
    horse = Horse(lambda: _work)
    horse.let_go()
    while _exists(horse.pid):
        horses.reap()


class _Stop(Exception):
    pass


def test_to_be_told_to_stop_in_the_middle_of_a_fork_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise _Stop

    before = signal.signal(signal.SIGTERM, stop)
    monkeypatch.setattr(_told, "now", True)
    try:
        with pytest.raises(_Stop):
            Horse(lambda: _work)
    finally:
        signal.signal(signal.SIGTERM, before)


class _Told:
    now = False

    def perhaps(self) -> None:
        if self.now:
            self.now = False
            # Not to the process: threads that other tests left behind would take it.
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)


_told = _Told()
os.register_at_fork(before=_told.perhaps)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
