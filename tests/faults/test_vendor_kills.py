"""Killed while Claude writes and Stripe takes money: afterwards the deal completes, and everything happened once."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from tests.faults.launch import ABROAD
from tests.faults.vendors import VendorDeal, VendorFacts, Vendors
from tests.faults.wounded import SEED, Kill, Ward
from tests.journeys.conftest import another
from tests.journeys.stack import postgres

pytestmark = [pytest.mark.soak, pytest.mark.timeout(300)]

AT_ONCE = 6
KILLS: list[Kill] = [(point, "self", 1) for point in ABROAD]
KILLS += [
    ("model: speaks", "self", 40),
    ("model: speaks", "self", 150),
    ("model: speaks", "valkey", 60),
    ("words sent on: before", "valkey", 10),
    ("words sent on: before", "worker-ai", 25),
    ("text finished: before COMMIT", "self", 2),
    ("Stripe checkout: after", "web", 1),
    ("Stripe webhook kept: after COMMIT", "valkey", 1),
    ("Stripe webhook applied: before COMMIT", "worker-now", 1),
    ("Stripe refund: after", "worker-now", 1),
]
COMMITS: list[Kill] = [kill for kill in KILLS if kill[0].endswith("COMMIT") and kill[1:] == ("self", 1)]


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with Vendors().open() as opened:
        yield opened


@pytest.fixture(scope="module")
def ward(vendors: Vendors) -> Iterator[Ward]:
    ward = Ward(vendors.people, **vendors.environment())
    yield ward
    ward.discard()


@pytest.fixture(scope="module")
def postgres_ward(vendors: Vendors) -> Iterator[Ward]:
    with postgres() as owner:
        ward = Ward(vendors.people, owner=owner, **vendors.environment())
        yield ward
        ward.discard()


def _rounds(kills: list[Kill], size: int) -> list[list[Kill]]:
    """Mixed anew by every seed; both sides of one moment never meet in a round, for the second may not come then."""
    number = -(-len(kills) // size)
    turned = random.Random(SEED).randrange(len(kills))
    mixed = [*sorted(kills)[turned:], *sorted(kills)[:turned]]
    return [mixed[at::number] for at in range(number)]


def _name(kills: list[Kill]) -> str:
    return ", ".join(f"{victim} {nth}. {point}" for point, victim, nth in kills)


@pytest.mark.parametrize("kills", _rounds(KILLS, AT_ONCE), ids=_name)
def test_the_deal_completes_wherever_it_is_hit(ward: Ward, kills: list[Kill]) -> None:
    _completes(ward, kills)


@pytest.mark.parametrize("kills", _rounds(COMMITS, 10), ids=_name)
def test_every_commit_holds_on_postgres(postgres_ward: Ward, kills: list[Kill]) -> None:
    _completes(postgres_ward, kills)


def _completes(ward: Ward, kills: list[Kill]) -> None:
    """A deal during which somebody is killed again and again."""
    print(f"seed {SEED}: kill {_name(kills)}")
    try:
        wounded = ward.wounded()
        assert isinstance(wounded.first, VendorDeal)
        deal = another(wounded.first)
        deal.add_client()
        deal.consult()
        deal.write()
        wounded.arm(kills)
        deal.close()
        facts = VendorFacts(deal)
        facts.all_hold()
        assert wounded.disarm() == [], "nobody was killed"
        if any(point.startswith("model: speaks") and victim == "self" for point, victim, _nth in kills):
            assert max(row["attempt"] for row in deal.texts()) >= 2
        assert all(code < 500 for _method, _path, code in (*deal.client.seen, *deal.staff.seen))
        wounded.stack.ready()
    except BaseException:
        print("\n".join(ward.wounded().stack.errors()[-8:]))
        ward.discard()
        raise
