"""An agency's connected account, from the button to the ledger: consent, direct payments, webhooks, leaving."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextvars import Context
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.charges.test_end import begin_due
from tests.client import Browser
from tests.factories import documents, people
from tests.factories.people import Person
from tests.payments import stripe
from tests.portability.moving import outside
from webkit.accounts.models import Membership, Role
from webkit.core.capabilities.payments import ConnectKind
from webkit.core.kernel import clock, db, events, links, outbox, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.invoices import service as invoices
from webkit.invoices.models import InvoiceState
from webkit.payments import jobs, models, service, tills
from webkit.payments.models import ConnectedAccount, PaymentState
from webkit.portability import deleting
from webkit.sdk.testing.doubles.stripe import StripeDouble

BASE = "/northwind/settings/payments"
TOTAL = 12_200
Jobs = Callable[[], int]


@pytest.fixture(scope="module")
def served() -> Iterator[StripeDouble]:
    with StripeDouble(pauses=(0.05, 0.1)) as double:
        yield double


@pytest.fixture
def double(served: StripeDouble, app: Flask) -> Iterator[StripeDouble]:
    served.forget()
    with stripe.connecting(app, served, STRIPE_APPLICATION_FEE_PERCENT="1"):
        yield served
    served.calm()


@pytest.fixture
def account(agency: AgencyView, double: StripeDouble, owner: Browser) -> str:
    """The vendor's name of an account that Northwind has connected by consent."""
    return joined(owner, double)


@pytest.fixture
def invoice(account: str) -> UUID:
    """An issued invoice of 122.00 EUR."""
    return documents.issued("100")


def joined(browser: Browser, double: StripeDouble, account: str = "", base: str = BASE) -> str:
    known = set(double.books.accounts)
    assert browser.get(consent(browser, double, account, base=base)).status_code == 303
    return account or next(iter(set(double.books.accounts) - known))


def consent(browser: Browser, double: StripeDouble, account: str = "", *, allow: bool = True, base: str = BASE) -> str:
    """Go to the consent page and answer there; the path the browser is led back to."""
    sent_on = browser.post(f"{base}/join")
    assert sent_on.status_code == 303, sent_on.text
    back = urlsplit(double.consent(sent_on.location, account, allow))
    return f"{back.path}?{back.query}"


def row() -> ConnectedAccount | None:
    db.release()
    return models.connected("stripe")


def start(invoice_id: UUID) -> str:
    url = invoices.pay(invoice_id, links.token_for("i", invoice_id) or "")
    db.release()
    return url.rpartition("/")[2]


def deliver(app: Flask, told: list[dict[str, Any]]) -> None:
    for event in told:
        answer = Context().run(stripe.post, app, event, secret=stripe.CONNECT_SECRET)
        assert answer.status_code == 200


def pull(run_jobs: Jobs) -> None:
    """The periodic pull, which reads accounts that were read lately, too."""
    with tenancy.platform("test"), db.writing():
        outbox.add(jobs.PULL)
    with patch.object(jobs, "READ_AGAIN", timedelta()):
        run_jobs()


def payments(invoice_id: UUID) -> list[tuple[PaymentState, int]]:
    db.release()
    return [(p.state, p.returned_minor) for p in service.of(events.ref("invoice", invoice_id))]


def state(invoice_id: UUID) -> InvoiceState:
    db.release()
    return invoices.get(invoice_id).state


# --- connecting ----------------------------------------------------------------------------------------------------


def test_an_account_is_opened_with_the_vendors_form(agency: AgencyView, double: StripeDouble, owner: Browser) -> None:
    assert "Open an account" in owner.get(BASE).text
    form = owner.post(f"{BASE}/open")
    assert form.status_code == 303 and form.location.startswith(f"{double.url}/setup/")
    assert double.url in owner.get(BASE).headers["Content-Security-Policy"]
    page = owner.get(BASE).text
    assert "does not let your account take payments" in page and "External account" in page
    found = row()
    assert found is not None and (found.kind, found.can_charge) == (ConnectKind.MANAGED, False)
    theirs = double.books.accounts[found.name].facts
    assert (theirs["type"], theirs["country"]) == ("express", "IT")
    double.allow(found.name)
    assert owner.get(f"{BASE}/back").status_code == 303
    assert "The money goes to your Stripe account" in owner.get(BASE).text
    again = owner.post(f"{BASE}/open")  # the same account, whenever it is pressed
    assert again.status_code == 303 and len(double.books.accounts) == 2


def test_an_account_that_the_vendor_does_not_open(double: StripeDouble, agency: AgencyView, owner: Browser) -> None:
    double.trouble(on="POST /v1/accounts", status=400, code="country_unsupported")
    refused = owner.post(f"{BASE}/open")
    assert refused.status_code == 422 and "look at country, mail and website" in refused.text
    double.trouble(on="POST /v1/accounts", status=500)
    assert owner.post(f"{BASE}/open").status_code == 503
    assert row() is None
    double.trouble(on="POST /v1/accounts", when="after", drop=True)
    assert owner.post(f"{BASE}/open").status_code == 503
    assert owner.post(f"{BASE}/open").status_code == 303
    assert len(double.books.accounts) == 2  # what was opened unheard is the one that is found again


def test_an_account_is_joined_by_consent(double: StripeDouble, account: str, owner: Browser) -> None:
    found = row()
    assert found is not None and (found.name, found.kind, found.can_charge) == (account, ConnectKind.OWN, True)
    page = owner.get(BASE).text
    assert account in page and "Disconnect this account" in page and "Connect my account" not in page
    assert owner.post(f"{BASE}/join").status_code == 409
    assert account not in owner.get("/northwind/settings/services/payments/stripe").text
    assert owner.post("/northwind/settings/services/payments").status_code == 409


def test_the_way_back_works_once(double: StripeDouble, agency: AgencyView, owner: Browser) -> None:
    back = consent(owner, double)
    assert "is connected" in owner.get(back, follow_redirects=True).text
    found = row()
    assert "has been used" in owner.get(back, follow_redirects=True).text
    now = row()
    assert found is not None and now is not None and now.name == found.name


def test_the_way_back_is_too_old(double: StripeDouble, agency: AgencyView, owner: Browser) -> None:
    back = consent(owner, double)
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert "too old" in owner.get(back, follow_redirects=True).text
    assert row() is None


def test_the_way_back_belongs_to_one_session(
    double: StripeDouble, agency: AgencyView, owner: Browser, ada: Person, stranger: Browser,
    anonymous: Browser, browser_of: Callable[[Person], Browser],
) -> None:  # fmt: skip
    """Neither another person, nor the same one elsewhere, brings an account in; nothing is spoilt by trying."""
    back = consent(owner, double)
    for other in (stranger, browser_of(ada)):
        answer = other.get(back)
        assert (answer.status_code, answer.location) == (303, "/")
    assert "/sign-in" in anonymous.get(back).location
    for forged in ("state=&code=x", "state=forged&code=x", "code=x", ""):
        assert owner.get(f"{stripe.CALLBACK}?{forged}").location == "/"
    assert row() is None
    owner.get(back)
    assert row() is not None


def test_the_way_back_leads_to_its_own_agency_only(
    double: StripeDouble, agency: AgencyView, owner: Browser, ada: Person
) -> None:
    """Somebody who owns two agencies cannot bring the consent for one into the other."""
    second = people.make_agency(ada, name="Second", slug="second")
    owner.get(consent(owner, double))
    assert row() is not None
    with tenancy.tenant(second.id):
        assert row() is None


def test_who_is_no_manager_any_more(
    double: StripeDouble, agency: AgencyView, browser_of: Callable[[Person], Browser], member: Browser
) -> None:
    admin = people.make_person("Ines", "ines@northwind.example")
    people.join(agency, admin, Role.OWNER)
    browser = browser_of(admin)
    back = consent(browser, double)
    with db.writing() as unit:
        unit.execute(sa.update(Membership).where(Membership.user_id == admin.id).values(role=Role.MEMBER))
    assert browser.get(back).status_code == 403
    assert row() is None
    for path in ("", "/open", "/join", "/leave", "/check", "/use"):
        send = member.post if path else member.get
        assert send(f"{BASE}{path}").status_code == 403


def test_no_consent_no_account(double: StripeDouble, agency: AgencyView, owner: Browser) -> None:
    back = consent(owner, double, allow=False)
    assert "consent was not given" in owner.get(back, follow_redirects=True).text
    state = back.partition("state=")[2].partition("&")[0]
    assert "has been used" in owner.get(f"{stripe.CALLBACK}?state={state}&code=ac_x", follow_redirects=True).text
    forged = consent(owner, double).replace("code=ac_", "code=ac_f")
    assert "refused the consent" in owner.get(forged, follow_redirects=True).text
    double.trouble(on="GET /v1/accounts", status=500)
    assert "did not answer" in owner.get(consent(owner, double), follow_redirects=True).text
    assert row() is None


def test_one_account_serves_one_agency(
    double: StripeDouble, account: str, stranger: Browser, other_agency: AgencyView
) -> None:
    base = "/harbour-pine/settings/payments"
    back = consent(stranger, double, account, base=base)
    assert "Another agency here has connected" in stranger.get(back, follow_redirects=True).text
    with tenancy.tenant(other_agency.id):
        assert row() is None


def test_two_accounts_at_once(double: StripeDouble, agency: AgencyView, owner: Browser) -> None:
    """Two tabs bring two accounts: the first stays, and the access to the other is given back."""
    first, second = consent(owner, double), consent(owner, double)
    owner.get(second)
    found = row()
    assert "connected already" in owner.get(first, follow_redirects=True).text
    now = row()
    assert found is not None and now is not None and now.name == found.name
    reachable = [name for name, known in double.books.accounts.items() if name and known.access]
    assert reachable == [found.name]


def test_the_former_address_leads_to_the_page(
    double: StripeDouble, agency: AgencyView, other_agency: AgencyView, owner: Browser, anonymous: Browser
) -> None:
    for asked in (f"agency_id={agency.id}", "agency=northwind", "agency_id=northwind"):
        assert owner.get(f"/api/stripe/connect?{asked}").location.endswith(BASE)
    for asked in (f"agency_id={other_agency.id}", "agency=nobody", ""):
        assert owner.get(f"/api/stripe/connect?{asked}").status_code == 404
    assert "/sign-in" in anonymous.get("/api/stripe/connect").location
    assert owner.post("/api/stripe/connect").status_code == 405


# --- money ---------------------------------------------------------------------------------------------------------


def test_nobody_pays_before_an_account_is_connected(
    double: StripeDouble, agency: AgencyView, anonymous: Browser
) -> None:
    invoice = documents.issued("100")
    with pytest.raises(Conflict):
        start(invoice)
    page = f"/i/{links.token_for('i', invoice)}"
    assert f"{page}/pay" not in anonymous.get(page).text
    assert anonymous.post(f"{page}/pay").status_code == 409
    assert double.all("checkout.session") == []


def test_a_payment_goes_to_the_connected_account(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, anonymous: Browser
) -> None:
    page = f"/i/{links.token_for('i', invoice)}"
    assert f"{page}/pay" in anonymous.get(page).text
    double.pay(start(invoice))
    assert double.all("checkout.session") == [] and len(double.all("checkout.session", account)) == 1
    assert [(fee["amount"], fee["account"]) for fee in double.all("application_fee")] == [(122, account)]
    deliver(app, stripe.subscribed(double, account))
    run_jobs()
    assert state(invoice) == InvoiceState.PAID
    assert payments(invoice) == [(PaymentState.SUCCEEDED, 0)]


@pytest.mark.parametrize("teller", ["", "acct_stranger", "another"])
def test_what_another_account_tells_is_ignored(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, teller: str
) -> None:
    """Genuine signatures, the right ids, and an account that the payment was not begun through."""
    if teller == "another":
        teller = double.connect()
    double.pay(start(invoice))
    told = [{**event, "account": teller} for event in stripe.subscribed(double, account)]
    deliver(app, told if teller else [{n: v for n, v in event.items() if n != "account"} for event in told])
    run_jobs()
    assert payments(invoice) == [(PaymentState.OPEN, 0)]


def test_an_account_of_another_agency_pays_nothing_here(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, stranger: Browser
) -> None:
    theirs = joined(stranger, double, base="/harbour-pine/settings/payments")
    double.pay(start(invoice))
    deliver(app, [{**event, "account": theirs} for event in stripe.subscribed(double, account)])
    run_jobs()
    assert payments(invoice) == [(PaymentState.OPEN, 0)]


def test_a_lost_webhook_is_had_from_the_accounts_list(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs
) -> None:
    double.pay(start(invoice))
    payment = double.all("payment_intent", account)[0]["id"]
    double.refund(payment, 2_200)
    pull(run_jobs)
    pull(run_jobs)
    assert payments(invoice) == [(PaymentState.SUCCEEDED, 2_200)]


def test_refunds_and_disputes_stay_on_the_account(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs
) -> None:
    double.pay(start(invoice))
    pull(run_jobs)
    (payment,) = service.of(events.ref("invoice", invoice))
    db.release()
    service.ask_refund(events.ref("invoice", invoice), payment.id, 6_100, "user:x")
    run_jobs()
    assert payments(invoice) == [(PaymentState.SUCCEEDED, 6_100)]
    assert double.all("application_fee")[0]["amount_refunded"] == 61
    double.dispute(payment.vendor_id, 6_100)
    told = stripe.subscribed(double, account)
    random.Random(7).shuffle(told)
    deliver(app, told + told)
    run_jobs()
    assert payments(invoice)[0][0] == PaymentState.DISPUTED


def test_a_payment_page_dies_with_what_it_asks_for(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs
) -> None:
    checkout = start(invoice)
    service.withdraw(events.ref("invoice", invoice))
    run_jobs()
    assert double.session(checkout)["status"] == "expired"
    assert payments(invoice) == [(PaymentState.EXPIRED, 0)]


def test_a_debit_is_pending_until_the_bank_answers(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs
) -> None:
    session = double.debit(start(invoice))
    deliver(app, stripe.subscribed(double, account))
    run_jobs()
    assert payments(invoice) == [(PaymentState.PENDING, 0)]
    assert state(invoice) == InvoiceState.ISSUED
    double.settle(session["payment_intent"])
    deliver(app, stripe.subscribed(double, account))
    run_jobs()
    assert state(invoice) == InvoiceState.PAID


# --- how the account stands ----------------------------------------------------------------------------------------


def test_what_the_vendor_decides_is_heard(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    """The news only say that something changed; what holds is asked, so old news in any order do no harm."""
    double.allow(account, ["individual.id_number"], "requirements.past_due", charge=False)
    deliver(app, stripe.subscribed(double, account))
    run_jobs()
    page = owner.get(BASE).text
    assert "Individual: id number" in page and "Requirements: past due" in page
    with pytest.raises(Conflict):
        start(invoice)
    double.allow(account)
    run_jobs()
    deliver(app, stripe.subscribed(double, account)[::-1])
    run_jobs()
    assert start(invoice)


def test_access_that_was_withdrawn(
    app: Flask, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    """The owner ends it while a payer pays: what was reported still counts, and nothing else can be begun."""
    other = documents.issued("100", client_id=documents.client("Other", "other@example.org"))
    double.pay(start(invoice))
    told = stripe.subscribed(double, account)
    double.leave(account)
    deliver(app, stripe.subscribed(double, account)[-1:])
    run_jobs()
    assert row() is None
    page = owner.get(BASE).text
    assert "no access any more" in page and "Connect my account" in page
    assert payments(invoice) == [(PaymentState.OPEN, 0)]
    deliver(app, told)
    run_jobs()
    assert state(invoice) == InvoiceState.PAID
    assert invoices.sums()[0].paid == TOTAL
    (payment,) = service.of(events.ref("invoice", invoice))
    assert payment.refundable_minor == 0
    db.release()
    with pytest.raises(Conflict):
        start(other)


def test_news_of_an_end_before_a_new_beginning(
    app: Flask, double: StripeDouble, account: str, owner: Browser, run_jobs: Jobs
) -> None:
    """Left, connected again, and only then the old news arrive: the account stays."""
    double.leave(account)
    owner.post(f"{BASE}/check")
    assert row() is None
    joined(owner, double, account)
    deliver(app, stripe.subscribed(double, account))
    run_jobs()
    found = row()
    assert found is not None and found.name == account
    assert len(models.named("stripe", account)) == 1


def test_asking_when_the_vendor_is_away(double: StripeDouble, account: str, owner: Browser) -> None:
    double.trouble(status=500)
    assert "did not answer" in owner.post(f"{BASE}/check", follow_redirects=True).text
    assert row() is not None


# --- leaving -------------------------------------------------------------------------------------------------------


def test_leaving_closes_what_is_open_and_gives_the_access_back(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    checkout = start(invoice)
    assert owner.post(f"{BASE}/leave").status_code == 303
    assert owner.post(f"{BASE}/leave").status_code == 409
    run_jobs()
    assert double.session(checkout)["status"] == "expired"
    assert not double.books.accounts[account].access
    assert payments(invoice) == [(PaymentState.EXPIRED, 0)]
    db.release()
    with pytest.raises(Conflict):
        start(invoice)
    assert joined(owner, double, account) == account
    assert start(invoice) != checkout


def test_the_end_of_the_agency_waits_for_nothing(
    app: Flask, agency: AgencyView, double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs
) -> None:
    """Pages are closed, the access is given back, and somebody else may connect the account."""
    double.debit(start(invoice))
    pull(run_jobs)
    other = start(documents.issued("50", client_id=documents.client("Other", "other@example.org")))
    deleting.ask(agency, agency.name, people.id_of("ada@northwind.example"), "Ada", "ada@northwind.example", "en")
    db.release()
    with clock.frozen(clock.now() + deleting.GRACE + timedelta(days=1)):
        outside(app, begin_due)
    assert double.session(other)["status"] == "expired"
    assert not double.books.accounts[account].access and not models.is_taken("stripe", account)
    service.end()


def test_what_is_on_its_way_is_waited_for(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    session = double.debit(start(invoice))
    pull(run_jobs)
    assert "1 payment is on its way" in owner.get(BASE).text
    owner.post(f"{BASE}/leave")
    run_jobs()
    assert double.books.accounts[account].access
    double.settle(session["payment_intent"])
    pull(run_jobs)
    pull(run_jobs)
    assert state(invoice) == InvoiceState.PAID
    assert not double.books.accounts[account].access


def test_access_that_is_withdrawn_while_something_is_on_its_way(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    """What was left cannot be asked any more: it is over, and the next account is asked all the same."""
    double.debit(start(invoice))
    pull(run_jobs)
    owner.post(f"{BASE}/leave")
    run_jobs()
    double.leave(account)
    joined(owner, double)
    other = documents.issued("100", client_id=documents.client("Other", "other@example.org"))
    double.pay(start(other))
    pull(run_jobs)
    assert state(other) == InvoiceState.PAID
    assert models.leaving() == []


def test_what_another_agency_has_connected_since_stays_theirs(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser, stranger: Browser,
    other_agency: AgencyView,
) -> None:  # fmt: skip
    """The account moves to another agency before the first one gives its access back."""
    owner.post(f"{BASE}/leave")
    joined(stranger, double, account, base="/harbour-pine/settings/payments")
    run_jobs()
    assert double.books.accounts[account].access
    assert models.leaving() == []
    db.release()
    with tenancy.tenant(other_agency.id):
        now = row()
        assert now is not None and now.name == account


def test_a_payer_who_begins_while_the_account_is_left(
    double: StripeDouble, account: str, invoice: UUID, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was found to take the money may be left before the attempt is written down."""
    found = tills.till()
    db.release()
    owner.post(f"{BASE}/leave")
    monkeypatch.setattr(tills, "till", lambda: found)
    with pytest.raises(Conflict):
        start(invoice)
    assert not double.all("checkout.session", account)


def test_going_on_with_the_form_moves_no_money(double: StripeDouble, agency: AgencyView, owner: Browser) -> None:
    """Keys of the agency's own take the payments: the form of the opened account does not change that."""
    owner.post(f"{BASE}/open")
    typed = {"secret_key": double.key, "webhook_secret": stripe.SECRET}
    assert owner.post("/northwind/settings/services/payments/stripe", data=typed).status_code == 303
    assert owner.post(f"{BASE}/open").status_code == 303
    db.release()
    till = tills.till()
    assert till is not None and till.account is not None and not till.account.connected


def test_a_payer_who_was_faster_than_the_leaving(
    double: StripeDouble, account: str, invoice: UUID, run_jobs: Jobs, owner: Browser
) -> None:
    double.pay(start(invoice))
    owner.post(f"{BASE}/leave")
    run_jobs()
    assert state(invoice) == InvoiceState.PAID


def test_a_managed_account_gives_back_after_it_was_left(
    double: StripeDouble, agency: AgencyView, run_jobs: Jobs, owner: Browser
) -> None:
    owner.post(f"{BASE}/open")
    found = row()
    assert found is not None
    double.allow(found.name)
    owner.post(f"{BASE}/check")
    invoice = documents.issued("100")
    double.pay(start(invoice))
    owner.post(f"{BASE}/leave")
    pull(run_jobs)
    (payment,) = service.of(events.ref("invoice", invoice))
    db.release()
    service.ask_refund(events.ref("invoice", invoice), payment.id, TOTAL, "user:x")
    run_jobs()
    assert payments(invoice) == [(PaymentState.REFUNDED, TOTAL)]
    owner.post(f"{BASE}/open")  # taken up again, not opened twice
    now = row()
    assert now is not None and now.name == found.name


def test_another_account_of_the_agency_may_take_the_payments(
    double: StripeDouble, account: str, owner: Browser
) -> None:
    """Keys of the agency's own, typed under Services, take its place until the connected one is used again."""
    typed = {"secret_key": double.key, "webhook_secret": stripe.SECRET}
    assert owner.post("/northwind/settings/services/payments/stripe", data=typed).status_code == 303
    assert "through your own account" in owner.get(BASE).text
    invoice = documents.issued("100")
    db.release()
    start(invoice)
    assert double.all("checkout.session") and not double.all("checkout.session", account)
    owner.post(f"{BASE}/use")
    assert "The money goes to your Stripe account" in owner.get(BASE).text
    start(invoice)
    assert double.all("checkout.session", account)
