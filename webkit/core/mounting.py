"""Put blueprints into the application: features where they ask to be, plugins below their name, never too many at once.

A plugin's pages are the only code of its own that runs while somebody waits. So they get four places, whole answers,
our headers, and for strangers a record: what fails or hangs again and again is switched off.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

from flask import Flask, Response, abort, g, request

from .contributions import Contribution
from .kernel import doors, switches
from .kernel.logging import scrub
from .plugins import Plugins

AT_ONCE = 4
LONGEST_SECONDS = 30.0
MOST_BYTES = 16 * 2**20
OURS = (
    *("Content-Security-Policy", "X-Frame-Options", "Strict-Transport-Security", "X-Content-Type-Options"),
    *("Reporting-Endpoints", "Cross-Origin-Resource-Policy", "Access-Control-Allow-Origin"),
)
"""Headers that are not a stranger's to set."""
NO_BODY = (204, 304)


@dataclass(eq=False, slots=True)
class Visit:
    """A request that is inside a plugin's pages."""

    what: str
    began: float = field(default_factory=time.monotonic)
    failure: str = ""
    counted: bool = False

    @property
    def late(self) -> bool:
        return time.monotonic() - self.began > LONGEST_SECONDS


class Desk:
    """The four places of one plugin in this process."""

    def __init__(self, contribution: Contribution) -> None:
        self.plugin, self.stranger = contribution.plugin.name, contribution.stranger
        self._places = BoundedSemaphore(AT_ONCE)
        self._inside: set[Visit] = set()

    def enter(self) -> Visit | None:
        """A place, or None while all are taken; whoever sits there for too long is counted as hanging."""
        if self._places.acquire(blocking=False):
            visit = Visit(f"{request.method} {request.path}"[:200])
            self._inside.add(visit)
            return visit
        for visit in tuple(self._inside):
            if visit.late:
                self.count(visit, f"has not answered for {LONGEST_SECONDS:g} seconds")
        return None

    def leave(self, visit: Visit) -> None:
        """Give the place back, and settle what went wrong."""
        self._inside.discard(visit)
        self._places.release()
        if visit.failure or visit.late:
            self.count(visit, visit.failure or f"took more than {LONGEST_SECONDS:g} seconds")

    def count(self, visit: Visit, words: str) -> None:
        if self.stranger and not visit.counted:
            visit.counted = True
            switches.blame(self.plugin, visit.what, words)


def mount(app: Flask, plugins: Plugins) -> None:
    """Register every blueprint. A plugin that hangs keeps at most four threads of this process busy, not all."""
    desks: dict[str, Desk] = {}
    staff: set[str] = set()
    for contribution in plugins.contributions:
        if contribution.feature:
            for blueprint in contribution.blueprints:
                app.register_blueprint(blueprint)
            continue
        desk, below = Desk(contribution), f"/x/{contribution.plugin.name}"
        for blueprint in contribution.blueprints:
            app.register_blueprint(blueprint, url_prefix=below)
            desks[blueprint.name] = desk
        for blueprint in contribution.staff_blueprints:
            app.register_blueprint(blueprint, url_prefix=f"/<slug:agency>{below}")
            desks[blueprint.name] = desk
            staff.add(blueprint.name)
    if desks:
        _keep(app, desks, staff)


def _keep(app: Flask, desks: dict[str, Desk], staff: set[str]) -> None:
    """Ask at the desk before a plugin's pages run, and look at what comes out of them."""

    @app.url_value_preprocessor
    def keep_slug(endpoint: str | None, values: dict[str, Any] | None) -> None:
        if staff.intersection(request.blueprints):
            doors.keep_slug(endpoint, values)

    @app.before_request
    def enter() -> Response | None:
        desk = next((desks[name] for name in reversed(request.blueprints) if name in desks), None)
        if desk is None:
            return None
        if desk.stranger and switches.is_off(desk.plugin):
            abort(503)
        if (visit := desk.enter()) is None:
            abort(503)
        g.desk, g.visit = desk, visit
        return doors.enter_agency() if staff.intersection(request.blueprints) else None

    @app.after_request
    def look(response: Response) -> Response:
        if "visit" in g and g.desk.stranger:
            for name in OURS:
                response.headers.pop(name, None)
            _complete(response)
            if response.status_code >= 500 and response.status_code != 503:
                g.visit.failure = _words(g.get("crash"), response.status_code)
        return response

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        if (visit := g.pop("visit", None)) is not None:
            g.pop("desk").leave(visit)


def _complete(response: Response) -> None:
    """Have all of a stranger's answer while it still sits at its desk: no stream of it goes on without an end."""
    if response.status_code in NO_BODY or not (response.is_streamed or response.direct_passthrough):
        return
    response.direct_passthrough = False
    body = bytearray()
    for part in response.iter_encoded():
        body += part
        if len(body) > MOST_BYTES:
            raise ValueError(f"an answer of more than {MOST_BYTES} bytes")
    response.call_on_close(getattr(response.response, "close", lambda: None))
    response.set_data(bytes(body))


def _words(crash: BaseException | None, code: int) -> str:
    return f"{type(crash).__name__}: {scrub(str(crash))}" if crash else f"answered {code}"
