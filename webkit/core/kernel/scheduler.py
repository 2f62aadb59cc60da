"""What happens by the clock: the sweep of the outbox every second, and declared schedules, claimed in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from flask import Flask
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.extensions import Schedule
from webkit.core.kernel import clock, jobs, outbox, switches, tenancy
from webkit.core.kernel.db import insert_missing, session, writing
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base

log = structlog.get_logger(__name__)


class ScheduleState(Base):
    """When a schedule is due next; the conditional update of this row is what makes it happen once."""

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    next_at: Mapped[datetime]


def checked(schedules: Iterable[Schedule], kinds: Collection[str]) -> list[Schedule]:
    """The schedules, all of whose jobs exist; boot fails for one that would never do anything."""
    found = list(schedules)
    for schedule in found:
        if schedule.kind not in kinds:
            raise ValueError(f"schedule {schedule.name} asks for {schedule.kind}, which is no job")
    return found


def tick(app: Flask) -> None:
    """One round: send what waits in the outbox, add the jobs of due schedules. Safe in any number of processes."""
    with app.app_context():
        jobs.push_again(outbox.due())
        for schedule in current().schedules:
            if not switches.is_off(current().owners.get(schedule.name, "")):
                _run_if_due(schedule)


def next_time(schedule: Schedule, after: datetime) -> datetime:
    """The first moment after `after` at which the schedule is due."""
    if schedule.every is not None:
        return after + timedelta(seconds=schedule.every)
    hour, _, minute = (schedule.daily_at or "00:00").partition(":")
    moment = after.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    return moment if moment > after else moment + timedelta(days=1)


def _run_if_due(schedule: Schedule) -> None:
    moment = clock.now()
    with tenancy.platform(f"schedule {schedule.name}") as unit:
        state = unit.get(ScheduleState, schedule.name)
        if state is not None and (state.next_at > moment or not _is_wanted(schedule)):
            return
        with writing():
            if _claim(schedule, moment):
                outbox.add(schedule.kind, **schedule.args)


def _is_wanted(schedule: Schedule) -> bool:
    """A guest's code has no business in a read of all agencies."""
    return schedule.wanted is None or schedule.name in current().owners or schedule.wanted()


def _claim(schedule: Schedule, moment: datetime) -> bool:
    """Whether this process is the one that runs it now. A new schedule waits for its first time."""
    following = next_time(schedule, moment)
    state = session().get(ScheduleState, schedule.name)
    if state is None:
        insert_missing(ScheduleState, name=schedule.name, next_at=following)
        return False
    claimed = session().scalars(
        sa.update(ScheduleState)
        .where(ScheduleState.name == schedule.name, ScheduleState.next_at <= moment)
        .values(next_at=following)
        .returning(ScheduleState.name)
    )
    return claimed.one_or_none() is not None
