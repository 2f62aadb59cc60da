"""What is typed about plans and reminders."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import DecimalText, Form, Line, MoneyText, Text, bind
from webkit.core.kernel.i18n import gettext as _
from webkit.recurring.calendar import MOST_EVERY, Rhythm, Unit
from webkit.recurring.dunning import StepInput
from webkit.recurring.models import FeeMode
from webkit.recurring.steps import EARLIEST, LATEST, MOST_STEPS

MOST_TIMES = 1200
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]
"""The hours of a day, to choose from."""


class PlanForm(Form):
    """The head of a plan and its rhythm; its lines come as those of an invoice."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    note: Text(2000) = ""  # type: ignore[valid-type]
    payment_days: int = Field(14, ge=0, le=365)
    unit: Unit = Unit.MONTH
    every: int = Field(1, ge=1, le=MOST_EVERY)
    start: date
    day: int = Field(0, ge=0, le=31)
    hour: int = Field(9, ge=0, le=23)
    arrears: bool = False
    ends: Literal["never", "until", "times"] = "never"
    until: date | None = None
    times: int | None = Field(None, ge=1, le=MOST_TIMES)
    issues: Literal["draft", "issue", "charge"] = "draft"
    once: Line(64) = ""  # type: ignore[valid-type]
    revision: int = Field(0, ge=0, lt=2**31 - 1)

    def rhythm(self) -> Rhythm:
        """When it bills. Raises DomainError naming the field."""
        if self.ends == "until" and self.until is None:
            raise DomainError(_("Please say on which day it ends."), "until")
        if self.ends == "times" and self.times is None:
            raise DomainError(_("Please say after how many invoices it ends."), "times")
        day = 0 if self.unit is Unit.WEEK else self.day
        return Rhythm(self.start, self.unit, self.every, day, self.hour)


class PriceForm(Form):
    """From when on a plan asks for something else."""

    since: date
    revision: int = Field(0, ge=0, lt=2**31 - 1)


class ResumeForm(Form):
    """Whether what fell due while a plan was paused is billed after all."""

    missed: bool = False


class RemindersForm(Form):
    """How an agency reminds; its steps come as parallel lists, one entry for each row."""

    active: bool = False
    since_hour: int = Field(9, ge=0, le=23)
    until_hour: int = Field(18, ge=1, le=24)
    weekends: bool = False
    fee_mode: FeeMode = FeeMode.NONE
    fee: MoneyText | None = None
    fee_percent: DecimalText = Decimal()
    fee_rate: Line(32) = ""  # type: ignore[valid-type]


class StepForm(Form):
    """One step. An entirely empty row is left out."""

    days: int = Field(ge=0, le=LATEST)
    side: Literal["before", "after"] = "after"
    words: Text(1000) = ""  # type: ignore[valid-type]
    fee: Literal["", "fee"] = ""

    def read(self) -> StepInput:
        """The step this means. Raises DomainError for one that is too early, or a fee before the day to pay by."""
        days = -self.days if self.side == "before" else self.days
        if days < EARLIEST:
            raise DomainError(_("At most %(n)d days before, please.", n=-EARLIEST))
        if self.fee and days <= 0:
            raise DomainError(_("A late fee comes after the day to pay by."))
        return StepInput(days, self.words, bool(self.fee))


class ClientForm(Form):
    """What is special about reminding a client."""

    off: bool = False
    timezone: Line(64) = ""  # type: ignore[valid-type]


COLUMNS = ("days", "side", "words", "fee")


def step_rows(given: Any) -> list[dict[str, str]]:
    """The typed steps, empty ones left out; `given` is the request's form."""
    columns = {name: given.getlist(f"step_{name}")[: MOST_STEPS + 1] for name in COLUMNS}
    length = max(len(values) for values in columns.values())
    found = [{n: values[i] if i < len(values) else "" for n, values in columns.items()} for i in range(length)]
    return [row for row in found if row["days"].strip() or row["words"].strip()]


def steps(typed: list[dict[str, str]]) -> tuple[list[StepInput], dict[int, str]]:
    """The steps, and what is wrong with which row."""
    found: list[StepInput] = []
    wrong: dict[int, str] = {}
    for place, row in enumerate(typed):
        bound = bind(StepForm, row)
        if not bound.ok:
            wrong[place] = next(iter(bound.state.errors.values()))
            continue
        try:
            found.append(bound.data.read())
        except DomainError as error:
            wrong[place] = error.message
    if len(typed) > MOST_STEPS:
        wrong[MOST_STEPS] = _("At most %(n)d steps, please.", n=MOST_STEPS)
    return found, wrong
