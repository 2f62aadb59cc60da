"""What an agency decides, by program."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import documents
from webkit.core.kernel.directory import AgencyView

BASE = "/api/v1/agencies/northwind"


@pytest.mark.parametrize(
    "path",
    ["settings/tax", "settings/reminders", "settings/charges", "settings/accounts"],
)
def test_what_is_read_can_be_sent_back(owner: Any, member: Any, agency: AgencyView, path: str) -> None:
    one = f"{BASE}/{path}"
    told = owner.get(one)
    assert told.status_code == 200, told.text
    kept = owner.put(one, json=told.json)
    assert (kept.status_code, kept.json) == (200, told.json), kept.text
    assert member.put(one, json=told.json).status_code == 403


def test_numbers_are_patterns_and_begin_where_one_says(owner: Any, agency: AgencyView) -> None:
    wanted = [{"key": "invoice", "pattern": "RE-{year}-{n:4}", "start": 41}]
    told = owner.put(f"{BASE}/settings/numbers", json={"series": wanted})
    assert told.status_code == 200, told.text
    assert next(each["next"] for each in told.json["series"] if each["key"] == "invoice").endswith("0041")
    wrong = owner.put(f"{BASE}/settings/numbers", json={"series": [{"key": "invoice", "pattern": "x"}]})
    assert wrong.json["errors"][0]["pointer"] == "/series/0/pattern"
    branch = {"name": "Trieste", "pattern": "TS-{year}-{n:4}"}
    made = owner.post(f"{BASE}/settings/number-series", json=branch)
    assert made.status_code == 201, made.text
    one = f"{BASE}/settings/number-series/{made.json['key']}"
    assert owner.put(one, json={**branch, "closed": True}).json["closed"] is True
    assert owner.get(one).json["name"] == "Trieste"
    assert owner.get(f"{BASE}/settings/number-series/none").status_code == 404


def test_reminders_are_held_to_the_same_rules(owner: Any, agency: AgencyView) -> None:
    one = f"{BASE}/settings/reminders"

    def pointed(**more: Any) -> list[str]:
        return [each["pointer"] for each in owner.put(one, json=more).json["errors"]]

    assert pointed(since_hour=18, until_hour=9) == ["/until_hour"]
    assert pointed(fee_mode="issue", fee_percent="51") == ["/fee_percent", "/fee_rate"]
    assert pointed(steps=[{"days": -3, "fee": True}]) == ["/steps/0/fee"]
    steps = [{"days": 3, "words": "", "fee": False}, {"days": -2, "words": "Soon", "fee": False}]
    assert owner.put(one, json={"active": True, "steps": steps}).status_code == 200
    assert sorted(each["days"] for each in owner.get(one).json["steps"]) == [-2, 3]
    client = f"{BASE}/clients/{documents.client()}/reminders"
    kept = owner.put(client, json={"off": True, "timezone": "Europe/Rome"}).json
    assert owner.get(client).json == kept == {"off": True, "timezone": "Europe/Rome"}


def test_choices_are_the_agencys_own(owner: Any, agency: AgencyView) -> None:
    question = owner.get(f"{BASE}/consultation-choices?limit=1").json["data"][0]
    one = f"{BASE}/consultation-choices/{question['question']}"
    own = owner.put(one, json={"choices": ["Bicycles", "Boats"]})
    assert [each["words"] for each in own.json["choices"]] == ["Bicycles", "Boats"], own.text
    assert owner.put(one, json={"choices": []}).json == question


def test_the_catalogue_is_copied_and_put_in_order(owner: Any, agency: AgencyView) -> None:
    first = {"name": "Site", "currency": "EUR", "pricing_model": "lump_sum", "one_time_price": 100}
    made = owner.post(f"{BASE}/packages", json=first)
    assert made.status_code == 201, made.text
    one = f"{BASE}/packages/{made.json['id']}"
    copy = owner.post(f"{one}/duplicate").json
    assert owner.post(f"{one}/move", json={"step": 1}).status_code == 200
    assert [each["id"] for each in owner.get(f"{BASE}/packages").json["data"]] == [copy["id"], made.json["id"]]


def test_texts_and_templates(owner: Any, agency: AgencyView) -> None:
    text = owner.post(f"{BASE}/quotation-texts", json={"kind": "terms", "title": "Payment", "text": "Soon."}).json
    one = f"{BASE}/quotation-texts/{text['id']}"
    assert owner.put(one, json={"title": "Payment", "text": "At once."}).json["text"] == "At once."
    template = owner.post(f"{BASE}/quotation-templates", json={"title": "A room"}).json
    path = f"{BASE}/quotation-templates/{template['id']}"
    offer = {"terms": [{"title": "Payment", "text": "", "block": text["id"]}]}
    kept = owner.put(path, json={"title": "A room", "offer": offer, "valid_days": 30})
    assert kept.status_code == 200, kept.text
    assert owner.post(f"{path}/duplicate").json["offer"] == kept.json["offer"]
    assert owner.delete(path).status_code == 204
    assert owner.delete(one).status_code == 204
    assert [each["title"] for each in owner.get(f"{BASE}/quotation-texts").json["data"]] == []

    invoice = documents.draft()
    assert owner.post(f"{BASE}/invoices/{invoice}/template", json={"name": "Monthly"}).json["lines"] == 1
    listed = owner.get(f"{BASE}/invoice-templates").json["data"]
    kept = owner.get(f"{BASE}/invoice-templates/{listed[0]['id']}").json
    assert kept["rows"][0]["unit_price"] and kept["name"] == "Monthly"
    assert owner.delete(f"{BASE}/invoice-templates/{listed[0]['id']}").status_code == 204


def test_versions_of_a_consultation_come_back(owner: Any, agency: AgencyView) -> None:
    made = owner.post(f"{BASE}/consultations", json={"client_id": str(documents.client())}).json
    one = f"{BASE}/consultations/{made['id']}"
    owner.patch(one, json={"answers": {"business_name": "Lario"}})
    newest = owner.get(f"{one}/versions?limit=1").json
    assert newest["data"][0]["changed"] == ["business_name"]
    back = owner.post(f"{one}/restore", json={"version": newest["data"][0]["parent"]}).json
    assert back["answers"].get("business_name") != "Lario"
