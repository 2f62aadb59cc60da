"""A name that was public when an agency typed it, and leads into the house when it is used."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from webkit.core.capabilities.ai_text import AI_TEXT, CompletionRequest, Message, Role
from webkit.core.capabilities.base import Capability, Health
from webkit.core.capabilities.email import EMAIL
from webkit.core.capabilities.errors import ProviderError
from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import outbound
from webkit.core.kernel.runtime import current
from webkit.sdk.guarded import Guard, guard_of

NAME = "files.rebound.example"
ASKED = CompletionRequest(messages=(Message(Role.USER, "Hello"),), max_tokens=9)
KEYS = {"bucket": "northwind", "access_key_id": "AK", "secret_access_key": "a-secret", "region": "auto"}


class House:
    """A server of the house, which counts who comes."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port, self.visits = self._server.getsockname()[1], 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                line, _who = self._server.accept()
            except OSError:
                return
            self.visits += 1
            line.close()

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def inside() -> Iterator[House]:
    made = House()
    yield made
    made.close()


@pytest.fixture
def rebound(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the name leads to from now on."""
    answers = ["127.0.0.1"]
    monkeypatch.setattr(outbound, "lookup", lambda host: answers if host == NAME else [host])
    return answers


def provider(capability: Capability[Any], name: str, values: dict[str, str]) -> Any:
    registry = current().registry
    spec = registry.named(capability, name)
    assert spec is not None
    settings = registry.settings_of(spec, values)
    assert settings.of_agency and guard_of(settings) is not None
    return registry.of_account(spec, "an-account", 1, lambda: values)


def test_nothing_of_the_house_is_asked(app: Flask, inside: House, rebound: list[str]) -> None:
    for scheme in ("http", "https"):
        place = f"{scheme}://{NAME}:{inside.port}"
        for name in ("s3", "r2"):
            bucket = provider(STORAGE, name, {**KEYS, "endpoint": place})
            with pytest.raises(ProviderError):
                bucket.put("one/file", io.BytesIO(b"x" * 9), content_type="text/plain")
            assert bucket.health().status is Health.DOWN
            current().registry._built.clear()
        claude = provider(AI_TEXT, "claude", {"api_key": "sk", "base_url": place})
        with pytest.raises(ProviderError):
            claude.complete(ASKED)
        with pytest.raises(ProviderError):
            list(claude.stream(ASKED))
        current().registry._built.clear()
    for security in ("none", "starttls", "tls"):
        server = {"host": NAME, "port": str(inside.port), "security": security}
        assert provider(EMAIL, "smtp", server).health().status is Health.DOWN
        current().registry._built.clear()
    assert inside.visits == 0


def test_a_large_file_goes_by_threads_and_nowhere_either(app: Flask, inside: House, rebound: list[str]) -> None:
    bucket = provider(STORAGE, "s3", {**KEYS, "endpoint": f"http://{NAME}:{inside.port}"})
    with pytest.raises(ProviderError):
        bucket.put("one/file", io.BytesIO(b"x" * 6_000_000), content_type="text/plain")
    assert inside.visits == 0


def test_every_connection_is_judged_anew(inside: House, rebound: list[str]) -> None:
    operators = Guard({f"{NAME}:{inside.port}"})
    operators.connect(NAME, inside.port, 1.0).close()  # an exception of the operator's
    for address in ("127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fd00::1"):
        rebound[:] = ["93.184.215.14", address]  # one private address among public ones is enough
        with pytest.raises(PermissionError):
            Guard().connect(NAME, inside.port, 1.0)
        with pytest.raises(PermissionError):
            Guard().connect(address, inside.port, 1.0)
    rebound[:] = []
    with pytest.raises(OSError, match="no server"):
        Guard().connect(NAME, inside.port, 1.0)


def test_what_the_operator_sets_may_lead_anywhere(app: Flask) -> None:
    spec = current().registry.named(STORAGE, "s3")
    assert spec is not None
    own = spec.settings.model_validate({**KEYS, "endpoint": "http://127.0.0.1:9000"})
    assert not own.of_agency and guard_of(own) is None
