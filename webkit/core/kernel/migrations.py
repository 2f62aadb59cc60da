"""Bringing the database's structure up to date.

Alembic is loaded when it is needed: most processes never do, and it would be a tenth of their start.
"""

from __future__ import annotations

from flask import current_app

from webkit.core.kernel.db import db
from webkit.core.paths import MIGRATIONS


def upgrade() -> None:
    """Apply every migration that is missing to the current application's database."""
    _attach()
    from flask_migrate import upgrade as apply

    apply(directory=str(MIGRATIONS))


def downgrade(to: str) -> None:
    """Go back to a revision; "base" removes everything."""
    _attach()
    from flask_migrate import downgrade as go_back

    go_back(directory=str(MIGRATIONS), revision=to)


def _attach() -> None:
    from flask_migrate import Migrate

    Migrate(current_app, db, directory=str(MIGRATIONS), render_as_batch=True)
