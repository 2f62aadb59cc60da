"""Pages on which an agency or a person takes everything along, or ends."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, request, send_file
from flask_login import current_user

from webkit.core.capabilities.errors import NotFoundAtProvider
from webkit.core.capabilities.storage import Storage
from webkit.core.kernel import i18n, stepup
from webkit.core.kernel.db import release
from webkit.core.kernel.doors import ask_to_sign_in, staff_blueprint
from webkit.core.kernel.downloads import ADDRESS_LIVES
from webkit.core.kernel.errors import DomainError, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.portability import deleting, personal, service
from webkit.portability.forms import AddressForm, ExportForm, NameForm

blueprint = staff_blueprint("agency_data", __name__, "/settings/data")
mine = Blueprint("own_data", __name__, url_prefix="/account/data")


# --- the agency --------------------------------------------------------------------------------------------------


@blueprint.get("")
def show() -> Response:
    """The agency's archives, and its end."""
    return _agency()


@blueprint.post("/exports")
@stepup.required
def export() -> Response:
    """Ask for an archive."""
    bound = bind(ExportForm, request.form)
    if bound.ok and (bound.data.passphrase or "") != (bound.data.again or ""):
        bound.state.errors["again"] = _("This is not the same passphrase.")
    if bound.state.errors:
        return _agency(export=_without_words(bound.state), code=422)
    try:
        service.ask(current_user.id, current_user.name, bound.data.passphrase or "")
    except DomainError as error:
        bound.state.errors[error.field or "passphrase"] = error.message
        return _agency(export=_without_words(bound.state), code=error.code)
    flash(_("The archive is being made. You can leave this page."), "ok")
    return go(".show")


def _without_words(state: FormState) -> FormState:
    """A passphrase is never sent back."""
    return FormState({}, dict(state.errors))


@blueprint.get("/exports/<uuid:export_id>/progress")
def progress(export_id: UUID) -> Response:
    """How far it is; the whole page anew once it has ended."""
    found = service.get(export_id)
    if found.state.value != "waiting":
        return go(".show")
    return page("portability/agency.html", "progress", waiting=found)


@blueprint.get("/exports/<uuid:export_id>/file")
@stepup.required
def file(export_id: UUID) -> Response:
    """The archive itself."""
    found, vendor = service.open_file(export_id)
    key, name = found.file_key or "", f"{g.agency.slug}-{found.created_at:%Y-%m-%d}.zip"
    release()
    return _download(vendor.connect(), key, name)


@blueprint.post("/exports/<uuid:export_id>/delete")
def drop(export_id: UUID) -> Response:
    """Delete an archive before its time."""
    service.take_back(export_id)
    flash(_("The archive is deleted."), "ok")
    return go(".show")


@blueprint.post("/deletion")
@stepup.required
def delete() -> Response:
    """Begin the days of grace."""
    bound = bind(NameForm, request.form)
    if not bound.ok:
        return _agency(ending=bound.state, code=422)
    me = current_user
    try:
        deleting.ask(g.agency, bound.data.name, me.id, me.name, me.email, i18n.current_locale())
    except DomainError as error:
        bound.state.errors[error.field or "name"] = error.message
        return _agency(ending=bound.state, code=error.code)
    flash(_("The agency will be deleted in 30 days. Until then you can take it back here."), "ok")
    return go(".show")


@blueprint.post("/deletion/cancel")
def keep() -> Response:
    """Take it back."""
    deleting.cancel(g.agency, current_user.id, current_user.name)
    flash(_("The agency stays. Nothing was deleted."), "ok")
    return go(".show")


def _agency(*, export: FormState | None = None, ending: FormState | None = None, code: int = 200) -> Response:
    exports = service.latest()
    return page(
        "portability/agency.html",
        code=code,
        exports=[each for each in exports if each.state.value != "waiting"],
        waiting=next((each for each in exports if each.state.value == "waiting"), None),
        deletion=deleting.under_way(),
        kept=list(deleting.staying(g.agency)),
        in_the_way=deleting.in_the_way(),
        export=export or FormState(),
        ending=ending or FormState(),
    )


# --- a person ----------------------------------------------------------------------------------------------------


@mine.before_request
def demand_sign_in() -> Response | None:
    """Everything here is about oneself."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if current_user.locale:
        i18n.set_locale(current_user.locale)
    return None


@mine.get("")
def own() -> Response:
    """What somebody has asked for, and the end of their account."""
    return _own()


@mine.post("/export")
@stepup.required
def take_along() -> Response:
    """Have everything about oneself put together."""
    personal.ask(current_user.id)
    flash(_("Your data is being put together. The link comes by mail."), "ok")
    return go(".own")


@mine.post("/exports/<uuid:export_id>/delete")
def drop_own(export_id: UUID) -> Response:
    """Close a link and delete its file."""
    personal.take_back(current_user.id, export_id)
    flash(_("The file is deleted, its link opens nothing any more."), "ok")
    return go(".own")


@mine.get("/file/<token>")
def fetch(token: str) -> Response:
    """The file, for the person it was made for."""
    storage, key = personal.fetch(current_user.id, token[:100])
    release()
    return _download(storage, key, "my-data.zip")


@mine.post("/deletion")
@stepup.required
def delete_account() -> Response:
    """Begin the days of grace."""
    bound = bind(AddressForm, request.form)
    if not bound.ok:
        return _own(bound.state, 422)
    try:
        personal.ask_deletion(current_user.id, current_user.name, current_user.email, bound.data.email)
    except DomainError as error:
        bound.state.errors[error.field or "email"] = error.message
        return _own(bound.state, error.code)
    flash(_("Your account will be deleted in 30 days. Until then you can take it back here."), "ok")
    return go(".own")


@mine.post("/deletion/cancel")
def keep_account() -> Response:
    """Take it back."""
    personal.cancel_deletion(current_user.id, current_user.name, current_user.email)
    flash(_("Your account stays."), "ok")
    return go(".own")


def _own(ending: FormState | None = None, code: int = 200) -> Response:
    reason = personal.in_the_way(current_user.id)
    return page(
        "portability/own.html",
        code=code,
        exports=personal.latest(current_user.id),
        deletion=personal.deletion_of(current_user.id),
        in_the_way=reason,
        ending=ending or FormState(),
    )


def _download(storage: Storage, key: str, name: str) -> Response:
    address = storage.url(key, expires=ADDRESS_LIVES, filename=name, content_type=service.ZIP)
    if address:
        response = Response(status=303, headers={"Location": address})
    else:
        try:
            response = send_file(storage.open(key), service.ZIP, as_attachment=True, download_name=name)
        except NotFoundAtProvider:
            raise NotFound(_("This file is not there any more. Ask for another one.")) from None
    response.headers["Cache-Control"] = "private, no-store"
    return response
