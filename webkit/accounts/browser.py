"""The browser's side of a session: its cookie, who it belongs to, where it may be sent."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request, session, url_for
from flask_login import current_user, login_user, logout_user

from webkit.accounts import sessions
from webkit.accounts.signing_in import Entry
from webkit.accounts.views import UserView
from webkit.core.kernel.db import NoUnit, release
from webkit.core.kernel.hx import go, go_to
from webkit.core.kernel.runtime import of

STEP, PASSKEY_STEP, WANTED = "step", "passkey_step", "wanted"
IDENTITY_STEP, LINK_STEP = "identity_step", "link_step"
AGENCY_STEP, AGENCY_LINK_STEP = "agency_step", "agency_link_step"
"""What a cookie holds of a sign-in that is not finished: tokens of steps, and where somebody wanted to go."""
ANYWHERE = frozenset({"accounts.sign_out", "downloads.by_id"})
_BY_LINK = re.compile(r"/[a-z]/<token>")


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
    if live is None or not _reaches(live.user):
        return None
    g.live_session = live
    return live.user


def _reaches(user: UserView) -> bool:
    """Whether this page is one that a session may know of: one of an agency's own issuer opens that agency's pages.

    Everywhere else it is nobody's, so neither the account nor another agency is reached. Signing out is anybody's; the
    PDF of a document and a client's page each compare the agency themselves (`doors`).
    """
    if user.confined_to is None or request.endpoint in ANYWHERE:
        return True
    if request.url_rule is not None and _BY_LINK.match(request.url_rule.rule):
        return True
    agency = of(current_app).directory.by_id(user.confined_to)
    return agency is not None and request.path.split("/")[1] == agency.slug


def keep_alive(response: Response) -> Response:
    """Move the end of the session, in the database and in the cookie, at most once a minute."""
    live = g.get("live_session")
    if live is not None and "_user_id" in session and sessions.keep_alive(session["_user_id"], live):
        session.modified = True
    return response


def enter(entry: Entry, wanted: str | None = None) -> Response:
    """Go where somebody wanted to go, or to the page that asks for the second factor: the end of every way in."""
    if not entry.awaits_second:
        let_in(entry.token)
        return go_to(wanted or url_for("account.onward"))
    session.clear()
    session[STEP] = entry.token
    if wanted:
        session[WANTED] = wanted
    return go("second.ask")


def rotate(token: str | None = None) -> None:
    """Go on under a new token after what makes a session worth more; `token` if it was drawn already."""
    fresh = token or sessions.rotate(current_user.token)
    if fresh is not None:
        release()
        let_in(fresh)


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
