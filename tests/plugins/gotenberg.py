"""The Gotenberg that tests talk to: a double with the machine's Chromium behind it, or the server that is named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from webkit.sdk.testing.doubles.chromium import Chromium
from webkit.sdk.testing.doubles.gotenberg import Gotenberg

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
REAL = os.environ.get("WEBKIT_GOTENBERG", "").rstrip("/")


def needs_chromium(test: Any) -> Any:
    """Mark what prints with the machine's Chromium: it belongs to `make check`."""
    return pytest.mark.slow(pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")(test))


def needs_server(test: Any) -> Any:
    """Mark what runs only beside a real Gotenberg."""
    return pytest.mark.slow(pytest.mark.skipif(not REAL, reason="WEBKIT_GOTENBERG names no running Gotenberg")(test))


@contextmanager
def printing() -> Iterator[Gotenberg]:
    """A double that prints."""
    with Chromium(CHROMIUM) as chromium, Gotenberg(chromium.print) as server:
        yield server
