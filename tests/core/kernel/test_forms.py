"""Numbers as people type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import i18n
from webkit.core.kernel.forms import DecimalText, Form, bind, decimal_text, hidden_number


class Typed(Form):
    number: DecimalText


@pytest.mark.parametrize(
    ("locale", "text", "number"),
    [
        ("en", "1234", "1234"),
        ("en", "1.234", "1.234"),
        ("en", "12,5", "12.5"),
        ("en", "0,125", "0.125"),
        ("en", "1 234,5", "1234.5"),
        ("it", "1,234", "1.234"),
        ("it", "12.5", "12.5"),
    ],
)
def test_what_is_plain_is_read(locale: str, text: str, number: str) -> None:
    with i18n.use_locale(locale):
        bound = bind(Typed, MultiDict({"number": text}))
    assert bound.ok
    assert bound.data.number == Decimal(number)


@pytest.mark.parametrize(("locale", "text"), [("en", "1,234"), ("it", "1.234"), ("it", "-12.500"), ("de", "999.999")])
def test_what_has_two_readings_is_refused_with_both(locale: str, text: str) -> None:
    with i18n.use_locale(locale):
        bound = bind(Typed, MultiDict({"number": text}))
    assert not bound.ok
    assert text.replace(".", "").replace(",", "") in (bound.state.error("number") or "")


@pytest.mark.parametrize("locale", ["en", "it"])
@pytest.mark.parametrize("number", ["1.125", "1.5", "0.125", "1234.125", "12", "-1.125", "1.12345678"])
def test_what_a_field_shows_is_read_as_it_was(locale: str, number: str) -> None:
    with i18n.use_locale(locale):
        bound = bind(Typed, MultiDict({"number": decimal_text(Decimal(number))}))
    assert bound.ok
    assert bound.data.number == Decimal(number)


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("", 0), ("-1", 0), ("x", 0), ("9" * 9, 999_999_999), ("9" * 20, 0), ("9" * 5000, 0)]
)
def test_a_hidden_number_is_one_a_column_holds(text: str, number: int) -> None:
    assert hidden_number({"revision": text}, "revision") == number
    assert hidden_number({}, "revision") == 0
