"""Answers without a database: how they are read, weighed, compared."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.consultations import ANSWERS, NEEDED
from webkit.consultations import answers as said
from webkit.consultations.fields import FIELDS, KEYS, STEPS, Kind
from webkit.consultations.presets import PRESETS, Lists, Option

LISTS = Lists("EUR")
TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=40).map(str.strip)


def _answer(name: str) -> st.SearchStrategy[Any]:
    asked = FIELDS[name]
    values = sorted(LISTS.values(name))
    if asked.kind is Kind.CHIPS:
        return st.lists(st.sampled_from(values), unique=True).map(sorted)
    return st.sampled_from(["", *values]) if asked.chooses else TEXTS


ALL = st.fixed_dictionaries({name: _answer(name) for name in FIELDS}).map(
    lambda answers: {name: value for name, value in answers.items() if value}
)


def test_the_form_is_the_reference() -> None:
    assert KEYS == ("business", "situation", "goals", "preferences")
    assert len(FIELDS) == 20
    assert {name for name, asked in FIELDS.items() if asked.chooses} == set(PRESETS)
    assert sum(map(len, PRESETS.values())) == 79
    assert {name for name, asked in FIELDS.items() if asked.required} == NEEDED.keys()
    assert [len(step.fields) for step in STEPS] == [10, 3, 4, 3]


@given(ALL)
def test_the_percentage_is_one(answers: dict[str, Any]) -> None:
    assert 0 <= said.percent(answers) <= 100
    whole = all(not asked.weight or answers.get(name) for name, asked in FIELDS.items())
    assert (said.percent(answers) == 100) == (whole and not _unusable(answers))


def _unusable(answers: dict[str, Any]) -> list[str]:
    return [name for name in answers if FIELDS[name].weight and said.problem(FIELDS[name], answers[name])]


@given(ALL, st.sampled_from(sorted(FIELDS)))
def test_one_answer_less_is_never_more(answers: dict[str, Any], name: str) -> None:
    fewer = {key: value for key, value in answers.items() if key != name}
    assert said.percent(fewer) <= said.percent(answers)


def test_everything_that_counts_is_a_hundred() -> None:
    assert said.percent(ANSWERS) == 100
    assert said.percent({}) == 0
    assert said.percent(ANSWERS | {"email": "davide@"}) < 100
    assert said.problems(ANSWERS) == {}


@given(TEXTS, TEXTS)
def test_pieces_are_both_texts(before: str, after: str) -> None:
    pieces = said.text_pieces(before, after)
    assert "".join(text for mark, text in pieces if mark != "added") == before
    assert "".join(text for mark, text in pieces if mark != "removed") == after


@given(ALL, ALL)
def test_a_comparison_names_what_is_different_and_nothing_else(before: dict[str, Any], after: dict[str, Any]) -> None:
    changes = {change.field.name: change.pieces for change in said.diff(before, after, LISTS)}
    assert list(changes) == [name for name in FIELDS if before.get(name) != after.get(name)]
    for pieces in changes.values():
        assert any(mark != "same" for mark, _text in pieces)


@given(ALL)
def test_the_same_is_no_difference(answers: dict[str, Any]) -> None:
    assert said.diff(answers, dict(answers), LISTS) == []
    assert said.merged(answers, {}) == answers


@given(ALL, ALL)
def test_what_was_typed_wins_and_empty_leaves(stored: dict[str, Any], typed: dict[str, Any]) -> None:
    asked = {name: typed.get(name, "") for name in ("email", "primary_goals", "consultation_notes")}
    both = said.merged(stored, asked)
    for name in FIELDS:
        assert both.get(name, "") == (asked[name] if name in asked else stored.get(name, ""))
    assert all(both.values())


@given(ALL)
def test_the_snapshot_says_what_was_answered(answers: dict[str, Any]) -> None:
    lines = said.snapshot(answers, LISTS)
    told = [name for name in FIELDS if name in answers and answers[name] != (FIELDS[name].default or None)]
    assert [line["id"] for line in lines] == [f"answer.{name}" for name in told]
    assert all(line["label"] and line["value"] for line in lines)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), st.lists(st.text(max_size=300), max_size=4)))
def test_nothing_sent_is_unheard(given_: dict[str, list[str]]) -> None:
    """Whatever comes is an answer or an error, and what is stored fits."""
    typed = said.read(list(FIELDS.values()), given_, LISTS, {})
    assert typed.answers.keys() | typed.errors.keys() == FIELDS.keys()
    for name, value in typed.answers.items():
        asked = FIELDS[name]
        assert set(said.listed(value)) <= LISTS.values(name) if asked.chooses else len(str(value)) <= asked.limit


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("website", "lario.example", "https://lario.example"),
        ("website", "javascript:alert(1)", "javascript:alert(1)"),
        ("email", " Davide@Lario.Example ", "davide@lario.example"),
        ("email", "davide@", "davide@"),
        ("consultation_notes", "one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("social_linkedin", "", ""),
    ],
)
def test_texts_are_tidied(name: str, sent: str, stored: str) -> None:
    assert said.read([FIELDS[name]], {name: [sent]}, LISTS, {}).answers[name] == stored


def test_choices_stand_in_the_order_of_the_list() -> None:
    sent = {"primary_goals": ["other", "increase-revenue", "other"], "timeline": ["asap", "flexible"]}
    typed = said.read([FIELDS["primary_goals"], FIELDS["timeline"]], sent, LISTS, {})
    assert typed.answers == {"primary_goals": ["increase-revenue", "other"]}
    assert typed.errors.keys() == {"timeline"}


def test_what_is_no_longer_offered_stays_readable() -> None:
    own = Lists("EUR", {"timeline": (Option("spring", "In spring"), Option("fall", "In autumn", False))})
    assert own.offered("timeline") == [("spring", "In spring")]
    assert [own.words("timeline", value) for value in ("fall", "asap", "gone")] == [
        "In autumn",
        "As soon as possible",
        "gone",
    ]
    asked = FIELDS["timeline"]
    assert said.read([asked], {"timeline": ["fall"]}, own, {"timeline": "fall"}).answers == {"timeline": "fall"}
    assert said.read([asked], {"timeline": ["fall"]}, own, {}).errors


@pytest.mark.parametrize(
    ("currency", "words"), [("EUR", "Under €2,000"), ("JPY", "Under ¥2,000"), ("KWD", "Under KWD2,000")]
)
def test_budgets_speak_the_agencys_currency(currency: str, words: str) -> None:
    assert Lists(currency).words("budget_range", "under-2k").replace("\xa0", " ") == words


def test_what_stood_in_the_form_before_tells_nothing() -> None:
    """Nobody said it, so it is no knowledge; left as it is, it keeps nobody from knowing everything else."""
    untouched = said.defaults(LISTS)
    assert untouched == {"urgency_level": "low", "budget_range": "tbd"}
    assert (said.percent(untouched), said.snapshot(untouched, LISTS)) == (0, [])
    assert said.percent(ANSWERS | untouched) == 100
    known = {line["id"] for line in said.snapshot(ANSWERS | untouched | {"urgency_level": "high"}, LISTS)}
    assert "answer.urgency_level" in known and "answer.budget_range" not in known
