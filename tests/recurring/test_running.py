"""Plans that run: each period once and in order, whatever happens to clock, client, prices or agency."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.factories import documents
from tests.recurring.making import ACTOR, at, billed, days, live_in, plan, plan_input, run
from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.extensions import Job
from webkit.core.kernel import db, events, outbox, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.scheduler import tick
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.messaging import service as messaging
from webkit.recurring import jobs, models, planning, running
from webkit.recurring.calendar import Unit
from webkit.recurring.models import PlanState

NEW_YEAR = date(2027, 1, 31)
"""A day that months do not have."""


def _moment(day: date, hour: int = 9) -> datetime:
    """That hour on the clocks of Rome in winter."""
    return datetime(day.year, day.month, day.day, hour - 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def rome(agency: AgencyView) -> None:
    """The agency lives there."""
    live_in("Europe/Rome")


def _invoices(plan_id: UUID) -> list[invoices.InvoiceView]:
    db.release()
    rows = reversed(models.periods(plan_id, 1000))
    return [invoices.get(row.invoice_id) for row in rows if row.invoice_id]


def test_it_bills_on_its_day_and_hour_and_not_before() -> None:
    with at(_moment(date(2026, 12, 1))):
        plan_id = plan(NEW_YEAR)
    with at(_moment(NEW_YEAR) - timedelta(seconds=1)):
        run()
        assert days(plan_id) == []
    with at(_moment(NEW_YEAR)):
        run()
        run()
        assert billed(plan_id) == [("2027-01-31", "drafted")]
    invoice = _invoices(plan_id)[0]
    assert (invoice.title, invoice.state, invoice.total) == ("Care January 2027", InvoiceState.DRAFT, 12200)
    assert invoice.priced.lines[0].description == "Care from 31 January 2027 to 27 February 2027"
    told = [entry.kind for entry in events.timeline(events.ref("invoice", invoice.id))]
    assert told == ["recurring.billed"]


def test_after_a_gap_each_missed_period_is_billed_once_and_in_order() -> None:
    with at(_moment(date(2026, 12, 1))):
        plan_id = plan(NEW_YEAR, issues=True)
    with at(_moment(date(2027, 6, 1))):
        run()
        run()
    assert days(plan_id) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    made = _invoices(plan_id)
    assert [each.number[-4:] for each in made] == ["0001", "0002", "0003", "0004", "0005"]
    assert {each.issue_date for each in made} == {date(2027, 6, 1)}
    assert [each.title for each in made][:2] == ["Care January 2027", "Care February 2027"]


def test_a_clock_that_is_set_back_bills_nothing_again() -> None:
    with at(_moment(date(2027, 4, 5))):
        plan_id = plan(NEW_YEAR)
        run()
    before = days(plan_id)
    with at(_moment(date(2027, 2, 5))):
        run()
    with at(_moment(date(2027, 4, 6))):
        run()
    assert days(plan_id) == before == ["2027-01-31", "2027-02-28", "2027-03-31"]


def test_it_ends_after_so_many_or_a_day() -> None:
    with at(_moment(date(2026, 12, 1))):
        client = documents.client()
        counted, dated = (
            plan(NEW_YEAR, client_id=client, times=2),
            plan(NEW_YEAR, client_id=client, until=date(2027, 3, 30)),
        )
    with at(_moment(date(2028, 1, 1))):
        run()
    assert days(counted) == days(dated) == ["2027-01-31", "2027-02-28"]
    assert {planning.get(each).state for each in (counted, dated)} == {PlanState.ENDED}
    with pytest.raises(Conflict):
        planning.pause(counted, ACTOR)


def test_what_fell_due_while_paused_is_left_out_for_good() -> None:
    with at(_moment(date(2027, 1, 1))):
        plan_id = plan(NEW_YEAR)
    with at(_moment(date(2027, 3, 10))):  # January and February are due and were missed
        planning.pause(plan_id, ACTOR)
    with at(_moment(date(2027, 6, 10))):
        run()
        assert days(plan_id) == []
        planning.resume(plan_id, ACTOR)
        run()
    assert billed(plan_id) == [
        ("2027-01-31", "drafted"), ("2027-02-28", "drafted"),
        ("2027-03-31", "skipped"), ("2027-04-30", "skipped"), ("2027-05-31", "skipped"),
    ]  # fmt: skip
    with at(_moment(date(2027, 7, 1))):
        run()
    assert billed(plan_id)[-1] == ("2027-06-30", "drafted")


def test_who_goes_on_may_change_the_plan_at_once() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id, short = plan(NEW_YEAR, client_id=client), plan(NEW_YEAR, client_id=client, times=2)
        planning.pause(plan_id, ACTOR)
        planning.pause(short, ACTOR)
    with at(_moment(date(2027, 6, 10))):
        planning.resume(plan_id, ACTOR)
        now = planning.get(plan_id)
        assert (now.next_on, now.done) == (date(2027, 6, 30), 5)
        planning.save(plan_id, now.revision, plan_input(client, date(2027, 6, 30), "150", day=31), ACTOR)
        planning.resume(short, ACTOR)
        assert planning.get(short).state is PlanState.ENDED
    with at(_moment(date(2027, 8, 10))):
        run()
    assert billed(plan_id)[-2:] == [("2027-06-30", "drafted"), ("2027-07-31", "drafted")]
    assert {outcome for _day, outcome in billed(short)} == {"skipped"}


def test_a_plan_does_not_begin_long_ago() -> None:
    with at(_moment(date(2027, 6, 10))), pytest.raises(DomainError) as refused:
        plan(date(2027, 3, 1))
    assert refused.value.field == "start"


def test_what_fell_due_while_paused_is_billed_where_somebody_asks_for_it() -> None:
    with at(_moment(date(2027, 1, 1))):
        plan_id = plan(NEW_YEAR)
        planning.pause(plan_id, ACTOR)
        planning.pause(plan_id, ACTOR)
    with at(_moment(date(2027, 4, 1))):
        planning.resume(plan_id, ACTOR, missed=True)
        run()
    assert {outcome for _day, outcome in billed(plan_id)} == {"drafted"}
    assert len(days(plan_id)) == 3


def test_new_prices_begin_on_their_day() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id = plan(NEW_YEAR, client_id=client)
        dearer = plan_input(client, NEW_YEAR, "120")
        planning.change_price(plan_id, 1, date(2027, 3, 1), dearer, ACTOR)
        with pytest.raises(DomainError) as early:
            planning.change_price(plan_id, 2, date(2027, 1, 30), dearer, ACTOR)
        assert early.value.field == "since"
        planning.change_price(plan_id, 2, date(2027, 5, 1), plan_input(client, NEW_YEAR, "130"), ACTOR)
    with at(_moment(date(2027, 6, 1))):
        later = planning.get(plan_id).prices[-1]
        planning.drop_price(plan_id, later.id, ACTOR)
        run()
        with pytest.raises(Conflict):
            planning.drop_price(plan_id, planning.get(plan_id).prices[-1].id, ACTOR)
    assert [each.total for each in _invoices(plan_id)] == [12200, 12200, 14640, 14640, 14640]


def test_a_plan_that_bills_while_it_is_edited_says_so() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id = plan(NEW_YEAR, client_id=client)
        seen = planning.get(plan_id)
    with at(_moment(NEW_YEAR)):
        run()
        with pytest.raises(Conflict):
            planning.save(plan_id, seen.revision, plan_input(client, NEW_YEAR, "150"), ACTOR)
        now = planning.get(plan_id)
        with pytest.raises(DomainError) as again:
            planning.save(plan_id, now.revision, plan_input(client, NEW_YEAR, "150"), ACTOR)
        assert again.value.field == "start"
        planning.save(plan_id, now.revision, plan_input(client, date(2027, 2, 28), "150", day=31), ACTOR)
    with at(_moment(date(2027, 4, 1))):
        run()
    assert days(plan_id) == ["2027-01-31", "2027-02-28", "2027-03-31"]
    assert [each.total for each in _invoices(plan_id)] == [12200, 18300, 18300]
    assert [price.total for price in planning.get(plan_id).prices] == [12200, 18300]


def test_another_rhythm_counts_what_was_billed() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id = plan(NEW_YEAR, client_id=client, times=4)
    with at(_moment(date(2027, 3, 1))):
        run()
        now = planning.get(plan_id)
        given = plan_input(client, date(2027, 3, 15), unit=Unit.WEEK, every=2, times=4)
        planning.save(plan_id, now.revision, given, ACTOR)
    with at(_moment(date(2027, 9, 1))):
        run()
        assert days(plan_id) == ["2027-01-31", "2027-02-28", "2027-03-15", "2027-03-29"]
        with pytest.raises(Conflict):
            planning.save(plan_id, planning.get(plan_id).revision, given, ACTOR)


def test_a_plan_that_would_never_bill_is_refused() -> None:
    client = documents.client()
    with pytest.raises(DomainError) as refused:
        planning.create(plan_input(client, NEW_YEAR, until=date(2027, 1, 30)), ACTOR)
    assert refused.value.field == "until"
    once = plan_input(client, NEW_YEAR)
    assert planning.create(once, ACTOR, "key") == planning.create(once, ACTOR, "key")


def test_an_archived_client_pauses_the_plan() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id = plan(NEW_YEAR, client_id=client)
        clients.archive(client, ACTOR)
        with pytest.raises(DomainError):
            planning.create(plan_input(client, NEW_YEAR), ACTOR)
    with at(_moment(date(2027, 3, 1))):
        run()
        now = planning.get(plan_id)
        assert (now.state, now.problem, days(plan_id)) == (PlanState.PAUSED, "Caffè Olmo S.r.l. is archived.", [])
        with pytest.raises(Conflict):
            planning.resume(plan_id, ACTOR)
        clients.restore(client, ACTOR)
        planning.resume(plan_id, ACTOR, missed=True)
        run()
    assert days(plan_id) == ["2027-01-31", "2027-02-28"]


def _told(plan_id: UUID) -> list[str]:
    return [mail.to_email for mail in messaging.mails(f"recurring:{plan_id}") if mail.template == "plan_held"]


def test_without_an_address_nothing_remains_and_it_tries_again() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client(email="")
        plan_id = plan(NEW_YEAR, client_id=client, issues=True)
    with at(_moment(NEW_YEAR)):
        run()
        assert "no e-mail address" in planning.get(plan_id).problem
        running._hold(plan_id, "Still nothing.")
        assert len(_told(plan_id)) == 1, "it is told once, however long that lasts"
        assert (days(plan_id), invoices.page(limit=5)) == ([], [])
        clients.change(client, {"email": "new@olmo.example"}, None, ACTOR)
        run()
        assert days(plan_id) == []  # it was told to wait
    with at(_moment(NEW_YEAR) + running.PAUSE):
        run()
    assert (billed(plan_id), planning.get(plan_id).problem) == ([("2027-01-31", "issued")], "")
    told = [entry.kind for entry in events.timeline(events.ref(planning.KIND, plan_id))]
    assert told == ["recurring.billed", "recurring.held", "recurring.held", "recurring.started"]


def test_one_that_cannot_bill_keeps_no_other_back() -> None:
    with at(_moment(date(2027, 1, 1))):
        poor = plan(NEW_YEAR, client_id=documents.client(email=""), issues=True)
        fine = plan(NEW_YEAR, client_id=documents.client("Other", "o@other.example"), issues=True)
    with at(_moment(NEW_YEAR)):
        run()
    assert (days(poor), days(fine)) == ([], ["2027-01-31"])


def test_what_nobody_expected_of_one_keeps_no_other_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job fails, so that operators see why; the other plan has billed, and this one tries again soon."""
    with at(_moment(date(2027, 1, 1))):
        broken = plan(NEW_YEAR)
        sound = plan(NEW_YEAR, client_id=documents.client("Other", "o@other.example"))
    bill = running._bill

    def billed_or_not(row: models.RecurringPlan, *given: Any) -> None:
        if row.id == broken:
            raise ZeroDivisionError("nobody thought of this")
        bill(row, *given)

    monkeypatch.setattr(running, "_bill", billed_or_not)
    with at(_moment(NEW_YEAR)), pytest.raises(ZeroDivisionError):
        jobs.run(Job(id=uuid7(), agency_id=None, args={}, attempt=1, key=""))
    assert (len(days(sound)), days(broken)) == (1, [])
    db.release()
    row = models.plan(broken)
    assert row is not None and "Something unexpected" in row.problem
    monkeypatch.setattr(running, "_bill", bill)
    with at(_moment(NEW_YEAR) + running.SOON):
        run()
    assert len(days(broken)) == 1


def test_another_currency_waits_for_a_person() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id = plan(NEW_YEAR, client_id=client)
        planning.change_price(plan_id, 1, date(2027, 5, 1), plan_input(client, NEW_YEAR, "130"), ACTOR)
        agencies.change({"currency": "USD"})
    with at(_moment(NEW_YEAR)):
        run()
        now = planning.get(plan_id)
        assert "EUR" in now.problem
        with pytest.raises(Conflict):
            planning.change_price(plan_id, now.revision, date(2027, 5, 1), plan_input(client, NEW_YEAR), ACTOR)
        planning.save(plan_id, now.revision, plan_input(client, NEW_YEAR, "90"), ACTOR)
        run()
    assert [(each.currency, each.total) for each in _invoices(plan_id)] == [("USD", 10980)]
    assert len(planning.get(plan_id).prices) == 1  # those of May were in euros


def test_what_was_billed_stays_in_the_currency_of_its_day() -> None:
    with at(_moment(date(2027, 1, 1))):
        client = documents.client()
        plan_id = plan(NEW_YEAR, client_id=client)
    with at(_moment(NEW_YEAR)):
        run()
        agencies.change({"currency": "USD"})
        given = plan_input(client, date(2027, 2, 28), "90", day=31)
        planning.save(plan_id, planning.get(plan_id).revision, given, ACTOR)
    with at(_moment(date(2027, 2, 28))):
        run()
    assert [price.currency for price in planning.get(plan_id).prices] == ["EUR", "USD"]
    assert [(each.currency, each.total) for each in planning.history(plan_id)] == [("USD", 10980), ("EUR", 12200)]


def test_other_tax_settings_count_from_the_next_invoice_on() -> None:
    with at(_moment(date(2027, 1, 1))):
        plan_id = plan(NEW_YEAR)
    with at(_moment(NEW_YEAR)):
        run()
        agencies.change({"tax_scheme": "eu-de"})
    with at(_moment(date(2027, 3, 1))):
        run()
    assert [each.total for each in _invoices(plan_id)] == [12200, 11900]


def test_a_deleted_draft_is_not_made_again() -> None:
    with at(_moment(NEW_YEAR)):
        plan_id = plan(NEW_YEAR)
        run()
        invoices.delete_draft(_invoices(plan_id)[0].id, ACTOR)
        run()
    assert days(plan_id) == ["2027-01-31"]


def test_an_agency_that_moves_takes_its_hour_along() -> None:
    with at(_moment(date(2027, 1, 1))):
        plan_id = plan(NEW_YEAR)
        live_in("Pacific/Auckland")
    with at(datetime(2027, 1, 30, 19, 59, tzinfo=UTC)):
        run()
        assert days(plan_id) == []
    with at(datetime(2027, 1, 30, 20, tzinfo=UTC)):  # nine o'clock there
        run()
    assert days(plan_id) == ["2027-01-31"]


def test_workers_side_by_side_bill_once(app: object, agency: AgencyView) -> None:
    with at(_moment(date(2027, 1, 1))):
        plan_id = plan(NEW_YEAR, issues=True)
        db.release()
    with at(_moment(date(2027, 8, 1))):

        def work() -> None:
            with app.app_context(), tenancy.tenant(agency.id):  # type: ignore[attr-defined]
                while days(plan_id)[-1:] != ["2027-07-31"]:
                    running.advance(plan_id)

        workers = [threading.Thread(target=work) for _ in range(3)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
    assert days(plan_id) == [
        "2027-01-31",
        "2027-02-28",
        "2027-03-31",
        "2027-04-30",
        "2027-05-31",
        "2027-06-30",
        "2027-07-31",
    ]
    assert len({each.number for each in _invoices(plan_id)}) == 7


def test_the_scheduler_finds_who_has_something_to_do(app: object, run_jobs: Callable[[], int]) -> None:
    with at(_moment(date(2027, 1, 1))):
        tick(app)  # type: ignore[arg-type]  # schedules begin to count
        plan_id = plan(NEW_YEAR, issues=True)
    with at(_moment(NEW_YEAR) - timedelta(minutes=5)):
        tick(app)  # type: ignore[arg-type]
        run_jobs()
        assert days(plan_id) == []
    with at(_moment(NEW_YEAR) + timedelta(minutes=5)):
        tick(app)  # type: ignore[arg-type]
        run_jobs()
        assert billed(plan_id) == [("2027-01-31", "issued")]


def test_the_scheduler_asks_once_while_nobody_works() -> None:
    with at(_moment(date(2027, 1, 1))):
        plan(NEW_YEAR, issues=True)
    with at(_moment(NEW_YEAR)):
        for _sweep in range(3):
            db.release()
            with tenancy.platform("sweep"):
                jobs.sweep(None)  # type: ignore[arg-type]
                asked = [each for each in outbox.views() if each.kind == jobs.RUN]
        assert len(asked) == 1


def test_more_than_a_share_goes_on_in_the_next_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "SHARE", 2)
    with at(datetime(2027, 1, 1, tzinfo=UTC)):
        plan_id = plan(date(2027, 1, 5), unit=Unit.WEEK)
    with at(datetime(2027, 2, 3, tzinfo=UTC)):
        run()
    assert len(days(plan_id)) == 5


def test_words_that_say_the_period_are_cut_where_they_grow_too_long() -> None:
    said = dict.fromkeys(running.WORDS, "x" * 30)
    assert running.told("{from}" * 10, said, 200) == "x" * 200
