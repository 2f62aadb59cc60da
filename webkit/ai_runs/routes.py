"""Pages of runs: one of them, its stream, its buttons, and what the month has cost."""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, flash, g, request, url_for
from flask_login import current_user

from webkit.ai_runs import pages, service
from webkit.ai_runs.watching import Watcher
from webkit.core.kernel import db
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, TooMany
from webkit.core.kernel.hx import go_to, page, wants_fragment
from webkit.core.kernel.streams import Place

PAGE = 50
blueprint = staff_blueprint("ai_runs", __name__, "/ai-runs")


@blueprint.get("")
def index() -> Response:
    """What was used of the month, what it cost, and the latest texts."""
    before = request.args.get("before", type=UUID)
    found = pages.usage(service.latest(PAGE + 1, before), PAGE)
    return page("ai_runs/index.html", usage=found, is_first=before is None)


@blueprint.get("/<uuid:run_id>")
def show(run_id: UUID) -> Response:
    """One text, on a page of its own."""
    return _shown(run_id)


@blueprint.get("/<uuid:run_id>/stream")
def stream(run_id: UUID) -> Response:
    """The text as it is written, from where the page or the last message had come."""
    run = service.get(run_id)
    after = Place.parse(request.headers.get("Last-Event-ID") or request.args.get("after", ""))
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    watcher = Watcher(app, g.agency.id, run, pages.links(run), after)
    db.release()
    answer = Response(watcher.events(), mimetype="text/event-stream")
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


@blueprint.post("/<uuid:run_id>/stop")
def stop(run_id: UUID) -> Response:
    """Stop writing; what is there stays."""
    service.demand_steering(run_id)
    service.stop(run_id)
    return _back(run_id)


@blueprint.post("/<uuid:run_id>/retry")
def retry(run_id: UUID) -> Response:
    """Write it anew."""
    service.demand_steering(run_id)
    try:
        service.retry(run_id, actor=f"user:{current_user.id}")
    except (Conflict, TooMany) as error:
        if wants_fragment():
            return _shown(run_id, error.message)
        flash(error.message, "bad")
    return _back(run_id)


@blueprint.post("/<uuid:run_id>/discard")
def discard(run_id: UUID) -> Response:
    """Put the text away."""
    service.demand_steering(run_id)
    service.discard(run_id)
    return _back(run_id)


def _back(run_id: UUID) -> Response:
    """The run as it stands now; without script, the page it belongs to."""
    return _shown(run_id) if wants_fragment() else go_to(pages.links(service.get(run_id)).page)


def _shown(run_id: UUID, problem: str = "") -> Response:
    run = service.get(run_id)
    links = pages.links(run)
    return page("ai_runs/show.html", "run", card=pages.card(run, links), problem=problem, usage_url=url_for(".index"))
