"""Figures: measured on labelled sentences, and true of any text however it arrives."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webkit.ai_runs import figures
from webkit.ai_runs.figure_words import _literals
from webkit.ai_runs.figures import GAP, Growing, Kind, check, find, scrub

LABELLED = Path(__file__).with_name("figures.txt")
FACTS = {"audit.lcp": "4.8 s", "answer.goals": "More bookings", "price.total": "€12,400.00"}
MARK = re.compile(r"\[[^\S\n]*fact\b|\[\[|\]\]", re.IGNORECASE)


@dataclass(frozen=True)
class Sentence:
    locale: str
    text: str
    labels: tuple[tuple[int, int], ...]


def _sentences() -> list[Sentence]:
    told = []
    for line in LABELLED.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            locale, _tab, marked = line.partition("\t")
            text, labels, began = "", [], 0
            for sign in marked:
                if sign == "{":
                    began = len(text)
                elif sign == "}":
                    labels.append((began, len(text)))
                else:
                    text += sign
            told.append(Sentence(locale, text, tuple(labels)))
    return told


SENTENCES = _sentences()
TEXT = {
    locale: "\n\n".join(
        each.text + (" It takes [[fact:audit.lcp]], and [[ fact: nobody ]] knows." if at % 3 == 0 else "")
        for at, each in enumerate(SENTENCES)
        if each.locale == locale
    )
    for locale in ("en", "it")
}


WORDS = [
    word + gap
    for word in sorted(
        _literals() | {"7", "40", "2,5", "visit", "Bianchi", "WCAG", "EUR", "€", "%", "-", "**", "[", "x3"}
    )
    for gap in (" ", "")
]


def _score(sentences: list[Sentence]) -> tuple[float, float]:
    """Which part of the labels was found, and which part of what was found is no label."""
    labels = hits = found = wrong = 0
    for each in sentences:
        spans = [(figure.start, figure.end) for figure in find(each.text, each.locale)]
        labels, found = labels + len(each.labels), found + len(spans)
        hits += sum(any(a < end and b > start for a, b in spans) for start, end in each.labels)
        wrong += sum(not any(a < end and b > start for start, end in each.labels) for a, b in spans)
    return hits / labels, wrong / found


def test_two_hundred_sentences_a_third_of_them_italian() -> None:
    assert len(SENTENCES) == 200
    assert sum(each.locale == "it" for each in SENTENCES) >= 60
    assert sum(not each.labels for each in SENTENCES) >= 50


@pytest.mark.parametrize("half", [slice(0, 100), slice(100, 200), slice(0, 200)], ids=["tuned", "held out", "all"])
def test_the_labelled_sentences(half: slice) -> None:
    found, wrong = _score(SENTENCES[half])
    print(f"found {found:.1%}, false {wrong:.1%}")
    assert found >= 0.98
    assert wrong <= 0.05


@pytest.mark.parametrize(
    ("locale", "text", "figure", "kind"),
    [
        ("en", "a lift of 32% at once", "32%", Kind.PERCENT),
        ("en", "for seventy-five per cent of people", "seventy-five per cent", Kind.PERCENT),
        ("en", "it costs €12,400.50 in all", "€12,400.50", Kind.AMOUNT),
        ("it", "costa 12.400,50 € in tutto", "12.400,50 €", Kind.AMOUNT),
        ("en", "sells twice as much", "twice", Kind.MULTIPLE),
        ("it", "vende il doppio", "il doppio", Kind.MULTIPLE),
        ("en", "until 15 December 2026 only", "15 December 2026", Kind.DATE),
        ("en", "by Week 3 you see it", "Week 3", Kind.PLACE),
        ("en", "save 90\u200b% and 9\u200b0 euro", "90\u200b%", Kind.PERCENT),
        ("de", "wir sparen 90 % der Zeit", "90 %", Kind.PERCENT),
        ("it", "ninety per cent dei clienti", "ninety per cent", Kind.PERCENT),
        ("en", "il novanta per cento", "novanta per cento", Kind.PERCENT),
        ("en", "waits [?] for it", GAP, Kind.GAP),
        ("en", "See PRO-2026-0031 of 20 March.", "20 March", Kind.DATE),
        ("it", "Entro il 3 feb. 2027 si parte", "3 feb. 2027", Kind.DATE),
    ],
)
def test_kinds_and_extents(locale: str, text: str, figure: str, kind: Kind) -> None:
    first = find(text.replace("\u200b", ""), locale)[0]
    assert (first.text, first.kind) == (figure.replace("\u200b", ""), kind)


def test_citations_are_printed_and_everything_else_is_marked() -> None:
    checked = check(
        "It takes [[fact:audit.lcp]], [[fact:nobody]] says, and lifts orders by 32%.", facts=FACTS, locale="en"
    )
    assert checked.text == "It takes 4.8 s, [?] says, and lifts orders by 32%."
    told = [(each.kind, each.text, each.fact_id) for each in checked.segments if each.kind != "plain"]
    assert told == [("proven", "4.8 s", "audit.lcp"), ("unproven", GAP, ""), ("unproven", "32%", "")]
    assert checked.unproven == 2


def test_the_agencys_own_plan_is_exempt() -> None:
    text = "In six weeks, from week 2 to week 5, we build 12 pages; ten weeks would be 15 pages."
    checked = check(text, facts={}, exempt=("6 weeks", "12 pages", "week #"), locale="en")
    assert [each.text for each in checked.segments if each.kind == "unproven"] == ["ten weeks", "15 pages"]
    italian = check("In sei settimane, 12 pagine.", facts={}, exempt=("6 weeks", "12 pages"), locale="it")
    assert italian.unproven == 0


@pytest.mark.parametrize(
    "hostile",
    [
        "[[fact:x]]",
        "[[ FACT : x ]]",
        "[fact:x]",
        "[[fact:x",
        "[[[[fact:answer.goals]]fact:x]]",
        "[[fa\u200bct:x]]",
        "[[fact:a\nb]]",
        "[[fact:[[fact:x]]]]",
        "[[fact:{}]]",
        "[[fact:answer.goals]] [[fact:answer.goals",
        "[[[[fact:a]]fact:b]]",
        "[" * 50 + "fact:x" + "]" * 50,
        "][[]",
        "[fa[[ct:x",
        "[ ]]fact:x",
        "[fact]] : x",
    ],
)
def test_no_citation_is_left_whatever_is_written(hostile: str) -> None:
    facts = {**FACTS, "x": "[[fact:answer.goals]] [[", "{}": "fact:x]]"}
    for final in (True, False):
        assert not MARK.search(check(f"So {hostile} it is.", facts=facts, locale="en", final=final).text)
    assert not MARK.search(scrub(f"So {hostile} it is."))


@given(
    st.lists(
        st.sampled_from(["[", "]", "fact", ":", "fa", "ct", " ", "x", "1", "%", "\n", ".", "\u200b"]), max_size=60
    ).map("".join),
    st.booleans(),
)
def test_no_citation_is_left_in_any_text(text: str, final: bool) -> None:
    assert not MARK.search(check(text, facts={"x": "1"}, locale="en", final=final).text)
    assert not MARK.search(scrub(text))


@given(st.text(max_size=200), st.sampled_from(["en", "it", "de"]))
def test_figures_lie_in_the_text_and_segments_are_all_of_it(text: str, locale: str) -> None:
    at = 0
    for figure in find(text, locale):
        assert at <= figure.start < figure.end <= len(text)
        assert text[figure.start : figure.end] == figure.text
        at = figure.end
    if "[" not in text and "]" not in text:
        assert check(text, facts={}, locale=locale).text == figures._visible(text)


@pytest.mark.parametrize("locale", ["en", "it"])
def test_what_was_shown_while_it_grew_never_changes(locale: str) -> None:
    """Every prefix gives the beginning of what the whole text gives, marks included."""
    text = TEXT[locale][:3000]
    whole = _signs(check(text, facts=FACTS, locale=locale).segments)
    for end in range(0, len(text), 7):
        now = _signs(check(text[:end], facts=FACTS, locale=locale, final=False).segments)
        assert now == whole[: len(now)], text[max(0, end - 80) : end]


@given(st.lists(st.sampled_from(WORDS), max_size=12), st.sampled_from(["en", "it", "de"]))
def test_words_of_figures_in_any_order_never_change(words: list[str], locale: str) -> None:
    growing, given = Growing(FACTS, (), locale), []
    for word in words:
        given += _signs(growing.add(word))
    given += _signs(growing.end())
    assert given == _signs(check("".join(words), facts=FACTS, locale=locale).segments)


def test_words_that_no_figure_is_made_of_are_given_at_once() -> None:
    growing = Growing(FACTS, (), "en")
    shown = ["".join(segment.text for segment in growing.add(word)) for word in ("A ", "visit ", "takes ", "six ")]
    assert shown == ["", "A visit", " takes", ""]


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
@pytest.mark.parametrize("locale", ["en", "it"])
def test_pieces_of_any_size_give_the_same(locale: str, size: int) -> None:
    text = TEXT[locale][:4000]
    growing = Growing(FACTS, (), locale)
    given = [segment for at in range(0, len(text), size) for segment in growing.add(text[at : at + size])]
    assert _signs([*given, *growing.end()]) == _signs(check(text, facts=FACTS, locale=locale).segments)


def test_a_figure_that_is_cut_is_not_shown_yet() -> None:
    for text in ("We expect a lift of thirty", "It takes about [[fact:audit", "It costs EUR 1", "Save a third"):
        assert check(text, facts=FACTS, locale="en", final=False).unproven == 0
        assert "[" not in check(text, facts=FACTS, locale="en", final=False).text


@pytest.mark.parametrize(
    "evil",
    [
        "1 ",
        "one ",
        "two and ",
        "[[fact:",
        "9",
        "a-",
        "Via A",
        "+39 1",
        "half a ",
        "1,000",
        " ",
        "\n",
        "www.",
        "a@",
        "[",
    ],
)
def test_hostile_repetition_is_read_in_time(evil: str) -> None:
    """These take a fraction of a second; what grows with the square of the length would not end here."""
    for locale in ("en", "it"):
        check(evil * (20_000 // len(evil)), facts=FACTS, locale=locale)


def _signs(segments: object) -> list[tuple[str, str]]:
    return [(sign, segment.kind) for segment in segments for sign in segment.text]  # type: ignore[attr-defined]
