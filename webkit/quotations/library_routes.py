"""Texts and templates of quotations, under the agency's settings."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request

from webkit.core.kernel import once, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict
from webkit.core.kernel.forms import FormState, bind, hidden_number
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.quotations import editor, library
from webkit.quotations.forms import BlockForm, NewTemplateForm
from webkit.quotations.models import BlockKind
from webkit.quotations.pages import BlockPage, LibraryPage, NewTemplatePage
from webkit.quotations.views import BlockView

blueprint = staff_blueprint("quotation_library", __name__, "/settings/quotations")


@blueprint.get("")
def index() -> Response:
    known = library.blocks()
    view = LibraryPage(
        [each for each in known if each.kind is BlockKind.SCOPE],
        [each for each in known if each.kind is BlockKind.TERMS],
        library.templates(),
        permissions.may("quotation_library.edit"),
    )
    return page("quotations/library.html", **fields(view))


@blueprint.get("/blocks/new")
def new_block() -> Response:
    kind = "terms" if request.args.get("kind") == "terms" else "scope"
    return _block(None, FormState.of({"kind": kind, "revision": 1, "once": once.key()}))


@blueprint.post("/blocks/new")
def create_block() -> Response:
    bound = bind(BlockForm, request.form)
    if not bound.ok:
        return _block(None, bound.state, code=422)
    given = bound.data
    library.add_block(given.kind, given.title, given.text, key=given.once)
    flash(_("%(name)s is saved.", name=given.title), "ok")
    return go(".index")


@blueprint.get("/blocks/<uuid:block_id>")
def block(block_id: UUID) -> Response:
    found = library.block(block_id)
    stored = {"kind": found.kind.value, "title": found.title, "text": found.text, "revision": found.revision}
    return _block(found, FormState.of(stored))


@blueprint.post("/blocks/<uuid:block_id>")
def save_block(block_id: UUID) -> Response:
    found = library.block(block_id)
    bound = bind(BlockForm, request.form)
    if not bound.ok:
        return _block(found, bound.state, code=422)
    given = bound.data
    revision = hidden_number(request.form, "over") or given.revision
    try:
        library.change_block(block_id, revision, given.title, given.text)
    except Conflict as error:
        bound.state.errors[""] = error.message
        return _block(found, bound.state, stale=library.block(block_id).revision, code=409)
    flash(_("%(name)s is saved.", name=given.title), "ok")
    return go(".index")


@blueprint.post("/blocks/<uuid:block_id>/archive")
def archive_block(block_id: UUID) -> Response:
    library.put_away_block(block_id)
    flash(_("The text is put away. What was made with it stays as it is."), "ok")
    return go(".index")


@blueprint.get("/templates/new")
def new_template() -> Response:
    return page("quotations/new_template.html", **fields(NewTemplatePage(FormState.of({"once": once.key()}))))


@blueprint.post("/templates/new")
def create_template() -> Response:
    bound = bind(NewTemplateForm, request.form)
    if not bound.ok:
        return page("quotations/new_template.html", code=422, **fields(NewTemplatePage(bound.state)))
    return go(".template", quotation_template_id=library.add_template(bound.data.title, key=bound.data.once))


@blueprint.get("/templates/<uuid:quotation_template_id>")
def template(quotation_template_id: UUID) -> Response:
    return editor.template_opened(library.template(quotation_template_id), request.args.get("add", ""))


@blueprint.post("/templates/<uuid:quotation_template_id>")
def save_template(quotation_template_id: UUID) -> Response:
    return editor.template_sent(library.template(quotation_template_id))


@blueprint.post("/templates/<uuid:quotation_template_id>/duplicate")
def duplicate_template(quotation_template_id: UUID) -> Response:
    copied = library.duplicate_template(quotation_template_id, key=request.form.get("once", ""))
    flash(_("This is the copy. The other template stays as it is."), "ok")
    return go(".template", quotation_template_id=copied)


@blueprint.post("/templates/<uuid:quotation_template_id>/archive")
def archive_template(quotation_template_id: UUID) -> Response:
    library.put_away_template(quotation_template_id)
    flash(_("The template is put away. Quotations begun with it stay as they are."), "ok")
    return go(".index")


def _block(found: BlockView | None, state: FormState, *, stale: int | None = None, code: int = 200) -> Response:
    return page("quotations/block.html", code=code, **fields(BlockPage(found, state, stale)))
