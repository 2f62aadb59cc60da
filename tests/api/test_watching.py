"""Webhooks and the log, as programs read them."""

from __future__ import annotations

from typing import Any

import pytest

from webkit.core.kernel import clock, outbound
from webkit.core.kernel.directory import AgencyView
from webkit.endpoints import service

BASE = "/api/v1/agencies/northwind"


def test_webhooks_are_read_paused_and_resumed(
    agency: AgencyView, owner: Any, member: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "lookup", lambda _host: ["93.184.215.14"])
    kind = service.offered()[0][1][0].kind
    made = service.create("https://hooks.example/in", "Shop", [kind], "system")
    one = f"{BASE}/webhooks/{made.endpoint.id}"
    assert [each["id"] for each in owner.get(f"{BASE}/webhooks").json["data"]] == [str(made.endpoint.id)]
    assert kind in [each["kind"] for each in owner.get(f"{BASE}/webhook-events").json["data"]]
    told = owner.get(one)
    assert told.json["url"] == "https://hooks.example/in" and made.secret not in told.text
    assert owner.post(f"{one}/pause").json["state"] == "paused"
    assert owner.post(f"{one}/resume").json["state"] == "active"
    assert owner.get(f"{one}/deliveries?state=waiting").json == {"data": [], "next": None}
    assert owner.get(f"{one}/deliveries/{agency.id}").status_code == 404
    assert owner.post(f"{one}/deliveries/{agency.id}/replay").status_code == 404
    span = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00+01:00"}
    assert owner.post(f"{one}/replay", json=span).json == {"count": 0}
    assert owner.post(f"{one}/replay", json={**span, "until": "9999-12-31T23:59:59-12:00"}).status_code == 422
    assert member.get(f"{BASE}/webhooks").status_code == 403
    assert owner.get(f"{BASE}/webhooks/{agency.id}").status_code == 404
    assert owner.delete(one).status_code == 204
    assert owner.get(one).status_code == 404


def test_the_log_is_the_agencys_and_the_owners(agency: AgencyView, owner: Any, member: Any, stranger: Any) -> None:
    owner.post(f"{BASE}/clients", json={"name": "Birch", "country": "DE"})
    found = owner.get(f"{BASE}/log?limit=1").json
    assert len(found["data"]) == 1 and found["data"][0]["at"] <= clock.now().isoformat()
    assert owner.get(f"{BASE}/log?user={agency.id}").json["data"] == []
    assert all(each["action"].startswith("zzz") for each in owner.get(f"{BASE}/log?action=zzz").json["data"])
    assert member.get(f"{BASE}/log").status_code == 403
    assert stranger.get(f"{BASE}/log").status_code == 404
