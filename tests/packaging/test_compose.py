"""What `compose.yaml` starts is of a fixed version, for this machine alone, and answers when it is well."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from plugins.pdf_gotenberg.settings import GotenbergSettings

yaml = pytest.importorskip("yaml")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "compose.yaml").read_text("utf-8")
)["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_local_and_watched(name: str) -> None:
    service = SERVICES[name]
    assert re.search(r":\d+\.\d+(\.\d+)?$", service["image"])
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["cap_drop"] == ["ALL"]


def flags(name: str) -> dict[str, str]:
    return dict(flag.removeprefix("--").split("=", 1) for flag in SERVICES[name]["command"][1:])


def test_gotenberg_answers_before_webkit_stops_waiting_where_webkit_asks() -> None:
    settings = GotenbergSettings()
    assert float(flags("gotenberg")["api-timeout"].removesuffix("s")) < settings.seconds
    assert settings.url.removeprefix("http://") + ":3000" == SERVICES["gotenberg"]["ports"][0]


@pytest.mark.parametrize(
    ("url", "denied"),
    [
        ("http://169.254.169.254/latest", True),
        ("https://example.org/", True),
        ("ws://127.0.0.1/", True),
        ("file:///etc/passwd", True),
        ("file:///tmp/1f/2e/index.html", False),
        ("data:font/woff2;base64,AAAA", False),
    ],
)
def test_gotenberg_loads_nothing_but_the_document(url: str, denied: bool) -> None:
    assert bool(re.match(flags("gotenberg")["chromium-deny-list"], url)) is denied
