from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from webkit.core.capabilities.base import Health
from webkit.sdk.files import replace, replacing, writable, write_once


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replace_makes_folders_and_leaves_only_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    replace(path, b"one")
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(path.parent) == ["file"]


def test_an_error_in_the_block_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace(path, b"one")
    with pytest.raises(RuntimeError), replacing(path) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"one"
    assert names(tmp_path) == ["file"]


def test_the_first_writer_wins(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write_once(path, b"first")
    assert not write_once(path, b"second")
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["file"]


def _write(path: Path, number: int) -> None:
    write_once(path, str(number).encode() * 50_000)


def test_of_many_processes_one_wins_and_nothing_mixes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write, args=(path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    content = path.read_bytes()
    assert len(content) == 50_000
    assert len(set(content)) == 1
    assert names(tmp_path) == ["file"]


def test_a_folder_that_takes_nothing_is_no_place(tmp_path: Path) -> None:
    assert writable(tmp_path / "new" / "er").status is Health.OK
    assert names(tmp_path) == []
    (tmp_path / "file").write_text("")
    for place in (Path("/proc/nope"), tmp_path / "file" / "below"):
        report = writable(place)
        assert (report.status, report.detail) == (Health.DOWN, f"{place.parent} cannot be written")
