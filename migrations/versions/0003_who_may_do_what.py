"""who may do what"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("payout_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("platform_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("changed_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("changed_currency", sa.String(length=3), server_default="", nullable=False))
        batch_op.create_index("ix_payout_lines_payment", ["agency_id", "payment_vendor_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("payout_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_payout_lines_payment")
        batch_op.drop_column("changed_currency")
        batch_op.drop_column("changed_minor")
        batch_op.drop_column("platform_minor")
