"""Saved payment methods and charges, by program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from tests.charges.conftest import client_id as client_id
from tests.charges.conftest import double as double
from tests.charges.conftest import invoice as invoice
from tests.charges.conftest import served as served
from tests.charges.making import left
from webkit.sdk.testing.doubles.stripe import StripeDouble

BASE = "/api/v1/agencies/northwind"


def test_a_method_is_charged_and_removed(
    owner: Any, member: Any, client_id: UUID, invoice: UUID, double: StripeDouble, run_jobs: Callable[[], Any]
) -> None:
    of, bill = f"{BASE}/clients/{client_id}/payment-methods", f"{BASE}/invoices/{invoice}"
    assert owner.post(f"{of}/invite").status_code == 204
    method = str(left(double, client_id))
    assert [each["usable"] for each in owner.get(of).json["data"]] == [True]
    assert [each["id"] for each in owner.get(f"{BASE}/payment-methods").json["data"]] == [method]
    assert owner.get(f"{bill}/collection").json["state"] is None
    assert owner.post(f"{bill}/collection").json["state"] == "waiting"
    assert [each["invoice_id"] for each in owner.get(f"{BASE}/collections").json["data"]] == [str(invoice)]
    assert owner.delete(f"{bill}/collection").json["state"] == "stopped"
    assert member.post(f"{bill}/charges", json={"method_id": method}).status_code in (403, 404)
    asked = owner.post(f"{bill}/charges", json={"method_id": method})
    assert (asked.status_code, asked.json["state"]) == (201, "asked"), asked.text
    assert owner.post(f"{bill}/charges", json={"method_id": method}).status_code == 409
    run_jobs()
    one = f"{BASE}/charges/{asked.json['id']}"
    assert owner.get(one).json["state"] == "paid"
    assert owner.post(f"{one}/call-off").json["state"] == "paid"
    assert [each["id"] for each in owner.get(f"{bill}/charges").json["data"]] == [asked.json["id"]]
    assert owner.delete(f"{BASE}/payment-methods/{method}").status_code == 204
    assert owner.get(f"{BASE}/payment-methods/{method}").json["usable"] is False
