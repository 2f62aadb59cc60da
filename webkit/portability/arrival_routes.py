"""Where the platform's people bring an agency in: /platform/archives, for those who decide."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, flash, g, request
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge

from webkit.administration import service as administration
from webkit.core.kernel import i18n, stepup
from webkit.core.kernel.doors import ask_to_sign_in
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.portability import arriving
from webkit.portability.archive import GIGA
from webkit.portability.forms import ArrivalForm

ROOM = 64 * 1024
"""What the form has besides its file."""
blueprint = Blueprint("arrivals", __name__, url_prefix="/platform/archives")


@blueprint.before_request
def only_platform() -> Response | None:
    """Those of the platform's people who decide: the others are refused, and for everybody else it does not exist."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if current_user.locale:
        i18n.set_locale(current_user.locale)
    g.platform_role = administration.role_of(current_user.id)
    if not g.platform_role:
        abort(404)
    administration.demand_deciding(g.platform_role)
    request.max_content_length = arriving.MOST_BYTES + ROOM
    return None


@blueprint.get("")
@stepup.required
def index() -> Response:
    """What was brought in, and the next one. Who one is, is shown before a long upload and not behind it."""
    return _page()


@blueprint.post("")
@stepup.required
def upload() -> Response:
    """Keep an archive, and have it brought in."""
    try:
        bound = bind(ArrivalForm, request.form)
    except RequestEntityTooLarge:
        return _page(FormState({}, {"file": arriving.too_large().message}), 413)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        bound.state.errors["file"] = _("Choose the archive you want to bring in.")
    if bound.state.errors or sent is None:
        return _page(_without_words(bound.state), 422)
    try:
        with sent.stream as body:
            words = bound.data.passphrase or ""
            arriving.receive(sent.filename or "", body, words, current_user.id, current_user.name)  # type: ignore[arg-type]
    except DomainError as error:
        bound.state.errors[error.field or "file"] = error.message
        return _page(_without_words(bound.state), error.code)
    flash(_("The archive is being looked through. You can leave this page."), "ok")
    return go(".index")


def _without_words(state: FormState) -> FormState:
    """A passphrase is never sent back."""
    return FormState({}, dict(state.errors))


@blueprint.get("/<uuid:arrival_id>/progress")
def progress(arrival_id: UUID) -> Response:
    """How far it is; the whole page anew once it has ended."""
    found = arriving.get(arrival_id)
    if found.state.value != "waiting":
        return go(".index")
    return page("portability/arrivals.html", "progress", waiting=found)


def _page(form: FormState | None = None, code: int = 200) -> Response:
    found = arriving.latest()
    return page(
        "portability/arrivals.html",
        code=code,
        waiting=next((each for each in found if each.state.value == "waiting"), None),
        ended=[each for each in found if each.state.value != "waiting"],
        most=arriving.MOST_BYTES // GIGA,
        form=form or FormState(),
    )
