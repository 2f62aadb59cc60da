"""What a process remembers of active domains, so that a name that is not the platform's costs no question of its own.

All names are read together and believed for some seconds: in this process until somebody here changes one, in the
others until the time is over. So a lost domain goes on being answered for fifteen seconds at most, and a name that
nobody has costs nothing more than one that somebody has. Links are not written from here: they ask the agency's row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from webkit.core.kernel import db, tenancy
from webkit.domains import models, service

SECONDS = 15.0


@dataclass(slots=True)
class Snapshot:
    """All active names at one moment, and which of their agencies' tiers sell it, as far as anybody has asked."""

    until: float
    owners: Mapping[str, UUID]
    sold: dict[UUID, bool] = field(default_factory=dict)


class Known:
    """The names of one process."""

    def __init__(self) -> None:
        self._lock, self._changes = threading.Lock(), 0
        self._latest: Snapshot | None = None

    def forget(self) -> None:
        """Read them again with the next question."""
        self._changes += 1
        self._latest = None

    def owner(self, host: str) -> UUID | None:
        """Whose domain a name is, while its tier sells it."""
        names = self._names()
        if (agency := names.owners.get(host)) is None:
            return None
        if agency not in names.sold:
            names.sold[agency] = _sells(agency)
        return agency if names.sold[agency] else None

    def _names(self) -> Snapshot:
        """One thread reads, the others wait for it."""
        if (latest := self._latest) is not None and time.monotonic() < latest.until:
            return latest
        with self._lock:
            if (latest := self._latest) is not None and time.monotonic() < latest.until:
                return latest
            changes = self._changes
            with db.unit(db.Scope()):
                read = Snapshot(time.monotonic() + SECONDS, models.active())
            if changes == self._changes:  # else one has changed while they were read
                self._latest = read
            return read


def _sells(agency: UUID) -> bool:
    with tenancy.tenant(agency):
        return service.is_sold()
