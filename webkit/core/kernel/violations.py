"""What browsers report: something on a page was against the content security policy.

Anybody can send anything here, so it is small, counted, and only what says nothing of a person is kept: the directive,
the site that was blocked, and which of our pages it was, named after its rule. How many there are, the observers count
like every request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from webkit.core.kernel import hosts, ratelimit, turnstile
from webkit.core.kernel.security import REPORTS, csrf_exempt

log = structlog.get_logger(__name__)

MOST_BYTES = 16 * 1024
AT_ONCE = 10
PER_MINUTE = 20
"""Of one address; a broken page reports on each visit, once is enough to mend it."""
KINDS = frozenset({"application/csp-report", "application/reports+json", "application/json"})
_DIRECTIVE = re.compile(r"[a-z][a-z-]{2,39}")
_KEYWORD = re.compile(r"[a-z][a-z-]{2,30}")
_FOREIGN = ("chrome-extension", "moz-extension", "safari-web-extension", "safari-extension", "about")
"""What people have installed themselves: nothing of ours is broken."""


def init_app(app: Flask) -> None:
    app.add_url_rule(REPORTS, "violations", receive, methods=["POST"])


@hosts.for_clients  # its pages report where they stand
@csrf_exempt  # browsers send reports without saying whose page they come from
@ratelimit.own_limit
def receive() -> Response:
    """204 for whatever can be read, 4xx for the rest."""
    turnstile.count_apart("report", PER_MINUTE)
    if request.mimetype not in KINDS:
        abort(415)
    request.max_content_length = MOST_BYTES
    try:
        given = request.get_json(force=True)
    except RecursionError:
        abort(400)
    for seen in _violations(given):
        log.warning("against the content security policy", **seen)
    return Response(status=204)


def _violations(given: Any) -> Iterator[dict[str, str]]:
    """What both ways of reporting say: the old one names a violation, the new one lists reports of all kinds."""
    bodies = [each.get("body") for each in given if isinstance(each, dict)] if isinstance(given, list) else []
    if isinstance(given, dict):
        bodies = [given.get("csp-report")]
    for body in [body for body in bodies if isinstance(body, dict)][:AT_ONCE]:
        seen = {
            "directive": _directive(_first(body, "effectiveDirective", "effective-directive", "violated-directive")),
            "blocked": _blocked(_first(body, "blockedURL", "blocked-uri")),
            "page": _rule(_first(body, "documentURL", "document-uri")),
        }
        if seen["directive"] and seen["blocked"] not in _FOREIGN:
            yield seen


def _first(body: dict[str, Any], *names: str) -> str:
    return next((body[name] for name in names if isinstance(body.get(name), str)), "")[:2000]


def _directive(text: str) -> str:
    found = _DIRECTIVE.match(text)
    return found[0] if found else ""


def _blocked(text: str) -> str:
    """A word such as `inline`, or the site; never a path."""
    if _KEYWORD.fullmatch(text):
        return text
    parts = _parts(text)
    if parts is None or not _KEYWORD.fullmatch(parts.scheme):
        return "?"
    host = re.sub(r"[^a-z0-9.:\[\]-]", "", parts.netloc.rpartition("@")[2].lower())[:100]
    return f"{parts.scheme}://{host}" if parts.scheme in ("http", "https", "ws", "wss") else parts.scheme


def _rule(text: str) -> str:
    """The rule of one of our addresses: the address itself may name a document, or be a key to it."""
    parts = _parts(text)
    if parts is None or not parts.path.startswith("/"):
        return "?"
    try:
        rule, _values = current_app.url_map.bind("").match(parts.path, return_rule=True)
    except (HTTPException, RequestRedirect):
        return "?"
    return str(rule.rule)


def _parts(text: str) -> Any:
    try:
        return urlsplit(text)
    except ValueError:
        return None
