"""Removes traces of use whose time is over, some at a time."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from webkit.core.kernel.db import session
from webkit.privacy.scope_models import sql_table


def remove(name: str, ends: str, before: datetime, most: int) -> int:
    """Delete the oldest rows of a table that ended before then, inside a write of the platform; how many those were."""
    table = sql_table(name)
    old = sa.select(table.c.id).where(table.c[ends] < before).order_by(table.c.id).limit(most)
    gone = session().execute(sa.delete(table).where(table.c.id.in_(old)).returning(table.c.id))
    return len(gone.all())
