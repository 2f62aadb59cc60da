"""Structured logs: JSON for machines, aligned text for people; who asked for what, never a secret."""

from __future__ import annotations

import functools
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from webkit.core.settings import Settings

_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api_?key|authorization|cookie|signature|\bcode\b)")
_SECRET_TEXT = re.compile(
    r"(?i)(sk_(?:live|test)_\w+|whsec_\w+|\bwk[apr]_[0-9a-z]{20,}|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|Bearer\s+[\w.~+/=-]+"
    r"|(?:/[a-z]|/sign-in/(?:link|reset|confirm)|/invitations|/invite|/account/data/file|/verify|/checkout|/webhooks/\w+/\w+)/[\w-]{10,}"
    r"|://[^/\s:@]*:[^/\s@]+@"
    r"|DETAIL:[^\n]*)"  # PostgreSQL repeats the row
)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
HIDDEN = "[hidden]"


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank what has a secret's name, and what looks like a secret inside any text."""
    for name, value in event.items():
        event[name] = HIDDEN if is_secret(name) else _clean(value)
    return event


def on_one_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Have no text begin a line of its own, or move a terminal's cursor: JSON does that by itself."""
    for name, value in event.items():
        if isinstance(value, str) and name != "exception":
            event[name] = _BREAKS.sub(lambda found: repr(found[0])[1:-1], value)
    return event


@functools.lru_cache(1024)
def is_secret(name: str) -> bool:
    """Whether something with this name is kept out of logs and stores."""
    return _SECRET_NAME.search(name) is not None


def scrub(text: str) -> str:
    """`text` without what looks like a secret."""
    return _SECRET_TEXT.sub(HIDDEN, text)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return redact(None, "", {str(name): item for name, item in value.items()})
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def configure(settings: Settings) -> None:
    """Send all logging, ours and the libraries', through one pipeline to standard error."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    last = [] if as_json else [on_one_line]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    for noisy in ("werkzeug", "rq.worker", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
