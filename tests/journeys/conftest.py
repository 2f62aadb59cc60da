"""Installations for journeys: one of one's own, or one that all tests of this process share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from tests.journeys.deal import Deal
from tests.journeys.stack import Stack
from webkit.sdk.testing.doubles.pagespeed import KEY, PageSpeedDouble

_serial = count(1)
D = TypeVar("D", bound=Deal)
NewDeal = Callable[[], Deal]


@pytest.fixture
def stack() -> Iterator[Stack]:
    """An installation of its own, running and empty."""
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        made = Stack(Path(folder))
        try:
            yield made.start()
        finally:
            made.kill()


@pytest.fixture(scope="session")
def shared() -> Iterator[Deal]:
    """A running installation with its agency; deals of different tests do not meet, for their clients differ."""
    with tempfile.TemporaryDirectory(prefix="wk-") as folder, PageSpeedDouble() as google:
        stack = Stack(Path(folder), PAGESPEED_PROVIDER="google", PAGESPEED_API_KEY=KEY, PAGESPEED_API_URL=google.url)
        try:
            stack.start()
            first = Deal(stack, stack.visitor())
            for step in first.BEFORE:
                step(first)
            yield first
            assert stack.errors() == []
            stack.stop()
        finally:
            stack.kill()


@pytest.fixture
def new_deal(shared: Deal) -> NewDeal:
    """Makes a deal with a client of its own."""
    return lambda: another(shared)


@pytest.fixture
def deal(new_deal: NewDeal) -> Deal:
    """A deal that has not begun."""
    return new_deal()


def another(first: D) -> D:
    """A further deal of the same agency."""
    number = next(_serial)
    name, email = f"Kestrel Bikes {number:04} Ltd", f"amelia{number}@kestrel.example"
    return replace(first, client_name=name, client_email=email)
