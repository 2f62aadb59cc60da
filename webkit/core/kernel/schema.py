"""What tables need beyond columns: row-level security, and triggers that keep evidence from being rewritten.

Migrations call these helpers; batch mode on SQLite drops triggers, so a migration that touches a guarded table
calls `append_only` again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.engine import Connection

from webkit.core.kernel import tenancy
from webkit.core.kernel.tables import Base

APP, PLATFORM = "webkit_app", "webkit_platform"
EVIDENCE = ("events", "signed_heads")
"""Tables of the kernel whose rows nobody changes or removes; a feature marks its own with `APPEND_ONLY`."""
APPEND_ONLY: dict[str, dict[str, bool]] = {"info": {"append_only": True}}
"""The last of a model's table arguments, for rows that stay as they were written."""
EMPTY = "('', '{}')"
"""What erasure leaves of a text, and of facts."""
NEVER_CHANGED: dict[str, dict[str, bool]] = {"info": {"append_only": True, "may_go": True}}
"""The same for rows that hold what people said of themselves: never changed, but deleted when they ask for it."""


def harden(connection: Connection) -> None:
    """Everything a database needs right after its tables were made: walls around owned tables, evidence for good."""
    protect(connection, *tenancy.owned_tables())
    for table in EVIDENCE:
        append_only(connection, table)
    for marked in Base.metadata.sorted_tables:
        if marked.info.get("append_only"):
            rules = {"allow_delete": marked.info.get("may_go", False), "may_empty": marked.info.get("may_empty", ())}
            append_only(connection, marked.name, **rules)


def roles(connection: Connection) -> None:
    """Make sure the plain role and the platform role exist and the plain one may become the other."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(
        text(
            "DO $$ BEGIN"
            f" IF to_regrole('{APP}') IS NULL THEN CREATE ROLE {APP} LOGIN; END IF;"
            f" IF to_regrole('{PLATFORM}') IS NULL THEN CREATE ROLE {PLATFORM} NOLOGIN; END IF;"
            " END $$"
        )
    )
    connection.execute(text(f"GRANT {PLATFORM} TO {APP} WITH INHERIT FALSE"))
    connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP}, {PLATFORM}"))
    for privilege in ("TABLES", "SEQUENCES"):
        rights = "SELECT, INSERT, UPDATE, DELETE" if privilege == "TABLES" else "USAGE, SELECT"
        connection.execute(
            text(f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON {privilege} TO {APP}, {PLATFORM}")
        )


def protect(connection: Connection, *tables: str) -> None:
    """Row-level security on both walls: the plain role sees one agency, the platform role and the owner see all.

    Two policies for two roles: an OR in one policy would cost the index.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for statement in (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY tenant ON {table} TO {APP} USING "
            "(agency_id = nullif(current_setting('app.agency_id', true), '')::uuid)",
            f"CREATE POLICY everyone ON {table} TO {PLATFORM}, CURRENT_USER USING (true)",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {APP}, {PLATFORM}",
        ):
            connection.execute(text(statement))


def append_only(
    connection: Connection, table: str, *, allow_delete: bool = False, may_empty: Sequence[str] = ()
) -> None:
    """Triggers that refuse UPDATE, and DELETE unless allowed, whoever asks. Texts in `may_empty` may be emptied, as
    erasure does, while all else stays as it is. Called again, it replaces the former rules."""
    if connection.dialect.name == "postgresql":
        _append_only_postgresql(connection, table, allow_delete, may_empty)
        return
    said = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    columns = [row[1] for row in connection.execute(text(f"PRAGMA table_info({table})"))]
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns if name not in may_empty)
    emptied = " AND ".join(f"(NEW.{name} IS OLD.{name} OR NEW.{name} IN {EMPTY})" for name in may_empty)
    unless = {"UPDATE": f"WHEN NOT ({same} AND {emptied})" if may_empty else "", "DELETE": ""}
    for verb in unless:
        connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_{verb.lower()}"))
        if verb == "UPDATE" or not allow_delete:
            name = f"{table}_no_{verb.lower()}"
            connection.execute(text(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {unless[verb]} {said}"))


def _append_only_postgresql(connection: Connection, table: str, allow_delete: bool, may_empty: Sequence[str]) -> None:
    verbs = "UPDATE" if allow_delete else "UPDATE OR DELETE"
    names = ", ".join(f"'{name}'" for name in may_empty)
    emptied = " AND ".join(
        f"(NEW.{name} IS NOT DISTINCT FROM OLD.{name} OR NEW.{name} IN {EMPTY})" for name in may_empty
    )
    same = f"to_jsonb(NEW) - ARRAY[{names}] = to_jsonb(OLD) - ARRAY[{names}]"
    allowed = f"IF TG_OP = 'UPDATE' AND {same} AND {emptied} THEN RETURN NEW; END IF; " if may_empty else ""
    connection.execute(
        text(f"""
        CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN {allowed}RAISE EXCEPTION '{table} is append-only'; END $$""")
    )
    connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}"))
    connection.execute(
        text(f"""
        CREATE TRIGGER {table}_append_only BEFORE {verbs} ON {table}
        FOR EACH ROW EXECUTE FUNCTION {table}_append_only()""")
    )
