"""Sessions, mailed links, steps and codes against a model that a child could check: random acts in random order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.factories.people import Person, make_person
from webkit.accounts import mail_links, service, sessions, signing_in
from webkit.accounts.factor_models import Purpose
from webkit.accounts.models import Method, SignInToken, add_token, by_email, use_token
from webkit.core.kernel import clock, db, ids
from webkit.core.kernel.db import writing
from webkit.core.kernel.errors import Gone

WEEK, LONGEST = timedelta(seconds=604_800), timedelta(seconds=7_776_000)
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
WAITS = st.sampled_from([30, 61, 14 * 60, 3600, 86_400, 3 * 86_400, 6 * 86_400, 8 * 86_400]).map(
    lambda seconds: timedelta(seconds=seconds)
)
QUICK = settings(max_examples=250, stateful_step_count=40, suppress_health_check=list(HealthCheck))


class Timed(RuleBasedStateMachine):
    """Holds the clock, which every act moves."""

    now: datetime = START

    def at_now(self, act: Callable[[], object]) -> object:
        with clock.frozen(self.now), db.unit(db.Scope()):
            return act()

    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        self.now += wait


@dataclass
class Kept:
    """A session as the model knows it."""

    owner: Person
    began: datetime
    seen: datetime
    ended: bool = False
    former: list[str] = field(default_factory=list)

    def lives(self, now: datetime) -> bool:
        return not self.ended and now < min(self.seen + WEEK, self.began + LONGEST)


class Sessions(Timed):
    """Two people sign in, come back, sign out here and everywhere, are suspended, go on under new tokens."""

    @initialize()
    def begin(self) -> None:
        self.people = [make_person(), make_person()]
        self.kept: dict[str, Kept] = {}
        self.suspended: set[str] = set()

    @rule(who=st.integers(0, 1))
    def sign_in(self, who: int) -> None:
        person = self.people[who]
        if person.email in self.suspended:
            return
        token = self.at_now(lambda: signing_in.sign_in(person.id, Method.PASSWORD).token)
        self.kept[str(token)] = Kept(person, self.now, self.now)

    @rule(which=st.integers(0, 20))
    def come_back(self, which: int) -> None:
        if (token := self._one(which)) is None:
            return
        kept = self.kept[token]

        def use() -> bool:
            live = sessions.find(token)
            return live is not None and sessions.keep_alive(token, live)

        if self.at_now(use):
            kept.seen = self.now

    @rule(which=st.integers(0, 20))
    def rotate(self, which: int) -> None:
        if (token := self._one(which)) is None:
            return
        fresh = self.at_now(lambda: sessions.rotate(token, proven=True))
        kept = self.kept[token]
        assert (fresh is not None) is kept.lives(self.now)
        if fresh is not None:
            self.kept[str(fresh)] = self.kept.pop(token)
            kept.former.append(token)

    @rule(which=st.integers(0, 20), everywhere=st.booleans())
    def sign_out(self, which: int, everywhere: bool) -> None:
        if (token := self._one(which)) is None:
            return
        owner = self.kept[token].owner
        if everywhere:
            self.at_now(lambda: service.end_other_sessions(owner.id, token))
            for other, kept in self.kept.items():
                kept.ended |= kept.owner == owner and other != token
        else:
            self.at_now(lambda: service.sign_out(owner.id, token))
            self.kept[token].ended = True

    @rule(who=st.integers(0, 1))
    def suspend(self, who: int) -> None:
        person = self.people[who]
        if person.email in self.suspended:
            self.at_now(lambda: service.unsuspend(person.id))
            self.suspended.discard(person.email)
            return
        self.at_now(lambda: service.suspend(person.id, "for a while"))
        self.suspended.add(person.email)
        for kept in self.kept.values():
            kept.ended |= kept.owner == person

    @invariant()
    def each_token_opens_what_it_should(self) -> None:
        def look() -> None:
            for token, kept in self.kept.items():
                live = sessions.find(token)
                assert (live is not None) is kept.lives(self.now), (token, kept)
                assert live is None or live.user.id == kept.owner.id
                assert all(sessions.find(former) is None for former in kept.former)

        self.at_now(look)

    def _one(self, which: int) -> str | None:
        return list(self.kept)[which % len(self.kept)] if self.kept else None


@dataclass
class Link:
    """A mailed link as the model knows it."""

    purpose: str
    owner: Person
    made: datetime
    used: bool = False

    def opens(self, now: datetime) -> bool:
        return not self.used and now < self.made + timedelta(minutes=mail_links.KINDS[self.purpose].minutes)


class Links(Timed):
    """Links of every kind for two people, tried with the right and the wrong purpose."""

    @initialize()
    def begin(self) -> None:
        self.people = [make_person(), make_person()]
        self.links: dict[str, Link] = {}

    @rule(who=st.integers(0, 1), purpose=st.sampled_from(sorted(mail_links.KINDS)))
    def send(self, who: int, purpose: str) -> None:
        person, token = self.people[who], ids.token()
        hashed = mail_links.hashed(purpose, token)
        row = SignInToken(purpose=purpose, user_id=person.id, email=person.email, token_hash=hashed)
        row.expires_at = self.now + timedelta(minutes=mail_links.KINDS[purpose].minutes)

        def keep() -> None:
            with writing():
                add_token(row)

        self.at_now(keep)
        self.links[token] = Link(purpose, person, self.now)

    @rule(which=st.integers(0, 20), purpose=st.sampled_from(sorted(mail_links.KINDS)))
    def use(self, which: int, purpose: str) -> None:
        if not self.links:
            return
        token = list(self.links)[which % len(self.links)]
        link = self.links[token]
        right = link.purpose == purpose and link.opens(self.now)
        assert self.at_now(lambda: mail_links.opens(purpose, token)) is right

        def take() -> object:
            with writing():
                return use_token(mail_links.hashed(purpose, token), purpose)

        taken = self.at_now(take)
        assert taken == ((link.owner.email, link.owner.id) if right else None)
        link.used |= right

    @rule(which=st.integers(0, 20))
    def reset(self, which: int) -> None:
        """A lost password is replaced with whatever link there is: it works with an open one of its kind alone."""
        if not self.links:
            return
        token = list(self.links)[which % len(self.links)]
        link = self.links[token]
        right = link.purpose == mail_links.RESET and link.opens(self.now)
        try:
            self.at_now(lambda: mail_links.reset(token, "another four good words"))
        except Gone:
            assert not right
            return
        assert right
        for other in self.links.values():
            other.used |= other.owner == link.owner and other.purpose != mail_links.CONFIRM
        assert self.at_now(lambda: by_email(link.owner.email)) is not None


class Steps(Timed):
    """Half-begun sign-ins: each finishes once, for its purpose, within ten minutes."""

    @initialize()
    def begin(self) -> None:
        self.person = make_person()
        self.steps: dict[str, tuple[Purpose, datetime, bool]] = {}

    @rule(purpose=st.sampled_from(Purpose))
    def ask(self, purpose: Purpose) -> None:
        token = self.at_now(lambda: signing_in.begin_step(purpose, self.person.id, method="password"))
        self.steps[str(token)] = purpose, self.now, False

    @rule(which=st.integers(0, 20))
    def finish(self, which: int) -> None:
        if not self.steps:
            return
        token = list(self.steps)[which % len(self.steps)]
        purpose, made, used = self.steps[token]
        waiting = signing_in.Waiting(self.person.id, Method.PASSWORD, frozenset())
        right = purpose == Purpose.SECOND and not used and self.now < made + signing_in.STEP
        try:
            session = self.at_now(lambda: signing_in.finish(token, waiting, "totp"))
        except Gone:
            assert not right
            return
        assert right and session
        self.steps[token] = purpose, made, True


@pytest.mark.parametrize("machine", [Sessions, Links, Steps], ids=lambda machine: machine.__name__.lower())
def test_life_cycles(app: Flask, machine: type[RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(machine, settings=QUICK)
