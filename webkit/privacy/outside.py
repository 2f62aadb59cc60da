"""Throwing away what lies outside the database: the same for a person's erasure and the deletion of an agency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog

from webkit.core.capabilities.base import Capability, P
from webkit.core.capabilities.charging import SavesMethods
from webkit.core.capabilities.email import EMAIL, ErasableOutbox
from webkit.core.capabilities.errors import CredentialsRejected
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import streams, vendors
from webkit.core.kernel.db import release
from webkit.privacy.erasing_models import Things

log = structlog.get_logger(__name__)

Who = tuple[UUID | None, str]
"""Who has something: through which account of the agency, and the name of the vendor where it is the platform's."""


def throw_away(things: Things, *, whatever_keys: bool = False) -> None:
    """What lies outside the database goes first: while its row is there, a repeated job finds it again.

    With `whatever_keys` accounts of the agency's own that let nobody in any more are passed over: what is in them is
    theirs, and nobody here will ever reach it. Inside the agency's door, outside of a write.
    """
    stores = _keepers(STORAGE, ((account, "") for _key, account in things.files))
    boxes = _keepers(EMAIL, ((account, by) for _id, account, by in things.messages))
    tills = _keepers(PAYMENTS, ((account, by) for _id, account, by in things.methods))
    release()
    for key, account in things.files:
        if (store := stores[account, ""]) is not None:
            with _passing_over(account, whatever_keys):
                store.delete(key)
    for sent, account, by in things.messages:
        box: object = boxes[account, by]
        if isinstance(box, ErasableOutbox):
            with _passing_over(account, whatever_keys):
                box.forget(sent)
    for method, account, by in things.methods:
        till: object = tills[account, by]
        if isinstance(till, SavesMethods):
            with _passing_over(account, whatever_keys):
                till.forget_method(method)
    streams.forget(things.streams)


@contextmanager
def _passing_over(account: UUID | None, whatever_keys: bool) -> Iterator[None]:
    try:
        yield
    except CredentialsRejected:
        if account is None or not whatever_keys:
            raise
        log.warning("an account of the agency lets nobody in: what is there stays there", account=str(account))


def _keepers(capability: Capability[P], wanted: Iterable[Who]) -> dict[Who, P | None]:
    """Each of these once; None for who is not there any more. Nobody is asked anything yet."""
    found: dict[Who, P | None] = {}
    for who in set(wanted):
        vendor = vendors.find_keeper(capability, *who)
        found[who] = vendor.connect() if vendor is not None else None
    return found
