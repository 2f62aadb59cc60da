"""The register of personal data: every column that can hold some, read from `register.toml`."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from webkit.core.retention import CLASSES, Retention
from webkit.core.values import dataclass

PATH = Path(__file__).with_name("register.toml")
CLIENT, NOBODY = "client", "nobody"
WHOSE = {
    CLIENT: "a client's person",
    "staff": "people with an account",
    "visitor": "visitors",
    "agency": "the agency itself",
    NOBODY: "nobody",
}
DELETE, BLANK, STAY = "delete", "blank", "stay"
ERASURES = {
    DELETE: "the row is deleted",
    BLANK: "the columns are emptied",
    STAY: "stays: it says nothing of anybody without what is erased",
    "": "goes with the account or the agency",
}
WITH = "with"


@dataclass(frozen=True, slots=True)
class Table:
    """What the register says of one table; the words are explained at the head of the file."""

    name: str
    whose: str
    retention: Retention | None
    purpose: str = ""
    by: str = ""
    keep: str = ""
    when: tuple[str, ...] = ()
    dated: str = ""
    erase: str = ""
    personal: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    pseudonym: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    ends: str = ""
    over: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it says something of."""
        return (*self.personal, *self.secret, *self.plain)

    @property
    def law(self) -> Retention | None:
        """The class by law that keeps some of its rows by themselves."""
        return Retention(self.keep) if self.keep not in ("", WITH) else None


@functools.cache
def tables() -> Mapping[str, Table]:
    """The register, by table. Nothing reads it before somebody asks."""
    found = tomllib.loads(PATH.read_text("utf-8"))
    return {name: _table(name, dict(said)) for name, said in found.items()}


def _table(name: str, said: dict[str, Any]) -> Table:
    retention = Retention(said.pop("class")) if "class" in said else None
    lists = {key: tuple(value) for key, value in said.items() if isinstance(value, list)}
    return Table(name=name, retention=retention, **{**said, **lists})


def of_clients() -> dict[str, Table]:
    """Those in which something of a client's person can be found and erased."""
    return {name: table for name, table in tables().items() if table.by}


def ending() -> dict[str, Table]:
    """Those with traces of use that a daily job removes."""
    return {name: table for name, table in tables().items() if table.ends}


def markdown() -> str:
    """The register as a page of the documentation."""
    parts = [_HEAD, *_classes(), "", "## Tables", ""]
    known = [table for table in tables().values() if table.whose != NOBODY]
    for table in sorted(known, key=lambda each: (list(WHOSE).index(each.whose), each.name)):
        parts += _section(table)
    plain = sorted(table.name for table in tables().values() if table.whose == NOBODY)
    parts += ["### Without personal data", "", *_wrapped(", ".join(f"`{name}`" for name in plain) + "."), ""]
    return "\n".join(parts).rstrip() + "\n"


_HEAD = """# Register of personal data

Made by `webkit privacy register`; a test compares it with the schema, so no column is missing. Keys, moments, numbers
and words of closed lists are left out. What is erased when a client's person asks for it, and what is kept and until
when, follows from the classes. See also [privacy for users](../users/privacy.md).

## Classes
"""


def _classes() -> list[str]:
    found = []
    for each in CLASSES.values():
        found += [*_wrapped(f"- **{each.label}** (`{each.key}`): {each.ground}. {each.period}.")]
        if each.by_country:
            years = ", ".join(f"{country} {count}" for country, count in sorted(each.by_country.items()))
            found += ["  " + line for line in _wrapped(f"Years elsewhere: {years}.", 118)]
    return found


def _section(table: Table) -> list[str]:
    says = [f"Of {WHOSE[table.whose]}."]
    if table.purpose:
        says.append(f"For: {table.purpose}.")
    if table.retention:
        says.append(f"Class: `{table.retention}`.")
    says.append(f"Erasure: {ERASURES[table.erase]}.")
    if table.law and table.law != table.retention:
        says.append(f"Kept as `{table.law}` {_condition(table)}.")
    elif table.keep == WITH:
        says.append("Kept with the document it belongs to.")
    if end := f"`WEBKIT_TRACE_DAYS` after `{table.ends}`" if table.ends else table.over:
        says.append(f"Goes by itself: {end}.")
    lines = [f"### {table.name}", "", *_wrapped(" ".join(says)), ""]
    for label, names in (("Personal", table.personal), ("Sealed or hashed", table.secret)):
        if names:
            lines += [*_wrapped(f"{label}: " + ", ".join(f"`{name}`" for name in names) + "."), ""]
    return lines


def _condition(table: Table) -> str:
    if len(table.when) > 1:
        return f"once it is {' or '.join(word.replace('_', ' ') for word in table.when[1:])}"
    return "once it has a number" if table.when else "always"


def _wrapped(text: str, width: int = 120) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
