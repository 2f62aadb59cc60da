"""Merge fields: what they mean, and that nothing unresolved ever passes."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webkit.contracts import figures, merge
from webkit.contracts.defaults import BUILTIN
from webkit.contracts.merge import FIELDS, Facts
from webkit.contracts.terms import Clause
from webkit.core.kernel import i18n
from webkit.pricing import Document, Line, Priced, compute, find


def priced(*prices: str) -> Priced:
    scheme = find("it-vat")
    rate = scheme.rows[0].rate
    lines = tuple(
        Line(id=str(n), description=f"Part {n}", unit_price=Decimal(price), rate=rate)
        for n, price in enumerate(prices, 1)
    )
    return compute(Document(currency="EUR", scheme=scheme, lines=lines))


def facts(**changes: Any) -> Facts:
    once = priced("4800")
    values: dict[str, Any] = {
        "agency": {
            "name": "Northwind",
            "legal_name": "Northwind S.r.l.",
            "country": "IT",
            "lines": ["Via A 1", "Milano"],
        },
        "client": {"name": "Olmo", "email": "g@olmo.example", "country": "IT", "lines": []},
        "title": "Online shop",
        "number": "CON-2026-001",
        "proposal_number": "PRO-2026-001",
        "today": date(2026, 11, 22),
        "valid_until": date(2026, 12, 22),
        "commencement": None,
        "completion": None,
        "currency": "EUR",
        "once": once,
        "monthly": None,
        "deposit": figures.deposit_of(once, Decimal(50)),
        "deposit_percent": Decimal(50),
        "payment_days": 14,
        "signer": ("Giulia Ferrante", "Owner"),
        "signatory": ("Ada Brandt", ""),
    }
    return Facts(**{**values, **changes})


def text_of(template: str, **changes: Any) -> str:
    with i18n.use_locale("en-GB"):
        return merge.resolve(template, merge.values(facts(**changes))).text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{client.name}}", "Olmo"),
        ("{{ client.business_name }}", "Olmo"),
        ("{{contract.total}} / {{contract.total_price}}", "€5,856.00 / €5,856.00"),
        ("{{contract.net}} + {{contract.tax}}", "€4,800.00 + €1,056.00"),
        ("{{contract.deposit}} ({{contract.deposit_percent}})", "€2,928.00 (50 %)"),
        ("{{agency.address}}", "Via A 1, Milano"),
        ("{{agency.country}}", "Italy"),
        ("{{contract.date}}", "22 November 2026"),
        ("{{contract.commencement_date}}", "the day on which it is signed"),
        ("{{computed.current_year}}", "2026"),
    ],
)
def test_fields(template: str, text: str) -> None:
    assert text_of(template) == text


def test_payment_terms_say_what_is_due_when() -> None:
    assert text_of("{{contract.payment_terms}}") == (
        "Of €5,856.00, €2,928.00 is invoiced on signing and €2,928.00 when the work is finished."
        " Invoices are due 14 days after issue."
    )
    once = priced("100")
    assert "€122.00 is invoiced on signing." in text_of("{{contract.payment_terms}}", once=once, deposit=once)
    told = text_of("{{contract.payment_terms}}", once=None, deposit=None, monthly=priced("10"), payment_days=0)
    assert told == "€12.20 is invoiced every month. Invoices are due on receipt."


def test_the_contracts_language_is_spoken() -> None:
    with i18n.use_locale("it-IT"):
        assert merge.resolve("{{contract.total}}", merge.values(facts())).text == "5.856,00\xa0€"


def test_unknown_and_empty_fields_are_named() -> None:
    clauses = [Clause("{{client.moon}}", "{{client.website}} {{contract.monthly_total}} {{ open")]
    with i18n.use_locale("en"):
        found = merge.resolve_clauses(clauses, merge.values(facts()))[1]
    assert found.unknown == ("client.moon", "{{")
    assert found.empty == ("client.website", "contract.monthly_total")
    told = " ".join(merge.problems(found))
    assert "{{client.moon}}" in told and "{{client.website}}" in told and "every {{ needs its }}" in told


def test_braces_in_a_value_are_text() -> None:
    resolved = merge.resolve("{{client.name}}", {"client.name": "{{agency.iban}}"})
    assert resolved.text == "{{agency.iban}}" and not resolved.unknown


@given(st.text(alphabet="{} abc.ln\n", max_size=60))
def test_a_text_without_problems_has_no_braces_left(text: str) -> None:
    resolved = merge.resolve(text, {field.name: "x" for field in FIELDS})
    assert resolved.unknown or not re.search(r"\{\{|\}\}", resolved.text)


def test_field_names_are_unique() -> None:
    names = [name for field in FIELDS for name in (field.name, *field.aliases)]
    assert len(names) == len(set(names)) == len(merge.NAMES)


@pytest.mark.parametrize("language", sorted(BUILTIN))
def test_our_own_templates_need_nothing_special(language: str) -> None:
    bare = facts(monthly=None, deposit=None, deposit_percent=None, signatory=("A", ""), signer=("B", ""))
    with i18n.use_locale(language):
        found = merge.resolve_clauses(BUILTIN[language][1], merge.values(bare))[1]
    assert not merge.problems(found)
