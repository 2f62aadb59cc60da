"""A double of OpenAI's chat completions and embeddings, over real HTTP; it refuses what the vendor refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webkit.sdk.testing.doubles.running import Running

KEY = "sk-proj-double-0123456789"
MODELS = ("gpt-5.4-mini", "gpt-5.4", "text-embedding-3-small", "local-model")
CHAT = {"model", "messages", "max_completion_tokens", "max_tokens", "stream", "stream_options", "response_format"}
EMBEDDINGS = {"model", "input", "dimensions", "encoding_format"}
MEANING = {"bill": "invoice", "paid": "overdue"}
MOST_INPUTS, MOST_CHARACTERS = 2048, 32_000


@dataclass(frozen=True, slots=True)
class Play:
    """What the next answer is: written as `text`, cut after `after` pieces, refused with `status`, or raw bytes."""

    text: str = ""
    status: int = 0
    code: str = ""
    finish: str = "stop"
    refusal: bool = False
    after: int | None = None
    midway: str = ""
    raw: str | None = None
    usage: bool = True
    pause: float = 0.0
    silent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


class OpenAIDouble(Running):
    """The server; `asked` holds every body, oldest first."""

    def __init__(self, *, key: str = KEY, usage: bool = True) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"double": self}))
        server.daemon_threads = True
        super().__init__(server)
        self.key, self.counts = key, usage
        self.asked: list[dict[str, Any]] = []
        self.hung_up = 0
        self.ended = threading.Event()
        self._plays: deque[Play] = deque()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def next(self, *plays: Play) -> None:
        """Play these, one for each call."""
        self._plays.extend(plays)

    def reset(self) -> None:
        self.asked.clear()
        self._plays.clear()
        self.hung_up = 0

    def play(self) -> Play:
        return self._plays.popleft() if self._plays else Play()

    def wait(self, condition: Callable[[], bool]) -> bool:
        until = time.monotonic() + 10
        while not condition():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


def _invalid(message: str) -> _Refused:
    return _Refused(400, "invalid_value", message)


def _schema_problem(schema: Any, path: str = "()") -> str:
    """What strict mode says against a schema."""
    if not isinstance(schema, dict):
        return ""
    if banned := {"minLength", "maxLength", "uniqueItems"} & schema.keys():
        return f"In context={path}, '{min(banned)}' is not permitted."
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            return f"In context={path}, 'additionalProperties' is required to be supplied and to be false."
        if set(schema.get("required", ())) != set(properties):
            return f"In context={path}, 'required' is required to include every key in properties."
        return next(filter(None, (_schema_problem(each, f"{path}.{name}") for name, each in properties.items())), "")
    return _schema_problem(schema.get("items"), f"{path}[]")


def _example(schema: Mapping[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "object":
        return {name: _example(each) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        return [_example(schema.get("items", {}))]
    return {"integer": 1, "number": 1.5, "boolean": True}.get(str(kind), "Something")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: OpenAIDouble

    def do_GET(self) -> None:
        try:
            self._known()
            name = self.path.removeprefix("/v1/models/")
            if name not in MODELS:
                raise _Refused(404, "model_not_found", f"The model '{name}' does not exist")
            self._json(200, {"id": name, "object": "model", "created": 1, "owned_by": "system"})
        except _Refused as error:
            self._error(error)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._known()
            asked = json.loads(body)
            self.double.asked.append(asked)
            play = self.double.play()
            if play.status:
                raise _Refused(play.status, play.code, "no")
            if play.silent:
                self._be_silent()
                return
            if play.raw is not None:
                self._send(200, play.raw.encode(), "application/json")
                return
            if self.path == "/v1/embeddings":
                self._embed(asked)
            else:
                self._write(asked, play)
        except _Refused as error:
            self._error(error, play.headers if "play" in locals() else {})
        except (BrokenPipeError, ConnectionResetError):
            self.double.hung_up += 1
            self.close_connection = True

    def _be_silent(self) -> None:
        self.connection.settimeout(10)
        if self.connection.recv(1) == b"":
            self.double.hung_up += 1
        self.close_connection = True

    def _known(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.double.key}":
            raise _Refused(401, "invalid_api_key", f"Incorrect API key provided: {self.headers.get('Authorization')}")

    def _checked(self, asked: dict[str, Any], allowed: set[str]) -> None:
        if unknown := asked.keys() - allowed:
            raise _Refused(400, "unknown_parameter", f"Unknown parameter: '{min(unknown)}'.")
        if asked.get("model") not in MODELS:
            raise _Refused(404, "model_not_found", f"The model '{asked.get('model')}' does not exist")

    def _write(self, asked: dict[str, Any], play: Play) -> None:
        self._checked(asked, CHAT)
        messages = asked.get("messages")
        if not isinstance(messages, list) or not messages:
            raise _invalid("messages: [] is too short")
        for message in messages:
            if set(message) != {"role", "content"} or message["role"] not in ("system", "user", "assistant"):
                raise _invalid("messages: invalid")
        if "max_tokens" in asked and asked["model"] != "local-model":
            raise _Refused(400, "unsupported_parameter", "'max_tokens' is not supported with this model.")
        if "stream_options" in asked and not asked.get("stream"):
            raise _invalid("'stream_options' is only allowed when 'stream' is enabled.")
        size = sum(len(message["content"]) for message in messages)
        if size > 800_000:
            raise _Refused(400, "context_length_exceeded", "Your input exceeds the context window of this model.")
        text = play.text or self._answer(asked)
        limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
        pieces = [word + " " for word in text.split(" ")]
        pieces[-1] = pieces[-1].rstrip(" ")
        finish = play.finish
        if limit and len(pieces) > limit:
            pieces, finish = pieces[:limit], "length"
        usage = {
            "prompt_tokens": size // 4 + 8,
            "completion_tokens": len(pieces),
            "total_tokens": size // 4 + 8 + len(pieces),
            "prompt_tokens_details": {"cached_tokens": (size // 4) // 128 * 128},
        }
        counted = usage if play.usage and self.double.counts else None
        if asked.get("stream"):
            self._stream(asked, play, pieces, finish, counted)
            return
        content = {
            "content": None if play.refusal else "".join(pieces),
            "refusal": "".join(pieces) if play.refusal else None,
        }
        choice = {"index": 0, "message": {"role": "assistant", **content}, "finish_reason": finish}
        answer = {"id": "chatcmpl-1", "object": "chat.completion", "model": asked["model"], "choices": [choice]}
        if play.after is not None:
            raw = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2])
            self.close_connection = True
            return
        self._json(200, answer | ({"usage": counted} if counted else {}))

    def _answer(self, asked: dict[str, Any]) -> str:
        wanted = asked.get("response_format")
        if wanted is None:
            return "The site is slow because its pictures are large. A rebuild mends that in a few weeks."
        described = wanted["json_schema"]
        if described.get("strict") and (problem := _schema_problem(described["schema"])):
            raise _Refused(400, "invalid_json_schema", f"Invalid schema for response_format 'answer': {problem}")
        return json.dumps(_example(described["schema"]))

    def _stream(
        self, asked: dict[str, Any], play: Play, pieces: list[str], finish: str, usage: Mapping[str, Any] | None
    ) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in self._events(asked, play, pieces, finish, usage):
            data = f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
            if play.pause:
                time.sleep(play.pause)
        if play.after is not None and not play.midway and play.finish != "ends":
            self.close_connection = True  # in the middle of the answer
            return
        self.wfile.write(b"0\r\n\r\n")

    def _events(
        self, asked: dict[str, Any], play: Play, pieces: list[str], finish: str, usage: Mapping[str, Any] | None
    ) -> Iterator[Any]:
        base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": asked["model"]}

        def event(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
            return base | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": None}

        yield event({"role": "assistant", "content": ""})
        for number, piece in enumerate(pieces):
            if play.after is not None and number >= play.after:
                if play.midway:
                    yield {"error": {"message": "no", "code": play.midway, "type": play.midway}}
                return
            yield event({"refusal" if play.refusal else "content": piece})
        yield event({}, finish)
        if usage and asked.get("stream_options", {}).get("include_usage"):
            yield base | {"choices": [], "usage": usage}
        yield "[DONE]"

    def _embed(self, asked: dict[str, Any]) -> None:
        self._checked(asked, EMBEDDINGS)
        texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
        if not 1 <= len(texts) <= MOST_INPUTS or not all(isinstance(text, str) and text for text in texts):
            raise _invalid("'$.input' is invalid.")
        if any(len(text) > MOST_CHARACTERS for text in texts):
            raise _Refused(400, "context_length_exceeded", "This model's maximum context length is 8192 tokens.")
        size = asked.get("dimensions", 1536)
        data = []
        for number, text in enumerate(texts):
            values = _vector(text, size)
            coded: Any = values
            if asked.get("encoding_format") == "base64":
                coded = base64.b64encode(struct.pack(f"<{size}f", *values)).decode()
            data.append({"object": "embedding", "index": number, "embedding": coded})
        used = sum(len(text) // 4 + 1 for text in texts)
        usage = {"prompt_tokens": used, "total_tokens": used}
        self._json(200, {"object": "list", "model": asked["model"], "data": data, "usage": usage})

    def _error(self, error: _Refused, headers: Mapping[str, str] = {}) -> None:
        body = {"error": {"message": error.message, "type": "invalid_request_error", "param": None, "code": error.code}}
        self._send(error.status, json.dumps(body).encode(), "application/json", {"x-request-id": "req_1", **headers})

    def _json(self, status: int, body: Any) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None: ...


def _vector(text: str, size: int) -> list[float]:
    """The sum of its words' directions, of length one; the few words with a meaning are those in MEANING."""
    values = [0.0] * size
    for word in re.findall(r"\w+", text.casefold()) or [text]:
        seed = hashlib.sha512(MEANING.get(word, word).encode()).digest()
        for place, byte in enumerate((seed * (size // len(seed) + 1))[:size]):
            values[place] += byte - 127.5
    length = sum(value * value for value in values) ** 0.5
    return [value / length for value in values]
