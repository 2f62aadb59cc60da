"""Whose documents are: tests make most of them without a person, and hand them to one."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from webkit.core.kernel import db, tenancy


def hand_to(person_id: UUID | None) -> None:
    """Make somebody the author of every document of the current agency."""
    with db.writing():
        for table in tenancy.authored_tables().values():
            db.session().execute(sa.update(table).values(author_id=person_id))
    db.release()
