"""who may do what"""

import sqlalchemy as sa
from alembic import op

from webkit.core.kernel import schema

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


OWNED = (
    "agency_deletions",
    "agency_exports",
    "api_answers",
    "charge_collections",
    "charge_settings",
    "charges",
    "custom_roles",
    "erasures",
    "former_keys",
    "invitations",
    "invoice_write_offs",
    "ownership_transfers",
    "payment_agreements",
    "payment_methods",
    "payment_payers",
    "retainer_bills",
    "retainers",
    "subscriptions",
    "tier_grants",
    "webhook_deliveries",
    "webhook_endpoints",
)

APPEND_ONLY = ("invoice_write_offs",)


def upgrade() -> None:
    op.create_table(
        "account_deletions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("asked", "cancelled", "running", "done", name="deletionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_deletions")),
    )
    with op.batch_alter_table("account_deletions", schema=None) as batch_op:
        batch_op.create_index("ix_account_deletions_user_id_id", ["user_id", "id"], unique=False)

    op.create_table(
        "trials",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("began_for", sa.Uuid(), nullable=False),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sa.UniqueConstraint("person", name=op.f("uq_trials_person")),
    )
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.create_index("ix_trials_began_for", ["began_for"], unique=False)

    op.create_table(
        "user_exports",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "done", "failed", "gone", name="archivestate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("file_key", sa.String(length=255), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_exports")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_exports_token_hash")),
    )
    with op.batch_alter_table("user_exports", schema=None) as batch_op:
        batch_op.create_index("ix_user_exports_user_id_id", ["user_id", "id"], unique=False)

    op.create_table(
        "agency_deletions",
        sa.Column(
            "state",
            sa.Enum("asked", "cancelled", "running", "done", name="deletionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_name", sa.String(length=100), nullable=False),
        sa.Column("asked_email", sa.String(length=255), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_deletions_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_deletions")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_agency_deletions_agency_id_id")),
    )
    op.create_table(
        "agency_exports",
        sa.Column(
            "state",
            sa.Enum("waiting", "done", "failed", "gone", name="archivestate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_name", sa.String(length=100), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("missing", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(length=255), nullable=True),
        sa.Column("file_account", sa.Uuid(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_agency_exports_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_exports")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_agency_exports_agency_id_id")),
    )
    op.create_table(
        "api_answers",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("asked", sa.String(length=64), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_api_answers_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_answers")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_api_answers_agency_id_id")),
        sa.UniqueConstraint("agency_id", "key", name=op.f("uq_api_answers_agency_id_key")),
    )
    with op.batch_alter_table("api_answers", schema=None) as batch_op:
        batch_op.create_index("ix_api_answers_created_at", ["created_at"], unique=False)

    op.create_table(
        "api_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Enum("personal", "agency", name="kind", native_enum=False, length=32), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_api_keys_agency_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("ix_api_keys_agency_id_id", ["agency_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_keys_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_api_keys_user_id"), ["user_id"], unique=False)

    op.create_table(
        "authenticators",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_authenticators_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authenticators")),
        sa.UniqueConstraint("user_id", name=op.f("uq_authenticators_user_id")),
    )
    op.create_table(
        "backup_codes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=4), nullable=False),
        sa.Column("code_hash", sa.String(length=255), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_backup_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_codes")),
        sa.UniqueConstraint("user_id", "label", name=op.f("uq_backup_codes_user_id_label")),
    )
    op.create_table(
        "charge_settings",
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_charge_settings_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_settings")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_charge_settings_agency_id_id")),
        sa.UniqueConstraint("agency_id", name=op.f("uq_charge_settings_agency_id")),
    )
    op.create_table(
        "custom_roles",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_custom_roles_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_roles")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_custom_roles_agency_id_id")),
        sa.UniqueConstraint("agency_id", "name", name=op.f("uq_custom_roles_agency_id_name")),
    )
    op.create_table(
        "external_identities",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_external_identities_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_external_identities_issuer_subject")),
    )
    with op.batch_alter_table("external_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_external_identities_user_id"), ["user_id"], unique=False)

    op.create_table(
        "former_keys",
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_former_keys_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "public_key", name=op.f("pk_former_keys")),
    )
    op.create_table(
        "ownership_transfers",
        sa.Column("from_user", sa.Uuid(), nullable=False),
        sa.Column("to_user", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "accepted", "declined", "cancelled", name="step", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ownership_transfers_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ownership_transfers")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ownership_transfers_agency_id_id")),
    )
    with op.batch_alter_table("ownership_transfers", schema=None) as batch_op:
        batch_op.create_index(
            "uq_ownership_transfers_pending",
            ["agency_id"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "passkeys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("credential", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_passkeys_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkeys_credential")),
    )
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkeys_user_id"), ["user_id"], unique=False)

    op.create_table(
        "phones",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_phones_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phones")),
        sa.UniqueConstraint("user_id", name=op.f("uq_phones_user_id")),
    )
    op.create_table(
        "platform_staff",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_platform_staff_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_platform_staff")),
        sa.UniqueConstraint("user_id", name=op.f("uq_platform_staff_user_id")),
    )
    op.create_table(
        "sign_in_steps",
        sa.Column(
            "purpose",
            sa.Enum(
                "second",
                "passkey",
                "add_passkey",
                "prove",
                "identity",
                "link_identity",
                name="purpose",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.Column("challenge", sa.String(length=128), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_in_steps_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_steps")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_steps_token_hash")),
    )
    with op.batch_alter_table("sign_in_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_steps_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_steps_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sit_ins",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_sit_ins_agency_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sit_ins_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sit_ins")),
    )
    with op.batch_alter_table("sit_ins", schema=None) as batch_op:
        batch_op.create_index("ix_sit_ins_agency_id_user_id", ["agency_id", "user_id"], unique=False)
        batch_op.create_index("ix_sit_ins_user_id", ["user_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "incomplete",
                "trialing",
                "active",
                "past_due",
                "unpaid",
                "ended",
                name="subscriptionstate",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column("interval", sa.Enum("month", "year", name="interval", native_enum=False, length=32), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("period_start", sa.DateTime(timezone=True), nullable=True),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends", sa.Boolean(), nullable=False),
        sa.Column("next_tier", sa.String(length=16), nullable=False),
        sa.Column(
            "next_interval", sa.Enum("month", "year", name="interval", native_enum=False, length=32), nullable=True
        ),
        sa.Column("unpaid_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("strange", sa.String(length=200), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("checkout_id", sa.String(length=128), nullable=False),
        sa.Column("checkout_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_subscriptions_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_subscriptions_agency_id_id")),
        sa.UniqueConstraint("agency_id", name=op.f("uq_subscriptions_agency_id")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index("ix_subscriptions_provider_synced_at", ["provider", "synced_at"], unique=False)

    op.create_table(
        "tier_grants",
        sa.Column("tier", sa.String(length=16), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "beta_tester",
                "partner",
                "promotional",
                "early_signup",
                "referral_reward",
                "internal",
                name="reason",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("granted_by", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_tier_grants_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_grants")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_tier_grants_agency_id_id")),
    )
    with op.batch_alter_table("tier_grants", schema=None) as batch_op:
        batch_op.create_index("ix_tier_grants_agency_id_expires_at", ["agency_id", "expires_at"], unique=False)

    op.create_table(
        "webhook_endpoints",
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("old_secret", sa.Text(), nullable=False),
        sa.Column("old_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum("active", "paused", "stopped", name="endpointstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_webhook_endpoints_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_webhook_endpoints_agency_id_id")),
    )
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_endpoints_state", ["state"], unique=False)

    op.create_table(
        "erasures",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("state", sa.Enum("asked", "done", name="erasurestate", native_enum=False, length=32), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("known", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("next_due", sa.Date(), nullable=True),
        sa.Column("frozen_id", sa.Uuid(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_erasures_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_erasures_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("agency_id", "client_id", "nth", name=op.f("uq_erasures_agency_id_client_id_nth")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_erasures_agency_id_id")),
    )
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.create_index("ix_erasures_agency_id_next_due", ["agency_id", "next_due"], unique=False)

    op.create_table(
        "invitations",
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("inviter", sa.String(length=100), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "accepted", "declined", "cancelled", name="step", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "role_id"],
            ["custom_roles.agency_id", "custom_roles.id"],
            name=op.f("fk_invitations_agency_id_role_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_invitations_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_invitations_agency_id_id")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index("ix_invitations_agency_id_role_id", ["agency_id", "role_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_token_hash"), ["token_hash"], unique=False)
        batch_op.create_index(
            "uq_invitations_email",
            ["agency_id", "email"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.create_table(
        "payment_agreements",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("checkout_id", sa.String(length=128), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_payment_agreements_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payment_agreements_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_agreements")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payment_agreements_agency_id_id")),
    )
    with op.batch_alter_table("payment_agreements", schema=None) as batch_op:
        batch_op.create_index("ix_payment_agreements_agency_id_client_id", ["agency_id", "client_id"], unique=False)
        batch_op.create_index("ix_payment_agreements_checkout_id", ["checkout_id"], unique=False)
        batch_op.create_index("ix_payment_agreements_done_at_created_at", ["done_at", "created_at"], unique=False)

    op.create_table(
        "payment_payers",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("through", sa.String(length=36), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_payment_payers_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payment_payers_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_payers")),
        sa.UniqueConstraint(
            "agency_id",
            "client_id",
            "provider",
            "through",
            name=op.f("uq_payment_payers_agency_id_client_id_provider_through"),
        ),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payment_payers_agency_id_id")),
    )
    op.create_table(
        "retainers",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("interval", sa.Enum("month", "year", name="interval", native_enum=False, length=32), nullable=False),
        sa.Column("start", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "offered", "active", "past_due", "paused", "ending", "ended", name="word", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("payer_id", sa.String(length=128), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("checkout_id", sa.String(length=128), nullable=False),
        sa.Column("checkout_url", sa.Text(), nullable=False),
        sa.Column("checkout_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_retainers_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_retainers_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retainers")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_retainers_agency_id_id")),
    )
    with op.batch_alter_table("retainers", schema=None) as batch_op:
        batch_op.create_index("ix_retainers_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_retainers_state_looked_at", ["state", "looked_at"], unique=False)

    op.create_table(
        "token_families",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_why", sa.String(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_token_families_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_token_families")),
    )
    with op.batch_alter_table("token_families", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_families_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_token_families_key_id"), ["key_id"], unique=False)

    op.create_table(
        "webhook_deliveries",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "delivered", "failed", name="deliverystate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("log", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "endpoint_id"],
            ["webhook_endpoints.agency_id", "webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_agency_id_endpoint_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_webhook_deliveries_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_webhook_deliveries_agency_id_id")),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_deliveries_done_at", ["done_at"], unique=False)
        batch_op.create_index("ix_webhook_deliveries_endpoint", ["agency_id", "endpoint_id", "id"], unique=False)
        batch_op.create_index("ix_webhook_deliveries_state", ["agency_id", "endpoint_id", "state", "seq"], unique=False)

    op.create_table(
        "payment_methods",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("payer_id", sa.String(length=128), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("card", "sepa_debit", "other", name="methodkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("brand", sa.String(length=32), nullable=False),
        sa.Column("last4", sa.String(length=8), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("active", "removed", "gone", name="methodstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "agreement_id"],
            ["payment_agreements.agency_id", "payment_agreements.id"],
            name=op.f("fk_payment_methods_agency_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_payment_methods_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payment_methods_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payment_methods_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "provider", "vendor_id", name=op.f("uq_payment_methods_agency_id_provider_vendor_id")
        ),
    )
    with op.batch_alter_table("payment_methods", schema=None) as batch_op:
        batch_op.create_index("ix_payment_methods_agency_id_agreement_id", ["agency_id", "agreement_id"], unique=False)
        batch_op.create_index("ix_payment_methods_agency_id_client_id", ["agency_id", "client_id"], unique=False)
        batch_op.create_index("ix_payment_methods_vendor_id", ["vendor_id"], unique=False)

    op.create_table(
        "refresh_tokens",
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["token_families.id"], name=op.f("fk_refresh_tokens_family_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_refresh_tokens_token_hash")),
    )
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refresh_tokens_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_refresh_tokens_family_id"), ["family_id"], unique=False)

    op.create_table(
        "retainer_bills",
        sa.Column("retainer_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "open", "paid", "void", name="billstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pay_url", sa.Text(), server_default="", nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "retainer_id"],
            ["retainers.agency_id", "retainers.id"],
            name=op.f("fk_retainer_bills_agency_id_retainer_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_retainer_bills_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retainer_bills")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_retainer_bills_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "provider", "vendor_id", name=op.f("uq_retainer_bills_agency_id_provider_vendor_id")
        ),
    )
    with op.batch_alter_table("retainer_bills", schema=None) as batch_op:
        batch_op.create_index("ix_retainer_bills_retainer", ["agency_id", "retainer_id"], unique=False)

    op.create_table(
        "charge_collections",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum("waiting", "done", "stopped", "given_up", name="collectionstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("told_missing", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_charge_collections_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_charge_collections_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_collections")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_charge_collections_agency_id_id")),
        sa.UniqueConstraint("agency_id", "invoice_id", name=op.f("uq_charge_collections_agency_id_invoice_id")),
    )
    with op.batch_alter_table("charge_collections", schema=None) as batch_op:
        batch_op.create_index("ix_charge_collections_agency_id_look_at", ["agency_id", "look_at"], unique=False)
        batch_op.create_index("ix_charge_collections_look_at", ["look_at"], unique=False)

    op.create_table(
        "charges",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("method_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column(
            "word",
            sa.Enum(
                "asked",
                "action",
                "pending",
                "paid",
                "declined",
                "called_off",
                name="chargeword",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_charges_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "method_id"],
            ["payment_methods.agency_id", "payment_methods.id"],
            name=op.f("fk_charges_agency_id_method_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "payment_id"],
            ["payments.agency_id", "payments.id"],
            name=op.f("fk_charges_agency_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_charges_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_charges_agency_id_id")),
        sa.UniqueConstraint("agency_id", "invoice_id", "attempt", name=op.f("uq_charges_agency_id_invoice_id_attempt")),
        sa.UniqueConstraint("agency_id", "payment_id", name=op.f("uq_charges_agency_id_payment_id")),
    )
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.create_index("ix_charges_agency_id_method_id", ["agency_id", "method_id"], unique=False)

    op.create_table(
        "invoice_write_offs",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_invoice_write_offs_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_invoice_write_offs_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_write_offs")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_invoice_write_offs_agency_id_id")),
        info={"append_only": True},
    )
    with op.batch_alter_table("invoice_write_offs", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_write_offs_invoice", ["agency_id", "invoice_id", "id"], unique=False)

    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("closed", sa.String(length=300), server_default="", nullable=False))
        batch_op.add_column(sa.Column("goes_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("second_from", sa.Date(), nullable=True))

    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("author_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entries_currency", ["agency_id", "currency"], unique=False)

    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.add_column(sa.Column("role_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("permissions", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("method_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("agreement_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("waits", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("reason", sa.String(length=32), server_default="", nullable=False))

    with op.batch_alter_table("payout_lines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("platform_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("changed_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("changed_currency", sa.String(length=3), server_default="", nullable=False))
        batch_op.create_index("ix_payout_lines_payment", ["agency_id", "payment_vendor_id"], unique=False)

    with op.batch_alter_table("recurring_plans", schema=None) as batch_op:
        batch_op.add_column(sa.Column("charges", sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("second", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("proven_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("sign_in_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("user_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("suspended_why", sa.String(length=200), server_default="", nullable=False))

    schema.protect(op.get_bind(), *OWNED)
    for table in APPEND_ONLY:
        schema.append_only(op.get_bind(), table)
    schema.append_only(op.get_bind(), "signatures", allow_delete=True)
    schema.append_only(op.get_bind(), "ledger_receipts", may_empty=("reference", "note"))
    # Whoever has founded an agency before has had a trial, and so has the agency.
    op.execute(
        "INSERT INTO trials (id, created_at, person, began_for, granted)"
        " SELECT id, created_at, 'agency:' || replace(CAST(id AS VARCHAR(36)), '-', ''), id, true FROM agencies"
    )
    # Whose a contract or an invoice is: whoever wrote what it was made from.
    for made, source in (
        ("contracts", "proposal"),
        ("contracts", "quotation"),
        ("invoices", "contract"),
        ("invoices", "quotation"),
        ("invoices", "proposal"),
    ):
        theirs = f"SELECT author_id FROM {source}s WHERE {source}s.id = {made}.{source}_id"  # noqa: S608
        op.execute(f"UPDATE {made} SET author_id = ({theirs}) WHERE {source}_id IS NOT NULL AND author_id IS NULL")  # noqa: S608


def downgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("suspended_why")
        batch_op.drop_column("suspended_at")
        batch_op.drop_column("verified_at")

    with op.batch_alter_table("sign_in_tokens", schema=None) as batch_op:
        batch_op.drop_column("user_id")

    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_column("proven_at")
        batch_op.drop_column("second")

    with op.batch_alter_table("recurring_plans", schema=None) as batch_op:
        batch_op.drop_column("charges")

    with op.batch_alter_table("payout_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_payout_lines_payment")
        batch_op.drop_column("changed_currency")
        batch_op.drop_column("changed_minor")
        batch_op.drop_column("platform_minor")

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("waits")
        batch_op.drop_column("asked_at")
        batch_op.drop_column("agreement_id")
        batch_op.drop_column("method_id")

    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_column("is_default")
        batch_op.drop_column("permissions")
        batch_op.drop_column("role_id")

    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entries_currency")

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_column("author_id")

    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.drop_column("author_id")

    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.drop_column("second_from")
        batch_op.drop_column("goes_on")
        batch_op.drop_column("closed")

    with op.batch_alter_table("invoice_write_offs", schema=None) as batch_op:
        batch_op.drop_index("ix_invoice_write_offs_invoice")

    op.drop_table("invoice_write_offs")
    with op.batch_alter_table("charges", schema=None) as batch_op:
        batch_op.drop_index("ix_charges_agency_id_method_id")

    op.drop_table("charges")
    with op.batch_alter_table("charge_collections", schema=None) as batch_op:
        batch_op.drop_index("ix_charge_collections_look_at")
        batch_op.drop_index("ix_charge_collections_agency_id_look_at")

    op.drop_table("charge_collections")
    with op.batch_alter_table("retainer_bills", schema=None) as batch_op:
        batch_op.drop_index("ix_retainer_bills_retainer")

    op.drop_table("retainer_bills")
    with op.batch_alter_table("refresh_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refresh_tokens_family_id"))
        batch_op.drop_index(batch_op.f("ix_refresh_tokens_expires_at"))

    op.drop_table("refresh_tokens")
    with op.batch_alter_table("payment_methods", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_methods_vendor_id")
        batch_op.drop_index("ix_payment_methods_agency_id_client_id")
        batch_op.drop_index("ix_payment_methods_agency_id_agreement_id")

    op.drop_table("payment_methods")
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_deliveries_state")
        batch_op.drop_index("ix_webhook_deliveries_endpoint")
        batch_op.drop_index("ix_webhook_deliveries_done_at")

    op.drop_table("webhook_deliveries")
    with op.batch_alter_table("token_families", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_token_families_key_id"))
        batch_op.drop_index(batch_op.f("ix_token_families_expires_at"))

    op.drop_table("token_families")
    with op.batch_alter_table("retainers", schema=None) as batch_op:
        batch_op.drop_index("ix_retainers_state_looked_at")
        batch_op.drop_index("ix_retainers_client")

    op.drop_table("retainers")
    op.drop_table("payment_payers")
    with op.batch_alter_table("payment_agreements", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_agreements_done_at_created_at")
        batch_op.drop_index("ix_payment_agreements_checkout_id")
        batch_op.drop_index("ix_payment_agreements_agency_id_client_id")

    op.drop_table("payment_agreements")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_invitations_email",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.drop_index(batch_op.f("ix_invitations_token_hash"))
        batch_op.drop_index("ix_invitations_agency_id_role_id")

    op.drop_table("invitations")
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.drop_index("ix_erasures_agency_id_next_due")

    op.drop_table("erasures")
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.drop_index("ix_webhook_endpoints_state")

    op.drop_table("webhook_endpoints")
    with op.batch_alter_table("tier_grants", schema=None) as batch_op:
        batch_op.drop_index("ix_tier_grants_agency_id_expires_at")

    op.drop_table("tier_grants")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriptions_provider_synced_at")

    op.drop_table("subscriptions")
    with op.batch_alter_table("sit_ins", schema=None) as batch_op:
        batch_op.drop_index("ix_sit_ins_user_id")
        batch_op.drop_index("ix_sit_ins_agency_id_user_id")

    op.drop_table("sit_ins")
    with op.batch_alter_table("sign_in_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_steps_user_id"))
        batch_op.drop_index(batch_op.f("ix_sign_in_steps_expires_at"))

    op.drop_table("sign_in_steps")
    op.drop_table("platform_staff")
    op.drop_table("phones")
    with op.batch_alter_table("passkeys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkeys_user_id"))

    op.drop_table("passkeys")
    with op.batch_alter_table("ownership_transfers", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_ownership_transfers_pending",
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )

    op.drop_table("ownership_transfers")
    op.drop_table("former_keys")
    with op.batch_alter_table("external_identities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_external_identities_user_id"))

    op.drop_table("external_identities")
    op.drop_table("custom_roles")
    op.drop_table("charge_settings")
    op.drop_table("backup_codes")
    op.drop_table("authenticators")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_keys_user_id"))
        batch_op.drop_index(batch_op.f("ix_api_keys_expires_at"))
        batch_op.drop_index("ix_api_keys_agency_id_id")

    op.drop_table("api_keys")
    with op.batch_alter_table("api_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_api_answers_created_at")

    op.drop_table("api_answers")
    op.drop_table("agency_exports")
    op.drop_table("agency_deletions")
    with op.batch_alter_table("user_exports", schema=None) as batch_op:
        batch_op.drop_index("ix_user_exports_user_id_id")

    op.drop_table("user_exports")
    with op.batch_alter_table("trials", schema=None) as batch_op:
        batch_op.drop_index("ix_trials_began_for")

    op.drop_table("trials")
    with op.batch_alter_table("account_deletions", schema=None) as batch_op:
        batch_op.drop_index("ix_account_deletions_user_id_id")

    op.drop_table("account_deletions")
