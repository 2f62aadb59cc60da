"""the depth of a deal"""

from collections import defaultdict
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from webkit.core.kernel import schema, search

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


OWNED = (
    "ai_generations",
    "ai_runs",
    "ai_spendings",
    "bank_files",
    "bank_lines",
    "billing_plans",
    "client_reminders",
    "connected_accounts",
    "consultation_options",
    "consultation_versions",
    "consultations",
    "credit_notes",
    "import_rows",
    "imports",
    "invoice_templates",
    "late_fees",
    "ledger_entries",
    "ledger_rates",
    "ledger_receipts",
    "list_defaults",
    "list_task_outcomes",
    "list_tasks",
    "milestones",
    "number_series",
    "payment_consents",
    "payment_reversals",
    "payout_lines",
    "payouts",
    "plugin_answers",
    "plugin_stores",
    "plugin_values",
    "pro_formas",
    "provider_accounts",
    "quotation_blocks",
    "quotation_templates",
    "quotations",
    "recurring_periods",
    "recurring_plans",
    "recurring_prices",
    "reminder_settings",
    "reminder_steps",
    "reminder_watch",
    "report_accounts",
    "report_entries",
    "report_positions",
    "report_shares",
    "saved_views",
    "search_words",
    "sent_reminders",
    "statements",
    "tallies",
    "vat_checks",
    "website_audits",
)

APPEND_ONLY = ("ledger_rates", "ledger_receipts", "ledger_entries")

NEVER_CHANGED = ("consultation_versions",)


def _what_came() -> None:
    """What had been paid before there were kept sums, by the quarter of an hour."""
    came: defaultdict[tuple[object, str, str], list[int]] = defaultdict(list)
    paid = "SELECT agency_id, currency, paid_at, total_minor FROM invoices WHERE state = 'paid' AND paid_at IS NOT NULL"
    for agency, currency, at, total in op.get_bind().execute(sa.text(paid)):
        moment = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
        utc = moment.astimezone(UTC)
        quarter = utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0, tzinfo=None)
        came[agency, currency, quarter.isoformat()].append(total)
    for (agency, currency, place), totals in came.items():
        op.get_bind().execute(
            sa.text(
                "INSERT INTO tallies (agency_id, kind, currency, place, count, total_minor) "
                "VALUES (:agency, 'invoice.received', :currency, :place, :count, :total)"
            ),
            {"agency": agency, "currency": currency, "place": place, "count": len(totals), "total": sum(totals)},
        )


FOUND_BY = {
    "invoice": "SELECT i.agency_id, i.id, i.title, i.number, c.name "
    "FROM invoices i JOIN clients c ON c.id = i.client_id",
    "proposal": "SELECT agency_id, id, search FROM proposals",
    "contract": "SELECT o.agency_id, o.id, o.title, o.number, o.proposal_number, c.name "
    "FROM contracts o JOIN clients c ON c.id = o.client_id",
}


def upgrade() -> None:
    op.create_table(
        "connected_names",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connected_names")),
        sa.UniqueConstraint("provider", "name", name=op.f("uq_connected_names_provider_name")),
    )
    op.create_table(
        "payment_lists",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_lists")),
        sa.UniqueConstraint("provider", name=op.f("uq_payment_lists_provider")),
    )
    op.create_table(
        "payment_strays",
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=36), server_default="", nullable=False),
        sa.Column("event_id", sa.String(length=128), nullable=False),
        sa.Column("payment_vendor_id", sa.String(length=128), nullable=False),
        sa.Column(
            "kind", sa.Enum("refund", "dispute", name="reversalkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum("asked", "pending", "done", "failed", name="reversalstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_strays")),
        sa.UniqueConstraint(
            "provider", "account", "event_id", name=op.f("uq_payment_strays_provider_account_event_id")
        ),
    )
    with op.batch_alter_table("payment_strays", schema=None) as batch_op:
        batch_op.create_index("ix_payment_strays_payment_vendor_id", ["payment_vendor_id"], unique=False)

    op.create_table(
        "plugin_switches",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_plugin_switches")),
    )
    op.create_table(
        "provider_checks",
        sa.Column("capability", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("health", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("millis", sa.Integer(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("capability", "provider", name=op.f("pk_provider_checks")),
    )
    op.create_table(
        "ai_generations",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column(
            "state",
            sa.Enum("reserved", "used", "returned", name="reservation", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ai_generations_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_generations")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ai_generations_agency_id_id")),
    )
    with op.batch_alter_table("ai_generations", schema=None) as batch_op:
        batch_op.create_index("ix_ai_generations_agency_id_month", ["agency_id", "month", "state"], unique=False)

    op.create_table(
        "bank_files",
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("came", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("went", sa.Integer(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_bank_files_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_files")),
        sa.UniqueConstraint("agency_id", "digest", name=op.f("uq_bank_files_agency_id_digest")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_bank_files_agency_id_id")),
    )
    op.create_table(
        "consultation_options",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_consultation_options_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_options")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_consultation_options_agency_id_id")),
        sa.UniqueConstraint("agency_id", "name", name=op.f("uq_consultation_options_agency_id_name")),
    )
    op.create_table(
        "imports",
        sa.Column("kind", sa.Enum("clients", "invoices", name="kind", native_enum=False, length=32), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "uploaded",
                "checking",
                "checked",
                "running",
                "done",
                "undoing",
                "undone",
                "failed",
                name="importstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("filename", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("file_key", sa.String(length=255), nullable=False),
        sa.Column("file_account", sa.Uuid(), nullable=True),
        sa.Column("head", sa.Text(), nullable=False),
        sa.Column("encoding", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_imports_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_imports_agency_id_id")),
    )
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.create_index("ix_imports_agency_id_kind_id", ["agency_id", "kind", "id"], unique=False)

    op.create_table(
        "invoice_templates",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_invoice_templates_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_templates")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_invoice_templates_agency_id_id")),
        sa.UniqueConstraint("agency_id", "name", name=op.f("uq_invoice_templates_agency_id_name")),
    )
    op.create_table(
        "ledger_rates",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("rate", sa.Numeric(28, 8).with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ledger_rates_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_rates")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ledger_rates_agency_id_id")),
        sa.UniqueConstraint("agency_id", "source", name=op.f("uq_ledger_rates_agency_id_source")),
        info={"append_only": True},
    )
    with op.batch_alter_table("ledger_rates", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_rates_currency", ["agency_id", "currency", "base_currency", "day"], unique=False
        )

    op.create_table(
        "list_tasks",
        sa.Column("of_list", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("user_name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "running", "done", "failed", name="taskstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("file_key", sa.String(length=255), nullable=True),
        sa.Column("file_name", sa.String(length=120), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=True),
        sa.Column("file_account", sa.Uuid(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_list_tasks_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_tasks")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_list_tasks_agency_id_id")),
    )
    with op.batch_alter_table("list_tasks", schema=None) as batch_op:
        batch_op.create_index("ix_list_tasks_agency_id_user_id_id", ["agency_id", "user_id", "id"], unique=False)
        batch_op.create_index("ix_list_tasks_created_at", ["created_at"], unique=False)

    op.create_table(
        "number_series",
        sa.Column("key", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("pattern", sa.String(length=40), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_number_series_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_number_series_agency_id_id")),
        sa.UniqueConstraint("agency_id", "key", name=op.f("uq_number_series_agency_id_key")),
    )
    op.create_table(
        "payment_consents",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payment_consents_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_consents")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payment_consents_agency_id_id")),
    )
    with op.batch_alter_table("payment_consents", schema=None) as batch_op:
        batch_op.create_index("ix_payment_consents_state_hash", ["state_hash"], unique=False)

    op.create_table(
        "plugin_answers",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_plugin_answers_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_answers")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_plugin_answers_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "subject", "name", "question", name=op.f("uq_plugin_answers_agency_id_subject_name_question")
        ),
    )
    with op.batch_alter_table("plugin_answers", schema=None) as batch_op:
        batch_op.create_index("ix_plugin_answers_agency_id_asked_at", ["agency_id", "asked_at"], unique=False)

    op.create_table(
        "plugin_stores",
        sa.Column("plugin", sa.String(length=64), nullable=False),
        sa.Column("keys", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_plugin_stores_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "plugin", name=op.f("pk_plugin_stores")),
    )
    op.create_table(
        "provider_accounts",
        sa.Column("capability", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("chosen_for", sa.String(length=32), nullable=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("sender", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("health", sa.String(length=16), nullable=False),
        sa.Column("health_detail", sa.Text(), nullable=False),
        sa.Column("connected", sa.String(length=64), server_default="", nullable=False),
        sa.Column("gone", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_provider_accounts_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_accounts")),
        sa.UniqueConstraint("agency_id", "chosen_for", name=op.f("uq_provider_accounts_agency_id_chosen_for")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_provider_accounts_agency_id_id")),
    )
    with op.batch_alter_table("provider_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_provider_accounts_capability_provider", ["capability", "provider"], unique=False)

    op.create_table(
        "quotation_blocks",
        sa.Column("kind", sa.Enum("scope", "terms", name="blockkind", native_enum=False, length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_quotation_blocks_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation_blocks")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_quotation_blocks_agency_id_id")),
    )
    with op.batch_alter_table("quotation_blocks", schema=None) as batch_op:
        batch_op.create_index("ix_quotation_blocks_agency_id_kind", ["agency_id", "kind"], unique=False)

    op.create_table(
        "quotation_templates",
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("valid_days", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_quotation_templates_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotation_templates")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_quotation_templates_agency_id_id")),
    )
    op.create_table(
        "reminder_settings",
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since_hour", sa.Integer(), nullable=False),
        sa.Column("until_hour", sa.Integer(), nullable=False),
        sa.Column("weekends", sa.Boolean(), nullable=False),
        sa.Column(
            "fee_mode",
            sa.Enum("none", "propose", "issue", name="feemode", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_currency", sa.String(length=3), nullable=False),
        sa.Column("fee_percent", sa.Numeric(28, 8).with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("fee_rate", sa.String(length=32), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_reminder_settings_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_settings")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_reminder_settings_agency_id_id")),
        sa.UniqueConstraint("agency_id", name=op.f("uq_reminder_settings_agency_id")),
    )
    op.create_table(
        "reminder_steps",
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("fee", sa.Boolean(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_reminder_steps_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_steps")),
        sa.UniqueConstraint("agency_id", "days", name=op.f("uq_reminder_steps_agency_id_days")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_reminder_steps_agency_id_id")),
    )
    op.create_table(
        "report_accounts",
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_report_accounts_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_report_accounts")),
    )
    op.create_table(
        "report_entries",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice",
                "credit_note",
                "write_off",
                "payment",
                "refund",
                "chargeback",
                "elsewhere",
                "shifted",
                name="kind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("category", sa.String(length=4), nullable=False),
        sa.Column("percent", sa.String(length=16), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("waited", sa.Integer(), nullable=True),
        sa.Column("base", sa.BigInteger(), nullable=True),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_report_entries_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "invoice_id", "place", name=op.f("pk_report_entries")),
    )
    with op.batch_alter_table("report_entries", schema=None) as batch_op:
        batch_op.create_index("ix_report_entries_journal", ["agency_id", "day", "invoice_id", "place"], unique=False)
        batch_op.create_index(
            "ix_report_entries_sums",
            ["agency_id", "kind", "day", "currency", "client_id", "part", "category", "percent", "net", "tax", "gross"],
            unique=False,
        )

    op.create_table(
        "report_positions",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("filling", sa.Boolean(), nullable=False),
        sa.Column("imported_only", sa.Boolean(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_report_positions_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_report_positions")),
    )
    op.create_table(
        "report_shares",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_report_shares_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "invoice_id", "place", name=op.f("pk_report_shares")),
    )
    with op.batch_alter_table("report_shares", schema=None) as batch_op:
        batch_op.create_index(
            "ix_report_shares_sums", ["agency_id", "day", "currency", "description", "net"], unique=False
        )

    op.create_table(
        "saved_views",
        sa.Column("of_list", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_saved_views_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_saved_views_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "of_list", "user_id", "name", name=op.f("uq_saved_views_agency_id_of_list_user_id_name")
        ),
    )
    op.create_table(
        "search_words",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column(
            "word",
            sa.String(length=64).with_variant(sa.VARCHAR(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_search_words_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "kind", "word", "document_id", name=op.f("pk_search_words")),
    )
    with op.batch_alter_table("search_words", schema=None) as batch_op:
        batch_op.create_index("ix_search_words_document", ["agency_id", "document_id", "word"], unique=False)

    op.create_table(
        "tallies",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_tallies_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "kind", "currency", "place", name=op.f("pk_tallies")),
    )
    op.create_table(
        "vat_checks",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_vat_checks_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vat_checks")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_vat_checks_agency_id_id")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_vat_checks_agency_id_number")),
    )
    op.create_table(
        "ai_runs",
        sa.Column("generation_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("json_schema", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("exempt", sa.Text(), nullable=False),
        sa.Column("max_tokens", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column(
            "state",
            sa.Enum("queued", "running", "done", "stopped", "failed", name="runstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("error_code", sa.String(length=32), nullable=False),
        sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stop_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "fate", sa.Enum("open", "applied", "discarded", name="fate", native_enum=False, length=32), nullable=False
        ),
        sa.Column("fate_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "generation_id"],
            ["ai_generations.agency_id", "ai_generations.id"],
            name=op.f("fk_ai_runs_agency_id_generation_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ai_runs_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_runs")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ai_runs_agency_id_id")),
    )
    with op.batch_alter_table("ai_runs", schema=None) as batch_op:
        batch_op.create_index("ix_ai_runs_agency_id_day", ["agency_id", "day"], unique=False)
        batch_op.create_index("ix_ai_runs_agency_id_generation_id", ["agency_id", "generation_id"], unique=False)
        batch_op.create_index("ix_ai_runs_agency_id_subject", ["agency_id", "subject", "id"], unique=False)

    op.create_table(
        "client_reminders",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("off", sa.Boolean(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_client_reminders_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_client_reminders_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_reminders")),
        sa.UniqueConstraint("agency_id", "client_id", name=op.f("uq_client_reminders_agency_id_client_id")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_client_reminders_agency_id_id")),
    )
    op.create_table(
        "connected_accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("alive", sa.String(length=64), nullable=True),
        sa.Column("kind", sa.Enum("managed", "own", name="connectkind", native_enum=False, length=32), nullable=False),
        sa.Column("can_charge", sa.Boolean(), nullable=False),
        sa.Column("can_pay_out", sa.Boolean(), nullable=False),
        sa.Column("submitted", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("blocked", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_away", sa.Boolean(), nullable=False),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "account_id"],
            ["provider_accounts.agency_id", "provider_accounts.id"],
            name=op.f("fk_connected_accounts_agency_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_connected_accounts_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connected_accounts")),
        sa.UniqueConstraint("agency_id", "account_id", name=op.f("uq_connected_accounts_agency_id_account_id")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_connected_accounts_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "provider", "alive", name=op.f("uq_connected_accounts_agency_id_provider_alive")
        ),
    )
    with op.batch_alter_table("connected_accounts", schema=None) as batch_op:
        batch_op.create_index("ix_connected_accounts_provider_name", ["provider", "name"], unique=False)

    op.create_table(
        "consultations",
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "completed", "converted", "archived", name="state", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=255), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_consultations_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_consultations_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultations")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_consultations_agency_id_id")),
    )
    with op.batch_alter_table("consultations", schema=None) as batch_op:
        batch_op.create_index("ix_consultations_agency_id_client_id_id", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_consultations_agency_id_state_id", ["agency_id", "state", "id"], unique=False)

    op.create_table(
        "import_rows",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("new", "same", "changed", "refused", name="outcome", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "step",
            sa.Enum("planned", "done", "undone", "kept", name="step", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("made_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "import_id"],
            ["imports.agency_id", "imports.id"],
            name=op.f("fk_import_rows_agency_id_import_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_import_rows_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_import_rows_agency_id_id")),
        sa.UniqueConstraint("agency_id", "import_id", "line", name=op.f("uq_import_rows_agency_id_import_id_line")),
    )
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.create_index(
            "ix_import_rows_agency_id_import_id_outcome_line",
            ["agency_id", "import_id", "outcome", "line"],
            unique=False,
        )
        batch_op.create_index(
            "ix_import_rows_agency_id_import_id_step_line", ["agency_id", "import_id", "step", "line"], unique=False
        )

    op.create_table(
        "ledger_receipts",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column(
            "method",
            sa.Enum("bank", "cash", "card", "cheque", "other", name="method", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("counters", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_ledger_receipts_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "counters"],
            ["ledger_receipts.agency_id", "ledger_receipts.id"],
            name=op.f("fk_ledger_receipts_agency_id_counters"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ledger_receipts_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_receipts")),
        sa.UniqueConstraint("agency_id", "counters", name=op.f("uq_ledger_receipts_agency_id_counters")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ledger_receipts_agency_id_id")),
        info={"append_only": True},
    )
    with op.batch_alter_table("ledger_receipts", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_receipts_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_ledger_receipts_day", ["agency_id", "day", "id"], unique=False)

    op.create_table(
        "list_defaults",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("of_list", sa.String(length=32), nullable=False),
        sa.Column("view_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "view_id"],
            ["saved_views.agency_id", "saved_views.id"],
            name=op.f("fk_list_defaults_agency_id_view_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_list_defaults_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "user_id", "of_list", name=op.f("pk_list_defaults")),
    )
    with op.batch_alter_table("list_defaults", schema=None) as batch_op:
        batch_op.create_index("ix_list_defaults_agency_id_view_id", ["agency_id", "view_id"], unique=False)

    op.create_table(
        "list_task_outcomes",
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "task_id"],
            ["list_tasks.agency_id", "list_tasks.id"],
            name=op.f("fk_list_task_outcomes_agency_id_task_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_list_task_outcomes_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "task_id", "document_id", name=op.f("pk_list_task_outcomes")),
    )
    op.create_table(
        "payment_reversals",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("refund", "dispute", name="reversalkind", native_enum=False, length=32), nullable=False
        ),
        sa.Column(
            "state",
            sa.Enum("asked", "pending", "done", "failed", name="reversalstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=255), nullable=False),
        sa.Column("cause", sa.String(length=64), server_default="", nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "payment_id"],
            ["payments.agency_id", "payments.id"],
            name=op.f("fk_payment_reversals_agency_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payment_reversals_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_reversals")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payment_reversals_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "payment_id", "vendor_id", name=op.f("uq_payment_reversals_agency_id_payment_id_vendor_id")
        ),
    )
    op.create_table(
        "payouts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column(
            "state",
            sa.Enum("pending", "paid", "failed", name="payoutstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("missing_minor", sa.BigInteger(), nullable=False),
        sa.Column("strange", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "account_id"],
            ["provider_accounts.agency_id", "provider_accounts.id"],
            name=op.f("fk_payouts_agency_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payouts_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint(
            "agency_id", "account_id", "vendor_id", name=op.f("uq_payouts_agency_id_account_id_vendor_id")
        ),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payouts_agency_id_id")),
    )
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.create_index("ix_payouts_agency_id_arrives_on", ["agency_id", "arrives_on"], unique=False)

    op.create_table(
        "plugin_values",
        sa.Column("plugin", sa.String(length=64), nullable=False),
        sa.Column(
            "key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "plugin"],
            ["plugin_stores.agency_id", "plugin_stores.plugin"],
            name=op.f("fk_plugin_values_agency_id_plugin"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_plugin_values_agency_id")),
        sa.PrimaryKeyConstraint("agency_id", "plugin", "key", name=op.f("pk_plugin_values")),
    )
    op.create_table(
        "pro_formas",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("frozen_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_pro_formas_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_pro_formas_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pro_formas")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_pro_formas_agency_id_id")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_pro_formas_agency_id_number")),
    )
    with op.batch_alter_table("pro_formas", schema=None) as batch_op:
        batch_op.create_index("ix_pro_formas_agency_id_client_id", ["agency_id", "client_id"], unique=False)
        batch_op.create_index("ix_pro_formas_agency_id_invoice_id", ["agency_id", "invoice_id"], unique=False)

    op.create_table(
        "quotations",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("client_name", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "sent",
                "accepted",
                "declined",
                "changes_requested",
                "withdrawn",
                name="state",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("offer", sa.Text(), nullable=False),
        sa.Column("memo", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("author_email", sa.String(length=255), nullable=False),
        sa.Column("to_name", sa.String(length=255), nullable=False),
        sa.Column("to_email", sa.String(length=255), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_on", sa.Date(), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_id", sa.Uuid(), nullable=True),
        sa.Column("accepted_id", sa.Uuid(), nullable=True),
        sa.Column("became", sa.String(length=16), nullable=True),
        sa.Column("became_id", sa.Uuid(), nullable=True),
        sa.Column("files", sa.Text(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_quotations_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_quotations_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotations")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_quotations_agency_id_id")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_quotations_agency_id_number")),
    )
    with op.batch_alter_table("quotations", schema=None) as batch_op:
        batch_op.create_index("ix_quotations_agency_id_state_id", ["agency_id", "state", "id"], unique=False)
        batch_op.create_index("ix_quotations_amount", ["agency_id", "currency", "total_minor", "id"], unique=False)
        batch_op.create_index("ix_quotations_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_quotations_remind_on", ["remind_on"], unique=False)
        batch_op.create_index("ix_quotations_sent", ["agency_id", "sent_at", "id"], unique=False)
        batch_op.create_index("ix_quotations_valid", ["agency_id", "valid_until", "id"], unique=False)

    op.create_table(
        "recurring_plans",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issues", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("active", "paused", "ended", name="planstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "unit",
            sa.Enum("week", "month", "quarter", "year", name="unit", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("arrears", sa.Boolean(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("times", sa.Integer(), nullable=True),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_recurring_plans_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_recurring_plans_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_plans")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_recurring_plans_agency_id_id")),
    )
    with op.batch_alter_table("recurring_plans", schema=None) as batch_op:
        batch_op.create_index(
            "ix_recurring_plans_agency_id_state_next_on", ["agency_id", "state", "next_on"], unique=False
        )
        batch_op.create_index("ix_recurring_plans_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_recurring_plans_state_next_on", ["state", "next_on"], unique=False)

    op.create_table(
        "statements",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("frozen_id", sa.Uuid(), nullable=True),
        sa.Column("sent_to", sa.String(length=255), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_statements_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_statements_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_statements_agency_id_id")),
    )
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.create_index("ix_statements_agency_id_client_id", ["agency_id", "client_id"], unique=False)

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

    op.create_table(
        "ai_spendings",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cached_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_micro", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "run_id"], ["ai_runs.agency_id", "ai_runs.id"], name=op.f("fk_ai_spendings_agency_id_run_id")
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ai_spendings_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_spendings")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ai_spendings_agency_id_id")),
    )
    with op.batch_alter_table("ai_spendings", schema=None) as batch_op:
        batch_op.create_index("ix_ai_spendings_agency_id_month", ["agency_id", "month"], unique=False)
        batch_op.create_index("ix_ai_spendings_agency_id_run_id", ["agency_id", "run_id"], unique=False)

    op.create_table(
        "bank_lines",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column(
            "state",
            sa.Enum("open", "recorded", "ignored", name="linestate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_bank_lines_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "file_id"],
            ["bank_files.agency_id", "bank_files.id"],
            name=op.f("fk_bank_lines_agency_id_file_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "receipt_id"],
            ["ledger_receipts.agency_id", "ledger_receipts.id"],
            name=op.f("fk_bank_lines_agency_id_receipt_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_bank_lines_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_lines")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_bank_lines_agency_id_id")),
        sa.UniqueConstraint("agency_id", "identity", name=op.f("uq_bank_lines_agency_id_identity")),
    )
    with op.batch_alter_table("bank_lines", schema=None) as batch_op:
        batch_op.create_index("ix_bank_lines_client", ["agency_id", "client_id"], unique=False)
        batch_op.create_index("ix_bank_lines_file", ["agency_id", "file_id"], unique=False)
        batch_op.create_index("ix_bank_lines_receipt", ["agency_id", "receipt_id"], unique=False)
        batch_op.create_index("ix_bank_lines_state", ["agency_id", "state", "id"], unique=False)

    op.create_table(
        "consultation_versions",
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "why",
            sa.Enum("started", "saved", "aside", "restored", name="why", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("parent", sa.Integer(), nullable=False),
        sa.Column("source", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("changed", sa.Text(), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("author_name", sa.String(length=255), nullable=False),
        sa.Column("tab", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "consultation_id"],
            ["consultations.agency_id", "consultations.id"],
            name=op.f("fk_consultation_versions_agency_id_consultation_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_consultation_versions_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_versions")),
        sa.UniqueConstraint(
            "agency_id",
            "consultation_id",
            "number",
            name=op.f("uq_consultation_versions_agency_id_consultation_id_number"),
        ),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_consultation_versions_agency_id_id")),
        info={"append_only": True, "may_go": True},
    )
    op.create_table(
        "payout_lines",
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("vendor_id", sa.String(length=128), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("payment", "refund", "dispute", "other", name="payoutlinekind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("payment_vendor_id", sa.String(length=128), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "payout_id"],
            ["payouts.agency_id", "payouts.id"],
            name=op.f("fk_payout_lines_agency_id_payout_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_payout_lines_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_lines")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_payout_lines_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "payout_id", "vendor_id", name=op.f("uq_payout_lines_agency_id_payout_id_vendor_id")
        ),
    )
    op.create_table(
        "recurring_periods",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("drafted", "issued", "skipped", name="outcome", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "plan_id"],
            ["recurring_plans.agency_id", "recurring_plans.id"],
            name=op.f("fk_recurring_periods_agency_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_recurring_periods_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_periods")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_recurring_periods_agency_id_id")),
        sa.UniqueConstraint("agency_id", "plan_id", "on", name=op.f("uq_recurring_periods_agency_id_plan_id_on")),
    )
    op.create_table(
        "recurring_prices",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "plan_id"],
            ["recurring_plans.agency_id", "recurring_plans.id"],
            name=op.f("fk_recurring_prices_agency_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_recurring_prices_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recurring_prices")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_recurring_prices_agency_id_id")),
        sa.UniqueConstraint("agency_id", "plan_id", "since", name=op.f("uq_recurring_prices_agency_id_plan_id_since")),
    )
    op.create_table(
        "billing_plans",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("quotation_id", sa.Uuid(), nullable=True),
        sa.Column("proposal_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_billing_plans_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "contract_id"],
            ["contracts.agency_id", "contracts.id"],
            name=op.f("fk_billing_plans_agency_id_contract_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "proposal_id"],
            ["proposals.agency_id", "proposals.id"],
            name=op.f("fk_billing_plans_agency_id_proposal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "quotation_id"],
            ["quotations.agency_id", "quotations.id"],
            name=op.f("fk_billing_plans_agency_id_quotation_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_billing_plans_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_plans")),
        sa.UniqueConstraint("agency_id", "contract_id", name=op.f("uq_billing_plans_agency_id_contract_id")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_billing_plans_agency_id_id")),
        sa.UniqueConstraint("agency_id", "proposal_id", name=op.f("uq_billing_plans_agency_id_proposal_id")),
        sa.UniqueConstraint("agency_id", "quotation_id", name=op.f("uq_billing_plans_agency_id_quotation_id")),
    )
    with op.batch_alter_table("billing_plans", schema=None) as batch_op:
        batch_op.create_index("ix_billing_plans_agency_id_client_id", ["agency_id", "client_id"], unique=False)

    op.create_table(
        "milestones",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("share", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("condition", sa.String(length=300), nullable=False),
        sa.Column("priced", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "plan_id"],
            ["billing_plans.agency_id", "billing_plans.id"],
            name=op.f("fk_milestones_agency_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_milestones_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_milestones_agency_id_id")),
        sa.UniqueConstraint("agency_id", "plan_id", "place", name=op.f("uq_milestones_agency_id_plan_id_place")),
    )
    op.create_table(
        "credit_notes",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("priced", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("frozen_id", sa.Uuid(), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_credit_notes_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_credit_notes_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_credit_notes_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_credit_notes_agency_id_id")),
        sa.UniqueConstraint("agency_id", "number", name=op.f("uq_credit_notes_agency_id_number")),
    )
    with op.batch_alter_table("credit_notes", schema=None) as batch_op:
        batch_op.create_index("ix_credit_notes_agency_id_client_id", ["agency_id", "client_id"], unique=False)
        batch_op.create_index("ix_credit_notes_agency_id_invoice_id", ["agency_id", "invoice_id"], unique=False)

    op.create_table(
        "late_fees",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("fixed_minor", sa.BigInteger(), nullable=False),
        sa.Column("interest_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_invoice_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_late_fees_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_late_fees_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fees")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_late_fees_agency_id_id")),
        sa.UniqueConstraint("agency_id", "invoice_id", "until", name=op.f("uq_late_fees_agency_id_invoice_id_until")),
    )
    with op.batch_alter_table("late_fees", schema=None) as batch_op:
        batch_op.create_index("ix_late_fees_agency_id_fee_invoice_id", ["agency_id", "fee_invoice_id"], unique=False)

    op.create_table(
        "ledger_entries",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column(
            "account",
            sa.Enum(
                "money", "held", "invoice", "credit", "fee", "exchange", name="account", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column(
            "kind",
            sa.Enum(
                "payment",
                "refund",
                "dispute",
                "chargeback",
                "fee",
                "payout",
                "applied",
                "taken_back",
                name="kind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("place", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("invoice_id", sa.Uuid(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("settled_currency", sa.String(length=3), nullable=False),
        sa.Column("settled_minor", sa.BigInteger(), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("base_minor", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "client_id"],
            ["clients.agency_id", "clients.id"],
            name=op.f("fk_ledger_entries_agency_id_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_ledger_entries_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_ledger_entries_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_ledger_entries_agency_id_id")),
        info={"append_only": True},
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entries_cause", ["agency_id", "cause"], unique=False)
        batch_op.create_index("ix_ledger_entries_client", ["agency_id", "client_id", "account"], unique=False)
        batch_op.create_index("ix_ledger_entries_day", ["agency_id", "day", "id"], unique=False)
        batch_op.create_index("ix_ledger_entries_invoice", ["agency_id", "invoice_id", "account"], unique=False)
        batch_op.create_index("ix_ledger_entries_source", ["agency_id", "source"], unique=False)

    op.create_table(
        "reminder_watch",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_reminder_watch_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_reminder_watch_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_watch")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_reminder_watch_agency_id_id")),
        sa.UniqueConstraint("agency_id", "invoice_id", name=op.f("uq_reminder_watch_agency_id_invoice_id")),
    )
    with op.batch_alter_table("reminder_watch", schema=None) as batch_op:
        batch_op.create_index("ix_reminder_watch_agency_id_look_at", ["agency_id", "look_at"], unique=False)
        batch_op.create_index("ix_reminder_watch_look_at", ["look_at"], unique=False)

    op.create_table(
        "sent_reminders",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id", "invoice_id"],
            ["invoices.agency_id", "invoices.id"],
            name=op.f("fk_sent_reminders_agency_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_sent_reminders_agency_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sent_reminders")),
        sa.UniqueConstraint("agency_id", "id", name=op.f("uq_sent_reminders_agency_id_id")),
        sa.UniqueConstraint(
            "agency_id", "invoice_id", "due", "days", name=op.f("uq_sent_reminders_agency_id_invoice_id_due_days")
        ),
    )
    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tier", sa.String(length=16), server_default="", nullable=False))

    with op.batch_alter_table("agency_profiles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("payment_rule", sa.String(length=16), server_default="net", nullable=False))
        batch_op.add_column(sa.Column("habits", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("voice", sa.String(length=16), server_default="plain", nullable=False))
        batch_op.add_column(sa.Column("voice_words", sa.String(length=500), server_default="", nullable=False))
        batch_op.add_column(sa.Column("writing_locale", sa.String(length=16), server_default="", nullable=False))

    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("payment_rule", sa.String(length=16), server_default="", nullable=False))
        batch_op.add_column(sa.Column("payment_days", sa.Integer(), nullable=True))

    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quotation_id", sa.Uuid(), nullable=True))
        batch_op.alter_column("proposal_id", existing_type=sa.CHAR(length=32), nullable=True)
        batch_op.drop_index(batch_op.f("ix_contracts_agency_id_client_id"))
        batch_op.create_index("ix_contracts_amount", ["agency_id", "currency", "total_minor", "id"], unique=False)
        batch_op.create_index("ix_contracts_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_contracts_signed", ["agency_id", "signed_at", "id"], unique=False)
        batch_op.create_index(
            "uq_contracts_quotation",
            ["agency_id", "quotation_id"],
            unique=True,
            sqlite_where=sa.text("state <> 'cancelled'"),
            postgresql_where=sa.text("state <> 'cancelled'"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_contracts_agency_id_quotation_id"),
            "quotations",
            ["agency_id", "quotation_id"],
            ["agency_id", "id"],
        )

    with op.batch_alter_table("counters", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first", sa.BigInteger(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("skipped", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("last_on", sa.Date(), nullable=True))

    with op.batch_alter_table("frozen_documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pdf_account", sa.Uuid(), nullable=True))

    with op.batch_alter_table("inbox_endpoints", schema=None) as batch_op:
        batch_op.add_column(sa.Column("account_id", sa.Uuid(), nullable=True))

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("quotation_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("proposal_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("milestone_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("figures", sa.Text(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("memo", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("files", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("series", sa.String(length=10), server_default="", nullable=False))
        batch_op.add_column(sa.Column("terms", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("schedule", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("pending_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("returned_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("credited_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("stands", sa.Boolean(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("received_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("written_off_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("write_off_reason", sa.String(length=500), server_default="", nullable=False))
        batch_op.add_column(
            sa.Column(
                "origin",
                sa.Enum("here", "imported", name="invoiceorigin", native_enum=False, length=32),
                server_default="here",
                nullable=False,
            )
        )
        batch_op.drop_index(batch_op.f("ix_invoices_agency_id_client_id"))
        batch_op.drop_constraint(batch_op.f("uq_invoices_agency_id_contract_id_kind"), type_="unique")
        batch_op.create_index("ix_invoices_agency_id_state_due_date", ["agency_id", "state", "due_date"], unique=False)
        batch_op.create_index("ix_invoices_amount", ["agency_id", "currency", "total_minor", "id"], unique=False)
        batch_op.create_index("ix_invoices_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_invoices_due", ["agency_id", "due_date", "id"], unique=False)
        batch_op.create_index("ix_invoices_issued", ["agency_id", "issue_date", "id"], unique=False)
        batch_op.create_index(
            "ix_invoices_open",
            [
                "agency_id",
                "currency",
                "client_id",
                "due_date",
                "pending_at",
                "total_minor",
                "credited_minor",
                "received_minor",
            ],
            unique=False,
            sqlite_where=sa.text("state = 'issued' AND schedule IS NULL"),
            postgresql_where=sa.text("state = 'issued' AND schedule IS NULL"),
        )
        batch_op.create_index(
            "ix_invoices_parted",
            ["agency_id"],
            unique=False,
            sqlite_where=sa.text("state = 'issued' AND schedule IS NOT NULL"),
            postgresql_where=sa.text("state = 'issued' AND schedule IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_invoices_contract_id_kind",
            ["agency_id", "contract_id", "kind"],
            unique=True,
            sqlite_where=sa.text("kind <> 'milestone' AND stands"),
            postgresql_where=sa.text("kind <> 'milestone' AND stands"),
        )
        batch_op.create_index(
            "uq_invoices_milestone_id_kind",
            ["agency_id", "milestone_id", "kind"],
            unique=True,
            sqlite_where=sa.text("stands"),
            postgresql_where=sa.text("stands"),
        )
        batch_op.create_index(
            "uq_invoices_proposal_id_kind",
            ["agency_id", "proposal_id", "kind"],
            unique=True,
            sqlite_where=sa.text("kind <> 'milestone' AND stands"),
            postgresql_where=sa.text("kind <> 'milestone' AND stands"),
        )
        batch_op.create_index(
            "uq_invoices_quotation_id_kind",
            ["agency_id", "quotation_id", "kind"],
            unique=True,
            sqlite_where=sa.text("kind <> 'milestone' AND stands"),
            postgresql_where=sa.text("kind <> 'milestone' AND stands"),
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_invoices_agency_id_milestone_id"),
            "milestones",
            ["agency_id", "milestone_id"],
            ["agency_id", "id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_invoices_agency_id_quotation_id"),
            "quotations",
            ["agency_id", "quotation_id"],
            ["agency_id", "id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_invoices_agency_id_proposal_id"),
            "proposals",
            ["agency_id", "proposal_id"],
            ["agency_id", "id"],
        )

    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=255), server_default="", nullable=False))
        batch_op.add_column(sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("sending", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("delayed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("provider", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("account_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("tried", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("attempt", sa.Integer(), server_default="0", nullable=False))
        batch_op.create_index("ix_mails_agency_id_address_id", ["agency_id", "address", "id"], unique=False)
        batch_op.create_index("ix_mails_agency_id_state_id", ["agency_id", "state", "id"], unique=False)

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("returned_minor", sa.BigInteger(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("account_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_payments_checkout_id", ["checkout_id"], unique=False)
        batch_op.create_index("ix_payments_vendor_id", ["vendor_id"], unique=False)

    with op.batch_alter_table("platform_mails", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sending", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("delayed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("provider", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("account_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("tried", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("attempt", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("doubts", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("consultation_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("audit_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("answers", sa.Text(), nullable=True))
        batch_op.drop_index(batch_op.f("ix_proposals_agency_id_client_id"))
        batch_op.create_index("ix_proposals_agency_id_audit_id", ["agency_id", "audit_id"], unique=False)
        batch_op.create_index("ix_proposals_agency_id_consultation_id", ["agency_id", "consultation_id"], unique=False)
        batch_op.create_index("ix_proposals_amount", ["agency_id", "currency", "once_minor", "id"], unique=False)
        batch_op.create_index("ix_proposals_client", ["agency_id", "client_id", "id"], unique=False)
        batch_op.create_index("ix_proposals_sent", ["agency_id", "sent_at", "id"], unique=False)
        batch_op.create_index("ix_proposals_valid", ["agency_id", "valid_until", "id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_proposals_agency_id_audit_id"),
            "website_audits",
            ["agency_id", "audit_id"],
            ["agency_id", "id"],
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_proposals_agency_id_consultation_id"),
            "consultations",
            ["agency_id", "consultation_id"],
            ["agency_id", "id"],
        )

    op.execute("UPDATE mails SET state = 'accepted' WHERE state = 'sent'")
    op.execute("UPDATE platform_mails SET state = 'accepted' WHERE state = 'sent'")
    schema.protect(op.get_bind(), *OWNED)
    for table in APPEND_ONLY:
        schema.append_only(op.get_bind(), table)
    for table in NEVER_CHANGED:
        schema.append_only(op.get_bind(), table, allow_delete=True)
    # What was issued before there were kept sums.
    op.execute(
        "INSERT INTO tallies (agency_id, kind, currency, place, count, total_minor) "
        "SELECT agency_id, 'invoice', currency, state, count(*), sum(total_minor) FROM invoices "
        "WHERE state <> 'draft' GROUP BY agency_id, currency, state"
    )
    op.execute(
        "INSERT INTO tallies (agency_id, kind, currency, place, count, total_minor) "
        "SELECT agency_id, 'invoice.due', currency, CAST(due_date AS VARCHAR(32)), count(*), sum(total_minor) "
        "FROM invoices WHERE state = 'issued' GROUP BY agency_id, currency, due_date"
    )
    _what_came()
    # What was sent and accepted before there were kept sums.
    for kept, state, last in (
        ("open", "sent", "COALESCE(CAST(valid_until AS VARCHAR(32)), '9999-12-31')"),
        ("accepted", "accepted", "'9999-12-31'"),
    ):
        for part in ("once", "monthly"):
            op.execute(
                "INSERT INTO tallies (agency_id, kind, currency, place, count, total_minor) "  # noqa: S608
                f"SELECT agency_id, 'proposal.{kept}.{part}', currency, {last}, count(*), "
                f"sum(COALESCE({part}_minor, 0)) FROM proposals WHERE state = '{state}' GROUP BY agency_id, currency, 4"
            )
    # What was made before documents were found by their words.
    for kind, query in FOUND_BY.items():
        for agency, document, *texts in op.get_bind().execute(sa.text(query)).all():
            for row in search.rows(UUID(str(agency)), kind, UUID(str(document)), *(text or "" for text in texts)):
                op.get_bind().execute(sa.insert(search.SearchWord), row)


def downgrade() -> None:
    with op.batch_alter_table("proposals", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_proposals_agency_id_consultation_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_proposals_agency_id_audit_id"), type_="foreignkey")
        batch_op.drop_index("ix_proposals_valid")
        batch_op.drop_index("ix_proposals_sent")
        batch_op.drop_index("ix_proposals_client")
        batch_op.drop_index("ix_proposals_amount")
        batch_op.drop_index("ix_proposals_agency_id_consultation_id")
        batch_op.drop_index("ix_proposals_agency_id_audit_id")
        batch_op.create_index(batch_op.f("ix_proposals_agency_id_client_id"), ["agency_id", "client_id"], unique=False)
        batch_op.drop_column("answers")
        batch_op.drop_column("audit_id")
        batch_op.drop_column("consultation_id")
        batch_op.drop_column("doubts")

    with op.batch_alter_table("platform_mails", schema=None) as batch_op:
        batch_op.drop_column("attempt")
        batch_op.drop_column("tried")
        batch_op.drop_column("account_id")
        batch_op.drop_column("provider")
        batch_op.drop_column("reported_at")
        batch_op.drop_column("delayed_at")
        batch_op.drop_column("sending")

    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.drop_index("ix_payments_vendor_id")
        batch_op.drop_index("ix_payments_checkout_id")
        batch_op.drop_column("withdrawn_at")
        batch_op.drop_column("account_id")
        batch_op.drop_column("returned_minor")

    with op.batch_alter_table("mails", schema=None) as batch_op:
        batch_op.drop_index("ix_mails_agency_id_state_id")
        batch_op.drop_index("ix_mails_agency_id_address_id")
        batch_op.drop_column("attempt")
        batch_op.drop_column("tried")
        batch_op.drop_column("account_id")
        batch_op.drop_column("provider")
        batch_op.drop_column("reported_at")
        batch_op.drop_column("delayed_at")
        batch_op.drop_column("sending")
        batch_op.drop_column("handled_at")
        batch_op.drop_column("address")

    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_invoices_agency_id_proposal_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_invoices_agency_id_quotation_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_invoices_agency_id_milestone_id"), type_="foreignkey")
        batch_op.drop_index(
            "uq_invoices_quotation_id_kind",
            sqlite_where=sa.text("kind <> 'milestone' AND stands"),
            postgresql_where=sa.text("kind <> 'milestone' AND stands"),
        )
        batch_op.drop_index(
            "uq_invoices_proposal_id_kind",
            sqlite_where=sa.text("kind <> 'milestone' AND stands"),
            postgresql_where=sa.text("kind <> 'milestone' AND stands"),
        )
        batch_op.drop_index(
            "uq_invoices_milestone_id_kind", sqlite_where=sa.text("stands"), postgresql_where=sa.text("stands")
        )
        batch_op.drop_index(
            "uq_invoices_contract_id_kind",
            sqlite_where=sa.text("kind <> 'milestone' AND stands"),
            postgresql_where=sa.text("kind <> 'milestone' AND stands"),
        )
        batch_op.drop_index(
            "ix_invoices_parted",
            sqlite_where=sa.text("state = 'issued' AND schedule IS NOT NULL"),
            postgresql_where=sa.text("state = 'issued' AND schedule IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_invoices_open",
            sqlite_where=sa.text("state = 'issued' AND schedule IS NULL"),
            postgresql_where=sa.text("state = 'issued' AND schedule IS NULL"),
        )
        batch_op.drop_index("ix_invoices_issued")
        batch_op.drop_index("ix_invoices_due")
        batch_op.drop_index("ix_invoices_client")
        batch_op.drop_index("ix_invoices_amount")
        batch_op.drop_index("ix_invoices_agency_id_state_due_date")
        batch_op.create_unique_constraint(
            batch_op.f("uq_invoices_agency_id_contract_id_kind"), ["agency_id", "contract_id", "kind"]
        )
        batch_op.create_index(batch_op.f("ix_invoices_agency_id_client_id"), ["agency_id", "client_id"], unique=False)
        batch_op.drop_column("origin")
        batch_op.drop_column("write_off_reason")
        batch_op.drop_column("written_off_at")
        batch_op.drop_column("received_minor")
        batch_op.drop_column("stands")
        batch_op.drop_column("credited_minor")
        batch_op.drop_column("returned_minor")
        batch_op.drop_column("pending_at")
        batch_op.drop_column("schedule")
        batch_op.drop_column("terms")
        batch_op.drop_column("series")
        batch_op.drop_column("files")
        batch_op.drop_column("memo")
        batch_op.drop_column("figures")
        batch_op.drop_column("milestone_id")
        batch_op.drop_column("proposal_id")
        batch_op.drop_column("quotation_id")

    with op.batch_alter_table("inbox_endpoints", schema=None) as batch_op:
        batch_op.drop_column("account_id")

    with op.batch_alter_table("frozen_documents", schema=None) as batch_op:
        batch_op.drop_column("pdf_account")

    with op.batch_alter_table("counters", schema=None) as batch_op:
        batch_op.drop_column("last_on")
        batch_op.drop_column("skipped")
        batch_op.drop_column("first")

    with op.batch_alter_table("contracts", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_contracts_agency_id_quotation_id"), type_="foreignkey")
        batch_op.drop_index(
            "uq_contracts_quotation",
            sqlite_where=sa.text("state <> 'cancelled'"),
            postgresql_where=sa.text("state <> 'cancelled'"),
        )
        batch_op.drop_index("ix_contracts_signed")
        batch_op.drop_index("ix_contracts_client")
        batch_op.drop_index("ix_contracts_amount")
        batch_op.create_index(batch_op.f("ix_contracts_agency_id_client_id"), ["agency_id", "client_id"], unique=False)
        batch_op.alter_column("proposal_id", existing_type=sa.CHAR(length=32), nullable=False)
        batch_op.drop_column("quotation_id")

    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_column("payment_days")
        batch_op.drop_column("payment_rule")

    with op.batch_alter_table("agency_profiles", schema=None) as batch_op:
        batch_op.drop_column("writing_locale")
        batch_op.drop_column("voice_words")
        batch_op.drop_column("voice")
        batch_op.drop_column("habits")
        batch_op.drop_column("payment_rule")

    with op.batch_alter_table("agencies", schema=None) as batch_op:
        batch_op.drop_column("tier")

    op.drop_table("sent_reminders")
    with op.batch_alter_table("reminder_watch", schema=None) as batch_op:
        batch_op.drop_index("ix_reminder_watch_look_at")
        batch_op.drop_index("ix_reminder_watch_agency_id_look_at")

    op.drop_table("reminder_watch")
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entries_source")
        batch_op.drop_index("ix_ledger_entries_invoice")
        batch_op.drop_index("ix_ledger_entries_day")
        batch_op.drop_index("ix_ledger_entries_client")
        batch_op.drop_index("ix_ledger_entries_cause")

    op.drop_table("ledger_entries")
    with op.batch_alter_table("late_fees", schema=None) as batch_op:
        batch_op.drop_index("ix_late_fees_agency_id_fee_invoice_id")

    op.drop_table("late_fees")
    with op.batch_alter_table("credit_notes", schema=None) as batch_op:
        batch_op.drop_index("ix_credit_notes_agency_id_invoice_id")
        batch_op.drop_index("ix_credit_notes_agency_id_client_id")

    op.drop_table("credit_notes")
    op.drop_table("milestones")
    with op.batch_alter_table("billing_plans", schema=None) as batch_op:
        batch_op.drop_index("ix_billing_plans_agency_id_client_id")

    op.drop_table("billing_plans")
    op.drop_table("recurring_prices")
    op.drop_table("recurring_periods")
    op.drop_table("payout_lines")
    op.drop_table("consultation_versions")
    with op.batch_alter_table("bank_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_bank_lines_state")
        batch_op.drop_index("ix_bank_lines_receipt")
        batch_op.drop_index("ix_bank_lines_file")
        batch_op.drop_index("ix_bank_lines_client")

    op.drop_table("bank_lines")
    with op.batch_alter_table("ai_spendings", schema=None) as batch_op:
        batch_op.drop_index("ix_ai_spendings_agency_id_run_id")
        batch_op.drop_index("ix_ai_spendings_agency_id_month")

    op.drop_table("ai_spendings")
    with op.batch_alter_table("website_audits", schema=None) as batch_op:
        batch_op.drop_index("ix_website_audits_agency_id_created_at")
        batch_op.drop_index("ix_website_audits_agency_id_client_id_id")

    op.drop_table("website_audits")
    with op.batch_alter_table("statements", schema=None) as batch_op:
        batch_op.drop_index("ix_statements_agency_id_client_id")

    op.drop_table("statements")
    with op.batch_alter_table("recurring_plans", schema=None) as batch_op:
        batch_op.drop_index("ix_recurring_plans_state_next_on")
        batch_op.drop_index("ix_recurring_plans_client")
        batch_op.drop_index("ix_recurring_plans_agency_id_state_next_on")

    op.drop_table("recurring_plans")
    with op.batch_alter_table("quotations", schema=None) as batch_op:
        batch_op.drop_index("ix_quotations_valid")
        batch_op.drop_index("ix_quotations_sent")
        batch_op.drop_index("ix_quotations_remind_on")
        batch_op.drop_index("ix_quotations_client")
        batch_op.drop_index("ix_quotations_amount")
        batch_op.drop_index("ix_quotations_agency_id_state_id")

    op.drop_table("quotations")
    with op.batch_alter_table("pro_formas", schema=None) as batch_op:
        batch_op.drop_index("ix_pro_formas_agency_id_invoice_id")
        batch_op.drop_index("ix_pro_formas_agency_id_client_id")

    op.drop_table("pro_formas")
    op.drop_table("plugin_values")
    with op.batch_alter_table("payouts", schema=None) as batch_op:
        batch_op.drop_index("ix_payouts_agency_id_arrives_on")

    op.drop_table("payouts")
    op.drop_table("payment_reversals")
    op.drop_table("list_task_outcomes")
    with op.batch_alter_table("list_defaults", schema=None) as batch_op:
        batch_op.drop_index("ix_list_defaults_agency_id_view_id")

    op.drop_table("list_defaults")
    with op.batch_alter_table("ledger_receipts", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_receipts_day")
        batch_op.drop_index("ix_ledger_receipts_client")

    op.drop_table("ledger_receipts")
    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_index("ix_import_rows_agency_id_import_id_step_line")
        batch_op.drop_index("ix_import_rows_agency_id_import_id_outcome_line")

    op.drop_table("import_rows")
    with op.batch_alter_table("consultations", schema=None) as batch_op:
        batch_op.drop_index("ix_consultations_agency_id_state_id")
        batch_op.drop_index("ix_consultations_agency_id_client_id_id")

    op.drop_table("consultations")
    with op.batch_alter_table("connected_accounts", schema=None) as batch_op:
        batch_op.drop_index("ix_connected_accounts_provider_name")

    op.drop_table("connected_accounts")
    op.drop_table("client_reminders")
    with op.batch_alter_table("ai_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_ai_runs_agency_id_subject")
        batch_op.drop_index("ix_ai_runs_agency_id_generation_id")
        batch_op.drop_index("ix_ai_runs_agency_id_day")

    op.drop_table("ai_runs")
    op.drop_table("vat_checks")
    op.drop_table("tallies")
    with op.batch_alter_table("search_words", schema=None) as batch_op:
        batch_op.drop_index("ix_search_words_document")

    op.drop_table("search_words")
    op.drop_table("saved_views")
    with op.batch_alter_table("report_shares", schema=None) as batch_op:
        batch_op.drop_index("ix_report_shares_sums")

    op.drop_table("report_shares")
    op.drop_table("report_positions")
    with op.batch_alter_table("report_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_report_entries_sums")
        batch_op.drop_index("ix_report_entries_journal")

    op.drop_table("report_entries")
    op.drop_table("report_accounts")
    op.drop_table("reminder_steps")
    op.drop_table("reminder_settings")
    op.drop_table("quotation_templates")
    with op.batch_alter_table("quotation_blocks", schema=None) as batch_op:
        batch_op.drop_index("ix_quotation_blocks_agency_id_kind")

    op.drop_table("quotation_blocks")
    with op.batch_alter_table("provider_accounts", schema=None) as batch_op:
        batch_op.drop_index("ix_provider_accounts_capability_provider")

    op.drop_table("provider_accounts")
    op.drop_table("plugin_stores")
    with op.batch_alter_table("plugin_answers", schema=None) as batch_op:
        batch_op.drop_index("ix_plugin_answers_agency_id_asked_at")

    op.drop_table("plugin_answers")
    with op.batch_alter_table("payment_consents", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_consents_state_hash")

    op.drop_table("payment_consents")
    op.drop_table("number_series")
    with op.batch_alter_table("list_tasks", schema=None) as batch_op:
        batch_op.drop_index("ix_list_tasks_created_at")
        batch_op.drop_index("ix_list_tasks_agency_id_user_id_id")

    op.drop_table("list_tasks")
    with op.batch_alter_table("ledger_rates", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_rates_currency")

    op.drop_table("ledger_rates")
    op.drop_table("invoice_templates")
    with op.batch_alter_table("imports", schema=None) as batch_op:
        batch_op.drop_index("ix_imports_agency_id_kind_id")

    op.drop_table("imports")
    op.drop_table("consultation_options")
    op.drop_table("bank_files")
    with op.batch_alter_table("ai_generations", schema=None) as batch_op:
        batch_op.drop_index("ix_ai_generations_agency_id_month")

    op.drop_table("ai_generations")
    op.drop_table("provider_checks")
    op.drop_table("plugin_switches")
    with op.batch_alter_table("payment_strays", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_strays_payment_vendor_id")

    op.drop_table("payment_strays")
    op.drop_table("payment_lists")
    op.drop_table("connected_names")
