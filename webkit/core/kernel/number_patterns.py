"""How the numbers of documents are written: `INV-{year}-{n:04}` is INV-2026-0042.

`{n}` is the running number, `{n:04}` in four digits; `{year}` and `{yy}` the year, `{month}` the month, `{client}`
letters of the client's name. The number starts again whenever what it counts in begins: a year, a month, a client.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from webkit.core.kernel.i18n import gettext as _

PLACEHOLDER = re.compile(r"\{(year|yy|month|client|n(?::0?([1-9]))?)\}")
RUNNING = re.compile(r"\{n(?::0?[1-9])?\}")
LONGEST = 32
"""Of a finished number: what every document and every bank transfer has room for."""
CLIENT = 8
_LITERAL = re.compile(r"[A-Za-z0-9 ./_:-]*")
_YEARS = ("{year}", "{yy}")


def unusable(pattern: str) -> str | None:
    """What makes a pattern impossible to count with, as a sentence; None when it can."""
    if len(RUNNING.findall(pattern)) != 1:
        return _("Write {n} once, where the running number stands; {n:04} gives it four digits.")
    if re.search(r"[{}]", PLACEHOLDER.sub("", pattern)):
        return _("In braces only {year}, {yy}, {month}, {client} and the running number {n} are known.")
    return None


def check(pattern: str) -> str | None:
    """What is wrong with a pattern somebody wants to use from now on, as a sentence; None when nothing is."""
    if problem := unusable(pattern):
        return problem
    if not _LITERAL.fullmatch(PLACEHOLDER.sub("", pattern)):
        return _("A number is made of letters, digits, spaces and . / _ : - besides the running number.")
    if "{month}" in pattern and not any(year in pattern for year in _YEARS):
        return _("With {month} the pattern needs {year} too: every year has the same months, and numbers would repeat.")
    if _touches_digits(pattern):
        return _("Put a sign like - or / between {n} and other digits: else two numbers could look the same.")
    if len(written(pattern, 999_999, date(2026, 12, 31), "W" * CLIENT)) > LONGEST:
        return _("This makes numbers of more than %(most)d signs. Please make it shorter.", most=LONGEST)
    return None


def example(pattern: str, on: date, value: int = 1, client: str = "Birch & Co") -> str:
    """A number as it would look."""
    return written(pattern, value, on, client_code(client))


def written(pattern: str, value: int, on: date, client: str) -> str:
    """The number with everything put in."""
    words = {"year": f"{on.year:04}", "yy": f"{on.year % 100:02}", "month": f"{on.month:02}", "client": client}
    return PLACEHOLDER.sub(lambda found: words.get(found[1]) or str(value).zfill(int(found[2] or 1)), pattern)


def parts(pattern: str, on: date, client: str) -> tuple[str, int, str]:
    """What stands before the running number, how many digits that has at least, and what stands after it."""
    before, after = (written(part, 0, on, client) for part in RUNNING.split(pattern))
    (digits,) = (int(found[2] or 1) for found in PLACEHOLDER.finditer(pattern) if found[1].startswith("n"))
    return before, digits, after


def read(pattern: str, number: str, on: date) -> int | None:
    """The running number in a number that was given in the period of that day; None when it was not written so."""
    if "{client}" in pattern:
        return None
    before, _digits, after = parts(pattern, on, "")
    found = re.fullmatch(rf"{re.escape(before)}([0-9]{{1,9}}){re.escape(after)}", number)
    return int(found[1]) if found else None


def guess(number: str, on: date) -> str:
    """The pattern somebody most likely had who gave this number in the year of that day: `2026/042` is
    `{year}/{n:03}`. Empty when that cannot be said."""
    dated = number.replace(f"{on.year:04}", "{year}", 1)
    runs = [*re.finditer(r"[0-9]{1,9}", dated)]
    if not runs:
        return ""
    start, end = runs[-1].span()
    digits = end - start
    running = f"{{n:0{digits}}}" if dated[start] == "0" and digits > 1 else "{n}"
    pattern = dated[:start] + running + dated[end:]
    return pattern if check(pattern) is None and read(pattern, number, on) is not None else ""


def period(pattern: str, on: date) -> str:
    """In what the pattern counts on that day: a month, a year, or for ever."""
    if "{month}" in pattern:
        return f"{on.year:04}-{on.month:02}"
    return f"{on.year:04}" if any(year in pattern for year in _YEARS) else ""


def client_code(name: str) -> str:
    """Capital letters and digits of a name. Clients with the same ones share a counter, so no number occurs twice."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().upper()
    return re.sub(r"[^A-Z0-9]", "", plain)[:CLIENT] or "CLIENT"


def may_meet(one: str, other: str) -> bool:
    """Whether two patterns could ever write the same number: then they cannot count side by side."""
    first, second = _signs(one), _signs(other)
    seen, todo = set(), [(0, 0)]
    while todo:
        if (here := todo.pop()) in seen:
            continue
        seen.add(here)
        i, j = here
        if i == len(first) and j == len(second):
            return True
        if i < len(first) and first[i][1]:
            todo.append((i + 1, j))
        if j < len(second) and second[j][1]:
            todo.append((i, j + 1))
        if i < len(first) and j < len(second) and first[i][0] & second[j][0]:
            todo.append((i if first[i][1] else i + 1, j if second[j][1] else j + 1))
    return False


_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ") | _DIGITS


def _signs(pattern: str) -> list[tuple[frozenset[str], bool]]:
    """What may stand at each place of a number, and whether any number of these may."""
    found: list[tuple[frozenset[str], bool]] = []
    end = 0
    for each in PLACEHOLDER.finditer(pattern):
        found += [(frozenset(sign), False) for sign in pattern[end : each.start()]]
        end = each.end()
        if each[1] == "client":
            found += [(_LETTERS, False), (_LETTERS, True)]
        elif each[1] in ("year", "yy", "month"):
            found += [(_DIGITS, False)] * (4 if each[1] == "year" else 2)
        else:
            found += [*[(_DIGITS, False)] * int(each[2] or 1), (_DIGITS, True)]
    return [*found, *[(frozenset(sign), False) for sign in pattern[end:]]]


def _touches_digits(pattern: str) -> bool:
    """Whether the running number stands directly beside something that may be a digit."""
    before, _found, after = re.split(f"({RUNNING.pattern})", pattern, maxsplit=1)
    return bool(re.search(r"[0-9}]$", before) or re.match(r"[0-9{]", after))
