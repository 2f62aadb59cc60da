"""Throwing away what lies outside the database: the same for a person's erasure and the deletion of an agency."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from webkit.core.capabilities.base import Capability, P
from webkit.core.capabilities.charging import SavesMethods
from webkit.core.capabilities.email import EMAIL, ErasableOutbox
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import streams, vendors
from webkit.core.kernel.db import release
from webkit.privacy.erasing_models import Things

Who = tuple[UUID | None, str]
"""Who has something: through which account of the agency, and the name of the vendor where it is the platform's."""


def throw_away(things: Things) -> None:
    """What lies outside the database goes first: while its row is there, a repeated job finds it again.

    Inside the agency's door, outside of a write.
    """
    stores = _keepers(STORAGE, ((account, "") for _key, account in things.files))
    boxes = _keepers(EMAIL, ((account, by) for _id, account, by in things.messages))
    tills = _keepers(PAYMENTS, ((account, by) for _id, account, by in things.methods))
    release()
    for key, account in things.files:
        if (store := stores[account, ""]) is not None:
            store.delete(key)
    for sent, account, by in things.messages:
        box: object = boxes[account, by]
        if isinstance(box, ErasableOutbox):
            box.forget(sent)
    for method, account, by in things.methods:
        till: object = tills[account, by]
        if isinstance(till, SavesMethods):
            till.forget_method(method)
    streams.forget(things.streams)


def _keepers(capability: Capability[P], wanted: Iterable[Who]) -> dict[Who, P | None]:
    """Each of these once; None for who is not there any more. Nobody is asked anything yet."""
    found: dict[Who, P | None] = {}
    for who in set(wanted):
        vendor = vendors.find_keeper(capability, *who)
        found[who] = vendor.connect() if vendor is not None else None
    return found
