"""Keys and tokens against a model that a child could check: random acts in random order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.factories.people import make_person
from webkit.accounts import service as accounts
from webkit.core.kernel import clock, db
from webkit.core.kernel.bearers import Unauthorized
from webkit.core.kernel.errors import Conflict
from webkit.tokens import bearer, exchange, service
from webkit.tokens.views import NewKey, Pair

T = TypeVar("T")
QUARTER, MONTH = timedelta(minutes=15), timedelta(days=30)
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
WAITS = st.sampled_from([1, 11, 60, 14 * 60, 16 * 60, 86_400, 29 * 86_400, 31 * 86_400]).map(
    lambda seconds: timedelta(seconds=seconds)
)
QUICK = settings(max_examples=12, stateful_step_count=16, suppress_health_check=list(HealthCheck))


@dataclass
class Family:
    """Tokens that came from one exchange, as the model knows them: the last refresh token, and those before it."""

    key: int
    last: Pair
    refreshed: datetime
    ended: bool = False
    former: list[tuple[Pair, datetime, datetime]] = field(default_factory=list)
    """A pair, when it was given, when it was exchanged for the next one."""


class Tokens(RuleBasedStateMachine):
    """Somebody makes keys, exchanges and refreshes, uses what was used, takes back, revokes, is suspended."""

    now: datetime = START

    @initialize()
    def begin(self) -> None:
        self.person = make_person()
        self.keys: list[tuple[NewKey, datetime]] = []
        self.revoked: set[int] = set()
        self.families: list[Family] = []
        self.suspended = False

    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        self.now += wait

    @rule(days=st.sampled_from(service.DAYS))
    def make(self, days: int) -> None:
        if len(self.keys) < 3:
            made = self.at_now(lambda: service.create_own(self.person.id, "Laptop", ["read"], days))
            self.keys.append((made, self.now + timedelta(days=days)))

    @rule(which=st.integers(0, 9))
    def exchange(self, which: int) -> None:
        if self.keys:
            at = which % len(self.keys)
            given = self.at_now(
                lambda: exchange.exchange(bearer.authenticate(f"Bearer {self.keys[at][0].key}")), or_=Unauthorized
            )
            assert (given is not None) is self.key_lives(at)
            if given is not None:
                self.families.append(Family(at, given, self.now))

    @rule(which=st.integers(0, 9))
    def refresh(self, which: int) -> None:
        if self.families:
            family = self.families[which % len(self.families)]
            given = self.at_now(lambda: exchange.refresh(family.last.refresh), or_=Unauthorized)
            assert (given is not None) is (self.lives(family) and self.now < family.refreshed + MONTH)
            if given is not None:
                family.former.append((family.last, family.refreshed, self.now))
                family.last, family.refreshed = given, self.now

    @rule(which=st.integers(0, 9), then=st.integers(0, 9))
    def use_again(self, which: int, then: int) -> None:
        used = [family for family in self.families if family.former]
        if used:
            family = used[which % len(used)]
            pair, _given, exchanged = family.former[then % len(family.former)]
            assert self.at_now(lambda: exchange.refresh(pair.refresh), or_=(Unauthorized, Conflict)) is None
            family.ended |= self.lives(family) and self.now - exchanged >= exchange.AT_ONCE

    @rule(which=st.integers(0, 9))
    def take_back(self, which: int) -> None:
        if self.families:
            family = self.families[which % len(self.families)]
            self.at_now(lambda: exchange.take_back(family.last.refresh))
            family.ended = True

    @rule(which=st.integers(0, 9))
    def revoke(self, which: int) -> None:
        if self.keys and which % len(self.keys) not in self.revoked:
            at = which % len(self.keys)
            self.at_now(lambda: service.revoke_own(self.person.id, self.keys[at][0].id))
            self.revoked.add(at)

    @rule()
    def suspend(self) -> None:
        act = accounts.unsuspend if self.suspended else lambda person: accounts.suspend(person, "for a while")
        self.at_now(lambda: act(self.person.id))
        self.suspended = not self.suspended

    @invariant()
    def each_opens_what_it_should(self) -> None:
        for at, (made, _until) in enumerate(getattr(self, "keys", [])):
            assert self.opens(made.key) is self.key_lives(at)
        for family in getattr(self, "families", []):
            assert not self.opens(family.last.refresh), "a refresh token is no access token"
            for pair, given in [(family.last, family.refreshed), *(each[:2] for each in family.former)]:
                assert self.opens(pair.access) is (self.lives(family) and self.now < given + QUARTER)

    def key_lives(self, at: int) -> bool:
        return at not in self.revoked and not self.suspended and self.now < self.keys[at][1]

    def lives(self, family: Family) -> bool:
        return not family.ended and self.key_lives(family.key)

    def opens(self, shown: str) -> bool:
        return self.at_now(lambda: bearer.authenticate(f"Bearer {shown}"), or_=Unauthorized) is not None

    def at_now(self, act: Callable[[], T], or_: type[Exception] | tuple[type[Exception], ...] = ()) -> T:
        with clock.frozen(self.now), db.unit(db.Scope()):
            try:
                return act()
            except or_:
                return None  # type: ignore[return-value]


@pytest.mark.usefixtures("app")
def test_tokens(app: Flask) -> None:
    run_state_machine_as_test(Tokens, settings=QUICK)
