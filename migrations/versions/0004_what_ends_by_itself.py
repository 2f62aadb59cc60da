"""what ends by itself"""

import sqlalchemy as sa
from alembic import op

from webkit.core.kernel import sealed

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SEALED = {
    "agency_profiles": {
        "tax_id": 40,
        "bank_account_name": 200,
        "bank_iban": 40,
        "bank_bic": 20,
        "bank_text": 500,
    },
    "bank_lines": {"iban": 34},
}
STORE = ("agency_id", "plugin", "key")


def upgrade() -> None:
    op.create_table(
        "agency_arrivals",
        sa.Column(
            "state",
            sa.Enum("waiting", "done", "refused", "failed", name="arrivalstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_name", sa.String(length=100), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("file_key", sa.String(length=255), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("became", sa.Uuid(), nullable=True),
        sa.Column("slug", sa.String(length=50), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_arrivals")),
    )
    with op.batch_alter_table("agency_deletions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True))
    _invitations_to_try()
    _seal()


def _invitations_to_try() -> None:
    op.create_table(
        "beta_invitations",
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("lent_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "used", "cancelled", name="betastate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("founded", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beta_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_beta_invitations_token_hash")),
    )
    pending = sa.text("state = 'pending'")
    with op.batch_alter_table("beta_invitations", schema=None) as batch_op:
        batch_op.create_index(
            "uq_beta_invitations_email", ["email"], unique=True, sqlite_where=pending, postgresql_where=pending
        )


def _seal() -> None:
    """Bank and tax details, and what plugins keep, were plain until now."""
    with op.batch_alter_table("bank_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("iban_key", sa.String(length=64), server_default="", nullable=False))
    for table, lengths in SEALED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, length in lengths.items():
                batch_op.alter_column(
                    name, existing_type=sa.String(length=length), type_=sa.Text(), existing_nullable=False
                )
    sealed.key_plain(op.get_bind(), "bank_lines", "iban", "iban_key")
    for table, lengths in SEALED.items():
        sealed.seal_plain(op.get_bind(), table, tuple(lengths))
    sealed.seal_plain(op.get_bind(), "plugin_values", ("value",), STORE)


def _open() -> None:
    sealed.open_sealed(op.get_bind(), "plugin_values", ("value",), STORE)
    for table, lengths in SEALED.items():
        sealed.open_sealed(op.get_bind(), table, tuple(lengths))
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name, length in lengths.items():
                batch_op.alter_column(
                    name, existing_type=sa.Text(), type_=sa.String(length=length), existing_nullable=False
                )
    with op.batch_alter_table("bank_lines", schema=None) as batch_op:
        batch_op.drop_column("iban_key")


def downgrade() -> None:
    _open()
    op.drop_table("beta_invitations")
    with op.batch_alter_table("agency_deletions", schema=None) as batch_op:
        batch_op.drop_column("swept_at")
    op.drop_table("agency_arrivals")
