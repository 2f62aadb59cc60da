"""A year of ten thousand plans, looked at ahead: each month an invoice, and four reminders of each, by the rules that
run. Nothing of it is in the database: what is measured is the calendar, the prices and the steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from benchmarks.report import Row
from benchmarks.world import World
from webkit.clients import service as clients
from webkit.core.kernel import tenancy
from webkit.recurring import forecast
from webkit.recurring.calendar import Course, Rhythm, Unit
from webkit.recurring.dunning import Policy
from webkit.recurring.forecast import Running
from webkit.recurring.models import PlanState
from webkit.recurring.steps import Step, Window
from webkit.recurring.views import PlanView, PriceView

PLANS = 10_000
BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
LINE = {"description": "Care {month}", "quantity": "1", "price": "100", "rate": ""}
POLICY = Policy(
    Window(), tuple(Step(days, date.min) for days in (-3, 3, 10, 30)), {}, frozenset(), {}, ZoneInfo("Europe/Rome")
)


def measure(world: World) -> Iterator[Row]:
    house = world.house
    count = 100 if world.quick else PLANS
    with house.app.app_context(), tenancy.tenant(house.agency.id):
        client = clients.choices()[0][0]
        rules = forecast.rules_of(POLICY, {client})
        plans = [_running(client, number) for number in range(count)]
        began = time.process_time()
        ahead = sum(1 for _each in forecast.simulate(plans, rules, BEGIN, BEGIN + timedelta(days=365)))
        took = time.process_time() - began
    yield Row("plans.year", took, "s", 60)
    yield Row("plans.year.ahead", ahead, "steps")


def _running(client: UUID, number: int) -> Running:
    rhythm = Rhythm(date(2027, 1, 1 + number % 31), Unit.MONTH, hour=number % 24)
    price = PriceView(uuid4(), rhythm.start, [LINE], {}, 10_000, "EUR")
    plan = PlanView(
        id=uuid4(), client_id=client, title="Care {month}", note="", payment_days=14, currency="EUR", issues=True,
        state=PlanState.ACTIVE, revision=1, unit=rhythm.unit, every=1, day=rhythm.start.day, hour=rhythm.hour,
        arrears=False, charges=False, until=None, times=None, done=0, next_on=rhythm.start, paused_at=None, problem="",
        created_at=BEGIN, prices=(price,),
    )  # fmt: skip
    return Running(plan, Course(rhythm))
