"""For providers that keep what they do in a folder: where it is, and writes that a crash cannot tear."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from webkit.core.capabilities.base import Health, HealthReport, ProviderSettings, env

LITTLE_SPACE = 200 * 1024 * 1024

__all__ = ["DataFolderSettings", "replace", "replacing", "writable", "write_once"]


class DataFolderSettings(ProviderSettings):
    """Settings of a provider whose folder lies, unless said otherwise, in the platform's data folder."""

    data: Path = env("WEBKIT_DATA", default=Path("data"), description="Folder of the database, keys, files and logs.")


@contextmanager
def replacing(path: Path, scratch: Path | None = None) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file `path`, durably and all at once, when the block ends without an error.

    Half-written files appear only in `scratch`, a folder on the same disk; by default beside `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _scratch_file(scratch or path.parent) as (stream, temporary):
        yield stream
        _flush(stream)
        temporary.replace(path)
    _flush_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Make `content` the file `path`, durably and all at once."""
    with replacing(path) as stream:
        stream.write(content)


def write_once(path: Path, content: bytes) -> bool:
    """Create the file `path` with `content` unless it exists; whoever is first wins, and only the first gets True."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _scratch_file(path.parent) as (stream, temporary):
        stream.write(content)
        _flush(stream)
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
    _flush_folder(path.parent)
    return True


def writable(folder: Path) -> HealthReport:
    """Whether a folder can be written, or made, with room to spare."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    try:  # permissions do not tell: some folders take nothing from anybody
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError:
        return HealthReport(Health.DOWN, f"{existing} cannot be written")
    if shutil.disk_usage(existing).free < LITTLE_SPACE:
        return HealthReport(Health.DEGRADED, f"the disk of {existing} is almost full")
    return HealthReport(Health.OK)


@contextmanager
def _scratch_file(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".writing-", dir=folder)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream, temporary
    finally:
        temporary.unlink(missing_ok=True)


def _flush(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _flush_folder(folder: Path) -> None:
    """The new name of a file is durable only after its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
