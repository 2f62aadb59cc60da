"""Where the files of imports are kept until they have been brought in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import tenancy, vendors
from webkit.core.kernel.db import release

IN_MEMORY = 4 * 1024 * 1024


def keep(import_id: UUID, body: BinaryIO) -> tuple[str, UUID | None]:
    """Store a file; its key, and the account it is kept in. Not inside a write."""
    key = f"imports/{tenancy.agency_id()}/{import_id}.csv"
    storage = vendors.chosen(STORAGE)
    release()
    body.seek(0)
    storage.connect().put(key, body, content_type="text/csv")
    return key, storage.account_id


@contextmanager
def opened(key: str, account: UUID | None) -> Iterator[BinaryIO]:
    """The file, as one that can be read as often as needed while the database is at work."""
    storage = vendors.keeper(STORAGE, account)
    release()
    with tempfile.SpooledTemporaryFile(IN_MEMORY) as copy:
        with storage.connect().open(key) as body:
            shutil.copyfileobj(body, copy)
        copy.seek(0)
        yield copy  # type: ignore[misc]


def drop(key: str, account: UUID | None) -> None:
    """Remove a file. Nothing needs it any more, so a storage that has gone is no failure."""
    storage = vendors.find_keeper(STORAGE, account)
    release()
    if storage is not None and key:
        storage.connect().delete(key)
