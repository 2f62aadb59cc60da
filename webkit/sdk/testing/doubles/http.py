"""What a double of a vendor with an HTTP API is built on: a real server on loopback that can be told to fail.

    class Acme(HttpDouble):
        def answer(self, call: Call) -> Answer:
            if call.headers.get("authorization") != "Bearer secret":
                raise Refused(401, {"error": "who are you?"})
            return Answer(200, {"id": "m1"})

    with Acme() as vendor:
        vendor.url                          # where it is
        vendor.fail(503, times=2)           # what the next calls meet
        vendor.fail(drop="after")           # it does what was asked and closes the connection without a word
        vendor.calls                        # everything that was asked, oldest first

As a process: `serve(Acme)` under `if __name__ == "__main__"`. It prints its address on one line; `POST /_control/fail`
with the same words as JSON tells it to fail, `GET /_control/calls` lists the calls.
"""

from __future__ import annotations

import argparse
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from webkit.sdk.testing.doubles.running import Running, wait_for_the_end

__all__ = ["Answer", "Call", "Fault", "HttpDouble", "Refused", "serve"]

LARGEST_BODY = 256 * 2**20
Drop = Literal["", "before", "after", "half"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came; names of headers are in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    target: str = ""
    """Path and query exactly as they were sent."""

    def json(self) -> Any:
        """The body as JSON; what is none is answered with 400."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Refused(400, {"error": "the body is not JSON"}) from None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` that is not bytes or text is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> tuple[bytes, str]:
        """The bytes and what they are."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/plain; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json"


class Refused(Exception):
    """The vendor says no; raised anywhere below `answer`."""

    def __init__(self, status: int, body: Any = b"", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body!r}")
        self.answer = Answer(status, body, dict(headers or {}))


@dataclass(frozen=True, slots=True)
class Fault:
    """What the next call meets, after `seconds` of silence.

    With a `status` it is refused. `drop` closes the connection: "before" anything is done, "after" it was done but
    nothing said, or "half" way through the answer.
    """

    status: int = 0
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: Drop = ""
    seconds: float = 0.0


class _Dropped(Exception):
    """The connection is closed without an answer."""


class HttpDouble(Running):
    """A server in a thread of this process. Subclass it and write `answer`; add what your tests want to tell it."""

    def __init__(self, *, port: int = 0) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        server.daemon_threads = True
        super().__init__(server)
        self.calls: list[Call] = []
        self._faults: deque[Fault] = deque()

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, status: int = 0, body: Any = b"", *, times: int = 1, **more: Any) -> None:
        """Let the next calls fail as the fields of Fault say."""
        self._faults.extend([Fault(status, body, **more)] * times)

    def answer(self, call: Call) -> Answer:
        """Answer a call, or raise Refused."""
        raise NotImplementedError

    def control(self, name: str, given: Mapping[str, Any]) -> Any:
        """What tests in other processes ask for at `/_control/<name>`; extend it for your own words."""
        match name:
            case "fail":
                self.fail(**given)
                return {"ok": True}
            case "calls":
                return [{"method": c.method, "path": c.path, "query": dict(c.query)} for c in self.calls]
        raise Refused(404, {"error": f"nothing is controlled by {name!r}"})

    def _handle(self, call: Call) -> tuple[Answer, bool]:
        """The answer, and whether only half of it is sent."""
        if call.path.startswith("/_control/"):
            return Answer(
                200, self.control(call.path.removeprefix("/_control/"), json.loads(call.body or b"{}"))
            ), False
        self.calls.append(call)
        try:
            fault = self._faults.popleft()
        except IndexError:
            return self.answer(call), False
        if fault.seconds:
            self.ending.wait(fault.seconds)
        if fault.drop == "before":
            raise _Dropped
        if fault.status:
            return Answer(fault.status, fault.body, fault.headers), fault.drop == "half"
        answer = self.answer(call)
        if fault.drop == "after":
            raise _Dropped
        return answer, fault.drop == "half"


def serve(make: Callable[..., HttpDouble], *, description: str = "") -> None:
    """Run a double as a process until it is ended: `--port`, its address on one line."""
    parser = argparse.ArgumentParser(description=description or make.__doc__)
    parser.add_argument("--port", type=int, default=0)
    with make(port=parser.parse_args().port) as double:
        print(double.url, flush=True)  # noqa: T201  whoever started it reads this line
        wait_for_the_end()


class _Prompt(BaseHTTPRequestHandler):
    """Keeps connections, and lets nobody wait for a packet that is not full."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle_expect_100(self) -> bool:
        super().handle_expect_100()
        self.wfile.flush()  # else whoever wants to hear "go on" first hears nothing
        return True


def _handler(double: HttpDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(_Prompt):
        def _serve(self) -> None:
            half = False
            try:
                answer, half = double._handle(self._call())
            except Refused as error:
                answer = error.answer
            except _Dropped:
                self.close_connection = True
                return
            except Exception as error:  # a mistake in the double is told to whoever calls it, not only printed
                answer = Answer(500, f"the double itself failed: {type(error).__name__}: {error}")
            self._send(answer, half)

        def _call(self) -> Call:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Call(self.command, parts.path, query, headers, self._body(headers), self.path)

        def _body(self, headers: Mapping[str, str]) -> bytes:
            if headers.get("transfer-encoding", "").lower() == "chunked":
                return b"".join(self._chunks())
            length = headers.get("content-length", "0")
            if not length.isdigit() or int(length) > LARGEST_BODY:
                self.close_connection = True
                raise Refused(413, {"error": "too large, or no length"})
            body = self.rfile.read(int(length))
            if len(body) < int(length):  # the sender went away: nothing of it is done
                raise _Dropped
            return body

        def _chunks(self) -> Iterator[bytes]:
            while size := self._chunk_size():
                content = self.rfile.read(size)
                if len(content) < size or self.rfile.readline() != b"\r\n":
                    raise _Dropped
                yield content
            while self.rfile.readline().strip():
                pass

        def _chunk_size(self) -> int:
            try:
                return int(self.rfile.readline().split(b";")[0], 16)
            except ValueError:  # the sender went away before the end: nothing of it is done
                raise _Dropped from None

        def _send(self, answer: Answer, half: bool) -> None:
            content, kind = answer.content()
            self.send_response(answer.status)
            headers = {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}
            for name, value in headers.items():
                if not (name == "Content-Length" and answer.status == 204):
                    self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[: len(content) // 2] if half else content)
            self.wfile.flush()
            self.close_connection = self.close_connection or half

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

        def log_message(self, *_args: object) -> None: ...

    return Handler
