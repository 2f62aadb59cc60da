"""Clauses: their markup lets nothing through, forms keep their order."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from webkit.contracts import forms, terms
from webkit.contracts.terms import Clause

CLAUSES = (Clause("One", "first"), Clause("Two", "second"), Clause("Three", "third"))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One.\n\nTwo.", "<p>One.</p>\n<p>Two.</p>"),
        ("One\ntwo", "<p>One<br>two</p>"),
        ("You get:\n- a shop\n- **tests**", "<p>You get:</p><ul><li>a shop</li><li><b>tests</b></li></ul>"),
        ("- a\nthen", "<ul><li>a</li></ul><p>then</p>"),
        ("2 ** 3 ** 4", "<p>2 ** 3 ** 4</p>"),
        ("", ""),
    ],
)
def test_paragraphs_lists_and_bold(text: str, html: str) -> None:
    assert terms.to_html(text) == html


@given(st.text(alphabet="<>&\"'*- \n\r{}/abc", max_size=200))
def test_only_our_own_tags_come_out(text: str) -> None:
    left = re.sub(r"</?(?:p|ul|li|b)>|<br>|&(?:lt|gt|amp|#34|#39);", "", terms.to_html(text))
    assert not set(left) & set("<>&\"'")


def test_empty_clauses_of_a_form_are_left_out() -> None:
    given_ = MultiDict([("clause_title", "A"), ("clause_title", ""), ("clause_text", "a\r\nb"), ("clause_text", " ")])
    assert forms.read_clauses(given_) == ((Clause("A", "a\nb"),), {})


def test_a_clause_needs_heading_and_text_of_a_bearable_length() -> None:
    given_ = MultiDict(
        [("clause_title", ""), ("clause_text", "text"), ("clause_title", "x" * 121), ("clause_text", "a\x07")]
    )
    _clauses, problems = forms.read_clauses(given_)
    assert "fill this in" in problems[0]
    assert "120 characters" in problems[1] and "cannot be printed" in problems[1]
    many = MultiDict([("clause_title", "T")] * 61 + [("clause_text", "t")] * 61)
    assert 60 in forms.read_clauses(many)[1]


@pytest.mark.parametrize(
    ("action", "titles"),
    [
        ("up:1", ["Two", "One", "Three"]),
        ("down:1", ["One", "Three", "Two"]),
        ("remove:0", ["Two", "Three"]),
        ("add", ["One", "Two", "Three", ""]),
        ("up:0", ["One", "Two", "Three"]),
        ("down:2", ["One", "Two", "Three"]),
        ("remove:9", ["One", "Two", "Three"]),
        ("remove:-1", ["One", "Two", "Three"]),
        ("remove:99999999999", ["One", "Two", "Three"]),
        ("explode", ["One", "Two", "Three"]),
    ],
)
def test_the_editors_buttons(action: str, titles: list[str]) -> None:
    assert [clause.title for clause in forms.rearranged(CLAUSES, action)] == titles
