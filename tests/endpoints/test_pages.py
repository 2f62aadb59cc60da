"""The pages of endpoints: who may, what is shown once, what is written down; and the example in the docs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.client import Browser
from tests.endpoints.receiver import Receiver
from webkit.core.kernel import clock, db, runtime, tenancy
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.endpoints import pages, payload, service
from webkit.endpoints.example import verify
from webkit.endpoints.models import Endpoint

BASE = "/northwind/settings/webhooks"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "users" / "webhooks.md"


def _log() -> list[str]:
    db.release()
    with tenancy.platform("test") as unit:
        rows = unit.scalars(
            sa.select(AuditEntry.action).where(AuditEntry.action.startswith("endpoint.")).order_by(AuditEntry.id)
        )
        return list(rows)


def _make(receiver: Receiver, *kinds: str) -> UUID:
    db.release()
    return service.create(receiver.url, "", kinds or ("*",), "user:ada").endpoint.id


def test_owners_and_admins_only(
    agency: AgencyView, receiver: Receiver, owner: Browser, member: Browser, stranger: Browser, anonymous: Browser
) -> None:
    one = f"{BASE}/{_make(receiver)}"
    for url in (BASE, f"{BASE}/new", f"{BASE}/events", one, f"{one}/edit", f"{one}/delete"):
        assert owner.get(url).status_code == 200
        assert member.get(url).status_code == 403
        assert stranger.get(url).status_code == 404
        assert anonymous.get(url).status_code == 303
    for url in (f"{one}/pause", f"{one}/resume", f"{one}/key", f"{one}/delete", f"{one}/test", f"{one}/replay"):
        assert member.post(url).status_code == 403
        assert stranger.post(url).status_code == 404


def test_a_key_is_shown_once_and_kept_sealed(agency: AgencyView, receiver: Receiver, owner: Browser) -> None:
    data = {"url": receiver.url, "description": "Books", "kinds": ["invoice.*", "contract.signed"]}
    made = owner.post(f"{BASE}/new", data=data)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    (secret,) = set(re.findall(r"whsec_[\w+/=]+", made.text))
    (endpoint,) = service.every()
    assert endpoint.kinds == ("contract.signed", "invoice.*")
    for url in (BASE, f"{BASE}/{endpoint.id}", f"{BASE}/{endpoint.id}/edit"):
        assert "whsec_" not in owner.get(url).text.replace('removeprefix("whsec_")', "").replace("whsec_&#34;", "")
    row = db.session().scalars(sa.select(Endpoint)).one()
    assert secret not in row.secret
    rotated = owner.post(f"{BASE}/{endpoint.id}/key")
    assert secret not in rotated.text
    assert "whsec_" in rotated.text
    shown = owner.get(f"{BASE}/{endpoint.id}")
    assert "Two keys sign until" in shown.text
    assert owner.post(f"{BASE}/{endpoint.id}/key/end").status_code == 303
    assert "Two keys" not in owner.get(f"{BASE}/{endpoint.id}").text
    assert _log() == ["endpoint.created", "endpoint.rotated", "endpoint.old_key_ended"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"url": "https://10.0.0.1/", "kinds": "*"}, "private network"),
        ({"url": "http://hooks.example.com/", "kinds": "*"}, "begin with https"),
        ({"url": "", "kinds": "*"}, "Please fill this in"),
        ({"url": "OK"}, "at least one kind"),
        ({"url": "OK", "kinds": "invoice.eaten"}, "invoice.eaten is no kind"),
        ({"url": "OK", "kinds": "endpoint.*"}, "endpoint.* is no kind"),
        ({"url": "OK", "kinds": "*", "description": "x" * 201}, "At most 200"),
    ],
)
def test_a_wrong_form_says_so_and_keeps_what_was_typed(
    data: dict[str, str], words: str, agency: AgencyView, receiver: Receiver, owner: Browser
) -> None:
    answer = owner.post(f"{BASE}/new", data={**data, "url": receiver.url if data["url"] == "OK" else data["url"]})
    assert answer.status_code == 422
    assert words in answer.text
    assert service.every() == []


def test_the_life_of_an_endpoint(agency: AgencyView, receiver: Receiver, owner: Browser) -> None:
    endpoint_id = _make(receiver, "invoice.paid")
    one = f"{BASE}/{endpoint_id}"
    changed = {"url": receiver.url, "description": "New", "kinds": ["*", "invoice.paid"]}
    assert owner.post(f"{one}/edit", data=changed).status_code == 303
    assert owner.post(f"{one}/pause").status_code == 303
    assert "waits, and is sent when you resume" in owner.get(one).text
    assert owner.post(f"{one}/test").status_code == 303
    assert receiver.told() == ["webhook.test"]
    shown = owner.get(one)
    (delivery,) = set(re.findall(rf"{endpoint_id}/deliveries/([\w-]+)", shown.text))
    assert "webhook.test" in owner.get(f"{one}/deliveries/{delivery}").text
    assert owner.post(f"{one}/deliveries/{delivery}/replay").status_code == 409
    assert owner.post(f"{one}/resume").status_code == 303
    today = clock.today(agency.timezone).isoformat()
    again = owner.post(f"{one}/replay", data={"since": today, "until": today})
    assert again.status_code == 303
    wrong = owner.post(f"{one}/replay", data={"since": today, "until": "2001-01-01"})
    assert (wrong.status_code, "lies before" in wrong.text) == (422, True)
    fragment = owner.get(one, headers={"HX-Request": "true"})
    assert fragment.text.lstrip().startswith('<div id="deliveries"')
    assert owner.post(f"{one}/delete").status_code == 303
    assert owner.get(one).status_code == 404
    words = ["changed", "paused", "tested", "resumed", "deleted"]
    assert _log() == ["endpoint.created", *(f"endpoint.{word}" for word in words)]


def test_there_is_a_number_beyond_which_nobody_needs_more(
    agency: AgencyView, receiver: Receiver, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    _make(receiver)
    with pytest.raises(Conflict):
        _make(receiver)
    assert owner.post(f"{BASE}/new", data={"url": receiver.url, "kinds": "*"}).status_code == 409


def test_others_see_nothing_of_it(
    agency: AgencyView,
    other_agency: AgencyView,
    receiver: Receiver,
    happen: Callable[..., None],
    pump: Callable[..., None],
) -> None:
    endpoint_id = _make(receiver)
    happen("invoice.paid")
    pump()
    (sent,) = service.deliveries(endpoint_id)
    with tenancy.tenant(other_agency.id):
        assert service.every() == []
        assert service.deliveries(endpoint_id) == []
        for refused in (service.get, service.rotate, service.resume, service.pause, service.delete):
            with pytest.raises(NotFound):
                refused(endpoint_id, *["user:mira"] * (refused is not service.get))
        with pytest.raises(NotFound):
            service.replay(endpoint_id, sent.id)


def test_every_kind_that_is_recorded_can_be_chosen(agency: AgencyView, owner: Browser) -> None:
    known = {kind for kind in runtime.current().event_kinds if not kind.startswith("endpoint.")}
    assert {kind.kind for _group, kinds in service.offered() for kind in kinds} == known
    shown = owner.get(f"{BASE}/events").text
    assert all(f"<code>{kind}</code>" in shown for kind in known)


def test_a_body_is_bounded() -> None:
    facts = {
        "actor": "user:1",
        "long": "x" * 9_999,
        "list": ["y" * 600] * 60,
        "deep": {"a": 1},
        "n": 5,
        "for": "user:2",
    }
    told = payload.public(facts)
    assert sorted(told) == ["list", "long", "n"]
    text = payload.bounded({"id": "evt_1", "data": told})
    assert len(text.encode()) <= payload.LONGEST_BODY
    assert '"shortened":true' in text
    assert '"n":5' in text


def test_wants_what_was_chosen_and_nothing_about_endpoints() -> None:
    assert payload.wants(["invoice.*"], "invoice.paid")
    assert not payload.wants(["invoice.*"], "invoices.paid")
    assert payload.wants(["*"], "acme.happened")
    assert not payload.wants(["*"], "endpoint.stopped")
    assert not payload.wants(["invoice.paid"], "invoice.issued")


def test_the_example_verifies_and_stands_in_the_docs() -> None:
    assert f"```python\n{pages.example().rstrip()}\n```" in DOCS.read_text()
    secret, other, body = payload.new_secret(), payload.new_secret(), b'{"id":"evt_1"}'
    headers = payload.headers([other, secret], "evt_1", clock.now(), body)
    assert verify(secret, headers, body)
    assert verify(other, headers, body)
    assert not verify(payload.new_secret(), headers, body)
    assert not verify(secret, headers, body + b" ")
    assert not verify(secret, {**headers, "webhook-id": "evt_2"}, body)
    assert not verify(secret, {**headers, "webhook-timestamp": "1700000000"}, body)


def test_the_scheme_is_that_of_the_specification() -> None:
    """A vector of the specification's reference implementations."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    found = payload.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_too_many_kinds_are_refused(agency: AgencyView, receiver: Receiver) -> None:
    with pytest.raises(Invalid):
        service.create(receiver.url, "", [f"invoice.k{nth}" for nth in range(300)], "user:ada")
