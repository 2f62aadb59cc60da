"""Asks OpenAI over one kept line; as many texts at once as it takes."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from webkit.sdk import (
    CredentialsRejected,
    Embedded,
    Embeddings,
    Health,
    HealthReport,
    NotFoundAtProvider,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    Space,
    Vector,
    calls_nobody,
    check_passages,
)
from webkit.sdk.http import HttpAnswer, HttpLine

from .settings import OpenAIEmbeddingsSettings

NAME = "openai"
MOST_TEXTS, MOST_CHARACTERS = 2048, 300_000
"""What one request takes: texts, and tokens, of which a character is never more than one."""
HEALTH_SECONDS = 1.2


class OpenAIEmbeddings:
    """One account."""

    def __init__(self, settings: OpenAIEmbeddingsSettings) -> None:
        self._settings = settings
        self._line = HttpLine(NAME)
        self._space = Space(settings.model, settings.dimensions)

    @calls_nobody
    def space(self) -> Space:
        return self._space

    def embed(self, texts: Sequence[str]) -> Embedded:
        vectors: list[Vector] = []
        tokens = 0
        for batch in _batches(check_passages(texts)):
            found, used = self._asked(batch)
            vectors += found
            tokens += used
        return Embedded(tuple(vectors), self._space, tokens)

    def health(self) -> HealthReport:
        """Asks for the model's card: free, and it proves the key and the model at once."""
        try:
            answer = self._ask("GET", f"/models/{self._settings.model}", None, HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DEGRADED if isinstance(error, RateLimited) else Health.DOWN, str(error))
        if not (name := str(answer.json().get("id") or "")):
            return HealthReport(Health.DOWN, str(_garbage()))
        return HealthReport(Health.OK, name)

    def _asked(self, texts: list[str]) -> tuple[list[Vector], int]:
        asked = {
            "model": self._settings.model,
            "input": texts,
            "dimensions": self._settings.dimensions,
            "encoding_format": "base64",
        }
        answer = self._ask("POST", "/embeddings", json.dumps(asked).encode(), self._settings.seconds).json()
        try:
            listed = sorted(answer["data"], key=lambda item: item["index"])
            vectors = [_unpacked(item["embedding"], self._settings.dimensions) for item in listed]
            tokens = int(answer["usage"]["prompt_tokens"])
        except (LookupError, TypeError, ValueError, struct.error):
            raise _garbage() from None
        if len(vectors) != len(texts):
            raise _garbage()
        return vectors, tokens

    def _ask(self, method: str, path: str, body: bytes | None, seconds: float) -> HttpAnswer:
        key = self._settings.api_key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        url = self._settings.base_url.rstrip("/") + path
        answer = self._line.ask(method, url, headers=headers, body=body, seconds=seconds)
        if answer.status != 200:
            raise _refused(answer)
        return answer


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        if batch and (len(batch) == MOST_TEXTS or size + len(text) > MOST_CHARACTERS):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        yield batch


def _unpacked(coded: str, dimensions: int) -> Vector:
    values = struct.unpack(f"<{dimensions}f", base64.b64decode(coded, validate=True))
    length = math.sqrt(sum(value * value for value in values))
    if not length or not math.isfinite(length):
        raise ValueError("points nowhere")
    return tuple(value / length for value in values)


def _garbage() -> ProviderError:
    return ProviderUnavailable("what answered does not speak as the API does", provider=NAME, code="garbage")


def _refused(answer: HttpAnswer) -> ProviderError:
    """The vendor's words may repeat the key or a text: only its code is kept."""
    error: Any = answer.json().get("error")
    code = str((error.get("code") or error.get("type") if isinstance(error, dict) else "") or f"http_{answer.status}")
    text = f"the vendor refuses ({code[:80]})"
    if answer.status in (401, 402, 403) or code in ("insufficient_quota", "billing_hard_limit_reached"):
        return CredentialsRejected(text, provider=NAME, code=code)
    if answer.status == 404:
        return NotFoundAtProvider(text, provider=NAME, code=code)
    if answer.status == 429:
        return RateLimited(text, provider=NAME, code=code, retry_after=answer.retry_after())
    if answer.status >= 500 or answer.status in (408, 409):
        return ProviderUnavailable(text, provider=NAME, code=code)
    return ProviderRejected(text, provider=NAME, code=code)


_checked: type[Embeddings] = OpenAIEmbeddings
