"""What is billed again and again: plans that make invoices, and retainers that clients subscribe to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.agencies import service as agencies
from webkit.api.operations import Call, Operation, Param
from webkit.api.paging import of_all, of_rows
from webkit.api.resources.invoices import LineIn
from webkit.api.resources.shared import Cut, pointing
from webkit.api.shapes import Currency, Input, View
from webkit.clients import service as clients
from webkit.core.capabilities.subscriptions import Interval
from webkit.core.kernel.forms import Line, Text
from webkit.invoices import service as invoices
from webkit.invoices.figures import Figures
from webkit.recurring import forecast, planning
from webkit.recurring.calendar import MOST_EVERY, Rhythm, Unit
from webkit.recurring.forecast import Kind
from webkit.recurring.models import Outcome, PlanState
from webkit.recurring.planning import PlanInput
from webkit.recurring.views import PlanView
from webkit.retainers import selling
from webkit.retainers.models import Word
from webkit.retainers.selling import RetainerInput

PLAN = Param("plan", "Because of one plan.", {"type": "string", "format": "uuid"})
STATE = Param("state", "In this state.", {"type": "string", "enum": [each.value for each in PlanState]})


class Priced(Input):
    """What is asked for each time."""

    lines: list[LineIn] = Field(min_length=1, max_length=100)
    discount: Cut | None = None

    def read_lines(self) -> tuple[tuple[invoices.LineInput, ...], Figures, int]:
        """Lines, what is decided about them, and what they come to under the agency's scheme."""
        profile = agencies.profile()
        cut = self.discount.value("discount") if self.discount else None
        lines = tuple(line.read(place) for place, line in enumerate(self.lines))
        figures = Figures(habits=profile.habits, discount=cut)
        with pointing():
            return lines, figures, invoices.price(lines, profile, figures).totals.payable


class PlanIn(Priced):
    """A plan: `start` is the day of its next invoice, `times` counts all of them. In the title `{from}`, `{to}`,
    `{month}` and `{year}` are filled in."""

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
    until: date | None = None
    times: int | None = Field(None, ge=1, le=1200)
    issues: Literal["draft", "issue", "charge"] = "draft"

    def read(self) -> PlanInput:
        """As the service takes it."""
        lines, figures, total = self.read_lines()
        day = 0 if self.unit is Unit.WEEK else self.day
        return PlanInput(
            client_id=self.client_id,
            title=self.title,
            lines=lines,
            figures=figures,
            total=total,
            rhythm=Rhythm(self.start, self.unit, self.every, day, self.hour),
            arrears=self.arrears,
            until=self.until,
            times=self.times,
            issues=self.issues != "draft",
            charges=self.issues == "charge",
            payment_days=self.payment_days,
            note=self.note,
        )


class ResumeIn(Input):
    """`missed`: what fell due meanwhile is billed after all."""

    missed: bool = False


class RetainerIn(Priced):
    """A retainer to be offered."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    interval: Interval
    start: date | None = None
    note: Text(2000) = ""  # type: ignore[valid-type]

    def read(self) -> RetainerInput:
        """As the service takes it."""
        lines, figures, total = self.read_lines()
        return RetainerInput(self.client_id, self.title, lines, figures, total, self.interval, self.start, self.note)


class EndIn(Input):
    """`now`, or with the period that is paid."""

    now: bool = False


class PricesIn(Priced):
    """What a plan asks for from a day on."""

    since: date


class Prices(View):
    """What a plan asks for from a day on; its `id` is that of the prices."""

    id: UUID
    since: date
    total_minor: int = Field(validation_alias="total")
    currency: Currency


class Plan(View):
    """A plan. `total` is what its next invoice asks for, as it was when that was written."""

    id: UUID
    client_id: UUID
    title: str
    note: str
    payment_days: int
    currency: Currency
    total_minor: int = Field(validation_alias="total")
    issues: bool
    charges: bool
    state: PlanState
    unit: Unit
    every: int
    day: int
    hour: int
    arrears: bool
    until: date | None
    times: int | None
    done: int
    next_on: date | None
    paused_at: datetime | None
    problem: str
    prices: list[Prices]
    revision: int
    created_at: datetime


class Period(View):
    """A period that was dealt with."""

    on: date
    outcome: Outcome
    invoice_id: UUID | None
    total_minor: int = Field(validation_alias="total")
    currency: Currency


class Retainer(View):
    """A retainer."""

    id: UUID
    client_id: UUID
    title: str
    note: str
    total_minor: int
    currency: Currency
    interval: Interval
    start: date | None
    state: Word
    period_end: datetime | None
    problem: str
    created_at: datetime


class Ahead(View):
    """Something that will happen, unless it is changed or paid before; `problem` says why it could not."""

    at: datetime
    on: date
    kind: Kind
    client_id: UUID
    title: str
    currency: Currency
    amount_minor: int = Field(validation_alias="amount")
    plan_id: UUID | None
    invoice_id: UUID | None
    days: int
    problem: str


def _ahead(call: Call) -> Sequence[Any]:
    plan = UUID(call.query["plan"]) if "plan" in call.query else None
    return forecast.twelve_months(plan).ahead


def _plans(call: Call, limit: int, before: UUID | None) -> Sequence[PlanView]:
    state = PlanState(call.query["state"]) if "state" in call.query else None
    return planning.page(limit=limit, state=state, before=before)


def _plan(call: Call) -> PlanView:
    return planning.get(call.id("plan_id"))


def _create(call: Call) -> PlanView:
    return planning.get(planning.create(call.body.read(), call.actor, call.key))


def _replace(call: Call) -> PlanView:
    plan = _plan(call)
    planning.save(plan.id, plan.revision, call.body.read(), call.actor)
    return _plan(call)


def _pause(call: Call) -> PlanView:
    planning.pause(call.id("plan_id"), call.actor)
    return _plan(call)


def _resume(call: Call) -> PlanView:
    planning.resume(call.id("plan_id"), call.actor, missed=call.body.missed)
    return _plan(call)


def _end(call: Call) -> PlanView:
    planning.end(call.id("plan_id"), call.actor)
    return _plan(call)


def _change_prices(call: Call) -> PlanView:
    plan, given = _plan(call), call.body
    lines, figures, total = given.read_lines()
    wanted = PlanInput(plan.client_id, plan.title, lines, figures, total, planning.course_of(plan).rhythm)
    planning.change_price(plan.id, plan.revision, given.since, wanted, call.actor)
    return _plan(call)


def _drop_prices(call: Call) -> None:
    planning.drop_price(call.id("plan_id"), call.id("price_id"), call.actor)


def _history(call: Call) -> Sequence[Any]:
    return planning.history(_plan(call).id)


def _retainers(call: Call) -> Sequence[Any]:
    return selling.of_client(clients.get(call.id("client_id")).id)


def _every_retainer(_call: Call, limit: int, before: UUID | None) -> Sequence[Any]:
    return selling.page(limit, before)


def _retainer(call: Call) -> Any:
    return selling.get(call.id("retainer_id"))


def _offer(call: Call) -> Any:
    return selling.get(selling.offer(call.body.read(), call.actor, call.key))


def _hold(call: Call) -> Any:
    selling.pause(call.id("retainer_id"), call.actor)
    return _retainer(call)


def _go_on(call: Call) -> Any:
    selling.resume(call.id("retainer_id"), call.actor)
    return _retainer(call)


def _stop(call: Call) -> Any:
    selling.end(call.id("retainer_id"), call.actor, now=call.body.now)
    return _retainer(call)


def _look(call: Call) -> Any:
    selling.sync(_retainer(call).id)
    return _retainer(call)


def _withdraw(call: Call) -> Any:
    selling.withdraw(call.id("retainer_id"), call.actor)
    return _retainer(call)


ALL, ONE, RETAINER = "/recurring", "/recurring/{plan_id}", "/retainers/{retainer_id}"
SEE, EDIT, LOOK, CHANGE = "recurring.view", "recurring.edit", "retainers.view", "retainers.change"
OPERATIONS = (
    Operation("recurring.list", "GET", ALL, SEE, "List plans", of_rows(_plans), paged=True, params=(STATE,),
              answer=Plan),
    Operation("recurring.create", "POST", ALL, EDIT, "Make a plan", _create, body=PlanIn, answer=Plan, code=201),
    Operation("recurring.get", "GET", ONE, SEE, "Read a plan", _plan, answer=Plan),
    Operation("recurring.replace", "PUT", ONE, EDIT, "Change a plan", _replace, body=PlanIn, answer=Plan),
    Operation("recurring.pause", "POST", f"{ONE}/pause", EDIT, "Pause a plan", _pause, answer=Plan),
    Operation("recurring.resume", "POST", f"{ONE}/resume", EDIT, "Go on with a plan", _resume, body=ResumeIn,
              answer=Plan),
    Operation("recurring.end", "POST", f"{ONE}/end", "recurring.end", "End a plan", _end, answer=Plan),
    Operation("recurring.history", "GET", f"{ONE}/periods", SEE, "List what it billed", of_all(_history), paged=True,
              answer=Period),
    Operation("recurring.change_prices", "POST", f"{ONE}/prices", EDIT, "Ask for something else from a day on",
              _change_prices, body=PricesIn, answer=Plan),
    Operation("recurring.drop_prices", "DELETE", f"{ONE}/prices/{{price_id}}", EDIT,
              "Take prices back that have not begun", _drop_prices, code=204),
    Operation("recurring.ahead", "GET", "/recurring-ahead", SEE, "List what the next twelve months bring",
              of_all(_ahead), paged=True, params=(PLAN,), answer=Ahead),
    Operation("retainers.every", "GET", "/retainers", LOOK, "List retainers", of_rows(_every_retainer), paged=True,
              answer=Retainer),
    Operation("retainers.list", "GET", "/clients/{client_id}/retainers", LOOK, "List a client's retainers",
              of_all(_retainers), paged=True, answer=Retainer),
    Operation("retainers.create", "POST", "/retainers", "retainers.offer", "Offer a retainer", _offer,
              body=RetainerIn, answer=Retainer, code=201),
    Operation("retainers.get", "GET", RETAINER, LOOK, "Read a retainer", _retainer, answer=Retainer),
    Operation("retainers.pause", "POST", f"{RETAINER}/pause", CHANGE, "Pause a retainer", _hold, answer=Retainer,
              apart=True),
    Operation("retainers.resume", "POST", f"{RETAINER}/resume", CHANGE, "Go on with a retainer", _go_on,
              answer=Retainer, apart=True),
    Operation("retainers.end", "POST", f"{RETAINER}/end", CHANGE, "End a retainer", _stop, body=EndIn,
              answer=Retainer, apart=True),
    Operation("retainers.withdraw", "POST", f"{RETAINER}/withdraw", "retainers.offer", "Take an offer back", _withdraw,
              answer=Retainer, apart=True),
    Operation("retainers.look", "POST", f"{RETAINER}/look", CHANGE, "Ask the payment service how it stands", _look,
              answer=Retainer, apart=True),
)  # fmt: skip
