"""One try: through the guard for addresses that people give, to exactly the place that was judged, no redirect."""

from __future__ import annotations

import enum
import re
import time
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from webkit.core.kernel import clock
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.outbound import Answer, Target, Unreachable, check_url
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.endpoints import payload

SECONDS, READ, KEPT = 10.0, 16_384, 500
GONE, TOO_MANY = 410, 429
BUSY = frozenset({TOO_MANY, 502, 503, 504})
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]+")


class Said(enum.StrEnum):
    """`silent`: nobody is there, or they ask for a pause; `gone`: they want nothing more."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SILENT = "silent"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try went. `error` says why there is no answer; `wished` is how long they asked us to wait."""

    said: Said
    status: int = 0
    answer: str = ""
    error: str = ""
    milliseconds: int = 0
    wished: timedelta = timedelta()


def demand_usable(url: str) -> str:
    """An address as it is kept. Raises Invalid: others than public https servers are refused."""
    target = check_url(url, must_resolve=False)
    _demand_private(target)
    return target.url


def _demand_private(target: Target) -> None:
    """What is sent is nobody else's business; a developer's own machine may be called in the clear."""
    exact = f"[{target.host}]:{target.port}" if ":" in target.host else f"{target.host}:{target.port}"
    if target.scheme != "https" and exact not in current().settings.allow_hosts:
        raise Invalid({"url": _("The address has to begin with https://, so that nobody reads along.")})


def call(url: str, keys: Sequence[str], message_id: str, body: bytes, seconds: float = SECONDS) -> Outcome:
    """Send one message; never raises for what the other side does."""
    from webkit.core.kernel import fetching  # with its HTTP client, which only jobs need

    began = time.monotonic()
    try:
        target = check_url(url)
        _demand_private(target)
        headers = payload.headers(keys, message_id, clock.now(), body)
        answer = fetching.post(target, body, began + seconds, READ, headers)
    except Unreachable:
        return Outcome(Said.SILENT, error="silent", milliseconds=_since(began))
    except DomainError:
        return Outcome(Said.SILENT, error="refused", milliseconds=_since(began))
    return _read(answer, _since(began))


def _read(answer: Answer, milliseconds: int) -> Outcome:
    if 200 <= answer.status < 300:
        said = Said.ACCEPTED
    elif answer.status == GONE:
        said = Said.GONE
    else:
        said = Said.SILENT if answer.status in BUSY else Said.REFUSED
    text = answer.content.decode(errors="replace")
    shortened = _UNPRINTABLE.sub(" ", text).strip()[:KEPT]
    return Outcome(said, answer.status, shortened, "", milliseconds, _wish(answer.headers.get("retry-after", "")))


def _wish(text: str) -> timedelta:
    """How many seconds they ask for; a date is not read, our own pauses do then."""
    return timedelta(seconds=int(text)) if text.isdecimal() and len(text) < 7 else timedelta()


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def host(url: str) -> str:
    """The part of an address that may be told."""
    return urlsplit(url).hostname or ""
