"""Kept sums against what they are kept of: every row is added up again, one by one.

Both are read while others write, so a difference counts only if it is there each time, and the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from flask import Flask

from webkit.core.kernel.db import release, session
from webkit.core.kernel.runtime import current, of
from webkit.core.kernel.tables import Scoped
from webkit.core.kernel.tallies import Counted, Tally
from webkit.core.values import dataclass

LOOKS, AT_ONCE = 3, 2_000
Place = tuple[UUID, str, str, str]


class Kept(NamedTuple):
    """A table whose rows add to kept sums: the columns that this depends on, and what such a row adds."""

    table: type[Scoped]
    standing: type[Any]
    counted: Callable[[Any], Counted]


@dataclass(frozen=True, slots=True)
class Difference:
    """What is kept at a place beside what its rows come to: (how many, sum in minor units)."""

    agency_id: UUID
    kind: str
    currency: str
    place: str
    kept: tuple[int, int]
    added: tuple[int, int]


def keeps(app: Flask, table: type[Scoped], standing: type[Any], counted: Callable[[Any], Counted]) -> None:
    """Say what rows of a table add to the kept sums, so that `doctor` can add it up; call from `webkit_startup`."""
    of(app).kept_sums.append(Kept(table, standing, counted))


def differences() -> list[Difference]:
    """Of every agency, through the platform's door; none where everything is as it should be."""
    found = _look(None)
    for _again in range(LOOKS - 1):
        if not found:
            return []
        release()
        seen = _look({place[0] for place in found})
        found = {place: both for place, both in found.items() if seen.get(place) == both}
    return [Difference(*place, *both) for place, both in sorted(found.items(), key=lambda each: str(each[0]))]


def _look(agencies: Collection[UUID] | None) -> dict[Place, tuple[tuple[int, int], tuple[int, int]]]:
    """What differs now, in these agencies or in all."""
    kept, added = _kept(agencies), _added(agencies)
    nothing = (0, 0)
    return {
        place: (kept.get(place, nothing), added.get(place, nothing))
        for place in {*kept, *added}
        if kept.get(place, nothing) != added.get(place, nothing)
    }


def _kept(agencies: Collection[UUID] | None) -> dict[Place, tuple[int, int]]:
    columns = (Tally.agency_id, Tally.kind, Tally.currency, Tally.place, Tally.count, Tally.total_minor)
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in _rows(Tally, columns, agencies)}


def _added(agencies: Collection[UUID] | None) -> dict[Place, tuple[int, int]]:
    sums: dict[Place, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for kept in current().kept_sums:
        columns = [getattr(kept.table, name) for name in kept.standing._fields]
        for agency, *values in _rows(kept.table, (kept.table.agency_id, *columns), agencies):
            for at, (count, total) in kept.counted(kept.standing(*values)).items():
                so_far = sums[agency, *at]
                sums[agency, *at] = (so_far[0] + count, so_far[1] + total)
    return {place: both for place, both in sums.items() if any(both)}


def _rows(table: type[Scoped], columns: Any, agencies: Collection[UUID] | None) -> Iterator[Any]:
    query = sa.select(*columns)
    if agencies is not None:
        query = query.where(table.agency_id.in_(agencies))
    yield from session().execute(query.execution_options(yield_per=AT_ONCE))
