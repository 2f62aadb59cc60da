"""What doubles of vendors with an HTTP API are built on."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused


class Echo(HttpDouble):
    def answer(self, call: Call) -> Answer:
        if call.path == "/broken":
            raise ZeroDivisionError
        if call.path == "/no":
            raise Refused(418, {"error": "teapot"}, {"X-Why": "tea"})
        return Answer(201, {"got": call.body.decode(), "query": dict(call.query)})


@pytest.fixture
def vendor() -> Iterator[Echo]:
    with Echo() as vendor:
        yield vendor


def ask(vendor: Echo, path: str = "/", body: bytes | None = b"x", **more: object) -> urllib3.BaseHTTPResponse:
    return urllib3.request("POST", f"{vendor.url}{path}", body=body, retries=False, **more)  # type: ignore[arg-type]


def test_it_answers_and_remembers(vendor: Echo) -> None:
    answer = ask(vendor, "/a?b=1", b"hello")
    assert (answer.status, answer.json()) == (201, {"got": "hello", "query": {"b": "1"}})
    refused = ask(vendor, "/no")
    assert (refused.status, refused.headers["X-Why"], refused.json()) == (418, "tea", {"error": "teapot"})
    assert [(call.method, call.path, call.target) for call in vendor.calls] == [
        ("POST", "/a", "/a?b=1"), ("POST", "/no", "/no")
    ]  # fmt: skip


def test_a_mistake_in_the_double_is_told(vendor: Echo) -> None:
    answer = ask(vendor, "/broken")
    assert answer.status == 500
    assert b"the double itself failed: ZeroDivisionError" in answer.data


def test_bodies_come_in_pieces_too(vendor: Echo) -> None:
    assert ask(vendor, body=iter([b"one ", b"two"])).json()["got"] == "one two"  # type: ignore[arg-type]


def test_half_a_request_is_none(vendor: Echo) -> None:
    for sent in (
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    ):
        with socket.create_connection(("127.0.0.1", vendor.port), timeout=10) as line:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100) == b""
    assert vendor.calls == []


def test_it_fails_as_told_and_then_no_more(vendor: Echo) -> None:
    vendor.fail(503, {"error": "busy"}, times=2, headers={"Retry-After": "7"})
    assert [(ask(vendor).status, ask(vendor).headers.get("Retry-After"), ask(vendor).status)] == [(503, "7", 201)]
    vendor.fail(drop="before")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        ask(vendor)
    vendor.fail(drop="half")
    with pytest.raises((urllib3.exceptions.ProtocolError, http.client.IncompleteRead)):
        ask(vendor)
    assert ask(vendor).status == 201


def test_it_can_be_slow_and_still_ends_at_once() -> None:
    began = time.monotonic()
    with Echo() as vendor:
        vendor.fail(seconds=60)
        with pytest.raises(urllib3.exceptions.TimeoutError):
            ask(vendor, timeout=0.1)
    assert time.monotonic() - began < 30


def test_it_runs_as_a_process_and_is_controlled(tmp_path: Path) -> None:
    script = tmp_path / "vendor.py"
    script.write_text(
        "from webkit.sdk.testing.doubles.http import Answer, HttpDouble, serve\n"
        "class Acme(HttpDouble):\n    def answer(self, call): return Answer(200, 'fine')\n"
        "serve(Acme)\n"
    )
    with subprocess.Popen([sys.executable, str(script), "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        urllib3.request("POST", f"{url}/_control/fail", body=json.dumps({"status": 502, "times": 1}))
        assert [urllib3.request("GET", f"{url}/x", retries=False).status for _ in range(2)] == [502, 200]
        assert [call["path"] for call in urllib3.request("GET", f"{url}/_control/calls").json()] == ["/x", "/x"]
        assert urllib3.request("POST", f"{url}/_control/dance", retries=False).status == 404
        process.terminate()
        assert process.wait(10) == 0
