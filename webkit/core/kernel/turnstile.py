"""How often somebody may ask: counted in Redis for all processes at once, in the same question that finds the session.

Whoever is signed in has a bucket for each browser, everybody else one for each address. A bucket fills at an even
pace and holds a burst (the "generic cell rate algorithm"), so the moment a refused request would be taken is exact.
Without Redis only keys and what opens nothing are counted, in the database; the limits of sign-in and codes always are.
"""

from __future__ import annotations

import math
import re
from datetime import timedelta

from flask import Flask, Response, current_app, g, request, session
from flask_login import current_user

from webkit.core.kernel import bearers, cache, clock, entrances, ratelimit
from webkit.core.kernel.bearers import Unauthorized
from webkit.core.kernel.cache import Trip
from webkit.core.kernel.errors import TooMany
from webkit.core.kernel.i18n import ngettext
from webkit.core.kernel.runtime import current
from webkit.core.kernel.security import SAFE, complete
from webkit.core.settings import Settings

_FREE = re.compile(
    r"/(static|webhooks|api/stripe/webhook|api/v1/webhooks|api/v1/billing/webhook|healthz|readyz|metrics)(/|$)"
    r"|/[a-z0-9-]+/(theme|public)\.css$"
)
"""Files, vendors whose signature is checked, and those who look after us."""
_THIRD, _SIXTH = 3, 6
WELL_KNOWN = timedelta(minutes=15)
"""For so long a key that was good is looked up also where others guess."""
UNKNOWN = Unauthorized.code


def init_app(app: Flask) -> None:
    app.before_request(count)
    app.after_request(tell)


def count() -> None:
    """Count this request before anything is done for it. Raises TooMany, and Unauthorized for a key of nobody."""
    if _is_free():
        return
    if header := bearers.shown():
        _count_bearer(header)
        return
    if current().redis is None:
        return
    settings, token = current().settings, session.get("_user_id")
    if token:
        if settings.rate_signed_in:
            g.trip = _of_browser(settings, token)
        if current_user.is_authenticated:
            _decide()
            return
    g.trip = _of_address(settings) if settings.rate_per_minute else None
    _decide()


def _count_bearer(header: str) -> None:
    """A key has a bucket wherever it is used; what opens nothing counts for the address that it came from."""
    settings, known = current().settings, current().remembered
    good = "good/" + cache.private(header)
    if not known.get(good):
        _refuse_guesses()
    try:
        g.bearer = bearers.authenticate(header)
    except Unauthorized:
        known.drop(good)
        _count_guess(settings)
        if _has("bearer_optional"):
            return
        raise
    known.put(good, True, clock.now() + WELL_KNOWN)
    per_minute, whose = settings.rate_bearer, str(g.bearer.token_id)
    if not per_minute:
        return
    if current().redis is None:
        _count_here(f"bearer/{whose}", per_minute)
        return
    g.trip = Trip(_bucket("bearer", whose), per_minute, max(1, per_minute // _SIXTH))
    _decide()


def _refuse_guesses() -> None:
    """Where too much has come from that opens nothing, nothing is looked up until there is room again; whose key was
    good a moment ago is let by. Raises TooMany."""
    until = current().remembered.get(_guesses())
    if until is not None:
        seconds = max(1, math.ceil((until - clock.now()).total_seconds()))
        g.counted = (current().settings.rate_per_minute, 0, seconds)
        raise _too_many(seconds)


def _count_guess(settings: Settings) -> None:
    """Raises TooMany."""
    if not settings.rate_per_minute:
        return
    try:
        if current().redis is None:
            _count_here(_guesses(), settings.rate_per_minute)
        else:
            g.trip = _of_address(settings)
            _decide()
    except TooMany as error:
        until = clock.now() + timedelta(seconds=error.retry_after)
        current().remembered.put(_guesses(), until, until)
        raise


def _count_here(key: str, per_minute: int) -> None:
    """Raises TooMany."""
    g.counted = (per_minute, *ratelimit.draw(key, per_minute, 60))
    if g.counted[1] < 0:
        raise _too_many(g.counted[2])


def _guesses() -> str:
    return f"guesses/{ratelimit.home(request.remote_addr or '')}"


def count_apart(kind: str, per_minute: int) -> None:
    """For views with `own_limit`: each address has a bucket of their own. Raises TooMany."""
    g.trip = Trip(_bucket(kind, ratelimit.home(request.remote_addr or "")), per_minute, per_minute)
    _decide()


def tell(response: Response) -> Response:
    """Say what is left, on every answer that was counted."""
    trip: Trip | None = g.get("trip")
    if trip is not None and trip.answer is not None:
        g.counted = (trip.per_minute, trip.answer.left, math.ceil(trip.answer.full_in))
    if "counted" in g:
        told = zip(("Limit", "Remaining", "Reset"), g.counted, strict=True)
        complete(response.headers, [(f"RateLimit-{name}", str(max(0, number))) for name, number in told])
    if response.status_code == UNKNOWN and request.path.startswith(bearers.BELOW):
        refused = 'Bearer error="invalid_token"' if bearers.shown() else "Bearer"
        complete(response.headers, [("WWW-Authenticate", refused)])
    return response


def _decide() -> None:
    trip = cache.travel()
    if trip is not None and trip.answer is not None and not trip.answer.allowed:
        raise _too_many(max(1, math.ceil(trip.answer.retry_in)))


def _too_many(seconds: int) -> TooMany:
    text = ngettext("Please wait one second and try again.", "Please wait %(n)s seconds and try again.", seconds)
    return TooMany(text, seconds)


def _is_free() -> bool:
    return _has("own_limit") or _FREE.match(request.path) is not None


def _has(mark: str) -> bool:
    """Whether the view that will answer is marked so."""
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), mark, False))


def _of_browser(settings: Settings, token: str) -> Trip:
    per_minute = settings.rate_signed_in
    slug = g.get("slug")
    also = entrances.keys(slug, token) if slug else ()
    return Trip(_bucket("browser", token), per_minute, max(1, per_minute // _SIXTH), also)


def _of_address(settings: Settings) -> Trip:
    """Forms that strangers send have a bucket of their own, which fills at a third of the pace."""
    home, per_minute = ratelimit.home(request.remote_addr or ""), settings.rate_per_minute
    if request.method in SAFE:
        return Trip(_bucket("address", home), per_minute, settings.rate_burst)
    return Trip(_bucket("form", home), max(1, per_minute // _THIRD), settings.rate_burst)


def _bucket(kind: str, whose: str) -> str:
    return "webkit:rate:" + cache.private(f"rate/{kind}/{whose}")
