"""An invoice is charged to a saved method: once for each try, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.charges import making
from tests.charges.making import charge, deliver, left, one, words
from tests.factories import documents
from tests.payments import stripe
from tests.threads import at_once
from webkit.charges import charging
from webkit.charges.models import ChargeWord
from webkit.core.capabilities.charging import Decline
from webkit.core.kernel import clock, db, events, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.ledger import service as ledger
from webkit.payments import service as payments
from webkit.payments.service import MethodState, methods
from webkit.sdk.testing.doubles.stripe import AUTHENTICATED_CARD, GOOD_IBAN, LATER_DECLINED_CARD, StripeDouble

TOTAL = making.TOTAL
Jobs = Callable[[], Any]


def paid(invoice_id: UUID) -> bool:
    db.release()
    invoice = invoices.get(invoice_id)
    return invoice.state is InvoiceState.PAID and ledger.settled(invoice_id) == TOTAL


def intents(double: StripeDouble) -> list[str]:
    return [row["status"] for row in double.all("payment_intent")]


def test_a_charge_pays_the_invoice_once(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    method = left(double, client_id)
    charge_id = charge(invoice, method)
    assert one(charge_id).word is ChargeWord.ASKED
    run_jobs()
    assert one(charge_id).word is ChargeWord.PAID and paid(invoice)
    run_jobs()
    assert intents(double) == ["succeeded"]


def test_webhooks_tell_nothing_new(
    app: Flask, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    charge_id = charge(invoice, left(double, client_id))
    run_jobs()
    for _ in range(2):
        deliver(app, double)
        run_jobs()
    assert one(charge_id).word is ChargeWord.PAID and paid(invoice)
    assert len(payments.of(events.ref("invoice", invoice))) == 1


def test_two_tabs_charge_once(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    method = left(double, client_id)
    assert charge(invoice, method) == charge(invoice, method)
    run_jobs()
    assert intents(double) == ["succeeded"]
    with pytest.raises(Conflict):
        charge(invoice, method, 2)


def test_two_people_at_once_charge_once(
    app: Flask, agency: AgencyView, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)

    def press() -> UUID:
        with tenancy.tenant(agency.id):
            return charging.ask(invoice, method, 1, making.ACTOR)

    assert len(set(map(str, at_once(app, press, press, press)))) == 1
    run_jobs()
    assert intents(double) == ["succeeded"] and paid(invoice)


def test_a_lost_answer_is_no_second_charge(
    invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    double.trouble(on="POST /v1/payment_intents", when="after", drop=True)
    charge_id = charge(invoice, method)
    run_jobs()
    with clock.frozen(clock.now() + timedelta(hours=1)):
        run_jobs()
    assert one(charge_id).word is ChargeWord.PAID and paid(invoice)
    assert intents(double) == ["succeeded"]


def test_a_charge_whose_key_the_vendor_has_forgotten_is_found(
    invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    double.trouble(on="POST /v1/payment_intents", when="after", drop=True)
    charge_id = charge(invoice, method)
    run_jobs()
    double.api.forget()
    with clock.frozen(clock.now() + timedelta(days=2)):
        run_jobs()
    assert one(charge_id).word is ChargeWord.PAID and intents(double) == ["succeeded"]


def test_the_webhook_may_come_before_the_answer(
    app: Flask, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    double.trouble(on="POST /v1/payment_intents", when="after", drop=True)
    charge_id = charge(invoice, method)
    run_jobs()
    assert one(charge_id).word is ChargeWord.ASKED
    deliver(app, double)
    run_jobs()
    assert one(charge_id).word is ChargeWord.PAID and paid(invoice)
    with clock.frozen(clock.now() + timedelta(hours=1)):
        run_jobs()
    assert intents(double) == ["succeeded"]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("insufficient_funds", Decline.FUNDS),
        ("expired_card", Decline.EXPIRED),
        ("stolen_card", Decline.BLOCKED),
        ("do_not_honor", Decline.BANK),
        ("processing_error", Decline.TROUBLE),
    ],
)
def test_declines_are_told_apart(
    invoice: UUID,
    client_id: UUID,
    double: StripeDouble,
    run_jobs: Jobs,
    outbox_mails: Any,
    word: str,
    reason: Decline,
) -> None:
    method = left(double, client_id)
    double.bank_says(making.vendor_id(method), word)
    charge_id = charge(invoice, method)
    run_jobs()
    found = one(charge_id)
    assert (found.word, found.reason) == (ChargeWord.DECLINED, reason) and found.why
    assert intents(double) == ["canceled"]  # nobody can pay it any more
    assert any("could not be charged" in mail.entry.subject for mail in outbox_mails())
    assert invoices.get(invoice).state is InvoiceState.ISSUED and ledger.settled(invoice) == 0
    double.bank_says(making.vendor_id(method))
    again = charge(invoice, method, 2)
    run_jobs()
    assert one(again).word is ChargeWord.PAID and paid(invoice)


def test_a_bank_that_wants_to_see_its_customer(
    app: Flask, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs, outbox_mails: Any
) -> None:
    charge_id = charge(invoice, left(double, client_id, AUTHENTICATED_CARD))
    run_jobs()
    assert one(charge_id).word is ChargeWord.ACTION
    deliver(app, double)
    run_jobs()
    asked = [mail for mail in outbox_mails() if "confirm the payment" in mail.entry.subject]
    assert len(asked) == 1
    with pytest.raises(Conflict):
        charge(invoice, left(double, client_id), 2)
    address = charging.confirm(charge_id, return_url=making.HERE)
    assert address.startswith(double.url)
    double.authenticate(address.rpartition("/")[2])
    charging.refresh(charge_id)
    assert one(charge_id).word is ChargeWord.PAID and paid(invoice)


def test_a_confirmation_that_fails(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    charge_id = charge(invoice, left(double, client_id, AUTHENTICATED_CARD))
    run_jobs()
    db.release()
    address = charging.confirm(charge_id, return_url=making.HERE)
    double.authenticate(address.rpartition("/")[2], ok=False)
    making.pull()
    run_jobs()
    found = one(charge_id)
    assert (found.word, found.reason) == (ChargeWord.DECLINED, Decline.UNCONFIRMED)
    assert intents(double) == ["canceled"] and ledger.settled(invoice) == 0


def test_a_waiting_charge_is_called_off(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    charge_id = charge(invoice, left(double, client_id, AUTHENTICATED_CARD))
    run_jobs()
    db.release()
    assert charging.call_off(charge_id, "user:a") is True
    run_jobs()
    assert one(charge_id).word is ChargeWord.CALLED_OFF and intents(double) == ["canceled"]
    db.release()
    assert charging.confirm(charge_id, return_url=making.HERE) == ""


def test_a_debit_takes_days(app: Flask, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    charge_id = charge(invoice, left(double, client_id, GOOD_IBAN))
    run_jobs()
    assert one(charge_id).word is ChargeWord.PENDING
    assert invoices.get(invoice).pending_at is not None
    with pytest.raises(Conflict):
        charging.ask(invoice, one(charge_id).method_id, 2, "user:a")
    db.release()
    double.settle(double.all("payment_intent")[0]["id"])
    making.pull()
    run_jobs()
    assert one(charge_id).word is ChargeWord.PAID and paid(invoice)


def test_a_debit_that_comes_back(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    charge_id = charge(invoice, left(double, client_id, GOOD_IBAN))
    run_jobs()
    double.settle(double.all("payment_intent")[0]["id"], ok=False)
    making.pull()
    run_jobs()
    assert one(charge_id).word is ChargeWord.DECLINED
    assert invoices.get(invoice).pending_at is None and ledger.settled(invoice) == 0


def test_a_paid_invoice_is_never_charged(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    method = left(double, client_id)
    page = invoices.pay(invoice, "token").rpartition("/")[2]
    db.release()
    charge_id = charge(invoice, method)
    double.pay(page)
    payments.refresh(events.ref("invoice", invoice))
    run_jobs()
    assert one(charge_id).word is ChargeWord.CALLED_OFF and paid(invoice)
    assert [row["metadata"].get("webkit_charge") for row in double.all("payment_intent")] == [None]


def test_nobody_pays_at_a_page_while_a_charge_is_under_way(
    invoice: UUID, client_id: UUID, double: StripeDouble
) -> None:
    charge(invoice, left(double, client_id))
    with pytest.raises(Conflict):
        invoices.pay(invoice, "token")


def test_who_pays_at_a_page_confirms_no_charge(
    invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    charge_id = charge(invoice, left(double, client_id, AUTHENTICATED_CARD))
    run_jobs()
    db.release()
    invoices.pay(invoice, "token")
    run_jobs()
    assert one(charge_id).word is ChargeWord.CALLED_OFF


def test_the_method_of_another_client_is_not_there(invoice: UUID, client_id: UUID, double: StripeDouble) -> None:
    other = left(double, documents.client("Somebody else", "else@example.org"))
    with pytest.raises(NotFound):
        charge(invoice, other)


def test_a_debit_in_another_currency(
    agency: Any, client_id: UUID, invoice: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id, GOOD_IBAN)
    assert methods.usable(client_id, "USD") == []
    with pytest.raises(Conflict), db.writing():
        payments.charging.begin("invoice:x", 100, "USD", method, received_minor=0)


# --- methods that go meanwhile -------------------------------------------------------------------------------------


def test_a_method_removed_before_the_vendor_is_asked(
    invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    charge_id = charge(invoice, method)
    methods.remove(method, "client")
    run_jobs()
    assert one(charge_id).word is ChargeWord.CALLED_OFF and intents(double) == []
    assert double.all("payment_method")[0]["customer"] is None


def test_a_method_taken_away_at_the_vendor_while_charging(
    invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    charge_id = charge(invoice, method)
    double.detach(making.vendor_id(method))
    run_jobs()
    found = one(charge_id)
    assert (found.word, found.reason) == (ChargeWord.DECLINED, Decline.GONE)
    assert methods.get(method).state is MethodState.GONE


def test_what_the_vendor_tells_of_methods(app: Flask, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    method = left(double, client_id)
    double.renew(making.vendor_id(method), last4="0005", exp_year=2020)
    deliver(app, double)
    run_jobs()
    found = methods.get(method)
    assert found.name == "Visa •••• 0005" and found.expired and not found.usable
    double.detach(making.vendor_id(method))
    deliver(app, double)
    run_jobs()
    assert methods.get(method).state is MethodState.GONE


def test_a_method_nobody_told_of_is_asked_about(client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    method = left(double, client_id)
    double.detach(making.vendor_id(method))
    with clock.frozen(clock.now() + timedelta(days=8)):
        making.pull()
        run_jobs()
    db.release()
    assert methods.get(method).state is MethodState.GONE


def test_a_setup_nobody_told_of_is_pulled(client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    double.leave_method(making.begin(client_id))
    making.pull()
    run_jobs()
    db.release()
    (found,) = methods.of_client(client_id)
    assert found.words == "I agree." and found.usable
    making.pull()
    run_jobs()
    db.release()
    assert len(methods.of_client(client_id)) == 1


def test_a_method_is_kept_with_the_payment_its_owner_makes(
    app: Flask, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    db.release()
    page = payments.start(
        events.ref("invoice", invoice), TOTAL, "EUR", description="Work", customer_email="", return_url=making.HERE,
        cancel_url=making.HERE, keep=payments.Keep(client_id, payments.Consent("I agree.", "en")),
    ).rpartition("/")[2]  # fmt: skip
    double.pay(page)
    deliver(app, double)
    run_jobs()
    db.release()
    assert paid(invoice) and [each.usable for each in methods.of_client(client_id)] == [True]


# --- accounts ------------------------------------------------------------------------------------------------------


def test_an_account_that_was_left_is_charged_no_more(
    app: Flask, invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs
) -> None:
    method = left(double, client_id)
    charge_id = charge(invoice, method)
    with stripe.connecting(app, double):
        run_jobs()
        assert not methods.get(method).usable
    assert one(charge_id).word is ChargeWord.CALLED_OFF and intents(double) == []


def test_a_card_that_is_always_declined(invoice: UUID, client_id: UUID, double: StripeDouble, run_jobs: Jobs) -> None:
    method = left(double, client_id, LATER_DECLINED_CARD)
    for attempt in (1, 2):
        charge(invoice, method, attempt)
        run_jobs()
    assert words(invoice) == ["declined", "declined"]
