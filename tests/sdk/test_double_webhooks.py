"""The webhook sender among the doubles: signs truly, and brings the trouble it is told to bring."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
import urllib3

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble
from webkit.sdk.testing.doubles.webhooks import PlainHmac, Signer, Standard, Timestamped, Trouble, WebhookSender

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()


class Inbox(HttpDouble):
    """Who is told."""

    def answer(self, call: Call) -> Answer:
        return Answer(204)

    def told(self) -> list[str]:
        return [json.loads(call.body)["id"] for call in self.calls]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


@pytest.fixture
def vendor(inbox: Inbox) -> Iterator[WebhookSender]:
    with WebhookSender(f"{inbox.url}/hooks?of=acme", Standard(SECRET), seed=1) as vendor:
        yield vendor


def happen(vendor: WebhookSender, number: int = 40) -> list[str]:
    return [vendor.happened({"id": f"e{at}"}, id=f"e{at}").id for at in range(number)]


def test_everything_is_told_once_in_order_without_trouble(vendor: WebhookSender, inbox: Inbox) -> None:
    told = happen(vendor)
    assert {attempt.status for attempt in vendor.deliver()} == {204}
    assert inbox.told() == told
    assert inbox.calls[0].target == "/hooks?of=acme"
    assert vendor.deliver() == []


def test_signatures_are_those_of_the_standard(vendor: WebhookSender, inbox: Inbox) -> None:
    vendor.send(vendor.happened({"id": "a"}), age=timedelta(hours=1))
    call = inbox.calls[0]
    signed = f"{call.headers['webhook-id']}.{call.headers['webhook-timestamp']}.".encode() + call.body
    mark = hmac.new(b"0123456789abcdef", signed, hashlib.sha256).digest()
    assert call.headers["webhook-signature"] == "v1," + base64.b64encode(mark).decode()


@pytest.mark.parametrize("sign", [Standard(SECRET, "svix"), Timestamped("s"), PlainHmac("s")])
def test_a_forged_one_carries_a_signature_that_does_not_fit(inbox: Inbox, sign: Signer) -> None:
    with WebhookSender(inbox.url, sign) as vendor:
        event = vendor.happened({"id": "a"})
        vendor.send(event)
        vendor.forge(event)
    genuine, forged = inbox.calls
    assert genuine.body != forged.body
    assert json.loads(genuine.body) == json.loads(forged.body)
    assert any("signature" in name for name in forged.headers)


def test_trouble_doubles_loses_delays_and_shuffles_and_can_be_repaired(vendor: WebhookSender, inbox: Inbox) -> None:
    told = happen(vendor)
    vendor.trouble = Trouble(twice=0.3, lost=0.2, late=0.3, seconds=0.01, shuffled=True)
    vendor.deliver()
    lost = {event.id for event in vendor.lost}
    assert 0 < len(lost) < 40
    assert set(inbox.told()) == set(told) - lost
    assert len(inbox.told()) > len(set(inbox.told()))
    assert list(dict.fromkeys(inbox.told())) != [id for id in told if id not in lost]
    vendor.deliver_lost()
    assert set(inbox.told()) == set(told)
    assert vendor.lost == []


def test_the_same_seed_brings_the_same_trouble(inbox: Inbox) -> None:
    orders = []
    for _ in range(2):
        with WebhookSender(inbox.url, Standard(SECRET), seed=5) as vendor:
            vendor.trouble = Trouble(twice=0.5, lost=0.3, shuffled=True)
            happen(vendor, 12)
            orders.append([attempt.event.id for attempt in vendor.deliver()])
    assert orders[0] == orders[1]


def test_what_is_not_taken_is_tried_again_a_few_times(vendor: WebhookSender, inbox: Inbox) -> None:
    inbox.fail(500)
    inbox.fail(drop="before")
    happen(vendor, 1)
    assert [attempt.status for attempt in vendor.deliver()] == [500, 0, 204]
    inbox.fail(410, times=9)
    happen(vendor, 1)
    assert [attempt.status for attempt in vendor.deliver()] == [410] * 3


def test_it_runs_as_a_process_and_lists_what_happened(inbox: Inbox) -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.webhooks", "--to", inbox.url, "--secret", SECRET]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for name in ("a", "b"):
            urllib3.request("POST", f"{url}/_control/happened", json={"body": {"id": name}})
        urllib3.request("POST", f"{url}/_control/trouble", json={"twice": 1.0})
        assert len(urllib3.request("POST", f"{url}/_control/deliver").json()) == 4
        assert inbox.told() == ["a", "a", "b", "b"]
        assert [json.loads(row["body"])["id"] for row in urllib3.request("GET", f"{url}/events").json()] == ["a", "b"]
        process.terminate()
        assert process.wait(10) == 0
