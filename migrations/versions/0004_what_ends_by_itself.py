"""what ends by itself"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from webkit.core.kernel import schema, sealed

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
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
    _invitations_to_try()
    _own_issuers()
    _own_domains()
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


def _own_issuers() -> None:
    op.create_table(
        "agency_issuers",
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.String(length=255), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        *_owned("agency_issuers"),
        sa.UniqueConstraint("agency_id", name=op.f("uq_agency_issuers_agency_id")),
    )
    op.create_table(
        "agency_identities",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_owned("agency_identities"),
        sa.UniqueConstraint(
            "agency_id", "issuer", "subject", name=op.f("uq_agency_identities_agency_id_issuer_subject")
        ),
        sa.UniqueConstraint("agency_id", "user_id", name=op.f("uq_agency_identities_agency_id_user_id")),
    )
    with op.batch_alter_table("agency_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agency_identities_user_id"), ["user_id"], unique=False)
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("confined_to", sa.Uuid(), nullable=True))
    schema.protect(op.get_bind(), "agency_issuers", "agency_identities")
    schema.append_only(op.get_bind(), "audit_log", allow_delete=True, may_empty=("detail", "address"))


def _own_domains() -> None:
    op.create_table(
        "agency_domains",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(length=253), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "active", "lost", name="domainstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("problem", sa.String(length=16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_domains_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_domains")),
        sa.UniqueConstraint("agency_id", name=op.f("uq_agency_domains_agency_id")),
    )
    active = sa.text("state = 'active'")
    with op.batch_alter_table("agency_domains", schema=None) as batch_op:
        batch_op.create_index(
            "uq_agency_domains_host", ["host"], unique=True, sqlite_where=active, postgresql_where=active
        )
        batch_op.create_index("ix_agency_domains_next_at", ["next_at"], unique=False)
    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("domain", sa.String(length=253), server_default="", nullable=False))


def _owned(table: str) -> tuple[sa.Column[Any] | sa.Constraint, ...]:
    return (
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f(f"fk_{table}_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("agency_id", "id", name=op.f(f"uq_{table}_agency_id_id")),
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
    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.drop_column("domain")
    op.drop_table("agency_domains")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("confined_to")
    op.drop_table("agency_identities")
    op.drop_table("agency_issuers")
    op.drop_table("beta_invitations")
    with op.batch_alter_table("agency_deletions", schema=None) as batch_op:
        batch_op.drop_column("swept_at")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_column("warned_at")
    op.drop_table("agency_arrivals")
