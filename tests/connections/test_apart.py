"""Two agencies with accounts of their own at the same vendor, at once: nothing is ever mixed, nothing is lost."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.client import Browser
from tests.connections.accounts import close_account, open_account, several
from tests.factories import documents
from tests.payments.stripe import SECRET, TYPES
from tests.threads import at_once
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.capabilities.storage import STORAGE
from webkit.core.extensions import Job
from webkit.core.kernel import db, frozen, inbox, links, runtime, tenancy, vendors
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.frozen import FrozenDocument
from webkit.core.kernel.ids import uuid7
from webkit.core.providers import ProviderRegistry
from webkit.messaging import jobs as mail_jobs
from webkit.messaging import service as messaging
from webkit.payments import models as payment_models
from webkit.payments import service as payments
from webkit.payments.models import PaymentState
from webkit.sdk.testing.doubles.resend import Resend
from webkit.sdk.testing.doubles.s3 import S3
from webkit.sdk.testing.doubles.stripe import SIGNATURE, StripeDouble, body_of, signature

EACH = 6
HOME = "https://studio.example/i/token"


@pytest.fixture
def pair(agency: AgencyView, other_agency: AgencyView) -> tuple[AgencyView, AgencyView]:
    db.release()
    return agency, other_agency


# --- mail -----------------------------------------------------------------------------------------


def _mail(nth: int) -> UUID:
    context = {"number": f"INV-{nth}", "title": "Shop", "client": {"name": "C"}, "total": 1, "currency": "EUR"}
    context |= {"due_date": "2026-12-04", "kind": "standard", "url": "https://studio.example/i/x"}
    to = f"client{nth}@caffeolmo.example"
    return messaging.send("invoice_sent", "Giulia", to, context=context, subject="invoice:1", locale="en")


def test_mail_leaves_through_its_own_account(app: Flask, pair: tuple[AgencyView, AgencyView]) -> None:
    with Resend({"re_one": "full"}, domains=None) as one, Resend({"re_two": "full"}, domains=None) as two, several(app):
        for view, double, key in zip(pair, (one, two), ("re_one", "re_two"), strict=True):
            sender = f"mail@{view.slug}.example"
            open_account(view.id, "email", "resend", sender=sender, api_key=key, api_url=double.url)
        calls = [_sending(view, nth) for nth in range(EACH) for view in pair]
        assert at_once(app, *calls) == [None] * len(calls)
        for view, double in zip(pair, (one, two), strict=True):
            taken = double.taken()
            assert len(taken) == EACH
            assert all(f"mail@{view.slug}.example" in mail.request["from"] for mail in taken)


def _sending(view: AgencyView, nth: int) -> Callable[[], None]:
    def send() -> None:
        with tenancy.tenant(view.id):
            mail_id = _mail(nth)
            mail_jobs.send(Job(uuid7(), view.id, {"mail_id": str(mail_id)}, 1, "job"))

    return send


# --- payments -------------------------------------------------------------------------------------


@pytest.fixture
def tills(app: Flask, pair: tuple[AgencyView, AgencyView]) -> Iterator[tuple[StripeDouble, StripeDouble]]:
    """Each agency's own Stripe, with a webhook secret of its own."""
    with StripeDouble(key="sk_test_one") as one, StripeDouble(key="sk_test_two") as two, several(app):
        for view, double in zip(pair, (one, two), strict=True):
            secret, base = f"{SECRET}_{view.slug}", double.url
            open_account(view.id, "payments", "stripe", secret_key=double.key, webhook_secret=secret, api_base=base)
        yield one, two


def _pay(view: AgencyView, reference: str, amount: int = 12_200) -> str:
    with tenancy.tenant(view.id):
        return payments.start(
            reference,
            amount,
            "EUR",
            description=view.slug,
            customer_email="giulia@caffeolmo.example",
            return_url=HOME,
            cancel_url=HOME,
        )


def _paid(double: StripeDouble, url: str) -> dict[str, Any]:
    double.pay(url.rpartition("/")[2])
    return [event for event in double.all("event") if event["type"] in TYPES][-1]


def _endpoint(view: AgencyView) -> str:
    with tenancy.tenant(view.id):
        return inbox.url("payments", "stripe", inbox.endpoint_of("payments", "stripe", _account(view)) or "")


def _account(view: AgencyView) -> UUID | None:
    with tenancy.tenant(view.id):
        return vendors.chosen(PAYMENTS).account_id


def _tell(app: Flask, url: str, event: dict[str, Any], secret: str) -> int:
    body = body_of(event)
    headers = {SIGNATURE: signature(secret, body, int(time.time()))}
    path = url.removeprefix(runtime.of(app).settings.base_url)
    return int(Context().run(app.test_client().post, path, data=body, headers=headers).status_code)


def _state(view: AgencyView, reference: str) -> PaymentState:
    with tenancy.tenant(view.id):
        return payments.of(reference)[-1].state


def test_money_goes_to_its_own_account(
    app: Flask, pair: tuple[AgencyView, AgencyView], tills: tuple[StripeDouble, StripeDouble]
) -> None:
    asked = [(view, f"thing:{view.slug}-{nth}") for nth in range(EACH) for view in pair]
    urls = at_once(app, *[lambda v=view, r=reference: _pay(v, r) for view, reference in asked])
    assert all(isinstance(url, str) for url in urls)
    for view, double in zip(pair, tills, strict=True):
        sessions = double.all("checkout.session")
        assert len(sessions) == EACH
        assert {session["client_reference_id"].partition("-")[0] for session in sessions} == {
            f"thing:{view.slug.partition('-')[0]}"
        }


def test_each_webhook_has_its_own_address_and_secret(
    app: Flask,
    pair: tuple[AgencyView, AgencyView],
    tills: tuple[StripeDouble, StripeDouble],
    run_jobs: Callable[[], int],
) -> None:
    one, two = pair
    event = _paid(tills[0], _pay(one, "thing:1"))
    _pay(two, "thing:1")
    secret, foreign = f"{SECRET}_{one.slug}", f"{SECRET}_{two.slug}"
    assert _tell(app, _endpoint(one), event, foreign) == 400
    assert _tell(app, "/webhooks/payments/stripe/platform", event, secret) == 404
    assert _tell(app, _endpoint(two), event, foreign) == 200  # genuine there, and about nothing of theirs
    run_jobs()
    assert (_state(one, "thing:1"), _state(two, "thing:1")) == (PaymentState.OPEN, PaymentState.OPEN)
    assert _tell(app, _endpoint(one), event, secret) == 200
    run_jobs()
    assert (_state(one, "thing:1"), _state(two, "thing:1")) == (PaymentState.SUCCEEDED, PaymentState.OPEN)


def test_an_agency_cannot_report_about_what_the_platform_took(
    app: Flask,
    pair: tuple[AgencyView, AgencyView],
    tills: tuple[StripeDouble, StripeDouble],
    run_jobs: Callable[[], int],
) -> None:
    view = pair[0]
    endpoint, secret = _endpoint(view), f"{SECRET}_{view.slug}"
    event = _paid(tills[0], _pay(view, "thing:own"))
    with tenancy.tenant(view.id), db.writing():
        payment_models.of_reference("thing:own")[0].checkout_id = "cs_else"
        db.session().flush()
        platform = payment_models.Payment(reference="thing:2", provider="stripe", amount_minor=12_200, currency="EUR")
        platform.checkout_id = event["data"]["object"]["id"]
        payment_models.add(platform)
    event["data"]["object"]["client_reference_id"] = "thing:2"
    event["data"]["object"]["metadata"] = {}
    assert _tell(app, endpoint, event, secret) == 200
    run_jobs()
    assert _state(view, "thing:2") == PaymentState.OPEN


def test_money_goes_back_the_way_it_came(
    app: Flask,
    pair: tuple[AgencyView, AgencyView],
    tills: tuple[StripeDouble, StripeDouble],
    run_jobs: Callable[[], int],
) -> None:
    view, double = pair[0], tills[0]
    endpoint, secret = _endpoint(view), f"{SECRET}_{view.slug}"
    event = _paid(double, _pay(view, "thing:1"))
    close_account(view.id, "payments")  # it leaves before the webhook comes, and that still finds its way
    assert _tell(app, endpoint, event, secret) == 200
    run_jobs()
    with tenancy.tenant(view.id):
        assert vendors.chosen(PAYMENTS).name == "local"
        payment = payments.of("thing:1")[0]
        assert (payment.state, payment.refundable_minor) == (PaymentState.SUCCEEDED, 12_200)
        payments.ask_refund("thing:1", payment.id, 2_000, "user:test")
    run_jobs()
    refunds = double.all("refund")
    assert [refund["amount"] for refund in refunds] == [2_000] and tills[1].all("refund") == []
    with tenancy.tenant(view.id):
        assert payments.of("thing:1")[0].returned_minor == 2_000


# --- files ----------------------------------------------------------------------------------------


def test_a_file_is_found_after_the_storage_changed(app: Flask, pair: tuple[AgencyView, AgencyView]) -> None:
    view = pair[0]
    with (
        S3(key_id="AK1", secret="one", buckets=("first",), region="auto") as one,
        S3(key_id="AK2", secret="two", buckets=("second",), region="auto") as two,
        several(app),
    ):
        platform = _keep(view, b"%PDF platform")
        _bucket(view, one, "first")
        first = _keep(view, b"%PDF first")
        _bucket(view, two, "second")
        second = _keep(view, b"%PDF second")
        close_account(view.id, "storage")
        assert (len(one.objects["first"]), len(two.objects["second"])) == (1, 1)
        with tenancy.tenant(view.id):
            found = [frozen.ensure_pdf(document) for document in (platform, first, second)]
        assert found == [b"%PDF platform", b"%PDF first", b"%PDF second"]


def _bucket(view: AgencyView, double: S3, bucket: str) -> None:
    keys = {"access_key_id": double.key_id, "secret_access_key": double.secret}
    open_account(view.id, "storage", "r2", endpoint=double.url, bucket=bucket, **keys)


def _keep(view: AgencyView, content: bytes) -> UUID:
    """A frozen document whose PDF lies where the agency keeps its files now."""
    with tenancy.tenant(view.id):
        with db.writing():
            made = frozen.freeze("note", uuid7(), number="N", template="none", snapshot={"agency": {}}, locale="en")
        vendor = vendors.chosen(STORAGE)
        db.release()
        key = f"documents/{view.id}/note/{made.id}.pdf"
        vendor.connect().put(key, io.BytesIO(content), content_type="application/pdf")
        with db.writing() as unit:
            row = unit.get_one(FrozenDocument, made.id)
            row.pdf_key, row.pdf_account, row.pdf_hash = key, vendor.account_id, "0" * 64
        return made.id


# --- every process --------------------------------------------------------------------------------


def test_another_process_sees_a_change_with_the_next_call(app: Flask, pair: tuple[AgencyView, AgencyView]) -> None:
    """A registry is a process's own: the second one stands for another process that built its object long ago."""
    view, here = pair[0], runtime.of(app)
    account = open_account(view.id, "payments", "stripe", secret_key="sk_a", webhook_secret="whsec_a")

    def key() -> str:
        with tenancy.tenant(view.id):
            settings: Any = vars(vendors.chosen(PAYMENTS).connect())["_settings"]
            return str(settings.secret_key.get_secret_value())

    others = [here.registry, _fresh(app)]
    for registry in others:
        here.registry = registry
        assert key() == "sk_a"
    with tenancy.tenant(view.id), db.writing() as unit:
        row = unit.get_one(vendors.ProviderAccount, account)
        row.sealed, row.version = here.keys.seal('{"secret_key": "sk_b", "webhook_secret": "whsec_b"}'), 2
    for registry in reversed(others):
        here.registry = registry
        assert key() == "sk_b"


def _fresh(app: Flask) -> ProviderRegistry:
    here = runtime.of(app)
    return ProviderRegistry({"WEBKIT_DATA": str(here.settings.data)}, here.plugins.providers)


def test_a_clients_page_may_lead_to_the_agencys_own_checkout(
    app: Flask, agency: AgencyView, anonymous: Browser
) -> None:
    with several(app, STRIPE_CHECKOUT_ORIGIN="https://pay.northwind.example"):
        invoice = documents.issued("100")
        path = f"/i/{links.token_for('i', invoice)}"
        db.release()
        assert "pay.northwind.example" not in anonymous.get(path).headers["Content-Security-Policy"]
        keys = {"secret_key": "sk_test_one", "webhook_secret": SECRET, "api_base": "http://127.0.0.1:9"}
        open_account(agency.id, "payments", "stripe", **keys)
        assert "https://pay.northwind.example" in anonymous.get(path).headers["Content-Security-Policy"]
