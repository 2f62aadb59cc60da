"""Speaks to Claude with the vendor's SDK."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import anthropic
import httpx2

from webkit.sdk import (
    AIText,
    BrokenOff,
    Completion,
    CompletionRequest,
    Cost,
    Delta,
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
from webkit.sdk.guarded import guard_of
from webkit.sdk.lines import Answer, Line

from . import errors, models, wire
from .errors import NAME
from .settings import ClaudeSettings

_HEALTH = anthropic.Timeout(1.2, connect=0.5)
_UNREACHED = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


class Claude:
    """One client for each provider object, so that keys never mix; nothing is asked twice, the platform does that."""

    def __init__(self, settings: ClaudeSettings) -> None:
        self._settings = settings
        self._guard = guard_of(settings)
        self._lock = threading.Lock()
        self._built: tuple[int, anthropic.Anthropic] | None = None
        self._pace = anthropic.Timeout(settings.silence_seconds, connect=settings.connect_seconds)
        self._patience = anthropic.Timeout(settings.seconds, connect=settings.connect_seconds)

    def complete(self, request: CompletionRequest) -> Completion:
        asked = self._asked(request)
        with self._speaking():
            create = self._client.messages.with_streaming_response.create
            with create(**asked, timeout=self._patience) as response:
                return wire.whole(response.read())

    def stream(self, request: CompletionRequest) -> Answer:
        line = Line(NAME)
        return Answer(self._stream(request, line), line)

    def _stream(self, request: CompletionRequest, line: Line) -> Generator[Delta | Completion]:
        asked = self._asked(request)
        deadline = time.monotonic() + self._settings.seconds
        with self._speaking():
            create = self._client.messages.with_streaming_response.create
            # Leaving this block early, as a closed generator does, closes the connection: the vendor stops writing.
            with (
                create(**asked, stream=True, timeout=self._pace) as response,
                line.open(response.http_response.extensions),
            ):
                yield from wire.read(response.iter_lines(), deadline)

    @calls_nobody
    def cost(self, usage: Usage, model: str = "") -> Cost | None:
        return models.cost(usage, model or self._settings.model, self._settings)

    def health(self) -> HealthReport:
        """Asks for the model's card: free, and it proves the key and the model at once."""
        try:
            with self._speaking():
                cards = self._client.models.with_streaming_response
                with cards.retrieve(self._settings.model, timeout=_HEALTH) as response:
                    name = wire.name(response.read())
        except ProviderError as error:
            busy = isinstance(error, Overloaded | RateLimited)
            return HealthReport(Health.DEGRADED if busy else Health.DOWN, str(error))
        return HealthReport(Health.OK, name)

    @property
    def _client(self) -> anthropic.Anthropic:
        """Made on first use, and anew in a forked process: connections are not to be shared."""
        with self._lock:
            if self._built is None or self._built[0] != os.getpid():
                self._built = os.getpid(), self._new()
            return self._built[1]

    def _new(self) -> anthropic.Anthropic:
        # One level below, the SDK writes whole prompts into the log: what clients told their agency. Its HTTP client
        # has nothing to say about each request that the platform does not note itself.
        logging.getLogger("anthropic").setLevel(logging.INFO)
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        own: Any = None
        if self._guard is not None:
            own = anthropic.DefaultHttpxClient(
                transport=self._guard.transport(), trust_env=False, follow_redirects=False
            )
        key = self._settings.api_key.get_secret_value()
        client = anthropic.Anthropic(api_key=key, base_url=self._settings.base_url, max_retries=0, http_client=own)
        weakref.finalize(self, client.close)
        return client

    def _asked(self, request: CompletionRequest) -> dict[str, Any]:
        """The request as the vendor wants it."""
        settings = self._settings
        asked: dict[str, Any] = {
            "model": settings.model,
            "max_tokens": request.max_tokens,
            "messages": [{"role": turn.role.value, "content": turn.text} for turn in request.messages],
        }
        if request.system.strip():
            asked["system"] = [self._kept(request.system)]
        if len(request.messages) > 1:
            asked["messages"][-2]["content"] = [self._kept(request.messages[-2].text)]
        if settings.thinking == "off" and (kind := models.quiet(settings.model)):
            asked["thinking"] = {"type": kind}
        output: dict[str, Any] = {"effort": settings.effort} if settings.effort else {}
        if request.json_schema is not None:
            output["format"] = {"type": "json_schema", "schema": _strict(request.json_schema)}
        return asked | ({"output_config": output} if output else {})

    def _kept(self, text: str) -> dict[str, Any]:
        """A block after which the vendor remembers everything read so far."""
        block: dict[str, Any] = {"type": "text", "text": text}
        if self._settings.cache != "off":
            block["cache_control"] = {"type": "ephemeral", "ttl": self._settings.cache}
        return block

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        """Everything that can go wrong between us and the vendor, as the platform knows it."""
        try:
            yield
        except anthropic.APIStatusError as error:
            raise self._refused(error) from None
        except (anthropic.APIConnectionError, httpx2.HTTPError, httpx2.StreamError) as error:
            raise _silent(error) from None
        except anthropic.APIError:
            raise errors.garbage() from None
        except UnicodeEncodeError:
            raise ProviderRejected("the request is not valid Unicode", provider=NAME, code="unicode") from None

    def _refused(self, error: anthropic.APIStatusError) -> ProviderError:
        said = str(error.api_message or "").replace(self._settings.api_key.get_secret_value(), "[key]")
        retry_after = error.response.headers.get("retry-after", "")
        return errors.answered(error.status_code, str(error.type or ""), said, error.request_id or "", retry_after)


def _silent(error: Exception) -> ProviderError:
    """Nothing was heard, or nothing more. Inside the SDK's errors are those of its HTTP client."""
    wrapped = isinstance(error, anthropic.APIConnectionError)
    cause = error.__cause__ if wrapped else error
    if isinstance(cause, _UNREACHED):
        return ProviderUnavailable("no connection to the vendor", provider=NAME, code="no_connection")
    if isinstance(error, anthropic.APITimeoutError) or isinstance(cause, httpx2.TimeoutException):
        return TimedOut("the vendor said nothing for too long", provider=NAME, code="silence")
    if wrapped:
        return OutcomeUnknown("the connection died before the answer", provider=NAME, code="connection_lost")
    return BrokenOff("the connection died in the middle of the answer", provider=NAME, code="connection_lost")


def _strict(schema: Mapping[str, object]) -> dict[str, Any]:
    """The schema as far as the vendor enforces it; the SDK turns the rest into words."""
    try:
        return anthropic.transform_schema(dict(schema))
    except (ValueError, TypeError, AttributeError, AssertionError):
        raise ProviderRejected("the vendor cannot follow this schema", provider=NAME, code="schema") from None


_checked: type[AIText] = Claude
