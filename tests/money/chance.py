"""Random documents under every scheme, and what must hold of each of them."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal

from flask import Flask

from tests.money import surfaces
from tests.pricing import test_oracle as oracle
from tests.pricing import test_properties as properties
from tests.pricing.chance import SCHEMES, Chance
from webkit.pricing import Document, Priced, compute, for_choice

EVERY = tuple(scheme.key for scheme in for_choice())
COMES_AND_GOES = properties.an_added_and_removed_line_leaves_no_trace
CHECKS = tuple(check for check in properties.CHECKS if check is not COMES_AND_GOES)
"""Here that line is put anywhere, and may be refused."""


def holds(app: Flask, seed: int) -> bool:
    """Everything about the document of one seed; False where it comes to nothing that could be asked for."""
    document = _document(seed)
    priced = oracle.agrees(document)
    if priced is None:
        return False
    for check in CHECKS:
        check(document, priced)
    _a_line_comes_and_goes(document, priced)
    kept = surfaces.stored(priced)
    oracle.keeps_the_rules_of_en_16931(priced)
    surfaces.pages_say_what_is_stored(app, kept, locale(seed))
    return True


def locale(seed: int) -> str:
    """In which language the document of a seed is printed."""
    return surfaces.LOCALES[seed % len(surfaces.LOCALES)]


def priced(seed: int) -> Priced | None:
    """The document of a seed, if it comes to something."""
    try:
        return compute(_document(seed))
    except oracle.PricingError:
        return None


def _document(seed: int) -> Document:
    return Chance(seed, schemes=(*SCHEMES, *EVERY)).document()


def _a_line_comes_and_goes(document: Document, priced: Priced) -> None:
    """Somebody adds a line, looks at the total, and takes it out again."""
    extra = replace(document.lines[0], id="extra", adjustments=(), unit_price=Decimal("7.77"))
    at = random.Random(len(document.lines)).randint(0, len(document.lines))
    longer = replace(document, lines=(*document.lines[:at], extra, *document.lines[at:]))
    with suppress(oracle.PricingError):  # with that line it may be refused; without it, it is what it was
        compute(longer)
    shorter = replace(longer, lines=tuple(line for line in longer.lines if line.id != "extra"))
    assert compute(shorter) == priced
