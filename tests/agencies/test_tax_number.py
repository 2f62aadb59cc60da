"""Tax numbers that people type are checked before they stand on documents."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from webkit.clients.forms import ClientForm
from webkit.core.kernel.forms import bind


@pytest.mark.parametrize(
    ("country", "typed", "problem"),
    [
        ("IT", "IT 0123456 0157", ""),
        ("IT", "01234560158", "wrong digit"),
        ("DE", "DE136695977", "wrong digit"),
        ("FR", "12", "does not look like a tax number of FR"),
        ("US", "98-7654321", ""),
        ("IT", "", ""),
    ],
)
def test_what_is_typed(app: object, country: str, typed: str, problem: str) -> None:
    bound = bind(ClientForm, MultiDict({"name": "Birch", "country": country, "tax_id": typed}))
    assert problem in bound.state.error("tax_id")
    assert bound.ok == (not problem)
