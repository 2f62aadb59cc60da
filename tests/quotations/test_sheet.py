"""The editor's form: rows that come and go, what was typed, and the draft it means."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from tests.factories import quotations as make
from webkit.core.kernel import i18n
from webkit.core.kernel.errors import Invalid
from webkit.pricing import Amount, Percent, Priced, find
from webkit.pricing.billed import billed
from webkit.pricing.habits import Habits
from webkit.pricing.terms import Written
from webkit.quotations import prose
from webkit.quotations.models import BlockKind
from webkit.quotations.offer import Choice, Offer, QuoteLine, Rules, Section, choose, full_price, only, work_alone
from webkit.quotations.sheet import MOST_ROWS, Sheet
from webkit.quotations.snapshot import price_shown
from webkit.quotations.views import BlockView

CLIENT = str(UUID(int=7))
FORM = {
    "client_id": CLIENT, "title": "Studio", "site": "Como", "valid_until": "2026-12-01", "memo": "", "notes": "Park",
    "sections-0-id": "a", "sections-0-title": "Walls", "sections-1-id": "b", "sections-1-title": "Light",
    "lines-0-id": "x", "lines-0-section": "a", "lines-0-name": "Paint", "lines-0-price": "42.50",
    "lines-0-quantity": "38", "lines-0-discount": "12,5 %",
    "lines-1-id": "y", "lines-1-section": "b", "lines-1-name": "Lamp", "lines-1-price": "189.125",
    "lines-1-discount": "9.10", "prices": "gross",
    "lines-2-section": "a", "lines-2-quantity": "1",
    "terms-0-title": "Payment", "terms-0-text": "At once.\r\nOr later.",
    "discount-kind": "percent", "discount-value": "5 %",
}  # fmt: skip


def typed(**changes: str) -> Sheet:
    return Sheet.typed(MultiDict(FORM | {name.replace("_0_", "-0-"): value for name, value in changes.items()}))


def test_what_was_typed_is_the_draft_it_means() -> None:
    draft = typed().read("EUR")
    assert draft is not None and draft.offer.discount is not None
    assert [(line.name, line.section, line.price, line.quantity) for line in draft.offer.lines] == [
        ("Paint", "a", Decimal("42.5"), Decimal(38)), ("Lamp", "b", Decimal("189.125"), Decimal(1)),
    ]  # fmt: skip
    assert [line.discount for line in draft.offer.lines] == [Percent(Decimal("12.5")), Amount(910)]
    assert draft.offer.prices is Written.GROSS
    assert draft.offer.terms[0].text == "At once.\nOr later." and draft.offer.discount.percent == 5
    assert (draft.site, draft.offer.notes, str(draft.valid_until)) == ("Como", "Park", "2026-12-01")


def test_what_cannot_be_read_is_shown_again_with_why() -> None:
    wrong = {
        "lines-0-price": "a lot", "lines-0-discount": "a bit", "lines-1-discount": "101 %", "prices": "both",
        "lines-1-quantity": "-2", "discount-value": "120", "title": "",
        "valid_until": "soon", "sections-0-title": "x" * 201, "terms-0-text": "x" * 8001,
    }  # fmt: skip
    for field, text in wrong.items():
        sheet = Sheet.typed(MultiDict(FORM | {field: text}))
        assert sheet.read("EUR") is None
        assert sheet.errors.get(field), (field, sheet.errors)
        assert sheet.state.value(field) == text
    for absurd in ("NaN", "Infinity", "1e5"):
        sheet = Sheet.typed(MultiDict(FORM | {"lines-0-price": absurd, "lines-0-quantity": absurd}))
        assert sheet.read("EUR") is None
        assert sheet.errors["lines-0-price"] == f"“{absurd}” is not an amount. Write it like 1234.56."
        assert sheet.errors["lines-0-quantity"] == "This is not a number."
    stranger = Sheet.typed(MultiDict(FORM | {"lines-1-choice": "free", "lines-0-section": "nowhere"}))
    assert stranger.read("EUR") is None and "lines-1-choice" in stranger.errors
    assert stranger.rows["lines"][0]["section"] == "a"


def test_rows_move_within_their_section() -> None:
    sheet = typed()
    sheet.do("down:lines:0")
    assert [row["name"] for row in sheet.rows["lines"]] == ["", "Lamp", "Paint"]
    sheet.do("up:lines:1")  # the only one of its section stays
    assert [row["name"] for row in sheet.rows["lines"]] == ["", "Lamp", "Paint"]
    sheet.do("down:sections:0")
    assert [row["title"] for row in sheet.rows["sections"]] == ["Light", "Walls"]
    assert [(at, len(lines)) for at, _id, lines in sheet.places()] == [(0, 1), (1, 2)]
    sheet.do("remove:sections:1")
    assert [row["name"] for row in sheet.rows["lines"]] == ["Lamp"]
    sheet.do("add:lines:b")
    assert sheet.rows["lines"][-1]["section"] == "b"


@settings(max_examples=60)
@given(
    act=st.text(max_size=30) | st.from_regex(r"(add|up|down|remove):(lines|terms|sections|x):\d{0,9}", fullmatch=True)
)
def test_no_button_of_a_liar_breaks_the_form(act: str) -> None:
    sheet = typed()
    sheet.do(act)
    places = [place for _at, _id, lines in sheet.places() for place in lines]
    assert len(places) == len(set(places)) <= MOST_ROWS


def test_stored_and_typed_are_the_same_form() -> None:
    view = type("View", (), {})()
    for name, value in {
        "client_id": UUID(int=7), "title": make.TITLE, "site": make.SITE, "valid_until": None, "memo": "m",
        "offer": make.OFFER, "currency": "EUR",
    }.items():  # fmt: skip
        setattr(view, name, value)
    sheet = Sheet.stored(view)
    again = Sheet.typed(MultiDict({name: values[0] for name, values in sheet.state.raw.items()}))
    draft = again.read("EUR")
    assert draft is not None and draft.offer == make.OFFER


def test_a_stored_offer_is_read_in_every_language() -> None:
    lines = (make.line("x", "a", "1.234", quantity=Decimal("1.234")),)
    stored = Offer(sections=(Section(id="a"),), lines=lines).to_dict()
    with i18n.use_locale("it-IT", "Europe/Rome"):
        assert Offer.from_dict(stored).lines == lines


def test_a_block_is_named_by_a_template_and_copied_into_a_quotation() -> None:
    block = BlockView(uuid4(), BlockKind.TERMS, "Warranty", "Two years.", 1, archived=False)
    for by_name, kept in ((True, str(block.id)), (False, "")):
        sheet = typed()
        sheet.put_block(block, by_name=by_name)
        assert sheet.rows["terms"][-1] == {"title": "Warranty", "text": "Two years.", "block": kept}


HABITS = Habits(withholding="RT02")
FUNDS = Habits(fund="TC22").contribution("it-vat", "EUR")
RULES = Rules("EUR", find("it-vat"), "", date(2026, 3, 1))
PRICES = st.decimals(min_value=0, max_value=99_999, places=4)


LINES = st.builds(
    QuoteLine,
    id=st.just("x"),
    section=st.just("a"),
    price=PRICES,
    quantity=st.sampled_from([Decimal(1), Decimal("2.5"), Decimal(12)]),
    choice=st.sampled_from(Choice),
    tax=st.sampled_from(["", "reduced-10", "reduced-4", "exempt-n4"]),
    discount=st.none() | st.builds(Percent, st.decimals(0, 100, places=2)),
)


@settings(max_examples=60)
@given(lines=st.lists(LINES, min_size=1, max_size=8), picks=st.sets(st.integers(0, 9)), prices=st.sampled_from(Written))
def test_any_choice_costs_what_it_would_cost_alone(lines: list[QuoteLine], picks: set[int], prices: Written) -> None:
    lines = [line.model_copy(update={"id": str(n)}) for n, line in enumerate(lines)]
    offer = Offer(sections=(Section(id="a", title="A"),), lines=tuple(lines), prices=prices)
    assert Offer.from_dict(offer.to_dict()) == offer
    full, options = full_price(offer, RULES), [line.id for line in offer.options]
    chosen = only(options, [str(n) for n in picks])
    alone = tuple(each for each in lines if each.choice is Choice.REQUIRED or each.id in chosen)
    chosen_price = choose(full, options, chosen)
    assert chosen_price.to_dict() == full_price(Offer(lines=alone, prices=prices), RULES).to_dict()
    required = Offer(lines=tuple(each for each in lines if each.choice is Choice.REQUIRED), prices=prices)
    assert work_alone(full, options) == full_price(required, RULES).totals.subtotal
    accepted = Priced.from_dict(chosen_price.to_dict())
    assert billed(accepted, HABITS).totals.gross == accepted.totals.gross


def test_what_cannot_be_computed_is_said_at_its_field() -> None:
    more = make.line("x", "a", "10", discount=Amount(2000))
    for offer, rules, field in (
        (Offer(lines=(make.line("y", "a", "5"), more)), RULES, "lines-1-discount"),
        (Offer(lines=make.LINES, prices=Written.GROSS), replace(RULES, funds=FUNDS), "prices"),
    ):
        with pytest.raises(Invalid) as refused:
            full_price(offer, rules)
        assert list(refused.value.errors) == [field]


def test_a_scheme_without_tax_knows_no_prices_with_it() -> None:
    flat = replace(RULES, scheme=find("none"))
    assert not full_price(Offer(lines=make.LINES, prices=Written.GROSS), flat).prices_include_tax


def test_a_price_is_never_shown_shorter_than_it_is() -> None:
    assert price_shown(Decimal("42.50"), "EUR") == 4250
    assert price_shown(Decimal("189.125"), "EUR") == "189.125 EUR"
    assert price_shown(Decimal(500), "JPY") == 500


def test_prose_has_paragraphs_and_lists() -> None:
    assert prose.blocks("One\ntwo\n\n- a\n- b\nThree") == [
        ("p", ["One", "two"]), ("ul", ["a", "b"]), ("p", ["Three"]),
    ]  # fmt: skip
    assert prose.blocks("\n \n") == []
