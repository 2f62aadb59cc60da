"""Where programs exchange a key for tokens, take them back, and find the keys that verify them.

Answers are what RFC 6749 says of a token endpoint; refusals are problems (RFC 9457) that also carry its `error`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from webkit.core.kernel import bearers, ratelimit
from webkit.core.kernel.bearers import Unauthorized
from webkit.core.kernel.errors import DomainError, TooMany
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.security import csrf_exempt
from webkit.tokens import exchange, secrets, signing_keys
from webkit.tokens.views import Pair

blueprint = Blueprint("tokens", __name__)
API_KEY, REFRESH = "api_key", "refresh_token"
EXCHANGES, HOUR = 60, 3600
_ERRORS = {401: "invalid_grant", 409: "invalid_grant", 422: "invalid_scope", 429: "slow_down"}


@blueprint.post("/api/v1/auth/token")
@csrf_exempt
@bearers.optional
def token() -> Response:
    """`grant_type=api_key` with the key as bearer, or `grant_type=refresh_token` with a refresh token."""
    given = _given()
    kind, scopes = given.get("grant_type", ""), given.get("scope", "").split()
    if kind == API_KEY:
        caller = bearers.demanded()
        if not _showed_key():
            raise Unauthorized(_("Tokens begin with a key, not with another token."))
        ratelimit.hit(f"exchange/{caller.token_id}", EXCHANGES, HOUR)
        return _answer(exchange.exchange(caller, scopes))
    if kind == REFRESH:
        return _answer(exchange.refresh(given.get("refresh_token", ""), scopes))
    return _problem(400, _("grant_type is api_key or refresh_token."), "unsupported_grant_type")


@blueprint.post("/api/v1/auth/revoke")
@csrf_exempt
@bearers.optional
def revoke() -> Response:
    """End everything that a token belongs to. What nobody knows is ended already, so this never refuses (RFC 7009)."""
    exchange.take_back(_given().get("token", ""))
    return make_response(jsonify({}), 200)


@blueprint.get("/.well-known/jwks.json")
def keys() -> Response:
    """The public halves of the keys that sign access tokens."""
    response = make_response(jsonify({"keys": signing_keys.public()}))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@blueprint.errorhandler(DomainError)
def refuse(error: DomainError) -> Response:
    """Say what was wrong, never what was sent."""
    response = _problem(error.code, error.message, _ERRORS.get(error.code, "invalid_request"))
    if isinstance(error, TooMany):
        response.headers.update(error.headers())
    return response


def _given() -> dict[str, str]:
    """What was sent, as a form or as JSON: texts only, of bounded length."""
    sent: Any = request.get_json(silent=True) if request.is_json else request.form
    if not hasattr(sent, "items"):
        return {}
    return {str(name): value for name, value in sent.items() if isinstance(value, str) and len(value) <= 8192}


def _showed_key() -> bool:
    return bearers.shown()[7:].strip().startswith(secrets.PREFIXES)


def _answer(pair: Pair) -> Response:
    body = {
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh,
        "scope": " ".join(pair.scopes),
    }
    response = make_response(jsonify(body))
    response.headers["Cache-Control"] = "no-store"
    return response


def _problem(code: int, detail: str, word: str) -> Response:
    body = {"type": "about:blank", "title": word, "status": code, "detail": detail, "error": word}
    response = make_response(jsonify(body), code)
    response.headers["Content-Type"] = "application/problem+json"
    return response
