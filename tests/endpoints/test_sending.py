"""Events reach a receiver: signed, in order, at least once, for three days; and what happens when they do not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.endpoints.receiver import Came, Receiver, is_genuine
from tests.endpoints.world import ADA, make, state_of, states
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, events, jobs, outbox, scheduler, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Invalid
from webkit.endpoints import models, payload, sending, service
from webkit.endpoints.models import DeliveryState, EndpointState

Happen = Callable[..., None]


def test_an_event_arrives_signed_and_thin(agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen) -> None:
    made = make(receiver.url, "invoice.*")
    happen("invoice.paid invoice:0190", amount="€1,200.00")
    happen("contract.signed contract:1")
    pump()
    (came,) = receiver.came
    assert is_genuine(made.secret, came)
    assert not is_genuine(payload.new_secret(), came)
    assert came.headers["content-type"].startswith("application/json")
    told = came.told
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "id": came.headers["webhook-id"],
        "type": "invoice.paid",
        "agency": str(agency.id),
        "object": {"type": "invoice", "id": "0190"},
        "related": [{"type": "client", "id": "7"}],
        "actor": "system",
        "data": {"number": "2026-1", "amount": "€1,200.00"},
    }
    assert b"Giulia" not in came.body
    (sent,) = service.deliveries(made.endpoint.id)
    assert (sent.state, sent.tries, sent.last and sent.last["status"]) == (DeliveryState.DELIVERED, 1, 200)
    pump(days=1)
    assert len(receiver.came) == 1


def test_nothing_is_sent_of_what_was_rolled_back_or_was_before(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    happen("invoice.issued")
    make(receiver.url)
    db.release()
    with pytest.raises(RuntimeError), writing():
        events.record("invoice.paid", "invoice:1", {"actor": "system"})
        raise RuntimeError
    happen("invoice.unpaid")
    pump()
    assert receiver.told() == ["invoice.unpaid"]


def test_recording_asks_and_writes_nothing_more(
    app: Flask, agency: AgencyView, receiver: Receiver, happen: Happen
) -> None:
    happen("invoice.issued")
    told: list[str] = []
    listen = lambda _c, _cu, statement, *_more: told.append(statement)  # noqa: E731
    sa.event.listen(db.db.engine, "before_cursor_execute", listen)
    try:
        happen("invoice.paid")
        without = len(told)
        make(receiver.url)
        told.clear()
        happen("invoice.paid")
        assert len(told) == without
        assert not any("webhook" in each for each in told)
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", listen)


def test_of_one_object_the_first_goes_first_others_do_not_wait(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    receiver.answer = lambda came: (500 if came.told["object"]["id"] == "a" else 200, {}, b"")
    happen("invoice.issued invoice:a", "invoice.issued invoice:b", "invoice.paid invoice:a", "invoice.paid invoice:b")
    pump()
    assert [(each.told["type"], each.told["object"]["id"]) for each in receiver.came] == [
        ("invoice.issued", "a"), ("invoice.issued", "b"), ("invoice.paid", "b"),
    ]  # fmt: skip
    assert states(made.endpoint.id) == ["waiting", "delivered", "waiting", "delivered"]
    receiver.came.clear()
    receiver.say(204)
    pump(seconds=10)
    assert [each.told["type"] for each in receiver.came] == ["invoice.issued", "invoice.paid"]
    assert receiver.came[0].headers["webhook-id"] != receiver.came[1].headers["webhook-id"]


def _until(agency: AgencyView, endpoint_id: UUID, run: Happen, done: Callable[[], bool]) -> float:
    """Let time pass from try to try; the hours after which it was done."""
    moment = began = clock.now()
    for _try in range(200):
        with clock.frozen(moment):
            run()
            if done():
                return (moment - began) / timedelta(hours=1)
            db.release()
            row = models.get(endpoint_id)
            assert row is not None
            waits = [due for _id, _subject, due in models.waiting(endpoint_id, 1)]
            moment = max(filter(None, [row.hold_until, *waits, moment])) + timedelta(seconds=1)
    raise AssertionError("it never ended")


def test_who_is_down_is_tried_for_three_days_then_paused_and_the_owner_hears(
    agency: AgencyView,
    receiver: Receiver,
    happen: Happen,
    pump: Happen,
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    made = make(receiver.url)
    endpoint_id = made.endpoint.id
    receiver.say(503)
    happen("invoice.issued invoice:a", "invoice.paid invoice:a", "invoice.issued invoice:b")
    hours = _until(agency, endpoint_id, pump, lambda: state_of(endpoint_id) is EndpointState.STOPPED)
    assert 55 < hours < 90
    assert states(endpoint_id) == ["waiting"] * 3
    ids = {each.headers["webhook-id"] for each in receiver.came if each.told["object"]["id"] == "a"}
    assert len(ids) == 1
    assert len(receiver.came) < 60
    (mail,) = outbox_mails()
    assert f"/settings/webhooks/{endpoint_id}" in mail.text
    happen("invoice.paid invoice:b")
    receiver.came.clear()
    receiver.say(200)
    pump(days=5)
    assert receiver.came == []
    service.resume(endpoint_id, ADA)
    pump()
    assert sorted(receiver.told()) == ["invoice.issued", "invoice.issued", "invoice.paid", "invoice.paid"]
    for each in ("a", "b"):
        of = [came.told["type"] for came in receiver.came if came.told["object"]["id"] == each]
        assert of == ["invoice.issued", "invoice.paid"]


def test_what_alone_never_arrives_is_given_up_and_the_next_goes(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    receiver.answer = lambda came: (400 if came.told["type"] == "invoice.issued" else 200, {}, b"no such field")
    happen("invoice.issued invoice:a", "invoice.paid invoice:a")

    def tick() -> None:
        happen("quotation.sent quotation:1")
        pump()

    _until(agency, made.endpoint.id, tick, lambda: "failed" in states(made.endpoint.id))
    pump(seconds=70)
    assert "invoice.paid" in receiver.told()
    assert state_of(made.endpoint.id) is EndpointState.ACTIVE
    first = service.deliveries(made.endpoint.id, DeliveryState.FAILED)[0]
    assert (first.tries, first.last and first.last["answer"]) == (len(sending.DELAYS) + 1, "no such field")


def test_gone_pauses_at_once(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen, owner: Browser
) -> None:
    made = make(receiver.url)
    assert "A webhook was paused" not in owner.get("/northwind/settings").text
    receiver.say(410)
    happen("invoice.paid")
    pump()
    assert state_of(made.endpoint.id) is EndpointState.STOPPED
    assert service.get(made.endpoint.id).why == "gone"
    assert states(made.endpoint.id) == ["waiting"]
    assert service.stopped() == 1
    for page in ("/northwind/settings", "/northwind/settings/webhooks"):
        assert "was paused, because nothing arrived there" in owner.get(page).text
    assert [entry.kind for entry in events.recent(1)] == ["endpoint.stopped"]


def test_they_may_ask_for_a_pause(agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen) -> None:
    make(receiver.url)
    receiver.say(429, {"Retry-After": "3600"})
    happen("invoice.paid invoice:a", "invoice.paid invoice:b")
    pump()
    pump(minutes=50)
    assert len(receiver.came) == 1
    receiver.say(200)
    pump(minutes=61)
    assert len(receiver.came) == 3


def test_a_line_that_breaks_off_is_tried_again(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)

    def break_off(_came: Came) -> tuple[int, dict[str, str], bytes]:
        raise ConnectionError

    receiver.answer = break_off
    happen("invoice.paid")
    pump()
    (sent,) = service.deliveries(made.endpoint.id)
    assert sent.last is not None
    assert (sent.state, sent.last["status"], sent.last["error"]) == (DeliveryState.WAITING, 0, "silent")
    receiver.say(200)
    pump(minutes=1)
    assert states(made.endpoint.id) == ["delivered"]


def test_a_worker_that_dies_after_sending_sends_again_under_the_same_id(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(receiver.url)
    happen("invoice.paid", "invoice.unpaid")
    real = sending.note

    def die(*_given: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "note", die)
    with pytest.raises(KeyboardInterrupt):
        pump()
    monkeypatch.setattr(sending, "note", real)
    pump(minutes=10)  # its leases have ended
    ids = [each.headers["webhook-id"] for each in receiver.came]
    assert receiver.told() == ["invoice.paid", "invoice.paid", "invoice.unpaid"]
    assert ids[0] == ids[1] != ids[2]
    assert states(made.endpoint.id) == ["delivered", "delivered"]


def test_two_workers_do_not_serve_one_endpoint(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    happen("invoice.paid")
    db.release()
    now = clock.now()
    with writing():
        turn = models.take(made.endpoint.id, now, sending.LEASE)
        assert turn == 1
        assert models.take(made.endpoint.id, now, sending.LEASE) is None
    pump()
    assert receiver.came == []
    assert sending.prepare(made.endpoint.id, 1) is not None
    with writing():
        assert models.take(made.endpoint.id, now + timedelta(minutes=5), sending.LEASE) == 2
    assert sending.prepare(made.endpoint.id, 1) is None  # the turn is somebody else's now


def test_pausing_and_resuming_keeps_the_order(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    service.pause(made.endpoint.id, ADA)
    happen("invoice.issued", "invoice.reminded")
    pump()
    happen("invoice.paid")
    assert receiver.came == []
    service.resume(made.endpoint.id, ADA)
    service.resume(made.endpoint.id, ADA)
    pump()
    assert receiver.told() == ["invoice.issued", "invoice.reminded", "invoice.paid"]


def test_while_a_key_is_changed_both_sign(agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen) -> None:
    made = make(receiver.url)
    fresh = service.rotate(made.endpoint.id, ADA)
    happen("invoice.issued")
    pump()
    (came,) = receiver.came
    assert len(came.signatures) == 2
    assert is_genuine(made.secret, came)
    assert is_genuine(fresh.secret, came)
    db.release()
    with clock.frozen(clock.now() + timedelta(hours=25)):
        happen("invoice.paid")
        pump()
    assert len(receiver.came[1].signatures) == 1
    service.rotate(made.endpoint.id, ADA)
    service.end_overlap(made.endpoint.id)
    happen("invoice.unpaid")
    pump()
    assert len(receiver.came[2].signatures) == 1
    assert not is_genuine(fresh.secret, receiver.came[2])


def test_one_slow_endpoint_holds_up_no_other(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    silent, there = make(receiver.url + "?silent"), make(receiver.url)
    receiver.say(503)
    happen("invoice.issued invoice:a", "invoice.issued invoice:b")
    pump()
    assert len(receiver.came) == 2  # one try each, then both are left alone
    service.update(there.endpoint.id, receiver.url + "?there", "", ["*"], ADA)
    receiver.say(200)
    pump()
    assert states(there.endpoint.id)[1] == "delivered"
    assert states(silent.endpoint.id) == ["waiting", "waiting"]


def test_one_agency_takes_no_more_than_its_share(
    agency: AgencyView, other_agency: AgencyView, receiver: Receiver, happen: Happen
) -> None:
    for _nth in range(6):
        make(receiver.url)
    happen("invoice.paid")
    db.release()
    with tenancy.tenant(other_agency.id):
        make(receiver.url)
        with writing():
            events.record("invoice.paid", "invoice:2", {"actor": "system"})
    with tenancy.platform("a test"):
        with writing():
            outbox.add(sending.SWEEP)
        (sweep,) = (each for each in outbox.due() if each[1] == sending.SWEEP)
        assert outbox.deliver(sweep[0])
        busy = models.served(clock.now())
    assert (busy.count(agency.id), busy.count(other_agency.id)) == (sending.OF_AN_AGENCY, 1)


def test_the_scheduler_asks_once_a_second_and_writes_only_when_there_is_something(
    app: Flask,
    agency: AgencyView,
    receiver: Receiver,
    happen: Happen,
    pump: Happen,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = runtimes.of(app)
    monkeypatch.setattr(here, "schedules", [each for each in here.schedules if each.kind == sending.SWEEP])
    make(receiver.url)
    pump()  # that it was made is an event, too
    began = clock.now()

    def asked() -> int:
        with tenancy.platform("a test"):
            return sum(each.kind == sending.SWEEP for each in outbox.views())

    before = asked()

    for nth in range(3):
        with clock.frozen(began + timedelta(seconds=2 * nth)):
            scheduler.tick(app)
        assert asked() == before
    happen("invoice.paid")
    db.release()
    with clock.frozen(began + timedelta(seconds=10)):
        scheduler.tick(app)
    assert asked() == before + 1


def test_what_waits_is_bounded_and_nothing_is_lost(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "MOST_WAITING", 5)
    made = make(receiver.url)
    receiver.say(500)
    happen(*(f"invoice.issued invoice:{nth}" for nth in range(12)))
    pump()
    assert service.waiting(made.endpoint.id) == 5
    receiver.say(200)
    receiver.came.clear()
    pump(minutes=2)
    assert sorted(int(each.told["object"]["id"]) for each in receiver.came) == list(range(12))


def test_a_long_chain_is_read_in_parts(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "READ", 3)
    monkeypatch.setattr(sending, "READS", 2)
    make(receiver.url, "invoice.paid")
    happen(*["quotation.sent"] * 20, "invoice.paid")
    pump()
    assert receiver.told() == ["invoice.paid"]


def test_sent_again_one_by_one_and_by_days(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    happen("invoice.issued", "invoice.paid")
    pump()
    first = service.deliveries(made.endpoint.id)[1]
    service.replay(made.endpoint.id, first.id)
    pump()
    assert [each.headers["webhook-id"] for each in receiver.came].count(first.event_id) == 2
    now = clock.now()
    day = timedelta(days=1)
    assert service.replay_range(made.endpoint.id, now - day, now + day, only_failed=True) == 0
    assert service.replay_range(made.endpoint.id, now - day, now + day, only_failed=False) == 2
    receiver.came.clear()
    pump()
    assert receiver.told() == ["invoice.issued", "invoice.paid"]
    with pytest.raises(Invalid):
        service.replay_range(made.endpoint.id, now, now, only_failed=False)


def test_the_log_is_kept_for_a_month(
    app: Flask, agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    happen("invoice.issued")
    pump()
    db.release()
    with clock.frozen(clock.now() + timedelta(days=31)):
        receiver.say(500)
        happen("invoice.paid")
        pump()
        with tenancy.platform("a test"), writing():
            outbox.add(sending.FORGET)
        jobs.run_waiting()
        assert states(made.endpoint.id) == ["waiting"]


def test_a_closed_agency_sends_nothing_and_costs_little(
    app: Flask, agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    from webkit.agencies import service as agencies

    make(receiver.url)
    happen("invoice.paid")
    db.release()
    with tenancy.platform("a test"):
        agencies.close(agency.id, "unpaid")
    pump()
    assert receiver.came == []
    with tenancy.platform("a test"):
        assert not sending.is_wanted()


def test_ids_are_the_same_for_the_same_event_alone(agency: AgencyView) -> None:
    other = UUID(int=7)
    ids = {payload.event_id(who, seq) for who, seq in itertools.product((agency.id, other), range(1, 50))}
    assert len(ids) == 98
    assert payload.event_id(agency.id, 1) == payload.event_id(agency.id, 1)


def test_the_test_button(
    app: Flask, agency: AgencyView, receiver: Receiver, owner: Browser, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    service.pause(made.endpoint.id, ADA)
    sent = service.test(made.endpoint.id)
    assert (sent.state, receiver.told()) == (DeliveryState.DELIVERED, ["webhook.test"])
    assert is_genuine(made.secret, receiver.came[0])
    receiver.say(500)
    assert service.test(made.endpoint.id).state is DeliveryState.FAILED
    assert state_of(made.endpoint.id) is EndpointState.PAUSED
    assert runtimes.of(app).jobs[sending.DELIVER].queue == "ai"
