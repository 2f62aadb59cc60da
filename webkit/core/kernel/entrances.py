"""Who may enter which agency: asked on every page of staff, so Redis remembers the answers for a minute.

An answer is believed only under the count it was found with. Whoever changes an agency or a membership counts up
after the commit, so an answer that was found before it is never believed later, also when it is remembered only then.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from uuid import UUID

from webkit.core.kernel import cache
from webkit.core.kernel.db import after_commit
from webkit.core.kernel.directory import AgencyView, Seat
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

REMEMBERED = 60
_COUNT, _ENTRANCE = "webkit:entrances", "webkit:entrance:"


@dataclass(frozen=True, slots=True)
class Entrance:
    """An agency that somebody may enter, and as what."""

    agency: AgencyView
    seat: Seat


def keys(slug: str, token: str) -> tuple[str, str]:
    """Where the answer for a session stands, for whoever asks for more in the same question."""
    return _COUNT, f"{_ENTRANCE}{slug}:{cache.private(f'entrance/{token}')}"


def find(slug: str, user_id: UUID, token: str) -> Entrance | None:
    """The agency under this address as this person may enter it; None for strangers and for what does not exist.

    `token` is that of the session: what is remembered is remembered for it.
    """
    names = keys(slug, token)
    count, text = cache.get(*names)
    if text is not None and (known := _from_text(text, count)) is not None:
        return known
    found = _ask(slug, user_id)
    if found is not None and not found.seat.sitting_in:  # that one ends at a minute of its own
        cache.put(names[1], _to_text(found, count), REMEMBERED)
    return found


def changed() -> None:
    """Somebody's membership or an agency has changed: forget every entrance once the current write is committed."""
    after_commit(lambda: cache.bump(_COUNT))


def _ask(slug: str, user_id: UUID) -> Entrance | None:
    directory = current().directory
    agency = directory.by_slug(slug)
    seat = directory.seat(agency.id, user_id) if agency else None
    return Entrance(agency, seat) if agency and seat else None


def _to_text(entrance: Entrance, count: str | None) -> str:
    agency = asdict(entrance.agency) | {"id": str(entrance.agency.id)}
    return json.dumps({"count": count, "agency": agency, "seat": asdict(entrance.seat)})


def _from_text(text: str, count: str | None) -> Entrance | None:
    kept = json.loads(text)
    if kept["count"] != count:
        return None
    agency = kept["agency"]
    return Entrance(AgencyView(**agency | {"id": UUID(agency["id"])}), Seat(**kept["seat"]))
