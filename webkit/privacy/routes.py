"""Pages of erasures: what one would do, asking for it, its receipt, and all of them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Response, flash, g, request, url_for
from flask_login import current_user

from webkit.accounts import service as accounts
from webkit.clients import service as clients
from webkit.core.kernel import downloads, frozen, stepup
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.privacy import pages, receipts, service

PAGE = 50
blueprint = staff_blueprint("privacy", __name__, "/privacy")


@blueprint.get("")
def index() -> Response:
    """Every erasure, newest first."""
    found = service.page(PAGE + 1, _uuid(request.args.get("before", "")))
    names = clients.names(each.client_id for each in found)
    older = url_for(".index", before=found[PAGE - 1].id) if len(found) > PAGE else None
    people = accounts.actors()
    lines = [(each, names.get(each.client_id, ""), people.get(f"user:{each.asked_by}", "")) for each in found[:PAGE]]
    return page("privacy/index.html", lines=lines, older=older)


@blueprint.get("/clients/<uuid:client_id>")
def preview(client_id: UUID) -> Response:
    """What would go and what would stay, and why."""
    return _preview(client_id)


@blueprint.post("/clients/<uuid:client_id>")
@stepup.required
def erase(client_id: UUID) -> Response:
    """Have a client's person erased."""
    if request.form.get("sure") != "1":
        return _preview(client_id, _("Say that you are sure: nobody can bring it back."), 422)
    erasure_id = service.ask(client_id, current_user.id)
    flash(_("The erasure has begun. Its receipt appears here."), "ok")
    return go(".show", erasure_id=erasure_id)


@blueprint.get("/erasures/<uuid:erasure_id>")
def show(erasure_id: UUID) -> Response:
    """How far an erasure is, and its receipt."""
    found = service.get(erasure_id)
    name = clients.get(found.client_id).name if found.done else ""
    by = accounts.actors().get(f"user:{found.asked_by}", "")
    shown: dict[str, Any] = {"gone": pages.gone(found.goes), "staying": pages.staying(found.kept)}
    return page("privacy/show.html", erasure=found, client_name=name, by=by, **shown)


@blueprint.get("/erasures/<uuid:erasure_id>/receipt.json")
def receipt(erasure_id: UUID) -> Response:
    """The signed receipt, to be verified anywhere."""
    found = _finished(erasure_id)
    text = json.dumps(receipts.document(found.receipt, found.signature, found.public_key), indent=2, sort_keys=True)
    response = Response(f"{text}\n", mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"{found.number}.json")
    return response


@blueprint.get("/erasures/<uuid:erasure_id>/receipt.pdf")
def pdf(erasure_id: UUID) -> Response:
    """The same on paper."""
    return downloads.pdf(frozen.latest(service.KIND, _finished(erasure_id).id))


def _preview(client_id: UUID, problem: str = "", code: int = 200) -> Response:
    client, latest = clients.get(client_id), service.of_client(client_id)
    found = service.preview(client_id)
    shown = {
        "gone": pages.gone(found.goes),
        "staying": pages.staying(found.kept),
        "open": pages.open_lines(found.open),
        "latest": latest,
        "agency": g.agency,
    }
    return page("privacy/preview.html", code=code, client=client, problem=problem, **shown)


def _finished(erasure_id: UUID) -> service.ErasureView:
    found = service.get(erasure_id)
    if not found.done:
        raise NotFound(_("The erasure still goes on. Its receipt is written at the end."))
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
