"""Pages of plans, of what lies ahead, and of reminders."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.client import Browser
from tests.factories import documents
from tests.recurring.making import at, plan, remind, run
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.recurring import models, planning
from webkit.recurring.calendar import Unit
from webkit.recurring.models import FeeMode, PlanState

BASE = "/northwind"
NOW = datetime(2027, 1, 4, 12, tzinfo=UTC)
LINE = {"line_description": "Care {month}", "line_quantity": "1", "line_price": "100", "line_rate": ""}
HEAD = {"title": "Care {month}", "unit": "month", "every": "1", "start": "2027-01-31", "hour": "9", "issues": "issue"}


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    """Everybody signs in on that day."""
    with at(NOW):
        yield


@pytest.fixture
def client_id(agency: AgencyView) -> UUID:
    """A client of the agency."""
    return documents.client()


def _form(client_id: UUID, **values: str) -> dict[str, str]:
    return {"client_id": str(client_id), **HEAD, **LINE, **values}


def _text(answer: object) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))  # type: ignore[attr-defined]


def test_from_an_empty_list_to_a_plan_that_is_shown(member: Browser, client_id: UUID) -> None:
    assert "No plans yet" in _text(member.get(f"{BASE}/recurring/"))
    assert member.get(f"{BASE}/recurring/new?client={client_id}").status_code == 200
    made = member.post(f"{BASE}/recurring/new", data=_form(client_id, once="k"))
    again = member.post(f"{BASE}/recurring/new", data=_form(client_id, once="k"))
    assert made.status_code == 303
    assert made.location == again.location
    page = _text(member.get(made.location))
    assert "every month" in page
    assert page.count("Invoice, issued and sent") == 12
    listed = _text(member.get(f"{BASE}/recurring/?state=active"))
    assert "Caffè Olmo" in listed
    assert "Nothing here" in _text(member.get(f"{BASE}/recurring/?state=paused"))
    assert "every month" in _text(member.get(f"{BASE}/clients/{client_id}"))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"start": "31.1.2027"}, "start"),
        ({"start": "2999-01-01"}, "start"),
        ({"every": "0"}, "every"),
        ({"day": "32"}, "day"),
        ({"ends": "until"}, "until"),
        ({"ends": "times"}, "times"),
        ({"ends": "until", "until": "2027-01-30"}, "until"),
        ({"hour": "24"}, "hour"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    owner: Browser, client_id: UUID, values: dict[str, str], field: str
) -> None:
    answer = owner.post(f"{BASE}/recurring/new", data=_form(client_id, **values))
    page = _text(answer)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in page
    assert "Care {month}" in page


def test_wrong_lines_keep_what_was_typed(owner: Browser, client_id: UUID) -> None:
    answer = owner.post(f"{BASE}/recurring/new", data=_form(client_id, line_price="a lot"))
    assert answer.status_code == 422
    assert 'value="a lot"' in _text(answer)
    rows = owner.post(f"{BASE}/recurring/new", data=_form(client_id, do="copy:0"))
    assert _text(rows).count('value="Care {month}"') == 3  # the title and two lines
    sums = owner.post(f"{BASE}/recurring/totals", data=_form(client_id), headers={"HX-Request": "true"})
    assert "122" in _text(sums)


def test_a_plan_is_changed_and_somebody_who_was_slower_hears_it(owner: Browser, client_id: UUID) -> None:
    plan_id = plan(date(2027, 1, 31), client_id=client_id)
    page = f"{BASE}/recurring/{plan_id}/edit"
    assert owner.get(page).status_code == 200
    first = owner.post(page, data=_form(client_id, revision="1", title="Care and feed"))
    late = owner.post(page, data=_form(client_id, revision="1", title="Something else"))
    assert (first.status_code, late.status_code) == (303, 409)
    assert "Something else" in _text(late)
    kept = owner.post(page, data=_form(client_id, revision="1", title="Something else", over="2"))
    assert kept.status_code == 303
    db.release()
    assert planning.get(plan_id).title == "Something else"


def test_another_client_cannot_be_smuggled_in(owner: Browser, client_id: UUID) -> None:
    plan_id = plan(date(2027, 1, 31), client_id=client_id)
    other = documents.client("Other", "o@other.example")
    owner.post(f"{BASE}/recurring/{plan_id}/edit", data=_form(other, revision="1"))
    db.release()
    assert planning.get(plan_id).client_id == client_id


def test_prices_from_a_day_on(owner: Browser, client_id: UUID) -> None:
    plan_id = plan(date(2027, 1, 31), client_id=client_id)
    page = f"{BASE}/recurring/{plan_id}/prices"
    assert owner.get(page).status_code == 200
    early = owner.post(page, data={**LINE, "since": "2027-01-01", "revision": "1"})
    assert early.status_code == 422
    assert 'href="#f-since"' in _text(early)
    sent = {**LINE, "line_price": "130", "since": "2027-05-01", "revision": "1"}
    assert owner.post(page, data=sent).status_code == 303
    assert owner.post(page, data=sent).status_code == 409
    db.release()
    later = planning.get(plan_id).prices[-1]
    assert (later.since, later.total) == (date(2027, 5, 1), 15860)
    assert 'value="130.00"' in _text(owner.get(f"{page}?price={later.id}"))
    assert "158" in _text(owner.get(f"{BASE}/recurring/{plan_id}"))
    assert owner.post(f"{page}/{later.id}/drop").status_code == 303
    assert owner.post(f"{page}/{later.id}/drop").status_code == 404


def test_pause_go_on_and_end(owner: Browser, member: Browser, client_id: UUID) -> None:
    plan_id = plan(date(2027, 1, 5), client_id=client_id, unit=Unit.WEEK)
    page = f"{BASE}/recurring/{plan_id}"
    assert member.post(f"{page}/pause").status_code == 303
    assert "It is paused" in _text(member.get(page))
    with at(NOW + timedelta(days=3)):
        answer = member.post(f"{page}/resume", data={"missed": "1"})
        assert (answer.status_code, answer.location) == (303, page)
        run()
        db.release()
        assert len(planning.history(plan_id)) == 1
        assert "Draft" in _text(owner.get(page))
        assert member.post(f"{page}/end").status_code == 403
        assert owner.post(f"{page}/end").status_code == 303
        assert owner.post(f"{page}/pause").status_code == 409
        assert owner.get(f"{page}/edit").status_code == 303
        db.release()
        assert planning.get(plan_id).state is PlanState.ENDED


def test_the_months_ahead(owner: Browser, client_id: UUID) -> None:
    assert "Nothing happens in this month" in _text(owner.get(f"{BASE}/recurring/ahead"))
    fees = {"fee_mode": FeeMode.PROPOSE, "fee_minor": 4000, "fee_currency": "EUR", "fee_percent": Decimal(8)}
    remind(fee_rate="", **fees)
    plan(date(2027, 1, 31), client_id=client_id, issues=True)
    documents.issued("50", client_id=documents.client("Late Ltd", "late@late.example"))
    page = _text(owner.get(f"{BASE}/recurring/ahead?month=2027-02"))
    assert "Late Ltd" in page
    assert "Reminder, unless it is paid" in page
    assert "February 2027" in page
    assert owner.get(f"{BASE}/recurring/ahead?month=nonsense").status_code == 200


def test_a_page_costs_the_same_however_much_there_is(owner: Browser, agency: AgencyView) -> None:
    remind()
    for number in range(2):
        _more(number)
    first = [_asked(owner, path) for path in ("", "ahead")]
    for number in range(2, 6):
        _more(number)
    assert [_asked(owner, path) for path in ("", "ahead")] == first
    assert first[0] <= 8


def _more(number: int) -> None:
    other = documents.client(f"Client {number}", f"c{number}@olmo.example")
    plan(date(2027, 1, 31), client_id=other, issues=True)
    documents.issued("50", client_id=other)


def _asked(browser: Browser, path: str) -> int:
    """How many statements a page needs."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        assert browser.get(f"{BASE}/recurring/{path}").status_code == 200
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)
    return sum(statement.startswith("SELECT") for statement in seen)


def test_what_is_of_others_is_not_there(stranger: Browser, anonymous: Browser, client_id: UUID) -> None:
    plan_id = plan(date(2027, 1, 31), client_id=client_id)
    for path in ("", "/edit", "/prices"):
        assert stranger.get(f"{BASE}/recurring/{plan_id}{path}").status_code == 404
        assert stranger.get(f"/harbour-pine/recurring/{plan_id}{path}").status_code == 404
    assert stranger.post(f"/harbour-pine/recurring/{plan_id}/pause").status_code == 404
    assert stranger.get(f"/harbour-pine/reminders/clients/{client_id}").status_code == 404
    assert anonymous.get(f"{BASE}/recurring/").status_code in (302, 303)


# --- reminders ---------------------------------------------------------------------------------------------------

STEP = {
    "step_days": ["3", "10"], "step_side": ["before", "after"],
    "step_words": ["", "Please pay."], "step_fee": ["", "fee"],
}  # fmt: skip


def test_reminders_are_set_up(owner: Browser, member: Browser, agency: AgencyView) -> None:
    page = f"{BASE}/reminders/"
    assert member.get(page).status_code == 403
    assert member.post(page, data={}).status_code == 403
    assert _text(owner.get(page)).count('name="step_days"') == 5  # four are proposed, one is empty
    sent = {"active": "1", "since_hour": "8", "until_hour": "17", "fee_mode": "none", **STEP}
    assert owner.post(page, data=sent).status_code == 303
    db.release()
    assert [(each.days, each.words, each.fee) for each in models.steps()] == [
        (-3, "", False),
        (10, "Please pay.", True),
    ]
    shown = _text(owner.get(page))
    assert "Please pay." in shown
    more = owner.post(page, data={**sent, "more": "1"})
    assert _text(more).count('name="step_days"') == 6


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"until_hour": "8"}, "Later than the hour"),
        ({"fee_mode": "issue"}, "Please say how much"),
        ({"fee_mode": "issue", "fee": "40"}, "Please choose the tax"),
        ({"fee_percent": "51"}, "Between 0 and 50"),
        ({"step_days": ["3", "366"]}, "At most 365"),
        ({"step_days": ["61", "5"]}, "At most 60 days before"),
        ({"step_fee": ["fee", ""]}, "after the day to pay by"),
        ({"step_days": ["3", "x"]}, "not a number"),
        ({"step_days": ["3", "3"], "step_side": ["after", "after"]}, "Two steps on the same day"),
    ],
)
def test_wrong_reminders_are_refused(owner: Browser, agency: AgencyView, values: dict[str, object], said: str) -> None:
    sent = {"active": "1", "since_hour": "8", "until_hour": "17", "fee_mode": "none", **STEP, **values}
    answer = owner.post(f"{BASE}/reminders/", data=sent)
    assert answer.status_code == 422
    assert said in _text(answer)
    db.release()
    assert models.settings() is None


def test_a_client_is_left_alone_or_lives_elsewhere(member: Browser, client_id: UUID) -> None:
    page = f"{BASE}/reminders/clients/{client_id}"
    assert "As here" in _text(member.get(page))
    assert member.post(page, data={"timezone": "Moon/Crater"}).status_code == 422
    assert member.post(page, data={"timezone": "America/New_York", "off": "1"}).status_code == 303
    db.release()
    row = models.of_client(client_id)
    assert row is not None
    assert (row.off, row.timezone) == (True, "America/New_York")
    assert "checked" in _text(member.get(page))
