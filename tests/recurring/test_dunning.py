"""Reminders: each step once, the latest one after a gap, in the client's hours, and never of what is settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tests.factories import documents
from tests.recurring.making import ACTOR, STEPS, at, live_in, remind, run
from webkit.agencies import service as agencies
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, events
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.invoices import arranging, crediting, reminding, writing_off
from webkit.invoices import models as invoice_models
from webkit.invoices import service as invoices
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.invoices.service import ImportedInvoice, ImportedLine
from webkit.invoices.terms import Due, Part, Rule, Terms
from webkit.ledger.service import Method
from webkit.messaging import service as messaging
from webkit.payments import ledger
from webkit.payments import models as payment_models
from webkit.payments.models import Payment, PaymentState
from webkit.receipts import service as receipts
from webkit.receipts.service import RecordInput
from webkit.recurring import dunning, models, steps
from webkit.recurring.dunning import StepInput
from webkit.recurring.models import FeeMode

ISSUED = datetime(2027, 3, 1, 8, tzinfo=UTC)
DUE = date(2027, 3, 15)
"""Fourteen days later."""
HALVES = Terms(Due(Rule.RECEIPT), (Part(Due(Rule.NET, 14), Decimal(50)), Part(Due(Rule.NET, 44), Decimal(50))))


@pytest.fixture(autouse=True)
def rome(agency: AgencyView) -> None:
    """The agency lives there and reminds."""
    live_in("Europe/Rome")
    with at(ISSUED):
        remind()


def _issued(*, client_id: UUID | None = None, terms: Terms | None = None) -> UUID:
    with at(ISSUED):
        invoice_id = documents.draft("100", client_id=client_id)
        if terms:
            arranging.save_terms(invoice_id, 1, terms, "")
        invoices.issue(invoice_id, ACTOR)
    return invoice_id


def _on(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def _after(days: int, hour: int = 12) -> datetime:
    return _on(DUE + timedelta(days=days), hour)


def _through(*moments: datetime) -> None:
    for moment in moments:
        with at(moment):
            run()


def _sent(invoice_id: UUID) -> list[int]:
    db.release()
    mails = [each for each in messaging.mails(f"invoice:{invoice_id}") if each.template == "invoice_reminder"]
    found = models.sent(invoice_id)
    assert len(mails) >= sum(each.mailed for each in found)
    return [each.days for each in found]


@db.writes
def _pay(invoice_id: UUID, amount: int, state: PaymentState = PaymentState.SUCCEEDED) -> Payment:
    payment = Payment(reference=f"invoice:{invoice_id}", provider="local", amount_minor=amount, currency="EUR")
    payment_models.add(payment)
    ledger.settle(payment, state, amount, "EUR", f"v-{payment.id}", clock.now())
    return payment


def test_every_step_goes_out_once_on_its_day() -> None:
    invoice_id = _issued()
    with at(_after(-3, 7)):  # eight o'clock in Rome
        run()
        assert _sent(invoice_id) == []
    _through(_after(-3, 9), _after(-3, 10), _after(-2), _after(3), _after(9), _after(10), _after(30), _after(300))
    assert _sent(invoice_id) == [-3, 3, 10, 30]
    told = [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")]
    assert told.count("invoice.reminded") == 4
    assert models.to_look_at(datetime(2040, 1, 1, tzinfo=UTC), 5) == []


def test_after_a_gap_only_the_latest_step_is_taken() -> None:
    invoice_id = _issued()
    _through(_after(12), _after(13), _after(31))
    assert _sent(invoice_id) == [10, 30]


def test_what_announces_a_day_that_is_over_is_not_sent() -> None:
    invoice_id = _issued()
    _through(_after(1))
    assert _sent(invoice_id) == []
    _through(_after(3))
    assert _sent(invoice_id) == [3]


def test_the_words_of_a_step_stand_in_its_mail(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    _issued()
    with at(_after(3)):
        run()
        db.release()
        run_jobs()
    mail = next(each for each in outbox_mails() if "Reminder" in each.entry.subject)
    assert "Have you forgotten us?" in mail.text
    assert "Have you forgotten us?" in mail.html


def test_it_stops_when_nothing_is_waited_for() -> None:
    paid, credited, lost = (_issued(client_id=client) for client in _clients(3))
    with at(_after(4)):
        run()
        _pay(paid, 12200)
        crediting.issue(credited, CreditInput(Extent.ALL, "Agreed"), ACTOR)
        writing_off.write_off(lost, "gone away", ACTOR)
        assert [invoices.get(each).state for each in (paid, credited, lost)] == [
            InvoiceState.PAID, InvoiceState.CREDITED, InvoiceState.WRITTEN_OFF,
        ]  # fmt: skip
    _through(_after(11), _after(31))
    assert [_sent(each) for each in (paid, credited, lost)] == [[3], [3], [3]]


def test_what_is_waited_for_again_is_reminded_of_again() -> None:
    invoice_id = _issued()
    with at(_after(4)):
        run()
        writing_off.write_off(invoice_id, "gone away", ACTOR)
    _through(_after(11))
    with at(_after(20)):
        writing_off.reopen(invoice_id, ACTOR)
    _through(_after(31))
    assert _sent(invoice_id) == [3, 30]


def test_money_on_its_way_is_not_asked_for() -> None:
    invoice_id = _issued()
    with at(_after(2)):
        payment = _pay(invoice_id, 12200, PaymentState.PENDING)
    _through(_after(3), _after(4))
    assert _sent(invoice_id) == []
    with at(_after(5)):
        _settle(payment.id, PaymentState.BOUNCED)
    _through(_after(6))
    assert _sent(invoice_id) == [3]


@db.writes
def _settle(payment_id: UUID, state: PaymentState) -> None:
    payment = payment_models.locked(payment_id)
    assert payment is not None
    ledger.settle(payment, state, payment.amount_minor, "EUR", f"v-{payment.id}", clock.now())


def _clients(count: int) -> list[UUID]:
    return [documents.client(f"Client {n}", f"c{n}@olmo.example") for n in range(count)]


def test_a_client_can_be_left_alone() -> None:
    alone, other = _clients(2)
    dunning.save_client(alone, off=True, timezone="")
    first, second = _issued(client_id=alone), _issued(client_id=other)
    _through(_after(3))
    assert (_sent(first), _sent(second)) == ([], [3])
    with at(_after(4)):
        reminding.remind(first, ACTOR)  # by hand it can be done
    dunning.save_client(alone, off=False, timezone="")
    _through(_after(10))
    assert _sent(first) == [10]


def test_the_hours_are_those_of_the_client() -> None:
    client = documents.client()
    dunning.save_client(client, off=False, timezone="America/New_York")
    invoice_id = _issued(client_id=client)
    _through(_after(3, 9), _after(3, 12))  # seven and eight o'clock there
    assert _sent(invoice_id) == []
    _through(_after(3, 13))
    assert _sent(invoice_id) == [3]


def test_at_night_it_waits_for_the_morning() -> None:
    invoice_id = _issued()
    _through(_after(3, 20))
    assert _sent(invoice_id) == []
    _through(_after(4, 7))
    assert _sent(invoice_id) == []
    _through(_after(4, 8))
    assert _sent(invoice_id) == [3]


def test_on_weekends_it_waits_for_monday() -> None:
    remind(weekends=False)
    invoice_id = _issued()
    assert (DUE + timedelta(days=5)).weekday() == 5
    with at(ISSUED):
        remind(weekends=False, steps=(StepInput(5),))
    _through(_after(5), _after(6))
    assert _sent(invoice_id) == []
    _through(_after(7))
    assert _sent(invoice_id) == [5]


def test_who_was_reminded_by_hand_today_gets_no_second_mail() -> None:
    invoice_id = _issued()
    with at(_after(3, 9)):
        reminding.remind(invoice_id, ACTOR)
    _through(_after(3, 12), _after(4))
    assert _sent(invoice_id) == [3]
    assert [each.mailed for each in models.sent(invoice_id)] == [False]


def test_switched_on_it_does_not_reach_back() -> None:
    with at(ISSUED):
        remind(active=False)
    invoice_id = _issued()
    _through(_after(5))
    with at(_after(11)):
        remind()
        run()
    assert _sent(invoice_id) == []
    _through(_after(12), _after(30))
    assert _sent(invoice_id) == [30]


def test_a_step_that_is_new_counts_from_today_on() -> None:
    invoice_id = _issued()
    _through(_after(3))
    with at(_after(12)):
        remind(steps=(*STEPS, StepInput(5), StepInput(15)))
        run()
    assert _sent(invoice_id) == [3, 10]
    _through(_after(15))
    assert _sent(invoice_id) == [3, 10, 15]
    with pytest.raises(DomainError):
        remind(steps=(StepInput(3), StepInput(3)))


def test_each_instalment_is_asked_for_from_its_own_day_on() -> None:
    invoice_id = _issued(terms=HALVES)
    _through(_after(3))
    with at(_after(5)):
        _pay(invoice_id, 6100)
    _through(_after(10), _after(27), _after(33))
    assert [(each.due, each.days) for each in models.sent(invoice_id)] == [
        (DUE, 3), (DUE + timedelta(days=30), -3), (DUE + timedelta(days=30), 3),
    ]  # fmt: skip


# --- late fees ---------------------------------------------------------------------------------------------------

FEES = (StepInput(10, fee=True), StepInput(40, fee=True))
RATE = {"fee_minor": 4000, "fee_currency": "EUR", "fee_percent": Decimal("10.15")}


def _rate() -> str:
    return agencies.profile().tax_rate


def _bears(days: int) -> int:
    return steps.interest(12200, Decimal("10.15"), DUE, DUE + timedelta(days=days))


def test_a_late_fee_is_proposed_as_an_invoice_of_its_own() -> None:
    with at(ISSUED):
        remind(fee_mode=FeeMode.PROPOSE, fee_rate=_rate(), steps=FEES, **RATE)
    invoice_id = _issued()
    _through(_after(10), _after(10, 13), _after(40))
    first, second = models.fees(invoice_id)
    assert (first.fixed_minor, first.interest_minor) == (
        4000,
        steps.interest(12200, Decimal("10.15"), DUE, DUE + timedelta(10)),
    )
    assert (second.fixed_minor, second.interest_minor) == (
        0,
        steps.interest(12200, Decimal("10.15"), DUE, DUE + timedelta(30)),
    )
    fee = invoices.get(first.fee_invoice_id)
    assert (fee.state, fee.priced.totals.net) == (InvoiceState.DRAFT, 4034)
    assert [line.description for line in fee.priced.lines] == [
        "Compensation for the late payment of invoice INV-2027-0001",
        "Interest of 10.15 % a year on invoice INV-2027-0001, 10 days until 25 March 2027",
    ]
    assert invoices.get(invoice_id).total == 12200
    told = [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")]
    assert told.count("invoice.fee_proposed") == 2


def test_a_late_fee_may_be_issued_and_bears_none_itself() -> None:
    with at(ISSUED):
        remind(fee_mode=FeeMode.ISSUE, fee_rate=_rate(), steps=FEES, **RATE)
    invoice_id = _issued()
    _through(_after(10))
    fee = models.fees(invoice_id)[0].fee_invoice_id
    assert invoices.get(fee).state is InvoiceState.ISSUED
    _through(_after(40))
    assert models.fees(fee) == []
    assert _sent(fee) == [10]


def test_a_fee_that_cannot_be_made_keeps_no_reminder_back() -> None:
    with at(ISSUED):
        remind(fee_mode=FeeMode.PROPOSE, fee_rate="no such rate", steps=FEES, **RATE)
    invoice_id = _issued()
    _through(_after(10))
    assert (_sent(invoice_id), models.fees(invoice_id)) == ([10], [])


def test_a_step_charges_once_however_often_its_mail_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with at(ISSUED):
        remind(fee_mode=FeeMode.PROPOSE, fee_rate=_rate(), steps=FEES, **RATE)
    invoice_id = _issued()
    with monkeypatch.context() as patched:
        patched.setattr(invoices, "remind", _refuse)
        _through(_after(10), _after(12), _after(14))
        assert (_sent(invoice_id), len(models.fees(invoice_id))) == ([], 1)
    _through(_after(16), _after(40))
    assert (_sent(invoice_id), len(models.fees(invoice_id))) == ([10, 40], 2)


def _refuse(*_given: object) -> None:
    raise Conflict("no page")


def test_a_payment_that_was_none_is_waited_for_again() -> None:
    client = documents.client()
    invoice_id = _issued(client_id=client)
    with at(_after(2)):
        parts = {invoice_id: 12200}
        given = RecordInput(client, Method.BANK, DUE + timedelta(days=2), "EUR", 12200, parts=parts)
        record = receipts.record(given, ACTOR)
    _through(_after(3))
    assert models.known([invoice_id]) == set()
    with at(_after(4)):
        receipts.take_back(record, ACTOR)
    _through(_after(5), _after(10))
    assert _sent(invoice_id) == [10]


def test_what_was_issued_elsewhere_is_not_watched_and_can_be_taken_out() -> None:
    line = ImportedLine("Care", Decimal(1), Decimal(100), Decimal(22), 10_000, 2_200)
    given = ImportedInvoice(documents.client(), "OLD-1", "Care", "EUR", "it", ISSUED.date(), DUE, (line,))
    with at(_after(1)):
        ids = invoices.add_imported([given])
        remind()
        assert models.known(ids) == set()
        assert invoices.remove_imported(ids) == set(ids)


def test_invoices_of_before_are_watched_once_it_is_on() -> None:
    with at(ISSUED):
        remind(active=False)
    invoice_id = _issued()
    assert models.known([invoice_id]) == set()
    with at(_after(1)):
        remind()
    assert models.known([invoice_id]) == {invoice_id}
    assert invoice_models.get(invoice_id) is not None
