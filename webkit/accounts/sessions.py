"""Sessions are rows; Redis, where there is one, remembers them for a minute.

Ending a session leaves a mark in Redis that outlives every copy, so a copy made at that very moment is not believed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID

from flask import has_request_context, request

from webkit.accounts import models
from webkit.accounts.models import Method, SignInSession, User
from webkit.accounts.views import SessionView, UserView
from webkit.core.kernel import audit, cache, clock, db, ids
from webkit.core.kernel.db import after_commit, writes, writing
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass

CACHED = 60
# What tells them apart, the particular before the general: nearly all call themselves Safari as well.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
SEEN_EVERY = timedelta(minutes=1)
_LIVE, _ENDED = "webkit:session:", "webkit:session-ended:"


@dataclass(frozen=True, slots=True)
class Live:
    """A session that may be used, and when it was last written down as used."""

    user: UserView
    method: str
    began_at: datetime
    seen_at: datetime


@writes
def begin(user_id: UUID, method: Method, second: str = "", confined_to: UUID | None = None) -> str:
    """Sign somebody in: a new session with a new token, which only the browser will know.

    One that is confined to an agency was opened by that agency's issuer: nothing of the person's own was shown for it.
    """
    token, moment = ids.token(), clock.now()
    row = SignInSession(
        user_id=user_id,
        token_hash=_hashed(token),
        method=method,
        second=second,
        seen_at=moment,
        proven_at=None if confined_to else moment,
        expires_at=moment + _lifetime(),
        confined_to=confined_to,
    )
    if has_request_context():
        row.address, row.agent = network(request.remote_addr or ""), (request.user_agent.string or "")[:255]
    models.add_session(row)
    return token


@writes
def rotate(token: str, *, proven: bool = False) -> str | None:
    """Go on under a new token, so that whoever learned the former one has nothing; None when the session ended.

    `proven`: somebody has just shown again who they are.
    """
    fresh, before = ids.token(), _hashed(token)
    if not models.renew(before, _hashed(fresh), clock.now() if proven else None):
        return None
    after_commit(lambda: _mark_ended([before]))
    return fresh


def find(token: str) -> Live | None:
    """Who a token belongs to, in any unit; None when the session ended."""
    hashed = _hashed(token)
    cached, ended = cache.get(_LIVE + hashed, _ENDED + hashed)
    if ended is not None:
        return None
    if cached is not None:
        return _from_text(cached, token)
    found = models.live_session(hashed)
    if found is None:
        return None
    live = _live(*found, token)
    _remember(hashed, live)
    return live


def keep_alive(token: str, live: Live) -> bool:
    """Move the end of a session that is in use, at most once a minute; True when it was moved."""
    moment = clock.now()
    if moment - live.seen_at < SEEN_EVERY:
        return False
    hashed, longest = _hashed(token), timedelta(seconds=current().settings.session_max_seconds)
    with db.unit(db.Scope()), writing():
        audit.by_the_way()
        alive = models.slide(hashed, moment, min(moment + _lifetime(), live.began_at + longest))
    cache.drop(_LIVE + hashed)
    return alive


def refresh(token: str) -> None:
    """Forget what Redis remembers of a session whose person has changed, after the write."""
    after_commit(lambda: cache.drop(_LIVE + _hashed(token)))


def refresh_all(user_id: UUID) -> None:
    """Forget what Redis remembers of all of somebody's sessions, after the write."""
    hashes = models.session_hashes(user_id)

    def forget() -> None:
        for hashed in hashes:
            cache.drop(_LIVE + hashed)

    after_commit(forget)


def of(user_id: UUID, token: str) -> list[SessionView]:
    """Where somebody is signed in."""
    return [_view(row, _hashed(token)) for row in models.sessions_of(user_id)]


@writes
def end(user_id: UUID, *, only: UUID | None = None, token: str = "", but: str = "") -> int:
    """End one session by its id, one by its token, or all `but` one; returns how many there were."""
    hashes = models.delete_sessions(
        user_id, only=only, token=_hashed(token) if token else "", but=_hashed(but) if but else ""
    )
    after_commit(lambda: _mark_ended(hashes))
    return len(hashes)


@writes
def end_confined(agency_id: UUID) -> int:
    """End every session that reaches one agency alone; returns how many there were."""
    hashes = models.delete_confined(agency_id)
    after_commit(lambda: _mark_ended(hashes))
    return len(hashes)


def network(address: str) -> str:
    """As much of an address as tells a home from an office: no more of it is kept with a session."""
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((known, 24 if known.version == 4 else 48), strict=False))


def _lifetime() -> timedelta:
    return timedelta(seconds=current().settings.session_ttl_seconds)


def _hashed(token: str) -> str:
    return current().keys.token_hash(f"session/{token}")


def _live(row: SignInSession, user: User, token: str) -> Live:
    proven = row.proven_at or (None if row.confined_to else row.created_at)
    named = (user.id, user.name, user.email, user.locale, user.is_operator and row.confined_to is None)
    view = UserView(*named, token, proven, row.confined_to)
    return Live(view, row.method, row.created_at, row.seen_at)


def _view(row: SignInSession, own: str) -> SessionView:
    return SessionView(
        id=row.id,
        method=row.method,
        second=row.second,
        browser=_in_words(row.agent),
        address=row.address,
        seen_at=row.seen_at,
        created_at=row.created_at,
        is_this=row.token_hash == own,
    )


def _in_words(agent: str) -> str:
    """A browser's own description of itself, cut down to what people recognise."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or agent[:40] or _("Unknown browser")


def _remember(hashed: str, live: Live) -> None:
    text = json.dumps(
        {
            "id": str(live.user.id),
            "name": live.user.name,
            "email": live.user.email,
            "locale": live.user.locale,
            "is_operator": live.user.is_operator,
            "method": live.method,
            "began_at": live.began_at.isoformat(),
            "seen_at": live.seen_at.isoformat(),
            "confined_to": str(live.user.confined_to or ""),
            "proven_at": live.user.proven_at.isoformat() if live.user.proven_at else None,
        }
    )
    cache.put(_LIVE + hashed, text, CACHED)


def _mark_ended(hashes: Iterable[str]) -> None:
    for hashed in hashes:
        cache.put(_ENDED + hashed, "1", 2 * CACHED)


def _from_text(text: str, token: str) -> Live:
    kept = json.loads(text)
    proven = datetime.fromisoformat(kept["proven_at"]) if kept["proven_at"] else None
    confined = UUID(kept["confined_to"]) if kept["confined_to"] else None
    named = (UUID(kept["id"]), kept["name"], kept["email"], kept["locale"], kept["is_operator"])
    user = UserView(*named, token, proven, confined)
    return Live(user, kept["method"], datetime.fromisoformat(kept["began_at"]), datetime.fromisoformat(kept["seen_at"]))
