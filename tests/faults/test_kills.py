"""Killed at the moments that hurt: afterwards the deal completes, and everything happened exactly once.

One installation takes all the kills of a process, one deal for each, so that they also pile up on the same data.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.faults.launch import FORGETFUL, PLAN, POINTS
from tests.journeys.conftest import another
from tests.journeys.deal import Deal
from tests.journeys.facts import Facts
from tests.journeys.stack import PARTS, Stack, until

FACTORY = "tests.faults.launch:create"
_serial = count(1)


class Wounded:
    """An installation whose processes can be killed at a point, once each time."""

    def __init__(self, folder: Path, **environment: str) -> None:
        (folder / "data").mkdir()
        self.plan = folder / "plan"
        self.stack = Stack(folder / "data", factory=FACTORY, **{PLAN: str(self.plan)}, **environment)
        self.first = Deal(self.stack, self.stack.visitor())

    def start(self) -> Wounded:
        self.stack.start()
        for step in self.first.BEFORE:
            step(self.first)
        return self

    def arm(self, point: str, victim: str, nth: int) -> str:
        """From now on: kill `victim` at the n-th time that `point` is reached, and never again."""
        number = f"{next(_serial)}"
        index = f"{PARTS.index(victim):02}" if victim in PARTS else victim
        order = {"id": number, "point": point, "victim": index, "nth": nth}
        draft = self.plan.with_suffix(".draft")
        draft.write_text(json.dumps(order))
        draft.replace(self.plan)
        return number

    def disarm(self) -> None:
        self.plan.unlink(missing_ok=True)

    def struck(self, number: str) -> bool:
        done = Path(f"{self.plan}.done")
        return done.exists() and number in done.read_text().split()

    def sent(self) -> Counter[str]:
        """How often the mail provider was called for each message."""
        calls = Path(f"{self.plan}.sends")
        return Counter(calls.read_text().split()) if calls.exists() else Counter()


class Ward:
    """Keeps one installation; after a failure the next test gets a fresh one."""

    def __init__(self, **environment: str) -> None:
        self._environment = environment
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._current: Wounded | None = None

    def wounded(self) -> Wounded:
        if self._current is None:
            self._folder = tempfile.TemporaryDirectory(prefix="wk-")
            self._current = Wounded(Path(self._folder.name), **self._environment)
            self._current.start()
        return self._current

    def discard(self) -> None:
        """End it, however it stands."""
        if self._current is not None:
            self._current.stack.kill()
        if self._folder is not None:
            self._folder.cleanup()
        self._current = self._folder = None


def _ward(**environment: str) -> Iterator[Ward]:
    ward = Ward(**environment)
    yield ward
    ward.discard()


@pytest.fixture(scope="module")
def ward() -> Iterator[Ward]:
    yield from _ward()


@pytest.fixture(scope="module")
def forgetful_ward() -> Iterator[Ward]:
    """Here the mail provider knows no idempotency keys, as SMTP knows none."""
    yield from _ward(**{FORGETFUL: "1"})


# The point, who is killed there, at its how manieth time within the deal.
WEB = [(point, "self", 1) for point in POINTS if point.startswith(("send proposal", "accept", "code", "sign:"))]
WEB += [
    (point, "self", 1) for point in POINTS if point.startswith(("intend", "open checkout", "keep checkout", "pay at"))
]
WEB += [
    (point, "self", 1) for point in POINTS if point.startswith(("webhook kept", "webhook answered", "contract PDF"))
]
WEB += [("accept: before COMMIT", "web", 1), ("sign: after COMMIT", "web", 1), ("open checkout: after", "web", 1)]
JOBS = [(point, "self", 1) for point in POINTS if point.startswith(("webhook applied", "seal", "head signed"))]
JOBS += [(point, "self", nth) for point in POINTS if point.startswith("mail") for nth in (1, 5)]
JOBS += [(point, "self", nth) for point in POINTS if point.startswith("job") for nth in (1, 7)]
JOBS += [
    ("mail provider: after", "both", 2),
    ("mail provider: after", "parent", 2),
    ("seal concluded: before COMMIT", "both", 1),
    ("seal stored: after", "worker-now", 1),
    ("webhook applied: before COMMIT", "worker-now", 1),
    ("rendering: asked", "renderer", 1),
    ("rendering: half way", "renderer", 1),
    ("seal rendered: before", "renderer", 1),
    ("seal rendered: after", "self", 1),
]
STORE = [
    ("queue: asked", "valkey", 1),
    ("queue: asked while signing", "valkey", 1),
    ("queue: told", "valkey", 3),
    ("job claimed: after COMMIT", "valkey", 2),
    ("sweep", "self", 2),
    ("sweep", "valkey", 2),
]
QUICK = [("sign: after COMMIT", "self", 1), ("seal concluded: before COMMIT", "both", 1)]
ALL = [case for case in dict.fromkeys([*WEB, *JOBS, *STORE]) if case not in QUICK]
FORGETTING = [(point, "self", nth) for point in POINTS if point.startswith("mail") for nth in (1, 3)]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("point", "victim", "nth"), QUICK)
def test_the_deal_completes(ward: Ward, point: str, victim: str, nth: int) -> None:
    _completes(ward, point, victim, nth)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("point", "victim", "nth"), ALL)
def test_the_deal_completes_wherever_it_was_hit(ward: Ward, point: str, victim: str, nth: int) -> None:
    _completes(ward, point, victim, nth)


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("point", "victim", "nth"), FORGETTING)
def test_a_mail_without_a_key_is_sent_once_or_shown_as_uncertain(
    forgetful_ward: Ward, point: str, victim: str, nth: int
) -> None:
    facts = _completes(forgetful_ward, point, victim, nth)
    wounded = forgetful_ward.wounded()
    assert set(wounded.sent().values()) == {1}
    for mail in facts.uncertain():
        page = facts.deal.staff.get(f"/{facts.deal.agency}/mail/{mail}").ok()
        page.form("/again").submit("Send again").ok()
    until(lambda: not facts.uncertain(), 30, "for the mails that were sent again")
    facts.mails()


def _completes(ward: Ward, point: str, victim: str, nth: int) -> Facts:
    """A deal during which somebody is killed once."""
    print(f"kill {victim} at the {nth}. time of: {point}")
    try:
        wounded = ward.wounded()
        deal = another(wounded.first)
        for step in (deal.add_client, deal.write):
            step()
        number = wounded.arm(point, victim, nth)
        deal.close()
        facts = Facts(deal)
        facts.all_hold()
        wounded.disarm()
        assert wounded.struck(number), "nobody was killed"
        assert deal.deaths <= 1 if victim != "web" else deal.deaths
        assert all(code < 500 for _method, _path, code in (*deal.client.seen, *deal.staff.seen))
        wounded.stack.ready()
    except BaseException:
        ward.discard()
        raise
    return facts
