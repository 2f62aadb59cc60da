"""What in an archive leads outside acts for nobody in the new place until its agency connects it anew.

Whoever writes an archive by hand may put into it what a vendor calls another agency's payments, mails or accounts. So
what was done through an installation's own accounts is never taken for this one's, an agency's own account has to be in
the archive itself, and accounts that a platform acted for are known here by no vendor's name. All of this is undone
when the agency is exported again: an archive stays the same, byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from webkit.core.kernel.vendors import ELSEWHERE
from webkit.portability.content import ACCOUNTS, unplug

Row = dict[str, Any]
THROUGH: dict[str, str] = {
    "mails": "account_id",
    "payment_agreements": "account_id",
    "payment_methods": "account_id",
    "payment_payers": "through",
    "payments": "account_id",
    "retainers": "account_id",
}
"""Where a row says through which account of the agency it went; without one it went through its installation's."""
NAMED: dict[str, str] = {"connected_accounts": "name", "provider_accounts": "connected"}
"""Where a row holds a vendor's name of an account that its installation acted for."""
FOREIGN = "elsewhere:"
LONGEST = 64 - len(FOREIGN)
"""Vendors' names are shorter than this."""


def leave(table: str, row: Row) -> None:
    """Make a row one of an archive."""
    _end(table, row)
    if (column := THROUGH.get(table)) is not None and row[column] == _elsewhere(column, row):
        row[column] = _nobody(column)
    if (column := NAMED.get(table)) is not None:
        row[column] = row[column].removeprefix(FOREIGN)


def arrive(table: str, row: Row) -> None:
    """Make a row of an archive one that acts for nobody outside, but through the agency's own accounts."""
    _end(table, row)
    if (column := THROUGH.get(table)) is not None and row[column] == _nobody(column):
        row[column] = _elsewhere(column, row)
    if (column := NAMED.get(table)) is not None and row[column]:
        row[column] = f"{FOREIGN}{row[column]}"


def problem(table: str, row: Row, accounts: Collection[UUID]) -> str:
    """Why a row may not come in, given the accounts of its archive; nothing if it may."""
    if (column := THROUGH.get(table)) is not None:
        said = row.get(column)
        if said and str(said) not in {str(each) for each in accounts}:
            return "goes through an account that is not the agency's"
    if (column := NAMED.get(table)) is not None and len(row.get(column) or "") > LONGEST:
        return f"{column}: is longer than {LONGEST}"
    return "is nobody's account" if table == ACCOUNTS and row["id"] == ELSEWHERE else ""


def _end(table: str, row: Row) -> None:
    unplug(table, row)
    if table == "connected_accounts":
        row["taken_away"] = True  # there is no access that could be given back


def _nobody(column: str) -> str | None:
    return None if column == "account_id" else ""


def _elsewhere(column: str, row: Row) -> UUID | str:
    """Nobody's account. Of a client who was known in two installations there are two rows that differ in `through`
    alone: each has its own word there."""
    return ELSEWHERE if column == "account_id" else str(row["id"])
