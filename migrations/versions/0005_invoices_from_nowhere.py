"""invoices from nowhere"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WHOLE = ("contract_id", "quotation_id", "proposal_id")
SOURCES = ("milestone_id", *WHOLE)


def upgrade() -> None:
    """What bills nothing agreed is in no index of what was agreed, and what bills something is found by one."""
    for source in SOURCES:
        _put(source, f"{source} IS NOT NULL AND {_billed(source)}")
    for source in WHOLE:
        which = sa.text(f"{source} IS NOT NULL")
        op.create_index(
            f"ix_invoices_{source}", "invoices", ["agency_id", source, "id"], sqlite_where=which, postgresql_where=which
        )


def downgrade() -> None:
    for source in WHOLE:
        op.drop_index(f"ix_invoices_{source}", "invoices")
    for source in SOURCES:
        _put(source, _billed(source))


def _billed(source: str) -> str:
    return "stands" if source == "milestone_id" else "kind <> 'milestone' AND stands"


def _put(source: str, which: str) -> None:
    where, name = sa.text(which), f"uq_invoices_{source}_kind"
    op.drop_index(name, "invoices")
    op.create_index(
        name, "invoices", ["agency_id", source, "kind"], unique=True, sqlite_where=where, postgresql_where=where
    )
