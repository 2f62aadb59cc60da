"""Plans that bill again and again, and what clients were reminded of."""

from __future__ import annotations

import enum
import functools
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import late
from webkit.core.kernel.db import later, session
from webkit.core.kernel.tables import Json, Owned, enum_column, owned_args, owned_fk
from webkit.core.kernel.tenancy import agency_id, mine
from webkit.recurring.calendar import Course, Rhythm, Unit
from webkit.recurring.steps import Window


class PlanState(enum.StrEnum):
    """Paused waits for a person, ended for nobody."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class Outcome(enum.StrEnum):
    """What became of a period: an invoice as a draft, one that was issued, or none, because the plan was paused."""

    DRAFTED = "drafted"
    ISSUED = "issued"
    SKIPPED = "skipped"


class FeeMode(enum.StrEnum):
    """Late fees: none, as a draft for a person to issue, or issued and sent."""

    NONE = "none"
    PROPOSE = "propose"
    ISSUE = "issue"


class RecurringPlan(Owned):
    """What is billed to a client in a rhythm. `place` is the next period of that rhythm, `before` counts the periods
    of the rhythms it had earlier."""

    __tablename__ = "recurring_plans"
    __table_args__ = owned_args(
        owned_fk("client_id", "clients"),
        sa.Index("ix_recurring_plans_client", "agency_id", "client_id", "id"),
        sa.Index("ix_recurring_plans_agency_id_state_next_on", "agency_id", "state", "next_on"),
        sa.Index("ix_recurring_plans_state_next_on", "state", "next_on"),
    )

    client_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    payment_days: Mapped[int]
    currency: Mapped[str] = mapped_column(sa.String(3))
    issues: Mapped[bool] = mapped_column(default=False)
    """Whether its invoices are issued and sent, or left as drafts."""
    charges: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether what was issued is charged by itself to a payment method the client has left."""
    state: Mapped[PlanState] = enum_column(PlanState, default=PlanState.ACTIVE)
    revision: Mapped[int] = mapped_column(default=1)
    unit: Mapped[Unit] = enum_column(Unit)
    every: Mapped[int]
    day: Mapped[int]
    hour: Mapped[int]
    start: Mapped[date]
    arrears: Mapped[bool] = mapped_column(default=False)
    until: Mapped[date | None]
    times: Mapped[int | None]
    before: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    next_on: Mapped[date | None]
    paused_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(sa.Text, default="")
    """Why it could not bill, or why it was paused; it tries again at `held_until`."""
    held_until: Mapped[datetime | None]

    @property
    def course(self) -> Course:
        """Its calendar from the rhythm's beginning on."""
        rhythm = Rhythm(self.start, self.unit, self.every, self.day, self.hour)
        times = None if self.times is None else self.times - self.before
        return Course(rhythm, self.arrears, self.until, times)


class RecurringPrice(Owned):
    """What a plan asks for from a day on. `total_minor` is what that came to when it was written, in `currency`: the
    plan may have another one since."""

    __tablename__ = "recurring_prices"
    __table_args__ = owned_args(
        owned_fk("plan_id", "recurring_plans"), sa.UniqueConstraint("agency_id", "plan_id", "since")
    )

    plan_id: Mapped[UUID]
    since: Mapped[date]
    lines: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    figures: Mapped[dict[str, Any]] = mapped_column(Json)
    total_minor: Mapped[int] = mapped_column(sa.BigInteger)
    currency: Mapped[str] = mapped_column(sa.String(3))


class RecurringPeriod(Owned):
    """A period that was dealt with: there is no second one of the same day. A draft it made may be deleted."""

    __tablename__ = "recurring_periods"
    __table_args__ = owned_args(
        owned_fk("plan_id", "recurring_plans"), sa.UniqueConstraint("agency_id", "plan_id", "on")
    )

    plan_id: Mapped[UUID]
    on: Mapped[date]
    outcome: Mapped[Outcome] = enum_column(Outcome)
    invoice_id: Mapped[UUID | None]
    total_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    currency: Mapped[str] = mapped_column(sa.String(3), default="")


class ReminderSettings(Owned):
    """How an agency reminds. One row each, once somebody has opened the settings and saved."""

    __tablename__ = "reminder_settings"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id"))

    active: Mapped[bool] = mapped_column(default=False)
    since_hour: Mapped[int] = mapped_column(default=9)
    until_hour: Mapped[int] = mapped_column(default=18)
    weekends: Mapped[bool] = mapped_column(default=False)
    fee_mode: Mapped[FeeMode] = enum_column(FeeMode, default=FeeMode.NONE)
    fee_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    fee_currency: Mapped[str] = mapped_column(sa.String(3), default="")
    fee_percent: Mapped[Decimal] = mapped_column(default=Decimal())
    fee_rate: Mapped[str] = mapped_column(sa.String(32), default="")

    @property
    def window(self) -> Window:
        """When mails may go out."""
        return Window(self.since_hour, self.until_hour, self.weekends)


class ReminderStep(Owned):
    """So many days after the day to pay by; it counts for days from `since` on, when it was written."""

    __tablename__ = "reminder_steps"
    __table_args__ = owned_args(sa.UniqueConstraint("agency_id", "days"))

    days: Mapped[int]
    words: Mapped[str] = mapped_column(sa.Text, default="")
    fee: Mapped[bool] = mapped_column(default=False)
    since: Mapped[date]


class ClientReminders(Owned):
    """What is special about reminding a client."""

    __tablename__ = "client_reminders"
    __table_args__ = owned_args(owned_fk("client_id", "clients"), sa.UniqueConstraint("agency_id", "client_id"))

    client_id: Mapped[UUID]
    off: Mapped[bool] = mapped_column(default=False)
    timezone: Mapped[str] = mapped_column(sa.String(64), default="")


class ReminderWatch(Owned):
    """An issued invoice, and when to look next whether a reminder of it is due; never again without a moment."""

    __tablename__ = "reminder_watch"
    __table_args__ = owned_args(
        owned_fk("invoice_id", "invoices"),
        sa.UniqueConstraint("agency_id", "invoice_id"),
        sa.Index("ix_reminder_watch_agency_id_look_at", "agency_id", "look_at"),
        sa.Index("ix_reminder_watch_look_at", "look_at"),
    )

    invoice_id: Mapped[UUID]
    look_at: Mapped[datetime | None]


class SentReminder(Owned):
    """A step that was taken for an invoice; there is no second one. Not `mailed` is one that came on a day on which
    somebody had written already."""

    __tablename__ = "sent_reminders"
    __table_args__ = owned_args(
        owned_fk("invoice_id", "invoices"), sa.UniqueConstraint("agency_id", "invoice_id", "due", "days")
    )

    invoice_id: Mapped[UUID]
    due: Mapped[date]
    days: Mapped[int]
    mailed: Mapped[bool]


class LateFee(Owned):
    """What an invoice that was paid late is charged up to a day, by an invoice of its own."""

    __tablename__ = "late_fees"
    __table_args__ = owned_args(
        owned_fk("invoice_id", "invoices"),
        sa.UniqueConstraint("agency_id", "invoice_id", "until"),
        sa.Index("ix_late_fees_agency_id_fee_invoice_id", "agency_id", "fee_invoice_id"),
    )

    invoice_id: Mapped[UUID]
    until: Mapped[date]
    fixed_minor: Mapped[int] = mapped_column(sa.BigInteger)
    interest_minor: Mapped[int] = mapped_column(sa.BigInteger)
    fee_invoice_id: Mapped[UUID]


def add(row: Owned) -> UUID:
    session().add(row)
    session().flush()
    return row.id


def delete(row: Owned) -> None:
    session().delete(row)
    session().flush()


# --- plans -------------------------------------------------------------------------------------------------------


def plan(plan_id: UUID) -> RecurringPlan | None:
    return session().get(RecurringPlan, plan_id)


def locked(plan_id: UUID) -> RecurringPlan | None:
    """The plan as it is now, which nobody else runs or changes until this write ends."""
    query = sa.select(RecurringPlan).where(RecurringPlan.id == plan_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def plans(
    *, state: PlanState | None = None, client_id: UUID | None = None, before: UUID | None = None, limit: int
) -> list[RecurringPlan]:
    """Newest first."""
    query = sa.select(RecurringPlan).order_by(RecurringPlan.id.desc()).limit(limit)
    if state is not None:
        query = query.where(RecurringPlan.state == state)
    if client_id is not None:
        query = query.where(RecurringPlan.client_id == client_id)
    if before is not None:
        query = query.where(RecurringPlan.id < before)
    return list(session().scalars(query))


def counts() -> dict[PlanState, int]:
    """How many plans there are in each state."""
    query = sa.select(RecurringPlan.state, sa.func.count()).group_by(RecurringPlan.state)
    return {row[0]: row[1] for row in session().execute(query)}


def _waiting(day: date, now: datetime) -> sa.ColumnElement[bool]:
    free = sa.or_(RecurringPlan.held_until.is_(None), RecurringPlan.held_until <= now)
    return sa.and_(RecurringPlan.state == PlanState.ACTIVE, RecurringPlan.next_on <= day, free)


class Turn(NamedTuple):
    """The next day and hour of an agency's plan, or of the agency itself."""

    id: UUID
    next_on: date
    hour: int


def turns(day: date, now: datetime) -> list[Turn]:
    """For the platform's sweep: agencies with plans whose day has come until then, wherever the clocks stand."""
    columns = (RecurringPlan.agency_id, RecurringPlan.next_on, RecurringPlan.hour)
    query = sa.select(*columns).where(_waiting(day, now)).distinct()
    return [Turn(*row) for row in session().execute(query)]  # type: ignore[arg-type]


def waiting(day: date, now: datetime, limit: int, after: UUID | None) -> list[Turn]:
    """Plans of the agency whose day has come until then."""
    query = sa.select(RecurringPlan.id, RecurringPlan.next_on, RecurringPlan.hour).where(_waiting(day, now))
    query = query.where(RecurringPlan.id > after) if after else query
    return [Turn(*row) for row in session().execute(query.order_by(RecurringPlan.id).limit(limit))]  # type: ignore[arg-type]


def prices(plan_ids: Iterable[UUID]) -> dict[UUID, list[RecurringPrice]]:
    """What plans ask for, the earliest first."""
    ids = list(plan_ids)
    found: dict[UUID, list[RecurringPrice]] = {plan_id: [] for plan_id in ids}
    query = sa.select(RecurringPrice).where(RecurringPrice.plan_id.in_(ids))
    for row in session().scalars(query.order_by(RecurringPrice.since)):
        found[row.plan_id].append(row)
    return found


def period(plan_id: UUID, on: date) -> RecurringPeriod | None:
    query = sa.select(RecurringPeriod).where(RecurringPeriod.plan_id == plan_id, RecurringPeriod.on == on)
    return session().scalars(query).one_or_none()


def periods(plan_id: UUID, limit: int) -> list[RecurringPeriod]:
    """The latest, newest first."""
    query = sa.select(RecurringPeriod).where(RecurringPeriod.plan_id == plan_id)
    return list(session().scalars(query.order_by(RecurringPeriod.on.desc()).limit(limit)))


def last_on(plan_id: UUID) -> date | None:
    """The day of the latest period that was dealt with."""
    return session().scalar(sa.select(sa.func.max(RecurringPeriod.on)).where(RecurringPeriod.plan_id == plan_id))


def skipped_from(plan_id: UUID, on: date) -> list[date]:
    """Days from one on that are left out."""
    query = sa.select(RecurringPeriod.on).where(RecurringPeriod.plan_id == plan_id, RecurringPeriod.on >= on)
    return list(session().scalars(query))


# --- reminders ---------------------------------------------------------------------------------------------------


def settings() -> ReminderSettings | None:
    """Those of the agency whose door is open."""
    return session().scalars(sa.select(ReminderSettings)).one_or_none()


def watch_where_reminded(invoice_id: UUID, moment: datetime) -> None:
    """Leave a watch of an invoice for the end of the write, if the agency reminds: no issue waits to hear of it."""
    row = late.whole(ReminderWatch, {"invoice_id": invoice_id, "look_at": moment})
    later(_watched_anew(), {**row, "agency": agency_id()})


@functools.cache
def _watched_anew() -> sa.Executable:
    names = [column.key for column in ReminderWatch.__table__.columns]
    values = {name: sa.bindparam(name, type_=ReminderWatch.__table__.columns[name].type) for name in names}
    row = sa.select(*(values | {"agency_id": ReminderSettings.agency_id}).values())
    reminds = row.where(mine(ReminderSettings), ReminderSettings.active)
    return sa.insert(ReminderWatch.__table__).from_select(names, reminds, include_defaults=False)  # type: ignore[arg-type]


def steps() -> list[ReminderStep]:
    """Earliest first."""
    return list(session().scalars(sa.select(ReminderStep).order_by(ReminderStep.days)))


def of_client(client_id: UUID) -> ClientReminders | None:
    return session().scalars(sa.select(ClientReminders).where(ClientReminders.client_id == client_id)).one_or_none()


def clients() -> list[ClientReminders]:
    """Everything that is special about anybody."""
    return list(session().scalars(sa.select(ClientReminders)))


def watched(invoice_id: UUID) -> ReminderWatch | None:
    """Locked until this write ends: two workers never look at the same invoice."""
    query = sa.select(ReminderWatch).where(ReminderWatch.invoice_id == invoice_id).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one_or_none()


def known(invoice_ids: Sequence[UUID]) -> set[UUID]:
    """Of these invoices those that are watched."""
    query = sa.select(ReminderWatch.invoice_id).where(ReminderWatch.invoice_id.in_(invoice_ids))
    return set(session().scalars(query))


def look_again(at: datetime) -> None:
    """Look at everything anew: steps or hours are other ones now."""
    session().execute(sa.update(ReminderWatch).values(look_at=at), execution_options={"synchronize_session": False})


def to_look_at(now: datetime, limit: int) -> list[UUID]:
    """Invoices of the agency whose moment has come."""
    query = sa.select(ReminderWatch.invoice_id).where(ReminderWatch.look_at <= now)
    return list(session().scalars(query.order_by(ReminderWatch.look_at, ReminderWatch.id).limit(limit)))


def looked_at_next(limit: int) -> list[UUID]:
    """Invoices of which a reminder may be due some day, those that come first."""
    query = sa.select(ReminderWatch.invoice_id).where(ReminderWatch.look_at.is_not(None))
    return list(session().scalars(query.order_by(ReminderWatch.look_at, ReminderWatch.id).limit(limit)))


def agencies_to_look(now: datetime) -> list[UUID]:
    """For the platform's sweep: who reminds and has something to look at."""
    active = sa.select(ReminderSettings.agency_id).where(ReminderSettings.active == sa.true())
    query = sa.select(ReminderWatch.agency_id).where(ReminderWatch.look_at <= now, ReminderWatch.agency_id.in_(active))
    return list(session().scalars(query.distinct()))


def sent(invoice_id: UUID) -> list[SentReminder]:
    """Oldest first."""
    return sent_of([invoice_id])


def sent_of(invoice_ids: Sequence[UUID]) -> list[SentReminder]:
    """Those of several invoices, oldest first."""
    query = sa.select(SentReminder).where(SentReminder.invoice_id.in_(invoice_ids))
    return list(session().scalars(query.order_by(SentReminder.id)))


def fees(invoice_id: UUID) -> list[LateFee]:
    """Oldest first."""
    return fees_of([invoice_id])


def fees_of(invoice_ids: Sequence[UUID]) -> list[LateFee]:
    """Those of several invoices, oldest first."""
    return list(
        session().scalars(sa.select(LateFee).where(LateFee.invoice_id.in_(invoice_ids)).order_by(LateFee.until))
    )


def is_fee(invoice_id: UUID) -> bool:
    """Whether an invoice is itself a charge for being late."""
    query = sa.select(LateFee.id).where(LateFee.fee_invoice_id == invoice_id).limit(1)
    return session().scalars(query).first() is not None
