"""Killed at the moments that hurt: afterwards every deal completes, and everything happened exactly once.

One installation takes all the kills, during a few deals that go on side by side, so that they pile up on the same data.
With Claude and Stripe at the other end: see `test_vendor_kills`, also for PostgreSQL and mail without keys.
"""

from __future__ import annotations

import pytest

from tests.faults.launch import POINTS
from tests.faults.wounded import Kill, survive, wounded
from tests.journeys.facts import Facts

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
    ("job claimed: after COMMIT", "valkey", 2),
    ("sweep", "self", 2),
    ("sweep", "valkey", 2),
]
QUICK: list[Kill] = [("sign: after COMMIT", "self", 1), ("seal concluded: before COMMIT", "both", 1)]


@pytest.mark.timeout(180)
def test_a_deal_completes_that_is_hit_twice() -> None:
    with wounded() as hurt:
        survive(hurt, QUICK, 1, Facts)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_deals_complete_wherever_they_are_hit() -> None:
    with wounded() as hurt:
        survive(hurt, list(dict.fromkeys(WEB + JOBS)), DEALS, Facts)
