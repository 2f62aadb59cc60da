"""Which days a report is about, and the codes of accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from webkit.core.kernel.forms import Form, Line
from webkit.core.kernel.i18n import gettext as _
from webkit.reports.ranges import EARLIEST, MOST_YEARS
from webkit.reports.taxes import Basis

_CODE = re.compile(r"[\w.\-/ ]{1,20}")


class RangeForm(Form):
    """A choice of days by its name, or the first and the last day."""

    range: Line(20) = ""  # type: ignore[valid-type]
    since: date | None = None
    until: date | None = None
    basis: Basis = Basis.ACCRUAL


def range_problem(given: RangeForm) -> tuple[str, str] | None:
    """The field that is wrong with these days, and why."""
    first, last = given.since, given.until
    if first and first < EARLIEST:
        return "since", _("Reports begin in 1970.")
    for name, day in (("since", first), ("until", last)):
        if day and not EARLIEST.year <= day.year <= EARLIEST.year + MOST_YEARS:
            return name, _("That day is too far away.")
    if first and last and last < first:
        return "until", _("The last day is before the first one.")
    return None


class AccountsForm(Form):
    """The code of each account; empty is the usual one."""

    receivable: Line(20) = ""  # type: ignore[valid-type]
    bank: Line(20) = ""  # type: ignore[valid-type]
    revenue: Line(20) = ""  # type: ignore[valid-type]
    tax: Line(20) = ""  # type: ignore[valid-type]
    withheld: Line(20) = ""  # type: ignore[valid-type]
    split: Line(20) = ""  # type: ignore[valid-type]
    prepaid: Line(20) = ""  # type: ignore[valid-type]
    rounding: Line(20) = ""  # type: ignore[valid-type]
    written_off: Line(20) = ""  # type: ignore[valid-type]
    held: Line(20) = ""  # type: ignore[valid-type]
    credit: Line(20) = ""  # type: ignore[valid-type]
    services: Line(20) = ""  # type: ignore[valid-type]
    fees: Line(20) = ""  # type: ignore[valid-type]
    converted: Line(20) = ""  # type: ignore[valid-type]
    elsewhere: Line(20) = ""  # type: ignore[valid-type]
    exchange: Line(20) = ""  # type: ignore[valid-type]


def problems(codes: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with codes, by account."""
    sentence = _("Letters, digits, points, dashes, slashes and spaces, please.")
    return {role: sentence for role, code in codes.items() if code and not _CODE.fullmatch(code)}
