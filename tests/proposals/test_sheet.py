"""The editor's form: what is typed, what it means, and what is said when it means nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from webkit.core.kernel.ids import uuid7
from webkit.pricing import Interval
from webkit.proposals.contents import Weight
from webkit.proposals.offer import Choice, DiscountKind
from webkit.proposals.sheet import COLUMNS, Sheet

CLIENT = str(uuid7())
HEAD = {"client_id": CLIENT, "title": "Site"}


def typed(**fields: str) -> Sheet:
    return Sheet.typed(MultiDict({**HEAD, **{name.replace("__", "-"): value for name, value in fields.items()}}))


def test_everything_typed_becomes_a_draft() -> None:
    sheet = typed(
        summary="First\r\n\r\nSecond", heading__summary="Riders", valid_until="2027-01-31", deposit_percent="33,5",
        issues__3__title="Slow", issues__3__weight="high", pages__0__name="Home", pages__0__features="A\n\n B \n",
        timeline__0__name="Plan", timeline__0__weeks="2", timeline__1__name="Build", steps__0__title="Call",
        lines__7__name="Design", lines__7__price="1.200,50", lines__7__quantity="2,5", lines__7__interval="monthly",
        lines__7__choice="picked", discount__kind="percent", discount__value="10 %", discount__note="Friends",
    )  # fmt: skip
    draft = sheet.read("EUR")
    assert draft is not None, sheet.errors
    assert draft.contents.summary == "First\n\nSecond"
    assert draft.contents.heading("summary") == "Riders"
    assert draft.contents.issues[0].weight is Weight.HIGH
    assert draft.contents.pages[0].features == ("A", "B")
    assert [(phase.start, phase.weeks) for phase in draft.contents.timeline] == [(1, 2), (3, 1)]
    (line,) = draft.offer.lines
    assert (line.price, line.quantity, line.interval, line.choice) == (
        120_050,
        Decimal("2.5"),
        Interval.MONTHLY,
        Choice.PICKED,
    )
    assert line.id and draft.offer.discount and draft.offer.discount.kind is DiscountKind.PERCENT
    assert (draft.valid_until, draft.deposit_percent) == (date(2027, 1, 31), Decimal("33.5"))


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"client_id": "nobody"}, "client_id"),
        ({"summary": "x" * 8001}, "summary"),
        ({"summary": "bell \x07"}, "summary"),
        ({"heading__closing": "x" * 121}, "heading-closing"),
        ({"issues__0__text": "no title"}, "issues-0-title"),
        ({"issues__0__title": "a", "issues__0__weight": "huge"}, "issues-0-weight"),
        ({"pages__0__name": "a", "pages__0__features": "x" * 161}, "pages-0-features"),
        ({"pages__0__name": "a", "pages__0__features": "\n".join("abcdefghijklmnopqrstuvwxyz")}, "pages-0-features"),
        ({"timeline__0__name": "a", "timeline__0__weeks": "many"}, "timeline-0-weeks"),
        ({"timeline__0__name": "a", "timeline__0__start": "0"}, "timeline-0-start"),
        ({"timeline__0__name": "a", "timeline__0__weeks": "999999999999999999999"}, "timeline-0-weeks"),
        ({"lines__0__name": "a", "lines__0__price": "ten"}, "lines-0-price"),
        ({"lines__0__name": "a", "lines__0__price": "-5"}, "lines-0-price"),
        ({"lines__0__name": "a", "lines__0__price": "1.234"}, "lines-0-price"),
        ({"lines__0__name": "a", "lines__0__price": "9" * 30}, "lines-0-price"),
        ({"lines__0__price": "10"}, "lines-0-name"),
        ({"lines__0__name": "a", "lines__0__quantity": "0"}, "lines-0-quantity"),
        ({"lines__0__name": "a", "lines__0__quantity": "1e99"}, "lines-0-quantity"),
        ({"lines__0__name": "a", "lines__0__interval": "yearly"}, "lines-0-interval"),
        ({"lines__0__name": "a", "lines__0__choice": "maybe"}, "lines-0-choice"),
        ({"valid_until": "31.1.2027"}, "valid_until"),
        ({"deposit_percent": "100"}, "deposit_percent"),
        ({"deposit_percent": "-1"}, "deposit_percent"),
        ({"contract_template_id": "<script>"}, "contract_template_id"),
        ({"discount__kind": "gift", "discount__value": "1"}, "discount-kind"),
        ({"discount__kind": "percent", "discount__value": "101"}, "discount-value"),
        ({"discount__kind": "percent", "discount__value": "a lot"}, "discount-value"),
        ({"discount__kind": "amount", "discount__value": "x"}, "discount-value"),
        ({"discount__kind": "amount", "discount__value": "5", "discount__on": "both"}, "discount-value"),
        ({"discount__kind": "percent", "discount__on": "never"}, "discount-on"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_stays(fields: dict[str, str], wrong: str) -> None:
    sheet = typed(**fields)
    if fields.get("lines__0__price") == "1.234":
        from webkit.core.kernel import i18n

        with i18n.use_locale("de-CH"):  # where 1.234 has two readings
            assert sheet.read("EUR") is None
    else:
        assert sheet.read("EUR") is None
    assert list(sheet.errors) == [wrong]
    assert sheet.state.error(wrong)
    for name, value in fields.items():
        assert sheet.state.value(name.replace("__", "-")) == value


def test_rows_come_go_and_move() -> None:
    sheet = typed(steps__0__title="a", steps__5__title="b")
    titles = lambda: [row["title"] for row in sheet.rows["steps"]]  # noqa: E731
    sheet.do("add:steps")
    assert titles() == ["a", "b", ""]
    sheet.do("down:steps:0")
    assert titles() == ["b", "a", ""]
    sheet.do("up:steps:2")
    sheet.do("up:steps:0")
    assert titles() == ["b", "", "a"]
    sheet.do("remove:steps:0")
    assert titles() == ["", "a"]
    for nonsense in (
        "",
        "add",
        "add:",
        "remove:steps",
        "remove:steps:99",
        "up:steps:-1",
        "drop:steps:0",
        "add:plain",
        "x" * 99,
    ):
        sheet.do(nonsense)
    assert titles() == ["", "a"]
    draft = sheet.read("EUR")
    assert draft is not None and [step.title for step in draft.contents.steps] == ["a"]


def test_an_empty_row_shifts_no_error() -> None:
    sheet = typed(lines__0__name="", lines__1__name="Design", lines__1__price="x")
    assert sheet.read("EUR") is None
    assert list(sheet.errors) == ["lines-1-price"]


def test_lines_have_ids_of_their_own_even_when_sent_twice() -> None:
    sheet = typed(lines__0__name="a", lines__0__id="same", lines__1__name="b", lines__1__id="same")
    draft = sheet.read("EUR")
    assert draft is not None
    first, second = draft.offer.lines
    assert first.id == "same" and second.id not in ("", "same")


def test_far_too_many_rows_are_refused_not_dropped() -> None:
    fields: dict[str, Any] = {f"lines__{at}__name": f"Line {at}" for at in range(120)}
    sheet = typed(**fields)
    assert sheet.read("EUR") is None
    assert list(sheet.errors) == ["lines"]
    assert len(sheet.rows["lines"]) == 120


def test_every_list_of_the_editor_is_known_by_name() -> None:
    assert set(COLUMNS) == {"issues", "standards", "pages", "timeline", "steps", "lines"}
    assert typed(lines__0__evil="x", evil__0__name="y").rows["lines"] == []
