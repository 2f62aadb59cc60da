"""What is typed about when an invoice is to be paid."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import Form, FormState, Line, bind, decimal_text
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import money_text
from webkit.invoices.terms import MOST_DAYS, MOST_PARTS, Due, Part, Rule, Terms
from webkit.pricing import Amount, Percent, PricingError
from webkit.pricing.typed import share_or_amount

COLUMNS = ("title", "share", "days", "day")
INSTALMENTS = "instalments"
BLANK, MORE = 3, 6


class TermsForm(Form):
    """The terms; their instalments come as parallel lists, one entry for each row."""

    rule: Literal["receipt", "net", "month_end", "day", "instalments"] = "net"
    days: int = Field(0, ge=0, le=MOST_DAYS)
    day: date | None = None
    words: Line(120) = ""  # type: ignore[valid-type]
    series: Line(10) = ""  # type: ignore[valid-type]
    revision: int = Field(0, ge=0, lt=2**31 - 1)


class PartForm(Form):
    """One instalment. Without a day it is due so many days after the issue."""

    title: Line(120) = ""  # type: ignore[valid-type]
    share: Line(40) = ""  # type: ignore[valid-type]
    days: int = Field(0, ge=0, le=MOST_DAYS)
    day: date | None = None


def rows(given: Any) -> list[dict[str, str]]:
    """The typed instalments, empty ones left out; `given` is the request's form."""
    columns = {name: given.getlist(f"part_{name}")[: MOST_PARTS + 1] for name in COLUMNS}
    length = max(len(values) for values in columns.values())
    found = [{n: values[i] if i < len(values) else "" for n, values in columns.items()} for i in range(length)]
    return [row for row in found if any(value.strip() for value in row.values())]


def read(given: Any, currency: str) -> tuple[TermsForm | None, Terms | None, FormState, dict[int, str]]:
    """What was typed, or None with what is wrong: by field, and by row."""
    bound = bind(TermsForm, given)
    if not bound.ok:
        return None, None, bound.state, {}
    form, state = bound.data, bound.state
    wrong: dict[int, str] = {}
    try:
        if form.rule == INSTALMENTS:
            terms = _instalments(rows(given), currency, form.words, wrong)
        else:
            rule = Rule(form.rule)
            days = form.days if rule in (Rule.NET, Rule.MONTH_END) else 0
            terms = Terms(Due(rule, days, form.day if rule is Rule.DAY else None), words=form.words)
    except DomainError as error:
        state.errors[error.field or "rule"] = error.message
        return form, None, state, wrong
    return form, terms, state, wrong


def _instalments(typed: list[dict[str, str]], currency: str, words: str, wrong: dict[int, str]) -> Terms | None:
    """The instalments; None with the row and its sentence in `wrong`."""
    parts = [_part(row, currency, place, wrong) for place, row in enumerate(typed)]
    if wrong:
        return None
    if not parts:
        raise DomainError(_("Please write at least two instalments."), "parts")
    return Terms(Due(Rule.RECEIPT), tuple(part for part in parts if part is not None), words)


def _part(row: Mapping[str, str], currency: str, place: int, wrong: dict[int, str]) -> Part | None:
    bound = bind(PartForm, row)
    if not bound.ok:
        wrong[place] = next(iter(bound.state.errors.values()))
        return None
    given = bound.data
    due = Due(Rule.DAY, 0, given.day) if given.day else Due(Rule.NET if given.days else Rule.RECEIPT, given.days)
    try:
        share = share_or_amount(given.share, currency, "share")
    except PricingError as error:
        wrong[place] = error.message
        return None
    return Part(
        due,
        percent=share.percent if isinstance(share, Percent) else None,
        amount=share.amount if isinstance(share, Amount) else None,
        title=given.title,
    )


def fields(terms: Terms, series: str, revision: int) -> dict[str, object]:
    """The form as it stands for what is stored."""
    due = terms.due
    return {
        "rule": INSTALMENTS if terms.parts else due.rule.value,
        "days": due.days,
        "day": due.day.isoformat() if due.day else "",
        "words": terms.words,
        "series": series,
        "revision": revision,
    }


def stored_rows(terms: Terms, currency: str) -> list[dict[str, str]]:
    """The instalments as somebody would type them."""
    return [
        {
            "title": part.title,
            "share": _share(part.percent, part.amount, currency),
            "days": "" if part.due.day else str(part.due.days),
            "day": part.due.day.isoformat() if part.due.day else "",
        }
        for part in terms.parts
    ]


def _share(percent: Decimal | None, amount: int | None, currency: str) -> str:
    if percent is not None:
        return f"{decimal_text(percent)} %"
    return "" if amount is None else money_text(amount, currency)
