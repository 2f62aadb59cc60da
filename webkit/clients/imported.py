"""Clients that come from another system: many at once, and taken back as long as nothing was done with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from webkit.clients import models
from webkit.clients.forms import ClientForm
from webkit.core.kernel import events
from webkit.core.kernel.db import writes
from webkit.core.kernel.events import ref
from webkit.core.kernel.forms import bind


class Known(NamedTuple):
    """What a client is recognised by."""

    id: UUID
    name: str
    email: str
    tax_id: str
    country: str


def known() -> list[Known]:
    """Every client of the agency, archived ones too."""
    return [Known(row[0], row[1], row[2] or "", row[3], row[4]) for row in models.known()]


def stored(ids: Iterable[UUID], names: Iterable[str]) -> dict[UUID, dict[str, Any]]:
    """What these columns say of these clients."""
    wanted = list(names)
    return {row.id: {name: getattr(row, name) or "" for name in wanted} for row in models.several(list(ids))}


def read(given: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Columns and their values as a form would have them, and what is wrong with which."""
    bound = bind(ClientForm, given)
    return (bound.data.values(), {}) if bound.ok else ({}, dict(bound.state.errors))


@writes
def add_imported(values: Sequence[dict[str, Any]]) -> list[UUID]:
    """Add clients whose values were read before. The import that brings them is the event, not each of them."""
    return [row.id for row in models.add_imported(values)]


@writes
def remove_imported(ids: Collection[UUID]) -> set[UUID]:
    """Take out of these clients those with whom nothing was done since; returns them."""
    untouched = models.as_added(ids)  # a note that was changed is no event
    told = events.told_of(ref("client", each) for each in ids)
    used = models.referred(ids)
    gone = {each for each in untouched if each not in used and ref("client", each) not in told}
    models.remove(gone)
    return gone


def folded(text: str) -> str:
    """A name for comparing: small letters without accents."""
    return models.folded(text)
