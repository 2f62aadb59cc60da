"""The API as programs use it: pages, tags, keys, problems."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.factories import documents, proposals, quotations
from tests.factories.people import Person
from tests.threads import at_once
from webkit.api import repeats
from webkit.api.table import OPERATIONS
from webkit.core.kernel import clock, db
from webkit.core.kernel.directory import AgencyView
from webkit.tokens import service as tokens

BASE = "/api/v1/agencies/northwind"
CLIENT = {"name": "Birch & Co", "email": "hi@birch.example", "country": "DE"}


@pytest.fixture
def client_id(owner: Any) -> str:
    made = owner.post(f"{BASE}/clients", json=CLIENT)
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def draft(client_id: str, **more: Any) -> dict[str, Any]:
    line = {"description": "Design", "quantity": "2", "unit_price": "100.50"}
    return {"client_id": client_id, "title": "Website", "lines": [line], **more}


def problem(answer: Any, code: int) -> dict[str, Any]:
    assert (answer.status_code, answer.mimetype) == (code, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json
    assert told["status"] == code
    assert told["request_id"]
    return told


def test_a_client_is_made_read_changed_and_put_away(owner: Any, client_id: str) -> None:
    one = f"{BASE}/clients/{client_id}"
    assert owner.get(one).json["name"] == "Birch & Co"
    assert owner.put(one, json={**CLIENT, "city": "Kiel"}).json["city"] == "Kiel"
    assert owner.post(f"{one}/archive").json["active"] is False
    assert owner.post(f"{one}/restore").json["active"] is True


def test_what_was_made_says_where_it_is(owner: Any, agency: AgencyView) -> None:
    made = owner.post(f"{BASE}/clients", json=CLIENT)
    assert owner.get(made.headers["Location"]).json == made.json


def test_a_list_is_read_page_by_page(owner: Any, agency: AgencyView) -> None:
    names = [f"Client {n}" for n in range(5)]
    for name in names:
        owner.post(f"{BASE}/clients", json={"name": name, "country": "DE"})
    found, cursor = [], ""
    while True:
        page = owner.get(f"{BASE}/clients?limit=2{cursor}")
        found += [each["name"] for each in page.json["data"]]
        if page.json["next"] is None:
            break
        assert f"cursor={page.json['next']}" in page.headers["Link"]
        cursor = f"&cursor={page.json['next']}"
    assert found == names
    assert [each["name"] for each in owner.get(f"{BASE}/clients?q=Client+3").json["data"]] == ["Client 3"]


def test_an_invoice_from_draft_to_credit(owner: Any, client_id: str) -> None:
    made = owner.post(f"{BASE}/invoices", json=draft(client_id)).json
    assert (made["state"], made["figures"]["totals"]["net_minor"]) == ("draft", 20100)
    one = f"{BASE}/invoices/{made['id']}"
    changed = owner.put(one, json=draft(client_id, discount={"percent": "10"})).json
    assert changed["figures"]["totals"]["discount_minor"] == 2010
    issued = owner.post(f"{one}/issue", json={})
    assert issued.json["number"], issued.text
    assert owner.get(f"{BASE}/invoices?state=issued").json["data"][0]["id"] == made["id"]
    note = owner.post(f"{one}/credit-notes", json={"extent": "all", "reason": "Agreed"})
    assert note.status_code == 201, note.text
    assert note.json["total_minor"] == issued.json["total_minor"]
    assert len(owner.get(f"{one}/credit-notes").json["data"]) == 1
    kinds = [each["kind"] for each in owner.get(f"{one}/events?limit=1").json["data"]]
    assert len(kinds) == 1
    assert problem(owner.delete(one), 409)["detail"]


def test_the_same_key_does_it_once(owner: Any, agency: AgencyView) -> None:
    key = {"Idempotency-Key": "one"}
    first = owner.post(f"{BASE}/clients", json=CLIENT, headers=key)
    again = owner.post(f"{BASE}/clients", json=CLIENT, headers=key)
    assert (again.status_code, again.data, again.headers["Location"]) == (201, first.data, first.headers["Location"])
    assert again.headers["Idempotency-Replayed"] == "true"
    other = problem(owner.post(f"{BASE}/clients", json={**CLIENT, "city": "Kiel"}, headers=key), 422)
    assert other["errors"][0]["header"] == "Idempotency-Key"


def test_a_refusal_is_not_kept_under_a_key(owner: Any, client_id: str) -> None:
    key = {"Idempotency-Key": "two"}
    problem(owner.post(f"{BASE}/clients", json=CLIENT, headers=key), 422)
    owner.put(f"{BASE}/clients/{client_id}", json={**CLIENT, "email": "else@birch.example"})
    assert owner.post(f"{BASE}/clients", json=CLIENT, headers=key).status_code == 201


def test_tags(owner: Any, client_id: str) -> None:
    one = f"{BASE}/clients/{client_id}"
    tag = owner.get(one).headers["ETag"]
    assert owner.get(one, headers={"If-None-Match": tag}).status_code == 304
    kept = owner.put(one, json={**CLIENT, "city": "Kiel"}, headers={"If-Match": tag})
    assert kept.status_code == 200
    problem(owner.put(one, json=CLIENT, headers={"If-Match": tag}), 412)
    assert owner.put(one, json=CLIENT, headers={"If-Match": kept.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        ({**CLIENT, "archived": True}, "/archived"),
        ({**CLIENT, "agency_id": "x"}, "/agency_id"),
        ({**CLIENT, "name": 5}, "/name"),
        ({**CLIENT, "email": "nobody"}, "/email"),
        ({"country": "DE"}, "/name"),
        ([], "/"),
    ],
)
def test_each_wrong_field_is_pointed_at(owner: Any, agency: AgencyView, sent: Any, pointer: str) -> None:
    told = problem(owner.post(f"{BASE}/clients", json=sent), 422)
    assert pointer in [each["pointer"] for each in told["errors"]]


def test_a_wrong_line_is_pointed_at(owner: Any, client_id: str) -> None:
    sent = draft(client_id)
    sent["lines"].append({"description": "More", "unit_price": "1e5"})
    told = problem(owner.post(f"{BASE}/invoices", json=sent), 422)
    assert [each["pointer"] for each in told["errors"]] == ["/lines/1/unit_price"]
    sent["lines"][1] = {"description": "More", "unit_price": "1", "rate": "nothing"}
    told = problem(owner.post(f"{BASE}/invoices", json=sent), 422)
    assert [each["pointer"] for each in told["errors"]] == ["/lines/1/rate"]


@pytest.mark.parametrize("asked", ["limit=0", "limit=1000", "cursor=x", "color=red", "sort=tax", "limit=1&limit=2"])
def test_what_stands_behind_the_address_is_checked(owner: Any, agency: AgencyView, asked: str) -> None:
    told = problem(owner.get(f"{BASE}/clients?{asked}"), 422)
    assert told["errors"][0]["parameter"] == asked.partition("=")[0]


def test_other_problems(owner: Any, agency: AgencyView, anonymous: Any, stranger: Any) -> None:
    clients = f"{BASE}/clients"
    problem(owner.get("/api/v1/nothing"), 404)
    problem(owner.get(f"{clients}/{'0' * 8}-0000-7000-8000-{'0' * 12}"), 404)
    told = owner.patch(clients)
    assert problem(told, 405)
    assert told.headers["Allow"]
    problem(owner.post(clients, data="name=x"), 415)
    problem(owner.post(clients, data="{", content_type="application/json"), 400)
    problem(owner.post(clients, data=b" " * 600_000, content_type="application/json"), 413)
    assert "Bearer" in anonymous.get(clients).headers["WWW-Authenticate"]
    problem(anonymous.get(clients), 401)
    problem(stranger.get(clients), 404)
    problem(owner.post(clients, json=CLIENT, headers={"Sec-Fetch-Site": "cross-site"}), 403)


def test_a_member_is_held_to_their_role(member: Any, agency: AgencyView, client_id: str) -> None:
    problem(member.post(f"{BASE}/clients/{client_id}/archive"), 403)


def test_two_at_once_with_one_key_make_one(app: Flask, agency: AgencyView, ada: Person) -> None:
    key = tokens.create_for_agency(ada.id, "twice", ["clients:write"], 30).key
    db.release()
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "both"}
    answers: list[Any] = at_once(
        app,
        lambda: app.test_client().post(f"{BASE}/clients", json=CLIENT, headers=headers),
        lambda: app.test_client().post(f"{BASE}/clients", json=CLIENT, headers=headers),
    )
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json["id"] == answers[1].json["id"]


def test_a_key_reaches_as_far_as_its_scopes(app: Flask, agency: AgencyView, ada: Person, anonymous: Any) -> None:
    headers = _with(tokens.create_for_agency(ada.id, "one", ["clients:read"], 30).key)
    assert anonymous.get(f"{BASE}/clients", headers=headers).status_code == 200
    assert anonymous.get("/api/v1/me", headers=headers).json["scopes"] == ["clients:read"]
    assert anonymous.get(BASE, headers=headers).json["slug"] == "northwind"
    problem(anonymous.post(f"{BASE}/clients", json=CLIENT, headers=headers), 403)
    problem(anonymous.get(f"{BASE}/invoices", headers=headers), 403)
    problem(anonymous.get("/api/v1/agencies/harbour-pine/clients", headers=headers), 404)
    problem(anonymous.get(f"{BASE}/clients", headers=_with("wka_nothing")), 401)


def test_a_key_that_reads_changes_nothing(app: Flask, agency: AgencyView, ada: Person, anonymous: Any) -> None:
    """Copies are made from what one may look at: whoever makes one has to be allowed to begin one, too."""
    headers = _with(tokens.create_for_agency(ada.id, "one", ["read"], 30).key)
    client_id = documents.client()
    copied = {"proposals.duplicate": proposals.draft(client_id), "quotations.duplicate": quotations.draft(client_id)}
    writes = [each for each in OPERATIONS if each.method not in ("GET", "HEAD")]
    looking = {each.name for each in writes if str(each.permission).endswith(".view")}
    assert looking == {*copied, "payouts.ask"}
    problem(anonymous.post(f"{BASE}/payouts/ask", headers=headers), 403)
    for kind in ("proposals", "quotations"):
        path = f"{BASE}/{kind}/{copied[f'{kind}.duplicate']}/duplicate"
        problem(anonymous.post(path, headers=headers), 403)


def test_a_key_counts_and_not_the_session_beside_it(owner: Any, agency: AgencyView) -> None:
    problem(owner.get(f"{BASE}/clients", headers=_with("wka_nothing")), 401)


def test_kept_answers_are_forgotten_after_a_day(owner: Any, agency: AgencyView) -> None:
    key = {"Idempotency-Key": "late"}
    sent = {"name": "No address", "country": "DE"}
    first = owner.post(f"{BASE}/clients", json=sent, headers=key).json["id"]
    with clock.frozen(clock.now() + repeats.KEPT + timedelta(minutes=1)):
        assert owner.post(f"{BASE}/clients", json=sent, headers=key).json["id"] != first


def _with(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_short_lists_have_pages_too(owner: Any, agency: AgencyView) -> None:
    first = owner.get(f"{BASE}/members?limit=1").json
    after = owner.get(f"{BASE}/members?limit=1&cursor={first['next']}").json
    assert [len(first["data"]), len(after["data"]), after["next"]] == [1, 1, None]
    assert first["data"] != after["data"]


def test_a_deal_by_program(owner: Any, client_id: str) -> None:
    """A quotation and a proposal are written, sent and withdrawn; a payment is recorded against an invoice."""
    line = {"id": "a", "section": "s", "name": "Felt", "price": "4.20", "quantity": "38"}
    quoted = {"client_id": client_id, "title": "A room"}
    made = owner.post(f"{BASE}/quotations", json=quoted).json
    one = f"{BASE}/quotations/{made['id']}"
    offer = {"sections": [{"id": "s", "title": "Walls"}], "lines": [line]}
    wrong = {**offer, "lines": [{**line, "tax": "nothing"}]}
    assert owner.put(one, json={**quoted, "offer": wrong}).json["total_minor"] is None
    told = problem(owner.post(f"{one}/send", json={}), 422)
    assert told["errors"][0]["pointer"] == "/offer/lines/0/tax"
    assert owner.put(one, json={**quoted, "offer": offer}).json["total_minor"]
    sent = owner.post(f"{one}/send", json={"to_email": "hi@birch.example", "to_name": "Birch"})
    assert sent.json["state"] == "sent", sent.text
    assert owner.get(f"{one}/link").json["url"].startswith("http")
    assert owner.post(f"{one}/withdraw", json={"reason": "Another one"}).json["state"] == "withdrawn"

    invoice = owner.post(f"{BASE}/invoices", json=draft(client_id)).json
    issued = owner.post(f"{BASE}/invoices/{invoice['id']}/issue", json={}).json
    paid = {
        "client_id": client_id,
        "method": "bank",
        "day": issued["issue_date"],
        "currency": issued["currency"],
        "amount_minor": issued["due_minor"],
        "invoices": [{"invoice_id": invoice["id"], "amount_minor": issued["due_minor"]}],
    }
    recorded = owner.post(f"{BASE}/payments", json=paid)
    assert recorded.status_code == 201, recorded.text
    assert owner.get(f"{BASE}/invoices/{invoice['id']}").json["state"] == "paid"
    assert owner.get(f"{BASE}/reports/revenue").json["name"] == "revenue"


def test_an_amount_that_is_wrong_is_pointed_at(owner: Any, client_id: str) -> None:
    invoice = owner.post(f"{BASE}/invoices", json=draft(client_id)).json
    issued = owner.post(f"{BASE}/invoices/{invoice['id']}/issue", json={}).json
    credit = {"extent": "amount", "reason": "Agreed", "amount_minor": issued["total_minor"] + 1}
    problem(owner.post(f"{BASE}/invoices/{invoice['id']}/credit-notes", json=credit), 422)
