"""What belongs to an archive of an agency. Everything does that names an agency, but for what is listed here."""

from __future__ import annotations

from typing import Any

from webkit.core.values import dataclass

FORMAT = 1
LEFT_OUT: dict[str, str] = {
    "outbox": "work that this installation still does",
    "inbox": "what vendors told this installation",
    "inbox_endpoints": "addresses of this installation that vendors call",
    "sit_ins": "visits of people who look after this platform",
    "list_tasks": "work on lists, kept for a while",
    "list_task_outcomes": "work on lists, kept for a while",
    "once_keys": "what tells two clicks from one",
    "payment_consents": "browsers that are at a vendor right now",
    "api_keys": "keys that open this installation",
    "agency_issuers": "what this installation is to the agency's issuer",
    "agency_domains": "names that lead to this installation",
    "agency_identities": "accounts there that open this installation",
    "api_answers": "what tells a repeated call from a new one",
    "webhook_deliveries": "what this installation still tells other programs",
    "former_keys": "made anew from the signatures in the archive",
    "agency_exports": "about the archives themselves",
    "agency_deletions": "about the deletion itself",
}
"""Tables with rows of an agency that no archive has, and why."""
PLATFORMS: dict[str, str] = {
    "subscriptions": "what the agency pays this platform for",
    "tier_grants": "what this platform gave the agency",
}
"""Tables that an archive tells of, and that are never brought in: another platform has promised nothing."""
OMITTED: dict[str, frozenset[str]] = {
    "agencies": frozenset({"tier", "closed", "goes_on", "domain"}),
    "links": frozenset({"token_hash"}),
}
"""Columns that no archive has: they are this platform's to decide, or are made anew."""
PEOPLE = ("id", "created_at", "email", "name", "locale")
"""What an archive says of the people who work for the agency: nothing that lets anybody in."""


@dataclass(frozen=True, slots=True)
class FileColumns:
    """Where a row names a file: the column of its key, and the one of the account that keeps it."""

    key: str
    account: str
    content_type: str


FILES: dict[str, FileColumns] = {
    "frozen_documents": FileColumns("pdf_key", "pdf_account", "application/pdf"),
    "imports": FileColumns("file_key", "file_account", "text/csv"),
}
FILE_LISTS: dict[str, str] = {"invoices": "files", "quotations": "files"}
"""Where a row holds a list of attached files."""
LINKS, ACCOUNTS, LOG = "links", "provider_accounts", "audit_log"
PDFS = "frozen_documents"
UNPLUGGED: dict[str, dict[str, object]] = {
    "connected_accounts": {"alive": None, "can_charge": False, "can_pay_out": False},
    "webhook_endpoints": {"state": "paused", "lease_until": None, "hold_until": None},
}
"""What rows say that lead outside, in archives and after them: their agency connects and resumes them anew."""


def unplug(table: str, row: dict[str, Any]) -> None:
    """Let a row of an archive, whoever made it, act for nobody outside."""
    row.update(UNPLUGGED.get(table, {}))
    if table == ACCOUNTS and (row["connected"] or not row["sealed"]):
        row["gone"], row["chosen_for"] = True, None
