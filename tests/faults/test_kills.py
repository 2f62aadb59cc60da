"""Killed at the moments that hurt: afterwards the deal completes, and everything happened exactly once.

One installation takes all the kills of a process, one deal for each, so that they also pile up on the same data.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.faults.launch import FORGETFUL, POINTS
from tests.faults.wounded import SEED, Kill, Ward
from tests.journeys.conftest import another
from tests.journeys.facts import Facts
from tests.journeys.stack import postgres, until


def _ward(**environment: str) -> Iterator[Ward]:
    ward = Ward(None, **environment)
    yield ward
    ward.discard()


@pytest.fixture(scope="module")
def ward() -> Iterator[Ward]:
    yield from _ward()


@pytest.fixture(scope="module")
def forgetful_ward() -> Iterator[Ward]:
    """Here the mail provider knows no idempotency keys, as SMTP knows none."""
    yield from _ward(**{FORGETFUL: "1"})


@pytest.fixture(scope="module")
def postgres_ward() -> Iterator[Ward]:
    with postgres() as owner:
        yield from _ward(owner=owner)


def _at(*names: str) -> list[Kill]:
    return [(point, "self", 1) for point in POINTS if point.startswith(names)]


WEB = _at("send proposal", "accept", "code", "sign:", "intend", "open checkout", "keep checkout", "pay at", "webhook")
WEB += [("accept: before COMMIT", "web", 1), ("sign: after COMMIT", "web", 1), ("open checkout: after", "web", 1)]
JOBS = _at("seal", "head signed", "mail", "job", "PDF stored")
JOBS += [(point, "self", 5) for point in POINTS if point.startswith(("mail", "job"))]
JOBS += [
    ("mail provider: after", "both", 2),
    ("mail provider: after", "parent", 3),
    ("seal concluded: before COMMIT", "both", 1),
    ("seal stored: after", "worker-now", 1),
    ("webhook applied: before COMMIT", "worker-now", 1),
    ("rendering: asked", "renderer", 1),
    ("rendering: half way", "renderer", 1),
    ("seal rendered: before", "renderer", 1),
    ("queue: asked", "valkey", 1),
    ("queue: asked while signing", "valkey", 1),
    ("queue: told", "valkey", 3),
    ("job claimed: after COMMIT", "valkey", 2),
    ("sweep", "self", 2),
    ("sweep", "valkey", 2),
]
QUICK: list[Kill] = [("sign: after COMMIT", "self", 1), ("seal concluded: before COMMIT", "both", 1)]
# On PostgreSQL a webhook is kept by one message: there is no moment before or after its COMMIT to be killed at.
COMMITS = [
    (point, victim, nth)
    for point, victim, nth in dict.fromkeys(WEB + JOBS)
    if point.endswith("COMMIT") and not point.startswith("webhook kept") and (victim, nth) == ("self", 1)
]
AT_ONCE = 4


def _rounds(kills: list[Kill], size: int) -> list[list[Kill]]:
    """Several kills for each deal, mixed anew by every seed."""
    mixed = [kill for kill in kills if kill not in QUICK]
    random.Random(SEED).shuffle(mixed)
    return [mixed[at : at + size] for at in range(0, len(mixed), size)]


def _name(kills: list[Kill]) -> str:
    return ", ".join(f"{victim} {nth}. {point}" for point, victim, nth in kills)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kill", QUICK, ids=lambda kill: kill[0])
def test_the_deal_completes(ward: Ward, kill: Kill) -> None:
    _completes(ward, [kill])


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", _rounds(WEB + JOBS, AT_ONCE), ids=_name)
def test_the_deal_completes_wherever_it_is_hit(ward: Ward, kills: list[Kill]) -> None:
    _completes(ward, kills)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", _rounds(COMMITS, AT_ONCE), ids=_name)
def test_every_commit_holds_on_postgres(postgres_ward: Ward, kills: list[Kill]) -> None:
    _completes(postgres_ward, kills)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("kills", _rounds(_at("mail"), 1), ids=_name)
def test_a_mail_without_a_key_is_sent_once_or_shown_as_uncertain(forgetful_ward: Ward, kills: list[Kill]) -> None:
    facts = _completes(forgetful_ward, kills)
    assert set(forgetful_ward.wounded().sent().values()) == {1}
    for mail in facts.uncertain():
        facts.deal.send_again(mail)
    until(lambda: not facts.uncertain(), 30, "for the mails that were sent again")
    facts.mails()


def _completes(ward: Ward, kills: list[Kill]) -> Facts:
    """A deal during which somebody is killed again and again."""
    print(f"seed {SEED}: kill {_name(kills)}")
    try:
        wounded = ward.wounded()
        deal = another(wounded.first)
        deal.add_client()
        deal.write()
        wounded.arm(kills)
        deal.close()
        facts = Facts(deal)
        facts.all_hold()
        assert wounded.disarm() == [], "nobody was killed"
        assert deal.deaths <= len(kills) or any(victim == "web" for _point, victim, _nth in kills)
        assert all(code < 500 for _method, _path, code in (*deal.client.seen, *deal.staff.seen))
        wounded.stack.ready()
    except BaseException:
        ward.discard()
        raise
    return facts
