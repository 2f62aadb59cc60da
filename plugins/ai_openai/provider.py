"""Speaks to OpenAI, or to who speaks as it does, with the vendor's SDK: chat completions, which all of them know."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping
from decimal import Decimal
from typing import Any

import httpx2
import openai

from webkit.sdk import (
    AIText,
    BrokenOff,
    Completion,
    CompletionRequest,
    Cost,
    Delta,
    FeatureNotSupported,
    Health,
    HealthReport,
    OutcomeUnknown,
    Overloaded,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TimedOut,
    Usage,
    calls_nobody,
)
from webkit.sdk.lines import Answer, Line

from .errors import Words
from .settings import CompatibleSettings, OpenAISettings, Waiting
from .wire import Reader

_HEALTH = openai.Timeout(1.2, connect=0.5)
_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
_NOT_STRICT = frozenset({"minLength", "maxLength", "uniqueItems", "default", "title"})
_DATED = re.compile(r"-\d{4}-\d{2}-\d{2}$")
MILLION = Decimal(1_000_000)


class Writer(ABC):
    """One client for each provider object, so that keys never mix; nothing is asked twice, the platform does that."""

    name: str
    limit: str
    """What the longest answer is called."""

    def __init__(self, settings: Waiting, base_url: str, api_key: str, model: str) -> None:
        self._base_url, self._api_key, self._model = base_url, api_key, model
        self._words = Words(self.name)
        self._lock = threading.Lock()
        self._built: tuple[int, openai.OpenAI] | None = None
        self._seconds = settings.seconds
        self._pace = openai.Timeout(settings.silence_seconds, connect=settings.connect_seconds)
        self._patience = openai.Timeout(settings.seconds, connect=settings.connect_seconds)

    def complete(self, request: CompletionRequest) -> Completion:
        asked = self._asked(request)
        with self._speaking():
            create = self._client.chat.completions.with_streaming_response.create
            with create(**asked, timeout=self._patience) as response:
                return self._reader(request).whole(response.read())

    def stream(self, request: CompletionRequest) -> Answer:
        line = Line(self.name)
        return Answer(self._stream(request, line), line)

    def _stream(self, request: CompletionRequest, line: Line) -> Generator[Delta | Completion]:
        asked = self._asked(request) | {"stream": True, "stream_options": {"include_usage": True}}
        deadline = time.monotonic() + self._seconds
        with self._speaking():
            create = self._client.chat.completions.with_streaming_response.create
            # Leaving this block early, as a closed generator does, closes the connection: the vendor stops writing.
            with (
                create(**asked, timeout=self._pace) as response,
                line.open(response.http_response.extensions),
            ):
                yield from self._reader(request).read(response.iter_lines(), deadline)

    def health(self) -> HealthReport:
        """Asks for the model's card: free, and it proves the key and the model at once."""
        try:
            with self._speaking():
                cards = self._client.models.with_streaming_response
                with cards.retrieve(self._model, timeout=_HEALTH) as response:
                    name = Reader(self._words, 0).card(response.read())
        except ProviderError as error:
            busy = isinstance(error, Overloaded | RateLimited)
            return HealthReport(Health.DEGRADED if busy else Health.DOWN, str(error))
        return HealthReport(Health.OK, name)

    def _reader(self, request: CompletionRequest) -> Reader:
        return Reader(self._words, len(request.system) + sum(len(turn.text) for turn in request.messages))

    @property
    def _client(self) -> openai.OpenAI:
        """Made on first use, and anew in a forked process: connections are not to be shared."""
        with self._lock:
            if self._built is None or self._built[0] != os.getpid():
                self._built = os.getpid(), self._new()
            return self._built[1]

    def _new(self) -> openai.OpenAI:
        # One level below, the SDK writes whole prompts into the log: what clients told their agency. Its HTTP client
        # has nothing to say about each request that the platform does not note itself.
        logging.getLogger("openai").setLevel(logging.INFO)
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        client = openai.OpenAI(api_key=self._api_key or "none", base_url=self._base_url, max_retries=0)
        weakref.finalize(self, client.close)
        return client

    def _asked(self, request: CompletionRequest) -> dict[str, Any]:
        """The request as the vendor wants it."""
        turns = [{"role": turn.role.value, "content": turn.text} for turn in request.messages]
        if request.system.strip():
            turns.insert(0, {"role": "system", "content": request.system})
        return {"model": self._model, "messages": turns, self.limit: request.max_tokens} | self._format(request)

    @abstractmethod
    def _format(self, request: CompletionRequest) -> dict[str, Any]:
        """What makes the vendor follow the request's schema."""

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        """Everything that can go wrong between us and the vendor, as the platform knows it."""
        try:
            yield
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except (openai.APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise self._silent(error) from None
        except openai.OpenAIError:
            raise self._words.garbage() from None
        except UnicodeEncodeError:
            raise ProviderRejected("the request is not valid Unicode", provider=self.name, code="unicode") from None

    def _refused(self, error: openai.APIStatusError) -> ProviderError:
        body = error.body if isinstance(error.body, dict) else {}
        said = str(body.get("message") or "")
        said = said.replace(self._api_key, "[key]") if self._api_key else said
        code = str(body.get("code") or body.get("type") or "")
        headers = error.response.headers
        return self._words.answered(
            error.status_code, code, said, error.request_id or "", headers.get("retry-after", "")
        )

    def _silent(self, error: Exception) -> ProviderError:
        """Nothing was heard, or nothing more. Inside the SDK's errors are those of its HTTP client."""
        wrapped = isinstance(error, openai.APIConnectionError)
        cause = error.__cause__ if wrapped else error
        if isinstance(cause, _UNREACHED):
            return ProviderUnavailable("no connection to the vendor", provider=self.name, code="no_connection")
        if isinstance(error, openai.APITimeoutError) or isinstance(cause, httpx2.TimeoutException):
            return TimedOut("the vendor said nothing for too long", provider=self.name, code="silence")
        if wrapped:
            return OutcomeUnknown("the connection died before the answer", provider=self.name, code="connection_lost")
        return BrokenOff("the connection died in the middle of the answer", provider=self.name, code="connection_lost")


class OpenAI(Writer):
    """The vendor itself."""

    name, limit = "openai", "max_completion_tokens"

    def __init__(self, settings: OpenAISettings) -> None:
        super().__init__(settings, settings.base_url, settings.api_key.get_secret_value(), settings.model)
        self._settings = settings

    @calls_nobody
    def cost(self, usage: Usage, model: str = "") -> Cost | None:
        """Known where the operator said the prices, and for the model they are of."""
        read, written = self._settings.price_input, self._settings.price_output
        if read is None or written is None or _DATED.sub("", model or self._model) != _DATED.sub("", self._model):
            return None
        cached = read if self._settings.price_cached is None else self._settings.price_cached
        anew = usage.input_tokens - usage.cached_tokens
        dollars = read * anew + cached * usage.cached_tokens + written * usage.output_tokens
        return Cost(dollars / MILLION, "USD")

    def _format(self, request: CompletionRequest) -> dict[str, Any]:
        if request.json_schema is None:
            return {}
        schema = json.loads(json.dumps(request.json_schema))
        kind = {"name": "answer", "schema": schema, "strict": False}
        if _can_be_strict(schema):
            kind |= {"schema": _without(schema), "strict": True}
        return {"response_format": {"type": "json_schema", "json_schema": kind}}


class Compatible(Writer):
    """A server that speaks as OpenAI does. Which of them follow schemas nobody can tell, so none is asked to."""

    name, limit = "openai_compatible", "max_tokens"

    def __init__(self, settings: CompatibleSettings) -> None:
        super().__init__(settings, settings.base_url, settings.api_key.get_secret_value(), settings.model)

    def _format(self, request: CompletionRequest) -> dict[str, Any]:
        if request.json_schema is not None:
            raise FeatureNotSupported("this provider follows no schema", provider=self.name)
        return {}


def _can_be_strict(schema: Any) -> bool:
    """Whether the vendor would enforce it: closed objects whose properties are all required, at every depth."""
    if isinstance(schema, list):
        return all(map(_can_be_strict, schema))
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        closed = schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(properties)
        return closed and all(map(_can_be_strict, properties.values()))
    return schema.get("type") != "object" and all(map(_can_be_strict, schema.values()))


def _without(schema: Any) -> Any:
    """The schema without the words that the vendor refuses when it is strict; the platform checks those itself."""
    if isinstance(schema, list):
        return [_without(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    named = {"properties", "$defs", "definitions"}
    return {
        key: {name: _without(each) for name, each in value.items()} if key in named else _without(value)
        for key, value in schema.items()
        if key not in _NOT_STRICT
    }


_checked: type[AIText] = OpenAI
_checked = Compatible
