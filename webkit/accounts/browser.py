"""The browser's side of a session: its cookie, who it belongs to, where it may be sent."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, g, session
from flask_login import login_user, logout_user

from webkit.accounts import sessions
from webkit.accounts.views import UserView
from webkit.core.kernel.db import NoUnit
from webkit.core.kernel.runtime import of


def init_app(app: Flask) -> None:
    """Tell the login manager whom a cookie belongs to, and keep sessions that are used alive."""
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=of(app).settings.session_ttl_seconds)
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.login_manager.user_loader(load)  # type: ignore[attr-defined]
    app.after_request(keep_alive)


def load(token: str) -> UserView | None:
    """Who holds this token."""
    try:
        live = sessions.find(token)
    except NoUnit:  # an error page, shown before any unit was opened
        return None
    if live is None:
        return None
    g.live_session = live
    return live.user


def keep_alive(response: Response) -> Response:
    """Move the end of the session, in the database and in the cookie, at most once a minute."""
    live = g.get("live_session")
    if live is not None and "_user_id" in session and sessions.keep_alive(session["_user_id"], live):
        session.modified = True
    return response


def let_in(token: str) -> None:
    """Give the browser a new session; nothing of an earlier one stays."""
    session.clear()
    session.permanent = True
    live = sessions.find(token)
    if live is not None:
        login_user(live.user)


def let_out() -> None:
    """Take the session from the browser."""
    logout_user()
    session.clear()


def own_path(target: str | None) -> str | None:
    """`target` when it is a path of this site, else None: a link to us must not lead elsewhere."""
    if not target or not target.startswith("/") or len(target) > 2000:
        return None
    if target.startswith("//") or "\\" in target or any(ord(character) < 33 for character in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target
