"""Loaded before everything else: structlog and redis without what they take along wherever it is installed.

structlog draws tracebacks with rich, redis counts its calls with OpenTelemetry. Nobody asks them to, yet both load
these libraries when they find them: every process would start later and hold more. Who wants one loads it afterwards.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

COMPANY = ("better_exceptions", "opentelemetry", "rich")


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Inside the block these packages seem not to be installed; those that are loaded stay."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with without(*COMPANY):
    for library in ("structlog", "redis"):
        importlib.import_module(library)
