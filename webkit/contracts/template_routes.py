"""Contract templates under the agency's settings."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, g, request

from webkit.contracts import forms, merge, templates
from webkit.contracts.forms import TemplateForm
from webkit.contracts.pages import TemplatePage, TemplatesPage
from webkit.contracts.templates import TemplateText, TemplateView
from webkit.contracts.terms import Clause
from webkit.core.extensions import MergeField
from webkit.core.kernel import i18n, permissions
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.extras import service as extras

blueprint = staff_blueprint("contract_templates", __name__, "/settings/contracts")


@blueprint.get("")
def index() -> Response:
    shown = TemplatesPage(templates.all_in_use(), permissions.may("contract_templates.edit"))
    return page("contracts/templates.html", **fields(shown))


@blueprint.get("/new")
def new() -> Response:
    source = templates.choose(None, g.agency.locale)
    return _editor(None, FormState.of({"locale": source.locale, "version": 1}), source.clauses)


@blueprint.post("/new")
def create() -> Response:
    return _save(None)


@blueprint.get("/<uuid:template_id>")
def edit(template_id: UUID) -> Response:
    found = templates.get(template_id)
    return _editor(found, _stored(found), found.clauses)


@blueprint.post("/<uuid:template_id>")
def save(template_id: UUID) -> Response:
    return _save(templates.get(template_id))


@blueprint.post("/<uuid:template_id>/default")
def make_default(template_id: UUID) -> Response:
    templates.make_default(template_id)
    return go(".index")


@blueprint.post("/<uuid:template_id>/archive")
def archive(template_id: UUID) -> Response:
    templates.archive(template_id)
    flash(_("The template is put away. Contracts made from it stay as they are."), "ok")
    return go(".index")


def _save(found: TemplateView | None) -> Response:
    clauses, problems = forms.read_clauses(request.form)
    bound = bind(TemplateForm, request.form)
    if action := request.form.get("action", ""):
        return _editor(found, FormState(bound.state.raw), forms.rearranged(clauses, action))
    if not clauses:
        bound.state.errors["clause_text"] = _("A contract needs at least one clause.")
    if not bound.ok or problems or not clauses:
        return _editor(found, bound.state, clauses, problems, code=422)
    data = bound.data
    text = TemplateText(data.name, data.locale, clauses, data.signatory_name, data.signatory_title)
    try:
        if found is None:
            templates.create(text)
        else:
            templates.change(found.id, data.version, text)
    except Conflict as error:
        return _editor(found, bound.state, clauses, stale=error.message, code=409)
    except DomainError as error:
        bound.state.errors[error.field or ""] = error.message
        return _editor(found, bound.state, clauses, code=422)
    flash(_("%(name)s is saved.", name=data.name), "ok")
    return go(".index")


def _stored(found: TemplateView) -> FormState:
    return FormState.of(
        {
            "name": found.name,
            "locale": found.locale,
            "signatory_name": found.signatory_name,
            "signatory_title": found.signatory_title,
            "version": found.version,
        }
    )


def _editor(
    found: TemplateView | None,
    state: FormState,
    clauses: tuple[Clause, ...],
    problems: dict[int, str] | None = None,
    *,
    stale: str = "",
    code: int = 200,
) -> Response:
    languages = list(i18n.LOCALES.items())
    offered: tuple[merge.Field | MergeField, ...] = (*merge.FIELDS, *extras.fields())
    view = TemplatePage(found, state, clauses, problems or {}, offered, languages, stale)
    return page("contracts/template.html", "clauses", code=code, **fields(view))
