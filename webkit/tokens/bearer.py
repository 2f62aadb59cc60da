"""Who an Authorization header belongs to: `authenticate(header) -> Bearer`. Asked by the turnstile, once a request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from flask import Flask, Response, current_app, g, has_request_context

from webkit.accounts import service as accounts
from webkit.core.kernel import bearers, clock, db
from webkit.core.kernel.bearers import Bearer, Unauthorized
from webkit.core.kernel.db import writing
from webkit.core.kernel.i18n import gettext as _
from webkit.tokens import access_tokens, models, secrets
from webkit.tokens.models import ApiKey

__all__ = ["Bearer", "Unauthorized", "authenticate"]
LONGEST = 4096
SEEN_EVERY = timedelta(minutes=1)


def authenticate(authorization_header: str) -> Bearer:
    """Who calls with a key (`wkp_…`, `wka_…`) or with an access token. Raises Unauthorized.

    Asked of the database each time: a key that was revoked, a person who was suspended stop with the next request.
    """
    scheme, _space, shown = authorization_header.partition(" ")
    shown = shown.strip()
    if scheme.lower() != "bearer" or not shown or len(shown) > LONGEST:
        raise Unauthorized(_("Please call with a key: Authorization: Bearer …"))
    if shown.startswith(secrets.REFRESH):
        raise Unauthorized(_("This is a refresh token. Exchange it for an access token first."))
    if shown.startswith(secrets.PREFIXES):
        return _with_key(shown)
    return _with_token(shown)


def _with_key(shown: str) -> Bearer:
    if not secrets.is_whole(shown):
        raise Unauthorized(_("This key is not whole: a letter is missing or wrong."))
    row = models.key_by_hash(secrets.hashed(shown))
    if row is None:
        raise _unknown()
    return _bearer(row, row.scopes)


def _with_token(shown: str) -> Bearer:
    try:
        access = access_tokens.read(shown)
    except access_tokens.Refused:
        raise _unknown() from None
    row = models.key_of_family(access.family_id)
    if row is None or (row.user_id, row.agency_id) != (access.user_id, access.agency_id):
        raise _unknown()
    had = frozenset(row.scopes)
    return _bearer(row, (each for each in access.scopes if bearers.holds(had, each)))


def _bearer(row: ApiKey, scopes: Iterable[str]) -> Bearer:
    """The caller, if the key opens and its person may do anything at all."""
    if not is_open(row) or (person := accounts.active(row.user_id)) is None:
        raise _unknown()
    if has_request_context() and (row.used_at is None or clock.now() - row.used_at >= SEEN_EVERY):
        g.used_key = row.id
    return Bearer(row.user_id, row.agency_id, frozenset(scopes), row.id, row.kind.value, person.locale)


def is_open(row: ApiKey) -> bool:
    """Whether a key is neither revoked nor too old."""
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > clock.now())


def _unknown() -> Unauthorized:
    return Unauthorized(_("This key or token opens nothing: it is unknown, too old, or was revoked."))


# --- When it was last used ----------------------------------------------------------------------------------------


def init_app(app: Flask) -> None:
    app.after_request(note_use)


def note_use(response: Response) -> Response:
    """Write down that a key was used, once a minute at most and after the caller has the answer."""
    if (key_id := g.get("used_key")) is not None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        response.call_on_close(lambda: _note(app, key_id))
    return response


def _note(app: Flask, key_id: UUID) -> None:
    with app.app_context(), db.unit(db.Scope()), writing():
        models.note_use(key_id, SEEN_EVERY)
