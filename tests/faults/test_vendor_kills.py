"""Killed while Claude writes and Stripe takes money: afterwards every deal completes, and everything happened once.

On SQLite the mail provider knows no idempotency keys here, as SMTP knows none: a mail is sent once, or shown as
uncertain and sent again by staff. On PostgreSQL everybody is killed on both sides of every COMMIT.
"""

from __future__ import annotations

import pytest

from tests.faults.launch import ABROAD, FORGETFUL, POINTS
from tests.faults.test_kills import at, send_doubtful_again
from tests.faults.vendors import VendorFacts, Vendors
from tests.faults.wounded import Kill, survive, wounded
from tests.journeys.stack import postgres

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

DEALS = 8
KILLS: list[Kill] = [(point, "self", 1) for point in ABROAD]
KILLS += [
    ("model: speaks", "self", 40),
    ("model: speaks", "self", 400),
    ("model: speaks", "valkey", 250),
    ("words sent on: before", "valkey", 60),
    ("words sent on: before", "worker-ai", 120),
    ("text finished: before COMMIT", "self", 6),
    ("Stripe checkout: after", "web", 1),
    ("Stripe webhook kept: after COMMIT", "valkey", 1),
    ("Stripe webhook applied: before COMMIT", "worker-now", 1),
    ("Stripe refund: after", "worker-now", 1),
]
# On PostgreSQL a webhook is kept by one message: there is no moment before or after its COMMIT to be killed at, but
# there are those before it is kept, and before it is answered.
ONE_MESSAGE = ("webhook kept", "Stripe webhook kept")
COMMITS: list[Kill] = [
    (name, "self", 1)
    for name, point in {(p.when, p.target, p.within): (n, p) for n, p in {**POINTS, **ABROAD}.items()}.values()
    if (name.endswith("COMMIT") or name.startswith("Stripe webhook:")) and not name.startswith(ONE_MESSAGE)
]


def test_deals_complete_wherever_they_are_hit() -> None:
    with Vendors().open() as vendors, wounded(vendors.people, **vendors.environment(), **{FORGETFUL: "1"}) as hurt:
        found = survive(hurt, [*KILLS, *at("mail")], DEALS, VendorFacts)
        assert set(hurt.sent().values()) == {1}
        assert max(row["attempt"] for facts in found for row in facts.deal.texts()) >= 2
        send_doubtful_again(found)


def test_every_commit_holds_on_postgres() -> None:
    with (
        Vendors().open() as vendors,
        postgres() as owner,
        wounded(vendors.people, owner=owner, **vendors.environment()) as hurt,
    ):
        survive(hurt, COMMITS, DEALS, VendorFacts)
