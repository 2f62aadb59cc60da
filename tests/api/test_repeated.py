"""What is billed again and again, and what is done once more, by program."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.core.kernel.directory import AgencyView

BASE = "/api/v1/agencies/northwind"


def test_a_plan_gets_other_prices_from_a_day_on(owner: Any, agency: AgencyView) -> None:
    start = agencies.today() + timedelta(days=10)
    lines = [{"description": "Hosting", "unit_price": "20"}]
    plan = {"client_id": str(documents.client()), "title": "Hosting", "lines": lines, "start": start.isoformat()}
    made = owner.post(f"{BASE}/recurring", json=plan)
    assert made.status_code == 201, made.text
    one = f"{BASE}/recurring/{made.json['id']}"
    dearer = {"lines": [{**lines[0], "unit_price": "25"}], "since": (start + timedelta(days=40)).isoformat()}
    changed = owner.post(f"{one}/prices", json=dearer).json
    assert [each["since"] for each in changed["prices"]][1:] == [dearer["since"]]
    assert changed["prices"][1]["total_minor"] > changed["prices"][0]["total_minor"]
    early = owner.post(f"{one}/prices", json={**dearer, "since": "2020-01-01"})
    assert early.json["errors"][0]["pointer"] == "/since"
    coming = owner.get(f"{BASE}/recurring-ahead?plan={made.json['id']}").json["data"]
    assert {each["plan_id"] for each in coming} == {made.json["id"]}
    assert owner.get(f"{BASE}/retainers").json["data"] == []
    assert owner.delete(f"{one}/prices/{changed['prices'][1]['id']}").status_code == 204
    assert owner.delete(f"{one}/prices/{changed['prices'][0]['id']}").status_code == 409


def test_what_is_not_there_to_be_done_is_refused(owner: Any, member: Any, agency: AgencyView) -> None:
    invoice = f"{BASE}/invoices/{documents.issued('100')}"
    nothing = str(agency.id)
    assert owner.post(f"{invoice}/paid", json={"paid_on": "2026-01-01"}).status_code == 409
    credit = owner.post(f"{invoice}/credit-notes", json={"extent": "all", "reason": "Agreed"}).json
    note = f"{BASE}/credit-notes/{credit['id']}"
    assert owner.get(note).json == credit
    assert owner.get(f"{note}/pdf").mimetype == "application/pdf"
    assert owner.post(f"{note}/payments/{nothing}/refunds", json={"amount_minor": 100}).status_code == 422
    assert owner.post(f"{BASE}/audits/{nothing}/again").status_code == 404
    assert owner.post(f"{BASE}/mails/{nothing}/done").status_code == 404
    assert owner.post(f"{BASE}/retainers/{nothing}/look").status_code == 404
    assert member.post(f"{BASE}/mails/{nothing}/done").status_code == 403


def test_settings_have_what_their_page_has(owner: Any, agency: AgencyView) -> None:
    wanted = {"brand": "#123456", "payment_rule": "month_end", "voice_words": "Plain.", "writing_locale": "it-IT"}
    changed = owner.patch(f"{BASE}/settings", json=wanted)
    assert changed.status_code == 200, changed.text
    assert {name: changed.json[name] for name in wanted} == wanted
    assert owner.patch(f"{BASE}/settings", json={"brand": "red"}).status_code == 422
    assert owner.patch(f"{BASE}/settings", json={"bank_iban": "DE02120300000000202051"}).status_code == 422
