"""Real processes, really killed. A process of a run is known by the mark in its environment."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from functools import partial
from pathlib import Path

import pytest
import redis

from tests.runtime.conftest import PATIENCE, SPARE, STUBBORN, VALKEY, WEB, Platform, until
from webkit.runtime import ports, processes, valkey
from webkit.runtime.supervisor import ALREADY_RUNNING, CANNOT_START


def store(data: Path) -> redis.Redis:
    return redis.Redis.from_url(valkey.url(data))


def test_parts_start_in_order_and_the_address_is_said_once(platform: Platform) -> None:
    platform.start()
    platform.up()
    until(lambda: platform.said(f"webkit is running at http://127.0.0.1:{platform.port}"))
    assert sum("webkit is running" in line for line in platform.lines) == 1
    assert (platform.data / "run").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything_within_five_seconds(platform: Platform, number: signal.Signals) -> None:
    platform.start(TOY_STUBBORN="1")
    platform.up()
    until(lambda: platform.said("stubborn | I stay"))
    with urllib.request.urlopen(f"http://127.0.0.1:{platform.port}/stream") as stream:
        assert stream.readline() == b"tick\n"
        assert platform.stop(number) < PATIENCE
    assert platform.process.returncode == 0
    assert platform.processes() == []


def test_asked_twice_it_ends_at_once(platform: Platform) -> None:
    platform.start(TOY_STUBBORN="1")
    platform.up()
    until(lambda: platform.said("stubborn | I stay"))
    began = time.monotonic()
    platform.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    platform.process.send_signal(signal.SIGINT)
    platform.process.wait(5)
    assert time.monotonic() - began < PATIENCE
    assert platform.processes() == []


def test_a_dead_part_comes_back_alone(platform: Platform) -> None:
    platform.start()
    platform.up()
    for part in (SPARE, WEB, VALKEY, STUBBORN):
        before = platform.leaders()
        os.kill(before[part], signal.SIGKILL)
        after = until(partial(_reborn, platform, part, before))
        assert {**after, part: 0} == {**before, part: 0}
    until(platform.page)
    until(lambda: platform.said("spare ended (SIGKILL), starting it again."))


def _reborn(platform: Platform, part: str, before: dict[str, int]) -> dict[str, int]:
    after = platform.leaders()
    return after if part in after and after[part] != before[part] else {}


def test_workers_left_by_a_dead_master_do_not_keep_its_port(platform: Platform) -> None:
    platform.start()
    platform.up()
    with urllib.request.urlopen(f"http://127.0.0.1:{platform.port}/stream") as stream:
        stream.readline()
        master = platform.page()["master"]
        os.kill(master, signal.SIGKILL)
        assert until(lambda: platform.page()["master"] != master, seconds=4)


def test_what_is_stored_survives_a_kill_and_a_second_start(platform: Platform) -> None:
    platform.start()
    platform.up()
    with store(platform.data) as connection:
        connection.set("kept", "yes")
    time.sleep(1.1)  # the append-only file is synced every second
    os.kill(platform.leaders()[VALKEY], signal.SIGKILL)
    until(lambda: valkey.ready(platform.data))
    with store(platform.data) as connection:
        assert connection.get("kept") == b"yes"
    platform.stop()
    platform.start()
    platform.up()
    with store(platform.data) as connection:
        assert connection.get("kept") == b"yes"


def test_a_killed_supervisor_leaves_nothing(platform: Platform) -> None:
    platform.start(TOY_STUBBORN="1")
    platform.up()
    until(lambda: platform.said("stubborn | I stay"))
    platform.die()
    until(lambda: not platform.processes(), seconds=6)


def test_a_killed_reaper_is_replaced(platform: Platform) -> None:
    platform.start()
    platform.up()
    first = platform.reaper
    os.kill(first, signal.SIGKILL)
    until(lambda: any(p.mark.endswith("reaper") and p.pid != first for p in platform.processes()))
    platform.die()
    until(lambda: not platform.processes(), seconds=6)


def test_the_next_start_ends_what_a_double_kill_left(platform: Platform) -> None:
    platform.start()
    platform.up()
    os.kill(platform.reaper, signal.SIGSTOP)  # so that it can do nothing between the two kills
    platform.die()
    os.kill(platform.reaper, signal.SIGKILL)
    left = {p.pid for p in platform.processes()}
    assert len(left) >= 4
    platform.start()
    until(lambda: not left & {p.pid for p in platform.processes()})
    platform.up()


def test_a_second_supervisor_says_so_and_leaves_the_first_alone(platform: Platform) -> None:
    platform.start()
    platform.up()
    before = platform.leaders()
    second = subprocess.run(platform.process.args, capture_output=True, text=True, timeout=10, check=False)
    assert second.returncode == ALREADY_RUNNING
    assert f"webkit is already running on {platform.data}" in second.stdout
    assert platform.leaders() == before


def test_a_part_that_can_never_start_ends_everything(platform: Platform) -> None:
    assert platform.start(TOY_STEP=str(CANNOT_START)).wait(20) == CANNOT_START
    until(lambda: platform.said("step cannot start, so nothing else does."))
    assert platform.processes() == []


def test_a_part_that_keeps_dying_does_not_hold_up_the_others(platform: Platform) -> None:
    platform.start(TOY_STEP="7")
    until(platform.page)
    until(lambda: sum("step ended (exit code 7), starting it again." in line for line in platform.lines) >= 3)
    assert {WEB, VALKEY} <= set(platform.leaders())


def test_a_taken_port_is_named_before_anything_starts(platform: Platform) -> None:
    with ports.listener("127.0.0.1", platform.port):
        assert platform.start().wait(20) == CANNOT_START
    until(lambda: platform.said(f"Port {platform.port} on 127.0.0.1 is already in use."))
    assert platform.processes() == []


def test_marks_of_another_folder_are_not_ours(tmp_path: Path) -> None:
    mine, other = processes.new_run(tmp_path / "a"), processes.new_run(tmp_path / "b")
    sleeper = subprocess.Popen(["sleep", "60"], env={processes.MARK: other}, start_new_session=True)
    try:
        until(lambda: processes.marked(other))
        assert processes.marked(processes.place(tmp_path / "a")) == []
        assert processes.marked(mine) == []
        processes.end(lambda: processes.marked(other), grace=2)
        assert sleeper.wait(1) == -signal.SIGTERM
    finally:
        sleeper.kill()
        sleeper.wait()
