"""Other names than the platform's own: at an agency's domain stand the pages of its clients, and nothing else.

Whoever knows domains answers `Runtime.domains`; until it says yes, a name is refused as every unknown one. What may be
seen there says so itself (`for_clients`, or pages made by `doors.public_blueprint`); everything else is not there, and
whatever shows something of an agency compares it with `here`. No cookie is read there, and none is set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from flask import Flask, Request, Response, abort, current_app, g, has_request_context, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable
from whitenoise import WhiteNoise

from webkit.core.kernel import entitlements
from webkit.core.kernel.db import NoUnit, after_commit, release, session
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.runtime import current, of
from webkit.core.settings import Settings

log = structlog.get_logger(__name__)

V = TypeVar("V", bound=Callable[..., object])
PLACE = "webkit.domain"
"""Where a request keeps whose domain it came to; no header is called so."""
MARK = "for_clients"
PROMISE = ("Strict-Transport-Security", "max-age=2592000")
"""A month, and nothing about names below: the name is the agency's, who may take it elsewhere."""


class Domains(Protocol):
    """Whoever knows the domains of agencies."""

    def owner(self, host: str) -> UUID | None:
        """Whose domain a name is, if clients may see its pages there now. In any unit."""
        ...

    def forget(self) -> None:
        """What this process remembers is true no longer."""
        ...


def init_app(app: Flask) -> None:
    app.session_interface = Sessions()
    app.before_request(refuse_the_rest)


def own(settings: Settings) -> list[str]:
    """The platform's own names."""
    return [urlsplit(settings.base_url).hostname or "", "127.0.0.1", "localhost", "::1"]


def named(environ: Mapping[str, Any]) -> str:
    """The name that a request came to, without the port."""
    host = str(environ.get("HTTP_HOST", "")).lower()
    return host.rpartition(":")[0] if host[-1:].isdigit() and ":" in host else host


def admit(app: Flask, asked: Request) -> str:
    """Let in a request whose name is not the platform's, if it is the domain of an agency: the name; else "".

    No page was chosen yet: what fails here has to be something that a page can be made of.
    """
    host = named(asked.environ)
    try:
        with app.app_context():
            known = of(app).domains
            agency = known.owner(host) if known is not None else None
    except SQLAlchemyError as error:
        log.warning("names cannot be looked up", error=str(error))
        raise ServiceUnavailable from None
    if agency is None:
        return ""
    asked.environ[PLACE] = agency
    return str(asked.environ["HTTP_HOST"]).lower()


def changed() -> None:
    """Inside the write that changes a domain: this process sees it at once, the others when they ask again."""
    if (known := current().domains) is not None:
        after_commit(known.forget)


def here() -> UUID | None:
    """Whose domain this request came to; None at the platform's own name."""
    found: UUID | None = request.environ.get(PLACE) if has_request_context() else None
    return found


def shows(agency_id: UUID) -> bool:
    """Whether something of this agency may be seen under the name that this request came to."""
    return here() in (None, agency_id)


def for_clients(view: V) -> V:
    """Mark a view that is also there at agencies' domains; it asks `shows` before it shows anything of an agency."""
    view.__dict__[MARK] = True
    return view


def refuse_the_rest() -> None:
    """At an agency's domain only what is meant for its clients exists, whatever the method."""
    if here() is None:
        return
    g.side = "public"
    view = current_app.view_functions.get(request.endpoint or "")
    if request.blueprint not in current().client_blueprints and not getattr(view, MARK, False):
        abort(404)


def at(host: str) -> str:
    """The platform's address under another name."""
    parts = urlsplit(current().settings.base_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}".rstrip("/")


def address() -> str:
    """Where clients of the current agency see its pages: at its own domain, while it has one and its tier sells it.

    Whoever has ended a read to call a vendor may ask this: what it reads itself it ends again.
    """
    platform = current().settings.base_url
    try:
        unit = session()
    except NoUnit:
        return platform
    if (agency_id := unit.scope.agency) is None:
        return platform
    reading = unit.in_transaction()
    host = _domain(agency_id)
    found = at(host) if host and entitlements.has(Feature.CUSTOM_DOMAIN) else platform
    if unit.in_transaction() and not reading:
        release()
    return found


def _domain(agency_id: UUID) -> str:
    """As the page has it anyway; jobs ask for it."""
    agency = g.get("agency")
    if agency is None or agency.id != agency_id:
        agency = current().directory.by_id(agency_id)
    return agency.domain if agency else ""


class Sessions(SecureCookieSessionInterface):
    """The signed cookie, and none at all at an agency's domain."""

    def open_session(self, app: Flask, request: Request) -> Any:
        return self.session_class() if PLACE in request.environ else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if here() is None:
            super().save_session(app, session, response)


class Files(WhiteNoise):  # type: ignore[misc]  # comes without types
    """Files are the same under every name; what the platform promises of its own name it promises of no other."""

    own: frozenset[str] = frozenset()

    def serve(self, static_file: Any, environ: Any, start_response: Any) -> Any:
        def begin(status: str, headers: list[tuple[str, str]]) -> Any:
            return start_response(status, [each for each in headers if each[0] != PROMISE[0]])

        return super().serve(static_file, environ, start_response if named(environ) in self.own else begin)
