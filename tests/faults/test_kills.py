"""Killed at the moments that hurt: afterwards every deal completes, and everything happened exactly once.

One installation takes all the kills, during a few deals that go on side by side, so that they pile up on the same data.
With Claude and Stripe at the other end: see `test_vendor_kills`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.faults.launch import FORGETFUL, POINTS
from tests.faults.wounded import Kill, survive, wounded
from tests.journeys.facts import Facts
from tests.journeys.stack import postgres, until

DEALS = 14


def at(*names: str) -> list[Kill]:
    """Whoever comes to these points first."""
    return [(point, "self", 1) for point in POINTS if point.startswith(names)]


WEB = at("send proposal", "accept", "code", "sign:", "intend", "open checkout", "keep checkout", "pay at", "webhook")
WEB += [("accept: before COMMIT", "web", 1), ("sign: after COMMIT", "web", 1), ("open checkout: after", "web", 1)]
JOBS = at("seal", "head signed", "mail", "job", "PDF stored")
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
    ("queue: told by the thread: before", "self", 1),
    ("queue: told by the thread: after", "self", 2),
    ("queue: told by the thread: before", "valkey", 3),
    ("job claimed: after COMMIT", "valkey", 2),
    ("sweep", "self", 2),
    ("sweep", "valkey", 2),
]
# On PostgreSQL a webhook is kept by one message: there is no moment before or after its COMMIT to be killed at.
COMMITS = [kill for kill in at("") if kill[0].endswith("COMMIT") and not kill[0].startswith("webhook kept")]
QUICK: list[Kill] = [("sign: after COMMIT", "self", 1), ("seal concluded: before COMMIT", "both", 1)]


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_deal_completes_that_is_hit_twice() -> None:
    with wounded() as hurt:
        survive(hurt, QUICK, 1, Facts)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_deals_complete_wherever_they_are_hit() -> None:
    with wounded() as hurt:
        survive(hurt, list(dict.fromkeys(WEB + JOBS)), DEALS, Facts)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_commit_holds_on_postgres() -> None:
    with postgres() as owner, wounded(owner=owner) as hurt:
        survive(hurt, COMMITS, DEALS // 2, Facts)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_mail_without_a_key_is_sent_once_or_shown_as_uncertain() -> None:
    """Here the mail provider knows no idempotency keys, as SMTP knows none."""
    with wounded(None, **{FORGETFUL: "1"}) as hurt:
        found = survive(hurt, at("mail"), 4, Facts)
        assert set(hurt.sent().values()) == {1}
        send_doubtful_again(found)


def send_doubtful_again(found: Sequence[Facts]) -> None:
    """Staff see which mails may not have left, press the button, and nothing is in doubt any more."""
    for facts in found:
        for mail in facts.uncertain():
            facts.deal.send_again(mail)
    until(lambda: not any(facts.uncertain() for facts in found), 60, "for the mails that were sent again")
    for facts in found:
        facts.mails()
