"""Stripe Connect, over HTTP against the double: accounts, consent, direct charges, the platform's share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plugins.payments_stripe.provider import Stripe
from plugins.payments_stripe.settings import StripeSettings
from webkit.sdk import (
    AccountRequest,
    CheckoutState,
    ConnectKind,
    CredentialsRejected,
    NotFoundAtProvider,
    PaymentEventKind,
    ProviderRejected,
    RefundRequest,
)
from webkit.sdk.testing.doubles.stripe import CLIENT_ID, Refused, StripeDouble, body_of
from webkit.sdk.testing.payments import ORDER

BACK = "https://webkit.example/api/stripe/callback"
ASKED = AccountRequest(key="account-1", name="Studio Luce", email="luce@example.it", country="IT")
AGAIN = {"return_url": "https://webkit.example/back", "again_url": "https://webkit.example/again"}


@pytest.fixture(scope="module")
def served() -> Iterator[StripeDouble]:
    with StripeDouble() as double:
        yield double


@pytest.fixture
def double(served: StripeDouble) -> Iterator[StripeDouble]:
    served.forget()
    served.allow_redirect(BACK)
    yield served
    served.calm()


def provider(double: StripeDouble, **changes: Any) -> Stripe:
    given = {
        "STRIPE_SECRET_KEY": double.key, "STRIPE_WEBHOOK_SECRET": "whsec_1", "STRIPE_API_BASE": double.url,
        "STRIPE_CONNECT": "true", "STRIPE_CONNECT_CLIENT_ID": CLIENT_ID, "STRIPE_CONNECT_BASE": double.url,
    }  # fmt: skip
    return Stripe(StripeSettings.model_validate(given | changes))


@pytest.fixture
def platform(double: StripeDouble) -> Stripe:
    return provider(double)


def visit(url: str, body: str | None = None) -> str:
    """Where a page leads to."""
    where = urlsplit(url)
    with closing(HTTPConnection(where.netloc)) as connection:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST" if body else "GET", where.path, body, headers)
        return connection.getresponse().headers["Location"] or ""


def test_an_account_is_opened_and_its_owner_says_who_they_are(double: StripeDouble, platform: Stripe) -> None:
    account = platform.open_account(ASKED)
    assert platform.open_account(ASKED) == account
    new = platform.account_status(account)
    assert (new.can_charge, new.can_pay_out, new.submitted) == (False, False, False)
    assert "external_account" in new.wanted and new.country == "IT"
    with pytest.raises(ProviderRejected):
        platform.acting_for(account).create_checkout(ORDER)
    url = platform.onboarding_url(account, **AGAIN)
    assert visit(url, "answer=yes") == AGAIN["return_url"]
    assert visit(url, "answer=yes") == AGAIN["again_url"]  # it works once
    ready = platform.account_status(account)
    assert (ready.can_charge, ready.can_pay_out, ready.submitted, ready.wanted) == (True, True, True, ())
    assert platform.acting_for(account).create_checkout(replace(ORDER, key="later")).id


def test_a_form_that_is_too_old_leads_to_a_new_one(double: StripeDouble, platform: Stripe) -> None:
    url = platform.onboarding_url(platform.open_account(ASKED), **AGAIN)
    double.advance(301)
    assert visit(url) == AGAIN["again_url"]


def test_a_key_does_not_open_an_account_for_somebody_else(platform: Stripe) -> None:
    platform.open_account(ASKED)
    with pytest.raises(ProviderRejected):
        platform.open_account(replace(ASKED, name="Other"))


def test_consent_is_traded_once(double: StripeDouble, platform: Stripe) -> None:
    url = platform.consent_url(state="s1", return_url=BACK)
    answer = {name: values[0] for name, values in parse_qs(urlsplit(double.consent(url)).query).items()}
    assert answer["state"] == "s1"
    account = platform.accept_consent(answer["code"])
    assert platform.account_status(account).can_charge
    for code in (answer["code"], "ac_forged", ""):
        with pytest.raises(ProviderRejected):
            platform.accept_consent(code)


def test_consent_is_refused_or_too_late(double: StripeDouble, platform: Stripe) -> None:
    url = platform.consent_url(state="s1", return_url=BACK)
    assert "error=access_denied" in double.consent(url, allow=False)
    code = parse_qs(urlsplit(double.consent(url)).query)["code"][0]
    double.advance(301)
    with pytest.raises(ProviderRejected):
        platform.accept_consent(code)


def test_nobody_is_led_to_an_address_that_is_not_registered(double: StripeDouble, platform: Stripe) -> None:
    with pytest.raises(Exception, match="redirect URI"):
        double.consent(platform.consent_url(state="s", return_url="https://evil.example/"))
    other = provider(double, STRIPE_CONNECT_CLIENT_ID="ca_other")
    with pytest.raises(Exception, match="client identifier"):
        double.consent(other.consent_url(state="s", return_url=BACK))


def test_who_has_left_is_out_of_reach(double: StripeDouble, platform: Stripe) -> None:
    account = double.connect()
    platform.leave_account(account, ConnectKind.OWN)
    platform.leave_account(account, ConnectKind.OWN)
    with pytest.raises(NotFoundAtProvider):
        platform.account_status(account)
    with pytest.raises(CredentialsRejected):
        platform.acting_for(account).create_checkout(ORDER)


def test_a_managed_account_stays_where_it_is(platform: Stripe) -> None:
    account = platform.open_account(ASKED)
    platform.leave_account(account, ConnectKind.MANAGED)
    assert platform.account_status(account).id == account


def test_ways_that_are_open(double: StripeDouble) -> None:
    assert provider(double, STRIPE_CONNECT="false").connects() == frozenset()
    assert provider(double, STRIPE_CONNECT_CLIENT_ID="").connects() == {ConnectKind.MANAGED}
    assert provider(double).connects() == {ConnectKind.MANAGED, ConnectKind.OWN}


# --- direct charges and the platform's share -----------------------------------------------------------------------


def test_the_platforms_share(double: StripeDouble) -> None:
    """2.5 % of 1234.56 EUR and 30 cents; of a refund of a third the platform gives a third back."""
    stripe = provider(double, STRIPE_APPLICATION_FEE_PERCENT="2.5", STRIPE_APPLICATION_FEE_FIXED="30 EUR, 35 USD")
    acting = stripe.acting_for(double.connect())
    checkout = acting.create_checkout(ORDER)
    double.pay(checkout.id)
    (fee,) = double.all("application_fee")
    assert (fee["amount"], fee["currency"]) == (3116, "eur")
    payment = acting.get_checkout(checkout.id).payment_id
    acting.refund(RefundRequest(payment, 41_152, "EUR", key="r1"))
    assert double.all("application_fee")[0]["amount_refunded"] == 1038
    acting.refund(RefundRequest(payment, 82_304, "EUR", key="r2"))
    assert double.all("application_fee")[0]["refunded"]


@pytest.mark.parametrize(
    ("currency", "minor", "theirs"),
    [("JPY", 5_050, 126), ("KWD", 123_450, 3_080), ("MGA", 505_00, 12), ("ISK", 5_050, 12_600)],
)
def test_shares_as_stripe_takes_them(double: StripeDouble, currency: str, minor: int, theirs: int) -> None:
    acting = provider(double, STRIPE_APPLICATION_FEE_PERCENT="2.5").acting_for(double.connect())
    double.pay(acting.create_checkout(replace(ORDER, currency=currency, amount_minor=minor)).id)
    assert [fee["amount"] for fee in double.all("application_fee")] == [theirs]


def test_no_share_of_the_platforms_own_money(double: StripeDouble) -> None:
    stripe = provider(double, STRIPE_APPLICATION_FEE_PERCENT="2.5")
    checkout = stripe.create_checkout(ORDER)
    double.pay(checkout.id)
    assert double.all("application_fee") == []
    stripe.refund(RefundRequest(stripe.get_checkout(checkout.id).payment_id, 100, "EUR", key="r"))


def test_without_a_share_nothing_is_said_of_one(double: StripeDouble, platform: Stripe) -> None:
    acting = platform.acting_for(double.connect())
    checkout = acting.create_checkout(ORDER)
    double.pay(checkout.id)
    refund = acting.refund(RefundRequest(acting.get_checkout(checkout.id).payment_id, 100, "EUR", key="r"))
    assert refund.amount_minor == 100


@given(st.integers(1, 10**8), st.decimals(0, 99, places=2), st.integers(0, 10**6))
def test_a_share_is_never_all_of_it(amount: int, percent: Any, fixed: int) -> None:
    settings = StripeSettings.model_validate(
        {
            "STRIPE_SECRET_KEY": "sk_test_1", "STRIPE_WEBHOOK_SECRET": "whsec_1",
            "STRIPE_APPLICATION_FEE_PERCENT": percent, "STRIPE_APPLICATION_FEE_FIXED": f"{fixed} EUR",
        }
    )  # fmt: skip
    fee = settings.fee(amount, "EUR")
    assert 0 <= fee < amount
    assert fee == min(round(amount * percent / 100) + fixed, amount - 1)


@pytest.mark.parametrize("words", ["0.30 EUR", "30", "30 eur", "EUR 30"])
def test_a_share_that_is_not_written_as_expected(double: StripeDouble, words: str) -> None:
    with pytest.raises(ValidationError, match="30 EUR"):
        provider(double, STRIPE_APPLICATION_FEE_FIXED=words)


def test_accounts_are_apart(double: StripeDouble, platform: Stripe) -> None:
    one, two = (platform.acting_for(double.connect()) for _each in range(2))
    checkout = one.create_checkout(ORDER)
    double.pay(checkout.id)
    for other in (two, platform):
        with pytest.raises(NotFoundAtProvider):
            other.get_checkout(checkout.id)
        with pytest.raises(ProviderRejected):
            other.refund(RefundRequest(one.get_checkout(checkout.id).payment_id, 1, "EUR", key="r"))
    assert one.get_checkout(checkout.id).state is CheckoutState.PAID


def test_the_double_refuses_what_stripe_refuses(double: StripeDouble) -> None:
    import stripe

    client = stripe.StripeClient(double.key, base_addresses={"api": double.url}, max_network_retries=0)
    item = {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 100, "product_data": {"name": "x"}}}
    order: Any = {"mode": "payment", "line_items": [item], "success_url": BACK}
    account = double.connect()
    on: Any = {"stripe_account": account}
    nobody: Any = {}
    for fee, options, words in ((10, nobody, "direct payment"), (101, on, "greater"), (0, on, "Invalid integer")):
        asked: Any = {**order, "payment_intent_data": {"application_fee_amount": fee}}
        with pytest.raises(stripe.InvalidRequestError, match=words):
            client.v1.checkout.sessions.create(asked, options)
    double.allow(account, blocked="rejected.fraud")
    with pytest.raises(stripe.InvalidRequestError, match="make charges"):
        client.v1.checkout.sessions.create(order, {"stripe_account": account})
    link: Any = {"account": account, "type": "account_onboarding", "return_url": BACK, "refresh_url": BACK}
    with pytest.raises(stripe.InvalidRequestError, match="do not control"):
        client.v1.account_links.create(link)
    with pytest.raises(Refused):
        double.books.account("acct_unknown")


# --- webhooks ------------------------------------------------------------------------------------------------------


def test_what_is_told_about_accounts(double: StripeDouble, platform: Stripe) -> None:
    account = platform.open_account(ASKED)
    double.allow(account, wanted=["individual.id_number"])
    double.leave(account)
    told = [e for event in double.all("event", account) for e in platform.events(body_of(event))]
    assert [(e.kind, e.account) for e in told] == [
        (PaymentEventKind.ACCOUNT_CHANGED, account),
        (PaymentEventKind.ACCOUNT_LEFT, account),
    ]


def test_without_connect_accounts_of_others_are_nothing_to_us(double: StripeDouble) -> None:
    off, account = provider(double, STRIPE_CONNECT="false"), double.connect()
    double.allow(account)
    told = [e.kind for event in double.all("event", account) for e in off.events(body_of(event))]
    assert told == [PaymentEventKind.IGNORED]


def test_the_platforms_own_account_is_no_connected_one(double: StripeDouble, platform: Stripe) -> None:
    double.books.allow("")
    (event,) = double.all("event")
    assert [e.kind for e in platform.events(json.dumps(event).encode())] == [PaymentEventKind.IGNORED]
