"""Ten thousand random documents, or a million: what is computed is exact, stored, and printed everywhere as stored.

`make soak` takes WEBKIT_DOCUMENTS (a million) from WEBKIT_FIRST on, in as many processes as there are processors, and
says how far it is. A document that fails is named by its seed: `python -m tests.money.one SEED` looks at it alone.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from tests.money import chance, surfaces
from webkit.core.settings import Settings
from webkit.house import create

FIRST = int(os.environ.get("WEBKIT_FIRST", "10000000"))
MANY = int(os.environ.get("WEBKIT_DOCUMENTS", "1000000"))
CHUNK = 1_000
ON_PAPER = 300


@cache
def _app() -> Flask:
    """The application of this process, for its templates; nobody opens its database."""
    return create(Settings(data=Path(tempfile.mkdtemp(prefix="wk-money-")), log_level="ERROR"))


def every_document(first: int, count: int) -> int:
    """How many of the documents from this seed on came to something, and all of it was right."""
    app, done = _app(), 0
    with app.app_context():
        for seed in range(first, first + count):
            try:
                done += chance.holds(app, seed)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error!r}") from error
    return done


def on_paper(first: int, count: int) -> int:
    """The same for PDFs: their text is read."""
    app, done = _app(), 0
    for seed in range(first, first + 3 * count):
        if done < count and (priced := chance.priced(seed)) is not None and priced.totals.payable > 0:
            kept = surfaces.stored(priced)
            try:
                surfaces.pdf_says_what_is_stored(app, surfaces.invoice(kept, chance.locale(seed)), kept)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {error!r}") from error
            done += 1
    return done


def test_some_random_documents() -> None:
    assert every_document(0, 60) > 30


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", [10_000, 15_000])
def test_ten_thousand_random_documents(first: int) -> None:
    assert every_document(first, 5_000) > 2_500


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_hundred_random_documents_on_paper() -> None:
    assert on_paper(20_000, ON_PAPER) == ON_PAPER


@pytest.mark.soak
@pytest.mark.timeout(86_400)
def test_a_million_random_documents(capfd: pytest.CaptureFixture[str]) -> None:
    starts = list(range(FIRST, FIRST + MANY, CHUNK))
    began, done, right = time.monotonic(), 0, 0
    with multiprocessing.get_context("spawn").Pool() as pool:
        for found in pool.imap_unordered(_chunk, _chunks(starts)):
            done, right = done + CHUNK, right + found
            if done % max(CHUNK, MANY // 100 // CHUNK * CHUNK) == 0:
                with capfd.disabled():
                    print(f"{done} of {MANY} documents from WEBKIT_FIRST={FIRST}, {time.monotonic() - began:.0f} s")
    assert right > MANY // 2


def _chunks(starts: list[int]) -> Iterator[tuple[int, int]]:
    for start in starts:
        yield start, min(CHUNK, FIRST + MANY - start)


def _chunk(which: tuple[int, int]) -> int:
    return every_document(*which)
