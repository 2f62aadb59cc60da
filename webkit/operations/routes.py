"""The operators' side: jobs, received events, the platform's own mail, and RQ's dashboard."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, request, url_for
from flask_login import current_user

from webkit.core.extensions import Queue
from webkit.core.kernel import audit, doors, inbox, outbox, tenancy
from webkit.core.kernel import jobs as bridge
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _

PAGE = 50
blueprint = Blueprint("operations", __name__, url_prefix="/admin")


@blueprint.before_request
def only_operators() -> Response | None:
    """Signed in and operator; for everybody else the operators' side does not exist."""
    if not current_user.is_authenticated:
        return doors.ask_to_sign_in()
    if not current_user.is_operator:
        abort(404)
    return None


@blueprint.get("/")
def index() -> Response:
    return go("operations.jobs")


@blueprint.get("/jobs")
def jobs() -> Response:
    """What waits, what gave up, what vendors reported."""
    view = request.args.get("view", "all")
    state = outbox.State(view) if view in list(outbox.State) else None
    before = request.args.get("before", type=UUID)
    with tenancy.platform("the operators' job page"):
        found = outbox.views(state, limit=PAGE + 1, before=before)
        counts = outbox.counts()
    older = url_for(".jobs", view=view, before=found[PAGE - 1].id) if len(found) > PAGE else None
    context: dict[str, Any] = {"jobs": found[:PAGE], "counts": counts, "view": view, "older": older}
    return page("operations/jobs.html", "list", **context, queues=_queues())


@blueprint.post("/jobs/<uuid:job_id>/retry")
def retry(job_id: UUID) -> Response:
    if not outbox.retry(job_id):
        raise NotFound(_("This job is done or not known."))
    audit.log("job.retried", subject=f"job:{job_id}")
    flash(_("The job is tried again."), "ok")
    return go(".jobs")


@blueprint.post("/jobs/<uuid:job_id>/dismiss")
def dismiss(job_id: UUID) -> Response:
    if not outbox.dismiss(job_id):
        raise NotFound(_("Only a job that gave up can be dismissed."))
    audit.log("job.dismissed", subject=f"job:{job_id}")
    flash(_("The job is put away."), "ok")
    return go(".jobs")


@blueprint.get("/inbox")
def received() -> Response:
    """What vendors reported, and whether it was applied."""
    before = request.args.get("before", type=UUID)
    with tenancy.platform("the operators' inbox page"):
        found = inbox.views(limit=PAGE + 1, before=before)
    older = url_for(".received", before=found[PAGE - 1].id) if len(found) > PAGE else None
    return page("operations/inbox.html", "list", events=found[:PAGE], older=older)


@blueprint.post("/inbox/<uuid:inbox_id>/replay")
def replay(inbox_id: UUID) -> Response:
    with tenancy.platform("an operator replays an event"):
        inbox.replay(inbox_id)
    audit.log("inbox.replayed", subject=f"inbox:{inbox_id}")
    flash(_("The event is applied again."), "ok")
    return go(".received")


def _queues() -> list[tuple[str, int | None]]:
    """How long each queue is; None when it does not answer."""
    return [(queue.value, bridge.length(queue.value)) for queue in Queue]
