"""What is typed about how something is billed."""

from __future__ import annotations

from datetime import date
from typing import Any

from webkit.core.kernel.forms import Form, Line, bind
from webkit.plans.service import Step
from webkit.pricing import PricingError
from webkit.pricing.typed import share_or_amount

COLUMNS = ("title", "share", "due_on", "condition")
MOST, BLANK, MORE = 40, 3, 6


class StepForm(Form):
    """One milestone."""

    title: Line(120, 1)  # type: ignore[valid-type]
    share: Line(40) = ""  # type: ignore[valid-type]
    due_on: date | None = None
    condition: Line(300) = ""  # type: ignore[valid-type]


class DepositForm(Form):
    """How much is asked for first."""

    share: Line(40, 1)  # type: ignore[valid-type]


def rows(given: Any) -> list[dict[str, str]]:
    """The typed milestones, empty ones left out; `given` is the request's form."""
    columns = {name: given.getlist(f"step_{name}")[:MOST] for name in COLUMNS}
    length = max(len(values) for values in columns.values())
    found = [{n: values[i] if i < len(values) else "" for n, values in columns.items()} for i in range(length)]
    return [row for row in found if any(value.strip() for value in row.values())]


def steps(typed: list[dict[str, str]], currency: str) -> tuple[list[Step], dict[int, str]]:
    """The milestones, and what is wrong with which row."""
    found: list[Step] = []
    wrong: dict[int, str] = {}
    for place, row in enumerate(typed):
        bound = bind(StepForm, row)
        if not bound.ok:
            wrong[place] = next(iter(bound.state.errors.values()))
            continue
        given = bound.data
        try:
            of = share_or_amount(given.share, currency, "share")
        except PricingError as error:
            wrong[place] = error.message
            continue
        found.append(Step(given.title, given.share, of, given.due_on, given.condition))
    return found, wrong
