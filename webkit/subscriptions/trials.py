"""One trial for each person: whoever founds a second agency, or the same one again, pays or has the free tier.

A person is who has the account, and whose address it is however it is spelt. Both are remembered when an agency is
deleted: the account by its number, the address by a keyed hash.
"""

from __future__ import annotations

from webkit.accounts.events import AgencyFounded
from webkit.core.kernel.db import writes
from webkit.core.kernel.runtime import current
from webkit.subscriptions import models


@writes
def founded(event: AgencyFounded) -> None:
    """An agency begins its trial, if its founder has had none."""
    persons = (f"user:{event.user_id.hex}", current().keys.token_hash(f"trial {plain(event.email)}"))
    models.begin_trial(event.agency_id, persons)


def plain(email: str) -> str:
    """An address without what makes many of one: case, and what stands behind a plus."""
    name, _at, domain = email.strip().lower().rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"
