"""the depth of a deal"""

import sqlalchemy as sa
from alembic import op

from webkit.core.kernel import schema

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


OWNED = ("website_audits",)


def upgrade() -> None:
    op.create_table(
        "website_audits",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column(
            "strategy", sa.Enum("mobile", "desktop", name="strategy", native_enum=False, length=32), nullable=False
        ),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "measuring", "done", "failed", name="auditstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("final_url", sa.String(length=2048), nullable=False),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_website_audits_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_website_audits_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_website_audits")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_website_audits_agency_id_id")),
    )
    with op.batch_alter_table("website_audits", schema=None) as batch_op:
        batch_op.create_index(
            "ix_website_audits_agency_id_client_id_id", ["agency_id", "client_id", "id"], unique=False
        )
        batch_op.create_index("ix_website_audits_agency_id_created_at", ["agency_id", "created_at"], unique=False)

    schema.protect(op.get_bind(), *OWNED)


def downgrade() -> None:
    with op.batch_alter_table("website_audits", schema=None) as batch_op:
        batch_op.drop_index("ix_website_audits_agency_id_created_at")
        batch_op.drop_index("ix_website_audits_agency_id_client_id_id")

    op.drop_table("website_audits")
