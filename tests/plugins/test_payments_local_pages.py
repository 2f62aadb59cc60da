from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from plugins.payments_local import courier
from plugins.payments_local.ledger import Ledger
from webkit.core.kernel.i18n import gettext
from webkit.core.mounting import mount
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.sdk import PAYMENTS, CheckoutState, Payments
from webkit.sdk.testing.payments import ORDER


class Shop:
    """An application that has the bundled plugins and nothing else."""

    def __init__(self, data: Path, provider: str = "local") -> None:
        plugins = load_plugins()
        registry = ProviderRegistry({"WEBKIT_DATA": str(data), "PAYMENTS_PROVIDER": provider}, plugins.providers)
        app = Flask("shop")
        app.extensions["webkit"] = SimpleNamespace(registry=registry)
        app.jinja_env.globals["_"] = gettext
        mount(app, plugins)
        self.registry, self.client = registry, app.test_client()
        self.ledger = Ledger(data / "payments_local")

    @property
    def payments(self) -> Payments:
        return self.registry.get(PAYMENTS)

    def open(self) -> tuple[str, str]:
        told_at = "http://127.0.0.1:8000/webhooks/payments/local/endpoint"
        order = replace(ORDER, description="<b>Anticipo</b> & saldo", notify_url=told_at)
        checkout = self.payments.create_checkout(order)
        return checkout.id, checkout.url.removeprefix("http://127.0.0.1:8000")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(courier, "start", lambda ledger, checkout_id: None)
    return Shop(tmp_path)


@pytest.fixture
def client(shop: Shop) -> FlaskClient:
    return shop.client


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_shows_what_is_to_be_paid(shop: Shop, client: FlaskClient) -> None:
    _, url = shop.open()
    response = client.get(url)
    assert response.status_code == 200
    assert "€1,234.56" in response.text
    assert "&lt;b&gt;Anticipo&lt;/b&gt; &amp; saldo" in response.text
    assert "2026-0042" in response.text
    assert 'href="http://127.0.0.1:8000/i/token"' in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_the_page_needs_no_script_and_no_inline_style(shop: Shop, client: FlaskClient) -> None:
    _, url = shop.open()
    html = client.get(url).text
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", html)
    stylesheet = re.search(r'rel="stylesheet" href="([^"]+)"', html)
    assert stylesheet is not None
    with client.get(stylesheet[1]) as css:
        assert css.mimetype == "text/css"


def test_paying_leads_back_to_the_merchant(shop: Shop, client: FlaskClient) -> None:
    id, url = shop.open()
    response = client.post(f"{url}/pay")
    assert (response.status_code, response.location) == (303, ORDER.success_url)
    assert shop.payments.get_checkout(id).state is CheckoutState.PAID
    assert client.post(f"{url}/pay").status_code == 303
    assert len(shop.ledger.get(id).events) == 1
    page = words(client.get(url).text)
    assert "Paid." in page
    assert "Dispute this payment" in page
    assert "Pay €" not in page


def test_failing_leads_back_to_the_page_and_can_be_repeated(shop: Shop, client: FlaskClient) -> None:
    id, url = shop.open()
    response = client.post(f"{url}/fail", follow_redirects=True)
    assert "The bank declined the payment" in response.text
    assert shop.payments.get_checkout(id).state is CheckoutState.FAILED
    client.post(f"{url}/pay")
    assert shop.payments.get_checkout(id).state is CheckoutState.PAID
    late = client.post(f"{url}/fail")
    assert late.status_code == 409
    assert "Paid." in late.text


def test_a_payment_can_be_disputed_once(shop: Shop, client: FlaskClient) -> None:
    id, url = shop.open()
    assert client.post(f"{url}/dispute").status_code == 409
    client.post(f"{url}/pay")
    response = client.post(f"{url}/dispute", follow_redirects=True)
    assert "Paid, and then disputed." in response.text
    assert "Dispute this payment" not in response.text
    client.post(f"{url}/dispute")
    assert [event.type for event in shop.ledger.get(id).events] == ["checkout.paid", "payment.disputed"]


def test_an_expired_checkout_says_so(shop: Shop, client: FlaskClient) -> None:
    id, url = shop.open()
    with shop.ledger.changing(id) as record:
        record.expires = "2020-01-01T00:00:00+00:00"
    assert "This checkout has expired" in client.get(url).text
    assert client.post(f"{url}/pay").status_code == 409


@pytest.mark.parametrize("id", ["co_" + "0" * 32, "unknown", "..%2f..%2fsecret", "%00"])
def test_an_unknown_checkout_is_404(client: FlaskClient, id: str) -> None:
    assert client.get(f"/x/payments_local/checkout/{id}").status_code == 404
    assert client.post(f"/x/payments_local/checkout/{id}/pay").status_code == 404


def test_looking_changes_nothing_and_acts_are_posts(shop: Shop, client: FlaskClient) -> None:
    _, url = shop.open()
    assert client.get(f"{url}/pay").status_code == 405
    assert client.post(f"{url}/steal").status_code == 404


def test_the_pages_do_not_exist_when_another_vendor_is_chosen(shop: Shop, tmp_path: Path) -> None:
    _, url = shop.open()
    assert shop.client.get(url).status_code == 200
    elsewhere = Shop(tmp_path, provider="stripe").client
    assert elsewhere.get(url).status_code == elsewhere.post(f"{url}/pay").status_code == 404
