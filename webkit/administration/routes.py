"""The platform's side, and the log of an agency."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, flash, g, request, url_for
from flask_login import current_user

from webkit.accounts import service as accounts
from webkit.administration import forms, policy, service
from webkit.administration.forms import ReasonForm, RoleForm, TierForm
from webkit.core.kernel import audit, stepup
from webkit.core.kernel.doors import ask_to_sign_in, staff_blueprint
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.sheets import guarded
from webkit.subscriptions import service as subscriptions

MOST_EXPORTED = 10_000
blueprint = Blueprint("platform", __name__, url_prefix="/platform")
agency_log = staff_blueprint("agency_log", __name__, "/settings/log")


@blueprint.before_request
def only_platform() -> Response | None:
    """Signed in, and of the platform's own people; for everybody else this side does not exist."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    g.platform_role = service.role_of(current_user.id)
    if not g.platform_role:
        abort(404)
    return None


@blueprint.get("/")
def index() -> Response:
    return go(".agencies")


@blueprint.get("/agencies")
def agencies() -> Response:
    """Every agency, the newest first."""
    words, closed = request.args.get("q", "").strip()[:100], request.args.get("view") == "closed"
    found = service.agency_lines(words, forms.uuid_of(request.args.get("before", "")), closed=closed)
    more = older(found, found[service.PAGE - 1].agency.id if len(found) > service.PAGE else None)
    return page("administration/agencies.html", lines=found[: service.PAGE], words=words, closed=closed, older=more)


@blueprint.get("/agencies/<uuid:agency_id>")
def agency(agency_id: UUID) -> Response:
    return _agency(agency_id, {})


@blueprint.post("/agencies/<uuid:agency_id>/close")
@stepup.required
def close(agency_id: UUID) -> Response:
    """Close an agency, with the reason its people read."""
    bound = bind(ReasonForm, request.form)
    if not bound.ok:
        return _agency(agency_id, {"closing": bound.state}, 422)
    service.close_agency(agency_id, bound.data.reason, g.platform_role)
    flash(_("The agency is closed. It counts from the next request on."), "ok")
    return go(".agency", agency_id=agency_id)


@blueprint.post("/agencies/<uuid:agency_id>/open")
def open_again(agency_id: UUID) -> Response:
    service.open_agency(agency_id, g.platform_role)
    flash(_("The agency is open again."), "ok")
    return go(".agency", agency_id=agency_id)


@blueprint.post("/agencies/<uuid:agency_id>/tier")
def set_tier(agency_id: UUID) -> Response:
    """Give a tier for good, or lend one until a day."""
    service.demand(g.platform_role, policy.DECIDE)
    bound = bind(TierForm, request.form)
    if not bound.ok:
        return _agency(agency_id, {"tier": bound.state}, 422)
    given = bound.data
    until = datetime.combine(given.until, time(), UTC) if given.until else None
    try:
        who = f"user:{current_user.id}"
        subscriptions.set_tier(agency_id, given.tier, until, f"{given.why}: {given.note}" if until else "", by=who)
    except DomainError as error:
        bound.state.errors[{"expires": "until", "reason": "why"}.get(error.field or "", "tier")] = error.message
        return _agency(agency_id, {"tier": bound.state}, error.code)
    flash(_("Saved."), "ok")
    return go(".agency", agency_id=agency_id)


@blueprint.post("/agencies/<uuid:agency_id>/tier/back")
def take_back(agency_id: UUID) -> Response:
    """End what an agency is lent."""
    service.demand(g.platform_role, policy.DECIDE)
    subscriptions.take_back(agency_id, by=f"user:{current_user.id}")
    flash(_("Nothing is lent to this agency any more."), "ok")
    return go(".agency", agency_id=agency_id)


@blueprint.post("/agencies/<uuid:agency_id>/sit-in")
@stepup.required
def sit_in(agency_id: UUID) -> Response:
    """Act for the owner."""
    bound = bind(ReasonForm, request.form)
    if not bound.ok:
        return _agency(agency_id, {"sitting": bound.state}, 422)
    found = service.sit_in(agency_id, current_user.id, current_user.name, bound.data.reason)
    return go_to(f"/{found.slug}/")


@blueprint.post("/agencies/<uuid:agency_id>/rise")
def rise(agency_id: UUID) -> Response:
    """Stop acting for the owner."""
    service.rise(agency_id, current_user.id)
    flash(_("You no longer act for the owner."), "ok")
    return go(".agency", agency_id=agency_id)


@blueprint.get("/people")
def people() -> Response:
    """Everybody with an account, the newest first."""
    words = request.args.get("q", "").strip()[:100]
    found = service.user_lines(words, forms.uuid_of(request.args.get("before", "")))
    more = older(found, found[service.PAGE - 1].id if len(found) > service.PAGE else None)
    return page("administration/people.html", lines=found[: service.PAGE], words=words, older=more)


@blueprint.post("/people/<uuid:user_id>/suspend")
@stepup.required
def suspend(user_id: UUID) -> Response:
    bound = bind(ReasonForm, request.form)
    if not bound.ok:
        raise DomainError(_("Please write why, in a few words."), "reason")
    service.suspend_user(user_id, bound.data.reason, current_user.id, g.platform_role)
    flash(_("Suspended, and signed out everywhere."), "ok")
    return go(".people", q=request.form.get("q", ""))


@blueprint.post("/people/<uuid:user_id>/unsuspend")
def unsuspend(user_id: UUID) -> Response:
    service.unsuspend_user(user_id, g.platform_role)
    flash(_("They may sign in again."), "ok")
    return go(".people", q=request.form.get("q", ""))


@blueprint.post("/people/<uuid:user_id>/role")
@stepup.required
def set_role(user_id: UUID) -> Response:
    bound = bind(RoleForm, request.form)
    service.set_role(user_id, bound.data.role if bound.ok else "?", current_user.id, g.platform_role)
    flash(_("Saved. It counts from their next request on."), "ok")
    return go(".people", q=request.form.get("q", ""))


@blueprint.get("/log")
def log() -> Response:
    """Everything that was noted, of all agencies and of the platform."""
    asked = forms.asked_of(request.args, forms.uuid_of(request.args.get("agency", "")))
    return _log("administration/log.html", asked, url_for(".export"), everywhere=True)


@blueprint.get("/log.csv")
def export() -> Response:
    asked = forms.asked_of(request.args, forms.uuid_of(request.args.get("agency", "")))
    audit.log("audit.exported", detail={"of": "platform"})
    return _csv(service.log(asked, None, MOST_EXPORTED))


@agency_log.get("")
def show() -> Response:
    """What was noted about this agency."""
    people = [(key.partition(":")[2], name) for key, name in accounts.actors().items() if key.startswith("user:")]
    return _log("administration/agency_log.html", _asked_here(), url_for(".export"), people)


@agency_log.get("/log.csv", endpoint="export")
def export_own() -> Response:
    audit.log("audit.exported")
    return _csv(service.log(_asked_here(), None, MOST_EXPORTED), g.agency.timezone)


def _asked_here() -> audit.Asked:
    return forms.asked_of(request.args, g.agency.id, g.agency.timezone)


def _agency(agency_id: UUID, states: dict[str, FormState], code: int = 200) -> Response:
    found = service.agency(agency_id)
    values: dict[str, Any] = {
        "agency": found,
        "people": service.people_of(agency_id),
        "sit_ins": service.sit_ins_of(agency_id),
        "tier": subscriptions.of(agency_id),
        "tiers": [(each.key, each.label) for each in subscriptions.tiers()],
        "reasons": [(str(each), str(each).replace("_", " ")) for each in subscriptions.Reason],
        "may_decide": service.may(g.platform_role, policy.DECIDE),
        "forms": {name: states.get(name, FormState()) for name in ("closing", "tier", "sitting")},
    }
    return page("administration/agency.html", code=code, **values)


def _log(
    template: str,
    asked: audit.Asked,
    export: str,
    people: Sequence[tuple[str, str]] = (),
    *,
    everywhere: bool = False,
) -> Response:
    found = service.log(asked, forms.uuid_of(request.args.get("before", "")))
    more = older(found, found[service.PAGE - 1][0].id if len(found) > service.PAGE else None)
    given = FormState({name: values for name, values in request.args.lists() if name != "before"})
    query = request.query_string.decode("ascii", "replace")
    shown = found[: service.PAGE]
    named = {each.agency_id for each, _name in shown} | {asked.agency_id}
    return page(
        template,
        entries=shown,
        form=given,
        older=more,
        export=f"{export}?{query}",
        people=people,
        agencies=service.agency_names(named) if everywhere else None,
        only=asked.agency_id if everywhere else None,
    )


def older(found: list[Any], last: UUID | None) -> str | None:
    """The address of the next page: what is asked stays."""
    if last is None:
        return None
    kept = [(name, value) for name, value in request.args.items() if name != "before"]
    return f"{request.path}?{urlencode([*kept, ('before', str(last))])}"


def _csv(found: Iterable[tuple[audit.EntryView, str]], timezone: str = "UTC") -> Response:
    """The log as a sheet, moments as they were in a time zone; nothing in it is a formula."""
    text = io.StringIO()
    sheet = csv.writer(text)
    sheet.writerow(["at", "who", "action", "subject", "agency", "address", "detail"])
    for each, name in found:
        detail = json.dumps(each.detail, ensure_ascii=False, sort_keys=True)
        cells = (name, each.action, each.subject, str(each.agency_id or ""), each.address, detail)
        sheet.writerow([each.at.astimezone(ZoneInfo(timezone)).isoformat(), *map(guarded, cells)])
    response = Response(text.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="log.csv")
    return response
