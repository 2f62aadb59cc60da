"""Many deals at once on one running installation, while processes die, the model fails and webhooks get lost.

WEBKIT_SEED settles who is hit by what and is printed; WEBKIT_DEALS says how many deals there are. At the end our books
and the vendor's say the same.
"""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.balance import holds, settled
from tests.faults.steered import USUAL, VICTIMS, Steered, Trouble, steered
from tests.faults.vendors import Vendors
from tests.faults.wounded import SEED
from tests.journeys.stack import Stack, postgres
from tests.journeys.web import Died
from webkit.sdk.testing.doubles.anthropic import Behaviour

MANY = int(os.environ.get("WEBKIT_DEALS", "24"))
AT_ONCE = 8
STEPS = 10
"""About as many has a deal."""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_deal_ends_where_it_was_steered_to() -> None:
    _run(MANY)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_deal_ends_where_it_was_steered_to_on_postgres() -> None:
    with postgres() as owner:
        _run(MANY, owner=owner)


def _run(how_many: int, **options: str) -> None:
    print(f"WEBKIT_SEED={SEED} WEBKIT_DEALS={how_many}")
    with tempfile.TemporaryDirectory(prefix="wk-") as folder, Vendors().open() as vendors:
        stack = Stack(Path(folder), factory="tests.faults.launch:create", **options, **vendors.environment(pull=15))
        try:
            _all(stack, vendors, how_many)
        except BaseException:
            print("\n".join(stack.errors()[-5:]))
            raise
        finally:
            stack.kill()


def _all(stack: Stack, vendors: Vendors, how_many: int) -> None:
    first = vendors.people(stack.start())
    for step in first.BEFORE:
        step(first)
    vendors.stripe.chaos(lose=0.2, double=0.2, late=1.5, seed=SEED)
    vendors.ai.usual = USUAL
    # Each part is killed at least once, more often in longer runs.
    rounds = max(1, how_many // 66)
    trouble, began = Trouble(stack, SEED, STEPS * how_many / (len(VICTIMS) * rounds + 1)), time.monotonic()
    deals = [steered(first, number, SEED) for number in range(how_many)]
    for deal in deals:
        deal.before_each = trouble.step
    with ThreadPoolExecutor(AT_ONCE) as people:
        list(people.map(_person, deals))
    print(f"{how_many} deals in {time.monotonic() - began:.0f} s; killed: {trouble.killed}")
    vendors.ai.usual = Behaviour()
    vendors.stripe.calm()
    settled(stack, deals)
    holds(stack, vendors, deals)
    assert set(trouble.killed) == set(VICTIMS)


def _person(deal: Steered) -> None:
    try:
        deal.through()
    except (AssertionError, Died, OSError, KeyError, IndexError) as error:
        raise AssertionError(f"{deal.client_name}, to be {deal.end} (WEBKIT_SEED={SEED}): {error}") from error
