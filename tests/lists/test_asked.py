"""What addresses ask of lists: everything that is asked survives being an address, and nothing breaks a page."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from webkit.clients.listing import CLIENTS
from webkit.contracts.listing import CONTRACTS
from webkit.core.kernel import i18n
from webkit.core.kernel.lists import Here, ListSpec, args, chips, parse
from webkit.core.kernel.lists.asked import pairs
from webkit.core.kernel.lists.spec import Kind
from webkit.invoices.listing import INVOICES
from webkit.proposals.listing import PROPOSALS
from webkit.quotations.listing import QUOTATIONS

LISTS = (INVOICES, QUOTATIONS, PROPOSALS, CONTRACTS, CLIENTS)
HERE = Here(date(2026, 11, 22), "Europe/Rome", "EUR")
NOBODY = UUID(int=7)


def read(spec: ListSpec, query: str) -> Any:
    return parse(spec, MultiDict([part.partition("=")[::2] for part in query.split("&")]), HERE)


def given_for(spec: ListSpec) -> st.SearchStrategy[list[tuple[str, str]]]:
    """Addresses of a list, some of them sensible."""
    days = st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(str)
    amounts = st.decimals(-(10**9), 10**9, places=2).map(lambda amount: f"{amount:f}")
    values = {
        Kind.REF: st.uuids().map(str),
        Kind.CURRENCY: st.sampled_from(["EUR", "eur", "JPY", "KWD", "XXL"]),
        Kind.DAY: days,
        Kind.MOMENT: days,
        Kind.AMOUNT: st.one_of(amounts, st.integers(0, 10**6).map(str)),
    }
    fields = [
        st.tuples(
            st.just(key), st.sampled_from(sorted(each.options)) if each.kind is Kind.CHOICE else values[each.kind]
        )
        for each in spec.filters
        for key in each.keys
    ]
    sorts = [f"{sign}{sort.name}" for sort in spec.sorts for sign in ("", "-")]
    fields += [st.tuples(st.just("sort"), st.sampled_from(sorts)), st.tuples(st.just("q"), st.text(max_size=12))]
    fields += [st.tuples(st.sampled_from(["state", "due_from", "total_to", "nonsense", "view"]), st.text(max_size=9))]
    return st.lists(st.one_of(fields), max_size=8)


@given(data=st.data(), spec=st.sampled_from(LISTS), locale=st.sampled_from(["en", "it", "de-CH"]))
@settings(max_examples=150, deadline=None)
def test_what_is_asked_survives_being_an_address(data: st.DataObject, spec: ListSpec, locale: str) -> None:
    with i18n.use_locale(data.draw(st.sampled_from(["en", "it"]))):
        asked = parse(spec, MultiDict(data.draw(given_for(spec))), HERE)
    with i18n.use_locale(locale):  # a colleague with another language opens it
        again = parse(spec, MultiDict(pairs(args(asked))), HERE)
        assert again.problems == ()
        assert (again.values, again.words, again.sort, again.view) == (
            asked.values,
            asked.words,
            asked.sort,
            asked.view,
        )
        for chip in chips(spec, asked, {}):
            with i18n.use_locale("en"):
                less = parse(spec, MultiDict(pairs(chip.remove)), HERE)
            assert less.problems == () or "order within one currency" in less.problems[0]
            assert less.values.keys() < asked.values.keys()
            assert len(chips(spec, less, {})) < len(chips(spec, asked, {}))
            assert chip.label and chip.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("state=lost", "State: “lost” is not one of the choices."),
        ("client=me", "Client: “me” is nobody here."),
        ("currency=euro", "“euro” is not a currency"),
        ("due_from=tomorrow", "Due: “tomorrow” is not a day. It looks like 2026-03-31."),
        ("due_to=0001-01-01", "is not a day"),
        ("total_from=lots", "Total: "),
        ("total_to=1e99", "Total: "),
        ("due_from=2026-12-01&due_to=2026-11-01", "Due: 2026-12-01 is after 2026-11-01"),
        ("total_from=9&total_to=1", "Total: 9.00 is after 1.00"),
        ("stat=paid", "no filter “stat”"),
        ("sort=colour", "cannot be sorted by “colour”"),
        ("sort=-total", "within one currency"),
    ],
)
def test_what_makes_no_sense_is_said_and_left_out(query: str, sentence: str) -> None:
    asked = read(INVOICES, query)
    assert any(sentence in problem for problem in asked.problems), asked.problems
    assert {name for name in asked.values if name != "currency"} == set() and asked.sort == ""


def test_amounts_are_of_a_currency() -> None:
    assert read(INVOICES, "total_from=12,5").values == {"currency": ("EUR",), "total_from": ("12.50",)}
    assert read(INVOICES, "total_from=1200&currency=jpy").values == {"currency": ("JPY",), "total_from": ("1200",)}
    assert read(INVOICES, "total_from=1.5&currency=JPY").problems
    (chip,) = [chip for chip in chips(INVOICES, read(INVOICES, "total_from=5&total_to=5"), {}) if chip.label == "Total"]
    assert chip.text == "€5.00"


def test_chips_speak() -> None:
    asked = read(INVOICES, f"state=paid&state=overdue&client={NOBODY}&issued_from=2026-09-01&issued_to=2026-11-19")
    said = {chip.label: chip.text for chip in chips(INVOICES, asked, {NOBODY: "Caffè Olmo"})}
    assert said == {"State": "Overdue, Paid", "Client": "Caffè Olmo", "Issued": "1 Sept 2026 – 19 Nov 2026"}


def test_addresses_of_older_days_go_on_working() -> None:
    assert read(INVOICES, "view=overdue").values == {"state": ("overdue",)}
    assert read(INVOICES, "view=whatever").values == {}
