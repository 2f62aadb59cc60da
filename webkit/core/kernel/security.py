"""What every answer carries and every unsafe request must show: CSP with a nonce, headers, same-origin proof."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, abort, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import Headers

from webkit.core.capabilities.errors import ProviderError
from webkit.core.capabilities.payments import PAYMENTS
from webkit.core.kernel import cors, hosts, vendors
from webkit.core.kernel.crypto import Keys
from webkit.core.kernel.runtime import current
from webkit.core.settings import Settings

log = structlog.get_logger(__name__)

BODY_LIMIT = 10 * 1024 * 1024
FORM_LIMIT = 2 * 1024 * 1024
REPORTS = "/csp-reports"
"""Where browsers report what was against the policy of a page."""
UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope"),
    *("magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
"""What a browser can do and no page of ours asks for."""
FILES = (("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", "same-origin"))
"""Headers of static files too."""
ALWAYS = (
    *FILES,
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join(f"{name}=()" for name in UNUSED)),
    ("Reporting-Endpoints", f'csp="{REPORTS}"'),
    ("Cache-Control", "no-store"),
)
BY_HTTPS = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)
"""Where the platform is reached by https: a promise that it always will be."""
V = TypeVar("V", bound=Callable[..., object])
FOR_MACHINES = "default-src 'none'; frame-ancestors 'none'"
"""What a browser may do with an answer that is no page."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def configure(app: Flask, settings: Settings, keys: Keys) -> None:
    """Cookies, limits, and the checks before and headers after each request."""
    secure = settings.production or settings.base_url.startswith("https://")
    secret = settings.secret_key.get_secret_value() if settings.secret_key else keys.token_hash("cookies")
    app.config.update(
        SECRET_KEY=secret,
        SESSION_COOKIE_NAME="__Host-webkit" if secure else "webkit",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        TRUSTED_HOSTS=hosts.own(settings),
    )
    app.before_request(refuse_cross_site)
    app.after_request(add_headers)


def nonce() -> str:
    """This page's script nonce; fragments never carry scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def csrf_exempt(view: V) -> V:
    """Mark a view that proves its caller in another way: a vendor's signature."""
    view.__dict__["csrf_exempt"] = True
    return view


def refuse_cross_site() -> None:
    """Unsafe methods need proof that the page that sent them is ours, or a bearer token."""
    if request.method in SAFE or getattr(current_app.view_functions.get(request.endpoint or ""), "csrf_exempt", False):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        proven = site in ("same-origin", "none")
    elif origin is not None:
        proven = origin == own_origin()
    else:
        proven = _has_key()
    if not proven and not (_has_key() and request.path.startswith(cors.BELOW) and cors.permits(origin)):
        abort(403, "This form was sent from another site.")


def _has_key() -> bool:
    """No browser adds this by itself, so whoever sends it means to."""
    return request.headers.get("Authorization", "").startswith("Bearer ")


def own_origin() -> str:
    """Scheme and host that browsers see: as configured, or as they asked."""
    configured = current().settings.public_url
    if hosts.here() is not None:
        configured = hosts.at(hosts.named(request.environ))
    parts = urlsplit(configured or request.host_url)
    return f"{parts.scheme}://{parts.netloc}"


def add_headers(response: Response) -> Response:
    """Headers of every answer; a view that set one of them keeps it."""
    own = [("Content-Security-Policy", FOR_MACHINES if response.is_json else policy())]
    complete(response.headers, (*own, *ALWAYS, *promises(current().settings)))
    return response


def promises(settings: Settings) -> tuple[tuple[str, str], ...]:
    """What only an address with https can promise."""
    if not settings.base_url.startswith("https://"):
        return ()
    return BY_HTTPS if hosts.here() is None else (hosts.PROMISE,)


def complete(headers: Headers, wanted: Iterable[tuple[str, str]]) -> None:
    """Add those that are not there: their names are looked through once, not once for each."""
    there = {name.lower() for name, _value in headers}
    for name, value in wanted:
        if name.lower() not in there:
            headers.add(name, value)


def _payment_origins() -> tuple[str, ...]:
    try:  # on a client's page the agency's own account may be the one that is paid through
        vendor = vendors.chosen(PAYMENTS).connect() if "link" in g else current().registry.get(PAYMENTS)
        return tuple(vendor.form_action_origins())
    except (ProviderError, SQLAlchemyError) as error:
        log.warning("the payment provider does not work", error=str(error))
        return ()


def policy() -> str:
    """The content security policy of this page; the payment vendor's page may receive our form's redirect."""
    before, after = _around_nonce(current().settings.base_url, _payment_origins())
    return before + nonce() + after


@functools.lru_cache(256)
def _around_nonce(address: str, origins: tuple[str, ...]) -> tuple[str, str]:
    # A form's redirect may lead to our own configured address, and to the payment vendor's page.
    own = urlsplit(address)
    forms = " ".join(("'self'", f"{own.scheme}://{own.netloc}", *origins))
    return (
        "default-src 'self'; script-src 'self' 'nonce-",
        "'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; "
        f"base-uri 'none'; frame-ancestors 'none'; form-action {forms}; report-uri {REPORTS}; report-to csp",
    )
