"""One try: what is called and what is not, for how long, and what is kept of the answer."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask

from tests.endpoints.receiver import Came, Receiver
from tests.endpoints.world import make
from webkit.core.kernel import db, outbound
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Invalid
from webkit.endpoints import calling, payload, service
from webkit.endpoints.models import DeliveryState

Happen = Callable[..., None]


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest/meta-data/", "https://other.example/"])
def test_redirects_are_not_followed(
    where: str, agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen
) -> None:
    made = make(receiver.url)
    receiver.say(307, {"Location": where})
    happen("invoice.paid")
    pump()
    (sent,) = service.deliveries(made.endpoint.id)
    assert sent.last is not None
    assert (sent.state, sent.last["status"]) == (DeliveryState.WAITING, 307)


def test_who_is_slow_costs_no_more_than_the_time_limit(
    app: Flask, agency: AgencyView, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(_came: Came) -> tuple[int, dict[str, str], bytes]:
        time.sleep(1.5)
        return 200, {}, b""

    receiver.answer = drip
    db.release()
    began = time.monotonic()
    outcome = calling.call(receiver.url, [payload.new_secret()], "evt_1", b"{}", seconds=0.3)
    assert (outcome.said, outcome.error) == (calling.Said.SILENT, "silent")
    assert time.monotonic() - began < 1.2


def test_an_answer_is_read_in_part_and_kept_printable(agency: AgencyView, receiver: Receiver) -> None:
    receiver.say(500, body=b"\x00\x1b[31mboom " + b"x" * 5_000_000)
    db.release()
    outcome = calling.call(receiver.url, [payload.new_secret()], "evt_1", b"{}")
    assert outcome.answer.startswith("[31mboom xxx")
    assert len(outcome.answer) == calling.KEPT


def test_a_name_that_leads_inside_is_not_called(
    agency: AgencyView, receiver: Receiver, happen: Happen, pump: Happen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "lookup", lambda _host: ["93.184.216.34"])
    made = make("https://hooks.example.com/in")
    monkeypatch.setattr(outbound, "lookup", lambda _host: ["93.184.216.34", "169.254.169.254"])
    happen("invoice.paid")
    pump()
    (sent,) = service.deliveries(made.endpoint.id)
    assert sent.last is not None
    assert (sent.last["error"], sent.last["status"]) == ("refused", 0)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/", "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://10.0.0.8/x",
        "https://169.254.169.254/", "https://[::ffff:169.254.169.254]/", "https://2130706433/", "https://metadata.internal/",
        "https://me:hunter2@example.com/", "ftp://example.com/", "https://example.com:22/", "https://0x7f.1/",
    ],
)  # fmt: skip
def test_only_public_https_addresses_are_taken(url: str, agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "lookup", lambda _host: ["93.184.216.34"])
    with pytest.raises(Invalid) as refused:
        make(url)
    assert "url" in refused.value.errors
