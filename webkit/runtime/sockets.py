"""Where the run keeps its lock, its records and its unix sockets."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

# The kernel's limit is 108 bytes on Linux and 104 on macOS, the ending zero included.
LONGEST = 100
_RECORD = "sockets"


def run_folder(data: Path) -> Path:
    """`<data>/run`, readable by us alone."""
    folder = data / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def socket_path(data: Path, name: str) -> Path:
    """The path of the socket `name`: in the data folder, or in a short private folder where that path is too long.

    The short folder is written down in the data folder, so that every process and every later start finds the same.
    """
    folder = run_folder(data)
    path = folder / name
    return path if len(os.fsencode(path)) <= LONGEST else _short_folder(folder / _RECORD) / name


def _short_folder(record: Path) -> Path:
    with contextlib.suppress(OSError):
        folder = Path(record.read_text())
        if _private(folder):
            return folder
    folder = Path(tempfile.mkdtemp(prefix="webkit-"))
    if len(os.fsencode(folder)) > LONGEST - 20:
        folder.rmdir()  # TMPDIR is too long as well
        folder = Path(tempfile.mkdtemp(prefix="webkit-", dir="/tmp"))
    draft = record.with_suffix(f".{os.getpid()}")
    draft.write_text(str(folder))
    draft.replace(record)
    return folder


def _private(folder: Path) -> bool:
    """Folders under /tmp may be anybody's: only one that is ours and closed to others is believed."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == 0o700
