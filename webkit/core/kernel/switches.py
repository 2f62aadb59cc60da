"""Which plugins are switched off, by whom and why: one truth for every process, seen by each within two seconds.

A plugin of somebody else's that fails again and again is put in quarantine: nothing it added beside providers runs
until an operator switches it on again. Its providers stay as they are chosen.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog
from flask import current_app
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Mapped, mapped_column

from webkit.core.kernel import clock
from webkit.core.kernel.db import NoUnit, Scope, insert_missing, session, unit, writes, writing
from webkit.core.kernel.logging import scrub
from webkit.core.kernel.runtime import Runtime, current
from webkit.core.kernel.tables import Base
from webkit.core.problems import Problem
from webkit.core.values import dataclass

log = structlog.get_logger(__name__)

MOST_FAILURES = 5
WINDOW = timedelta(minutes=10)
SEEN_SECONDS = 2.0
PLATFORM = "platform"


class PluginSwitch(Base):
    """What is known of a plugin that failed or was switched: no row means that all is well."""

    __tablename__ = "plugin_switches"

    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    off: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    by: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime] = mapped_column(default=clock.now)
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[datetime] = mapped_column(default=clock.now)
    last: Mapped[str] = mapped_column(sa.Text, default="")


@dataclass(frozen=True, slots=True)
class Switch:
    """A plugin's switch as operators see it; `quarantined`: the platform switched it off, not a person."""

    name: str
    off: bool
    reason: str
    by: str
    at: datetime
    failures: int
    last: str

    @property
    def quarantined(self) -> bool:
        return self.off and self.by == PLATFORM


def is_off(plugin: str) -> bool:
    """Whether a plugin is switched off. Asks the database once in two seconds, and never when nobody is a guest."""
    runtime: Runtime | None = current_app.extensions.get("webkit")  # a bare application has no switches
    return runtime is not None and bool(runtime.guests) and plugin in off(runtime)


def off(runtime: Runtime | None = None) -> frozenset[str]:
    """The names of all that are switched off."""
    here = runtime or current()
    if here.guests and time.monotonic() - here.switches_seen > SEEN_SECONDS:
        try:
            here.switched_off = _names_off()
        except sa.exc.SQLAlchemyError as error:
            log.warning("the switches of plugins cannot be read", error=type(error).__name__)
        here.switches_seen = time.monotonic()
    return here.switched_off


def _names_off() -> frozenset[str]:
    query = sa.select(PluginSwitch.name).where(PluginSwitch.off)
    try:  # the connection of whoever asks, also in the middle of a write
        return frozenset(session().connection().execute(query).scalars())
    except NoUnit:
        with unit(Scope()) as opened:
            return frozenset(opened.scalars(query))


def blame(plugin: str, what: str, words: str) -> None:
    """Count a failure against a plugin; with the fifth in ten minutes it is switched off. Never raises."""
    said = scrub(f"{what}: {words}")[:500]
    log.warning("a plugin failed", plugin=plugin, what=what, error=scrub(words)[:500])
    try:
        with unit(Scope()), writing():
            quarantined = _count(plugin, said)
    except (sa.exc.SQLAlchemyError, RuntimeError) as error:
        log.error("a failure of a plugin could not be counted", plugin=plugin, error=str(error))
        return
    if quarantined:
        current().switches_seen = 0.0
        log.error("a plugin was switched off", plugin=plugin, reason=said)


def _count(plugin: str, said: str) -> bool:
    """Whether this failure was the one too many."""
    row, moment = _locked(plugin), clock.now()
    if moment - row.since > WINDOW:
        row.failures, row.since = 0, moment
    row.failures += 1
    row.last = said
    if row.off or row.failures < MOST_FAILURES:
        return False
    minutes = int(WINDOW.total_seconds() // 60)
    row.off, row.by, row.at = True, PLATFORM, moment
    row.reason = f"failed {row.failures} times within {minutes} minutes, last: {said}"
    return True


@writes
def switch_on(plugin: str, by: str) -> bool:
    """Let a plugin work again, with a clean record; whether it was off."""
    row = _locked(plugin)
    was_off = row.off
    row.off, row.reason, row.by, row.at, row.failures, row.last = False, "", by, clock.now(), 0, ""
    row.since = clock.now()
    current().switches_seen = 0.0
    return was_off


@writes
def switch_off(plugin: str, by: str, reason: str) -> bool:
    """Stop everything a plugin adds beside providers, because a person says so; whether it was on."""
    row = _locked(plugin)
    was_on = not row.off
    row.off, row.reason, row.by, row.at = True, reason, by, clock.now()
    current().switches_seen = 0.0
    return was_on


def _locked(plugin: str) -> PluginSwitch:
    insert_missing(
        PluginSwitch, name=plugin, off=False, reason="", by="", at=clock.now(), failures=0, since=clock.now(), last=""
    )
    query = sa.select(PluginSwitch).where(PluginSwitch.name == plugin).with_for_update()
    return session().scalars(query.execution_options(populate_existing=True)).one()


def views() -> dict[str, Switch]:
    """Every switch that was ever touched, by the plugin's name. None where there is no database yet."""
    if not sa.inspect(session().connection()).has_table(PluginSwitch.__tablename__):
        return {}
    return {row.name: _view(row) for row in session().scalars(sa.select(PluginSwitch).order_by(PluginSwitch.name))}


def _view(row: PluginSwitch) -> Switch:
    return Switch(row.name, row.off, row.reason, row.by, row.at, row.failures, row.last)


def peek(database: str, installed: Collection[str]) -> list[Problem]:
    """The same before there is an application, as far as the database at this address can be read; never makes one."""
    url = make_url(database)
    if not installed or (url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()):
        return []
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    wanted = sa.select(PluginSwitch.name, PluginSwitch.reason).where(
        PluginSwitch.off, PluginSwitch.by == PLATFORM, PluginSwitch.name.in_(installed)
    )
    try:
        with engine.connect() as connection:
            return [_problem(name, reason) for name, reason in connection.execute(wanted)]
    except sa.exc.SQLAlchemyError:
        return []


def problems(installed: Collection[str]) -> list[Problem]:
    """A line for each installed plugin in quarantine, with the command that ends it."""
    return [
        _problem(each.name, each.reason) for each in views().values() if each.quarantined and each.name in installed
    ]


def _problem(plugin: str, reason: str) -> Problem:
    return Problem(f"plugin {plugin}", f"it {reason}", f"Mend it, then: webkit plugin enable {plugin}")
