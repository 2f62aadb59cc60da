"""Numbers of invoices when their pattern changes, and what the audit says of them."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, counters, db, number_patterns, tenancy
from webkit.core.kernel.counters import Gap
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import models, service
from webkit.operations import doctor


def _pattern(pattern: str) -> None:
    agencies.change({"patterns": {**agencies.profile().patterns, "invoice": pattern}})
    db.release()


def _numbers(count: int, client_id: object) -> list[str]:
    return [service.get(documents.issued("10", client_id=client_id)).number for _ in range(count)]


def _gaps(agency: AgencyView) -> list[Gap]:
    db.release()
    with tenancy.platform("the audit of numbers in a test"):
        return [gap for gap in counters.gaps() if gap.agency_id == agency.id]


def test_a_pattern_changed_in_the_middle_of_the_year_repeats_nothing(agency: AgencyView) -> None:
    client_id, year = documents.client(), clock.today(agency.timezone).year
    numbers = []
    for pattern in ("{n}/{year}", f"{{n}}/{year}", "{n}/{year}", "{client}-{n}", f"{{n}}/{year}"):
        _pattern(pattern)
        numbers += _numbers(2, client_id)
    assert len(set(numbers)) == 10, numbers
    assert numbers[:2] == [f"1/{year}", f"2/{year}"]
    assert numbers[2:4] == [f"3/{year}", f"4/{year}"], "a counter of its own begins after what stands there"
    assert _gaps(agency) == []


def test_the_audit_finds_a_number_without_a_document(agency: AgencyView) -> None:
    client_id = documents.client()
    _numbers(3, client_id)
    assert _gaps(agency) == []
    with db.writing():
        counters.take("invoice", "INV-{year}-{n:04}", clock.today(agency.timezone))
    assert _gaps(agency) == [Gap(agency.id, "invoice", 1)]
    with tenancy.platform("what doctor says of it in a test"):
        (problem,) = doctor._numbers()
    assert "1 numbers of the series invoice were given and stand on no document" in problem.problem


def test_the_audit_finds_a_document_whose_number_nobody_gave(agency: AgencyView) -> None:
    draft = documents.draft("10")
    with db.writing():
        models.move(draft, models.InvoiceState.ISSUED, number="INV-2026-9999")
    assert _gaps(agency) == [Gap(agency.id, "invoice", -1)]


@pytest.mark.parametrize("start", [1, 500])
def test_an_agency_that_moved_here_has_no_gap(agency: AgencyView, start: int) -> None:
    with db.writing():
        counters.begin("invoice", "INV-{year}-{n:04}", clock.today(agency.timezone), start)
    assert _numbers(2, documents.client())[0].endswith(f"{start:04}")
    assert _gaps(agency) == []


@pytest.mark.parametrize(
    "pattern", ["INV-{year}-{n:04}", "{n}/{yy}", "{client}-{year}.{month}-{n:02}", "A {n:03} Z", "N{n:1}-{year}"]
)
@pytest.mark.parametrize("taken", [7, 99, 12345])
def test_a_number_that_stands_already_is_passed_over_whatever_it_looks_like(
    agency: AgencyView, pattern: str, taken: int
) -> None:
    """The database puts the number together by itself when it looks whether it is free."""
    client_id, today = documents.client("Birch & Co"), clock.today(agency.timezone)
    before, after = (number_patterns.written(pattern, each, today, "BIRCHCO") for each in (taken - 1, taken + 1))
    _pattern(pattern)
    with db.writing():
        models.move(
            documents.draft("10", client_id=client_id),
            models.InvoiceState.ISSUED,
            number=number_patterns.written(pattern, taken, today, "BIRCHCO"),
        )
        name = "invoice:BIRCHCO" if "{client}" in pattern else "invoice"
        counters.begin(name, pattern, today, taken - 1)
    assert _numbers(2, client_id) == [before, after]


def test_a_number_that_stands_in_another_agency_is_free(agency: AgencyView, other_agency: AgencyView) -> None:
    year = clock.today(agency.timezone).year
    with tenancy.tenant(other_agency.id):
        documents.issued("10")
    assert _numbers(1, documents.client()) == [f"INV-{year}-0001"]


@pytest.mark.parametrize("pattern", ["INV-{year}-{n:04}", "{n}", "{client}/{n:03}-{yy}{month}", "{year}-{n:9}."])
@pytest.mark.parametrize("value", [1, 9, 10, 999, 10**8, 10**9 + 1])
def test_the_parts_of_a_pattern_are_its_number(pattern: str, value: int) -> None:
    day = date(2026, 3, 9)
    before, digits, after = number_patterns.parts(pattern, day, "ACME")
    assert before + str(value).rjust(digits, "0") + after == number_patterns.written(pattern, value, day, "ACME")
