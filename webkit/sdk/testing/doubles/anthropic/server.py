"""The server: one thread for each connection, plain HTTP/1.1 on loopback."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Self

from . import answers, control, words
from .behaviour import Behaviour, Mode
from .calls import MESSAGES, Call, Log, Orders
from .memory import Cache
from .rules import BODY_LIMIT, MODELS, Json, Refused, check_body, check_headers, prompt, tokens

KEY = "sk-ant-test-double"
_STATUS = {
    Mode.OVERLOADED: (529, "Overloaded"),
    Mode.RATE_LIMITED: (429, "This request would exceed your organization's rate limit."),
    Mode.FAILS: (500, "Internal server error"),
    Mode.UNAUTHORIZED: (401, "invalid x-api-key"),
    Mode.FORBIDDEN: (403, "Your API key does not have permission to use the specified resource."),
    Mode.UNPAID: (402, "Your credit balance is too low to access the API."),
    Mode.TOO_LARGE: (413, "Request exceeds the maximum allowed number of bytes."),
}
_GARBAGE = "<!doctype html><title>Bad gateway</title><h1>It works!</h1>"


class AnthropicDouble:
    """The Messages API on a free port of loopback.

    with AnthropicDouble() as vendor:
        provider = ClaudeProvider(ClaudeSettings(api_key=vendor.key, base_url=vendor.url))
        vendor.next(Behaviour(Mode.OVERLOADED))
    """

    def __init__(
        self, *, port: int = 0, keys: Iterable[str] = (KEY,), write: Callable[[Json], str] | None = None
    ) -> None:
        self.orders, self.log, self.cache = Orders(), Log(), Cache()
        self.keys = frozenset(keys)
        self.key = next(iter(keys))
        self.write = write
        self._server = _Server(("127.0.0.1", port), _Connection, bind_and_activate=False)
        self._server.double = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="anthropic-double")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> Self:
        """Listen."""
        self._server.server_bind()
        self._server.server_activate()
        self._thread.start()
        return self

    def close(self) -> None:
        """Hang up on everybody and stop."""
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """What a client takes for the vendor's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def usual(self) -> Behaviour:
        """How it behaves when nothing else was ordered."""
        return self.orders.usual

    @usual.setter
    def usual(self, behaviour: Behaviour) -> None:
        self.orders.usual = behaviour

    def next(self, *behaviours: Behaviour) -> None:
        """Behave so towards the next requests for a message, one each."""
        self.orders.next(*behaviours)

    def when(self, text: str, behaviour: Behaviour, *, times: int = 0) -> None:
        """Behave so towards prompts that have this text, so many times or always."""
        self.orders.when(text, behaviour, times=times)

    def accept(self, *keys: str) -> None:
        """Know further keys."""
        self.keys |= set(keys)

    def reset(self) -> None:
        """Forget all orders, requests and cached prompts."""
        self.orders.reset()
        self.log.reset()
        self.cache.forget()

    @property
    def calls(self) -> list[Call]:
        """The requests for a message, refused ones too, in their order."""
        return [call for call in self.log.all() if call.path == MESSAGES]

    def stats(self) -> dict[str, int]:
        """Their number, and how many are running, done, refused, cut (by order) or hung_up (by the caller)."""
        return self.log.stats()

    def wait(self, true: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Until it is true, or time is up: `vendor.wait(lambda: vendor.stats()["hung_up"] == 1)`."""
        return self.log.wait(true, seconds)

    def text(self, body: Json, behaviour: Behaviour) -> str:
        """What is written in answer to a request."""
        if behaviour.text is not None:
            return behaviour.text
        if self.write is not None:
            return self.write(body)
        read, bad = prompt(body), behaviour.mode is Mode.HOSTILE
        wanted = (body.get("output_config") or {}).get("format")
        if wanted:
            return words.fitting(wanted["schema"], read, bad=bad)
        return words.hostile(read) if bad else words.prose(read)


class _HungUp(Exception):
    """The caller is gone, or we are closing."""


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = 256
    double: AnthropicDouble

    def __init__(self, *args: Any, **options: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args, **options)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def hang_up(self) -> None:
        for connection in list(self._open):
            _shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    routes: ClassVar[Mapping[tuple[str, str], str]] = {
        ("POST", MESSAGES): "_message",
        ("POST", "/v1/messages/count_tokens"): "_count",
        ("GET", "/v1/models"): "_models",
    }

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        length = int(self.headers.get("content-length") or 0)
        content = self.rfile.read(min(length, BODY_LIMIT + 1))
        if path.startswith("/_double"):
            self._json(*control.answer(self.server.double, self.command, path, content))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        call = self.server.double.log.open(method=self.command, path=path, headers=headers, port=self.client_address[1])
        try:
            self._answer(call, content)
        except Refused as refused:
            self._refuse(call, refused)
        except (_HungUp, ConnectionError):
            self.close_connection = True
            self._log.close(call, "hung_up")

    def _answer(self, call: Call, content: bytes) -> None:
        double = self.server.double
        call.key = check_headers(call.headers, double.keys)
        if len(content) > BODY_LIMIT:
            self.close_connection = True
            raise Refused(413, "Request exceeds the maximum size")
        if call.method == "POST":
            call.body = _parsed(content)
        if call.path.startswith("/v1/models/"):
            self._model(call)
        elif (call.method, call.path) in self.routes:
            getattr(self, self.routes[call.method, call.path])(call)
        elif any(call.path == path for _, path in self.routes):
            raise Refused(405, "Method Not Allowed")
        else:
            raise Refused(404, "Not found")

    @property
    def _log(self) -> Log:
        return self.server.double.log

    def _refuse(self, call: Call, refused: Refused) -> None:
        call.status = refused.status
        self._log.close(call, "refused")
        self._json(refused.status, answers.error(refused.status, refused.message, _id(call)), call, refused.headers)

    def _models(self, call: Call) -> None:
        self._fail(call, self.server.double.usual)
        self._done(call, {"data": [_model(id) for id in MODELS], "has_more": False})

    def _model(self, call: Call) -> None:
        self._fail(call, self.server.double.usual)
        id = call.path.rpartition("/")[2]
        if id not in MODELS:
            raise Refused(404, f"model: {id}")
        self._done(call, _model(MODELS[id].id))

    def _count(self, call: Call) -> None:
        check_body(call.body, counting=True)
        self._fail(call, self.server.double.usual)
        self._done(call, {"input_tokens": tokens(prompt(call.body))})

    def _message(self, call: Call) -> None:
        double = self.server.double
        model = check_body(call.body)
        behaviour = double.orders.behaviour(prompt(call.body))
        self._fail(call, behaviour)
        if behaviour.mode is Mode.GARBAGE:
            self._garbage(call, behaviour)
            return
        pieces, stop = answers.limited(
            list(words.tokens(double.text(call.body, behaviour))), call.body["max_tokens"], behaviour
        )
        kind = (call.body.get("thinking") or {"type": "adaptive"})["type"]
        answer = answers.Answer(
            id=f"msg_{call.number:024d}", model=model, pieces=pieces, stop=stop,
            read=double.cache.read(call.key, model, call.body), thinks=model.modern and kind == "adaptive",
        )  # fmt: skip
        (self._stream if call.stream else self._whole)(call, answer, behaviour)

    def _fail(self, call: Call, behaviour: Behaviour) -> None:
        """Answer with an error, or with nothing at all, where that is the order."""
        if behaviour.mode in _STATUS:
            status, message = _STATUS[behaviour.mode]
            says_when = behaviour.mode is Mode.RATE_LIMITED and behaviour.retry_after >= 0
            raise Refused(status, message, {"retry-after": f"{behaviour.retry_after:g}"} if says_when else None)
        while behaviour.mode is Mode.SILENT:
            self._wait(60.0)

    def _garbage(self, call: Call, behaviour: Behaviour) -> None:
        content = (behaviour.text if behaviour.text is not None else _GARBAGE).encode()
        kind = "text/html" if behaviour.text is None else "text/event-stream" if call.stream else "application/json"
        call.status = 200
        self._log.close(call, "cut")
        self._send(200, content, kind, answers.headers(_id(call)))

    def _whole(self, call: Call, answer: answers.Answer, behaviour: Behaviour) -> None:
        self._wait(behaviour.first + behaviour.pause * len(answer.pieces))
        if behaviour.mode is Mode.FAILS_MIDWAY:
            status = 529 if behaviour.error == "overloaded_error" else 500
            raise Refused(status, "It failed while it was written.")
        call.tokens = len(answer.pieces)
        if behaviour.mode not in (Mode.BREAKS_OFF, Mode.ENDS_EARLY):
            self._done(call, answer.whole())
            return
        content = json.dumps(answer.whole()).encode()
        self._head(200, {"content-type": "application/json", "content-length": str(len(content))}, _id(call))
        self.wfile.write(content[: len(content) // 2])
        self._cut(call)

    def _stream(self, call: Call, answer: answers.Answer, behaviour: Behaviour) -> None:
        call.status = 200
        self._head(
            200, {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
                  "transfer-encoding": "chunked"}, _id(call),
        )  # fmt: skip
        self._chunk(answer.opening())
        due = time.monotonic() + behaviour.first
        for delta in answer.deltas():
            self._wait(due - time.monotonic())
            self._chunk(delta)
            call.tokens += 1
            due += behaviour.pause
        self._end_stream(call, answer, behaviour.mode, behaviour.error)

    def _end_stream(self, call: Call, answer: answers.Answer, mode: Mode, error: str) -> None:
        if mode is Mode.BREAKS_OFF:
            self._cut(call)
            return
        cut = mode in (Mode.ENDS_EARLY, Mode.FAILS_MIDWAY)
        self._log.close(call, "cut" if cut else "done")
        if mode is Mode.FAILS_MIDWAY:
            self._chunk(answers.midway_error(error))
        elif not cut:
            self._chunk(answer.closing())
        self.wfile.write(b"0\r\n\r\n")

    def _cut(self, call: Call) -> None:
        self.close_connection = True
        self._log.close(call, "cut")
        _shut(self.connection)

    def _done(self, call: Call, content: Json) -> None:
        call.status = 200
        self._log.close(call, "done")
        self._json(200, content, call)

    def _json(self, status: int, content: Any, call: Call | None = None, more: Mapping[str, str] | None = None) -> None:
        headers = answers.headers(_id(call), more) if call else {}
        self._send(status, json.dumps(content).encode(), "application/json", headers)

    def _send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-type": kind, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _head(self, status: int, headers: Mapping[str, str], request_id: str) -> None:
        self.send_response(status)
        for name, value in {**answers.headers(request_id), **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))

    def _wait(self, seconds: float) -> None:
        """Sleep, but notice at once when the caller hangs up."""
        if seconds <= 0:
            return
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        if not poll.poll(seconds * 1000):
            return
        if not self.connection.recv(1, socket.MSG_PEEK):
            raise _HungUp
        time.sleep(seconds)


def _parsed(content: bytes) -> Json:
    try:
        body = json.loads(content)
    except ValueError:
        raise Refused(400, "The request body is not valid JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "Input should be a valid dictionary")
    return body


def _model(id: str) -> Json:
    return {"type": "model", "id": id, "display_name": id, "created_at": "2026-10-07T00:00:00Z"}


def _id(call: Call | None) -> str:
    return f"req_{call.number:024d}" if call else ""


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it went by itself
        connection.shutdown(socket.SHUT_RDWR)
