"""Doors of the web: the staff slug and the public token each decide, before any view runs, whose data it may see."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    abort,
    current_app,
    flash,
    g,
    has_request_context,
    request,
    url_for,
)
from flask_login import current_user
from werkzeug.exceptions import SecurityError
from werkzeug.routing import BaseConverter, Map, MapAdapter, Rule, ValidationError

from webkit.core.kernel import clock, db, entrances, hosts, i18n, links, permissions, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.entrances import Entrance
from webkit.core.kernel.errors import Forbidden, Gone, NotFound, SecondMissing
from webkit.core.kernel.hx import go_to
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.permissions import Grant
from webkit.core.kernel.runtime import current, of
from webkit.core.values import dataclass

STAFF, PUBLIC = "staff", "public"
ADDRESSES, LONGEST = 2048, 100
"""How many a process remembers, and of texts up to which length."""
PLAIN = {int, UUID, type(None)}
MORE = {"_anchor", "_external", "_method", "_scheme"}
"""What makes an address more than a path."""
SCANNERS = ("bot", "scan", "preview", "crawler", "spider", "curl", "python", "headless", "safelinks")
"""What programs that open links in mails call themselves."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """The link a public page was opened with; staff looking at it leave no trace as clients do."""

    agency_id: UUID
    kind: str
    document_id: UUID
    token: str
    expires_at: datetime | None
    is_staff_view: bool


class Slug(BaseConverter):
    """An agency's part of an address: never one that the platform itself uses, so `/sign-out` is no agency."""

    regex = r"[a-z0-9-]{1,64}"

    def to_python(self, value: str) -> str:
        if value in _reserved(self.map):
            raise ValidationError
        return value


class LateRule(Rule):
    """Learns to build its address with the first link to it: code is made for that, and no page needs all of it."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compiled = functools.cache(functools.partial(super()._compile_builder, append_unknown))
        return lambda rule, /, **values: compiled()(rule, **values)


class Site(Flask):
    """An application that builds an address once: the same ones stand on page after page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._built = functools.lru_cache(ADDRESSES, typed=True)(self._build)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Everything here is a plain function: no request asks whether each of them is one."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As ever; a name that is not the platform's is looked up, and refused unless it is an agency's domain."""
        try:
            return super().create_url_adapter(request)
        except SecurityError:
            if request is None or not (host := hosts.admit(self, request)):
                raise
            request.trusted_hosts, request.host = None, host
            return self.url_map.bind_to_environ(request.environ, subdomain=self.url_map.default_subdomain)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """As ever. What defaults say is a value like others, and what else an address within a request depends on is
        where the site is mounted and, for pages that share a name, the method."""
        if not has_request_context() or not MORE.isdisjoint(values):
            return super().url_for(endpoint, **values)
        if endpoint.startswith("."):
            endpoint = f"{request.blueprint}{endpoint}" if request.blueprint else endpoint[1:]
        self.inject_url_defaults(endpoint, values)
        if not all(map(_is_short, values.values())):
            return super().url_for(endpoint, **values)
        return self._built(request.script_root, request.method, endpoint, **values)

    def _build(self, _root: str, _method: str, endpoint: str, /, **values: Any) -> str:
        return super().url_for(endpoint, **values)


def _is_short(value: object) -> bool:
    kind = type(value)
    return kind in PLAIN or (kind is str and len(value) <= LONGEST)  # type: ignore[arg-type]


def init_app(app: Flask) -> None:
    """Give every request a unit of work without an agency, and close whatever it opened."""

    app.url_rule_class = LateRule
    app.url_map.converters["slug"] = Slug
    app.url_map.strict_slashes = False  # a slash too many or too few still finds the page

    @app.before_request
    def open_request() -> None:
        g.doors = ExitStack()
        g.doors.enter_context(db.waiting(db.Scope()))

    @app.teardown_request
    def close_request(_error: BaseException | None) -> None:
        if (doors := g.pop("doors", None)) is not None:
            doors.close()

    @app.url_defaults
    def same_agency(endpoint: str, values: dict[str, Any]) -> None:
        """Links within an agency need not name it."""
        agency = g.get("agency")
        if agency is not None and "agency" not in values and app.url_map.is_endpoint_expecting(endpoint, "agency"):
            values["agency"] = agency.slug


def staff_blueprint(name: str, import_name: str, prefix: str = "") -> Blueprint:
    """Pages under `/<agency>/…` for members who are signed in; for others they do not exist."""
    blueprint = Blueprint(name, import_name, url_prefix=f"/<slug:agency>{prefix}")
    blueprint.url_value_preprocessor(keep_slug)
    blueprint.before_request(enter_agency)
    return blueprint


def public_blueprint(name: str, import_name: str, kind: str) -> Blueprint:
    """Pages under `/<kind>/<token>` for whoever holds the link; at an agency's domain, of that agency alone."""
    blueprint = Blueprint(name, import_name, url_prefix=f"/{kind}/<token>")
    blueprint.record(lambda state: of(cast("Flask", state.app)).client_blueprints.add(name))

    @blueprint.url_value_preprocessor
    def keep_token(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.token = (values or {}).pop("token", "")

    @blueprint.url_defaults
    def same_token(_endpoint: str, values: dict[str, Any]) -> None:
        if "token" not in values and "token" in g:
            values["token"] = g.token

    @blueprint.before_request
    def enter() -> None:
        enter_link(kind, g.token)

    @blueprint.after_request
    def hide(response: Response) -> Response:
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return blueprint


def open_tenant(agency: AgencyView, grant: Grant | None = None) -> None:
    """Open an agency's door for the rest of the request: for somebody of its staff as far as they see."""
    db.release()
    seen = (grant.user_id, grant.own, grant.hidden) if grant else ()
    g.doors.enter_context(tenancy.tenant(agency.id, *seen))
    current().directory.know(agency)


def keep_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Views under an agency's address are not bothered with its slug."""
    g.slug = (values or {}).pop("agency", "")


def enter_agency() -> Response | None:
    """Sign-in first, then membership; what is not yours is not there."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    entrance = entrances.find(g.slug, current_user.id, current_user.token)
    if entrance is None:
        abort(404)
    try:
        sit_down(entrance)
    except SecondMissing as missing:
        flash(missing.message, "wait")
        return go_to(url_for("security.show"))
    permissions.at_the_door(g.grant)
    return None


def demand_second(agency: AgencyView, user_id: UUID) -> None:
    """The one place where an agency's demand is held up, for browsers and programs. Raises SecondMissing."""
    due = agency.second_from and clock.today(agency.timezone).isoformat() >= agency.second_from
    if due and not current().has_second(user_id):
        text = _("%(agency)s lets in only people who have a second step. Please set one up here.", agency=agency.name)
        raise SecondMissing(text)


def reaches(agency_id: UUID) -> bool:
    """Whether the session of whoever is signed in may know of an agency: one that its issuer opened knows it alone."""
    return getattr(current_user, "confined_to", None) in (None, agency_id)


def sit_down(entrance: Entrance) -> None:
    """Open the agency for whoever may enter it, as far as they see. Raises Forbidden while it is closed, and
    SecondMissing."""
    agency, seat = entrance.agency, entrance.seat
    if not reaches(agency.id):
        abort(404)
    i18n.set_locale(current_user.locale or agency.locale, agency.timezone)
    if agency.closed and not seat.sitting_in:
        raise Forbidden(_("%(agency)s is closed for now: %(why)s", agency=agency.name, why=agency.closed))
    demand_second(agency, current_user.id)
    g.grant = permissions.of_seat(current_user.id, seat)
    open_tenant(agency, g.grant)
    g.agency, g.role, g.side, g.sitting_in = agency, seat.role, STAFF, seat.sitting_in


def ask_to_sign_in() -> Response:
    """Send somebody to the sign-in page and remember where they wanted to go."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return go_to(url_for("accounts.sign_in", next=wanted))


def enter_link(kind: str, token: str) -> None:
    """Open the door a token fits; raises NotFound or Gone."""
    target = links.resolve(kind, token)
    if target is None or not hosts.shows(target.agency_id):
        raise NotFound(_("This link leads nowhere."))
    agency = current().directory.by_id(target.agency_id)
    if agency is None:
        raise NotFound(_("This link leads nowhere."))
    g.agency, g.side = agency, PUBLIC
    i18n.set_locale(agency.locale, agency.timezone)
    if agency.closed:
        sentence = _("The pages of %(agency)s are closed for now. Your documents are kept.", agency=agency.name)
        raise Forbidden(sentence)
    if not target.open:
        raise Gone(_("This link is no longer open. Please ask %(agency)s for a new one.", agency=agency.name))
    open_tenant(agency)
    g.link = LinkView(
        agency_id=target.agency_id,
        kind=target.kind,
        document_id=target.document_id,
        token=token,
        expires_at=target.expires_at,
        is_staff_view=_is_staff(target.agency_id),
    )


def _is_staff(agency: UUID) -> bool:
    if not current_user.is_authenticated or not reaches(agency):
        return False
    return current().directory.seat(agency, current_user.id) is not None  # also who sits in for the owner


def counts_as_view() -> bool:
    """Whether this GET is a client reading: not staff, not HEAD, not a scanner that opens links in mails."""
    agent = (request.user_agent.string or "").lower()
    scanner = any(word in agent for word in SCANNERS)
    prefetch = "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return request.method == "GET" and not g.link.is_staff_view and bool(agent) and not scanner and not prefetch


def reserved_slugs() -> frozenset[str]:
    """First path segments that routes already use; an agency cannot take one of them."""
    return _reserved(current_app.url_map)


@functools.lru_cache(8)
def _reserved(addresses: Map) -> frozenset[str]:
    rules = (rule.rule.strip("/").split("/")[0] for rule in addresses.iter_rules())
    return frozenset(segment for segment in rules if segment and not segment.startswith("<"))
