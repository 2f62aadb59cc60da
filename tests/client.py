"""A browser for tests: it sends what browsers send and shares nothing with the test around it."""

from __future__ import annotations

from contextvars import Context
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webkit.core.kernel import db


class Browser(FlaskClient):
    """Every request runs in a context of its own, as in a server: no open unit, no language, no user is inherited."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        headers = dict(kwargs.pop("headers", None) or {})
        headers.setdefault("Sec-Fetch-Site", "same-origin")
        let_go()
        try:
            response: TestResponse = Context().run(super().open, *args, headers=headers, **kwargs)
        finally:
            let_go()
        return response

    def sign_in(self, token: str) -> Browser:
        """Hold the cookie of a session."""
        with self.session_transaction() as cookie:
            cookie["_user_id"] = token
        return self


def let_go() -> None:
    """End the read of the test's own unit, so that it sees what others have done since."""
    if (units := db._units.get()) and not units[-1].session.writing:
        db.release()
