"""The editors of quotations and of their templates: saved by themselves, changed by buttons, losing nothing typed."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import clock
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.core.kernel.forms import hidden_number
from webkit.core.kernel.hx import fields, go, page, wants_fragment
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import find
from webkit.pricing.habits import offered
from webkit.pricing.rounding import plain
from webkit.quotations import catalogue, library, service
from webkit.quotations.models import State
from webkit.quotations.pages import Choices, EditorPage, TemplatePage
from webkit.quotations.sheet import Sheet
from webkit.quotations.views import Draft, QuotationView, TemplateView

LIVE = ("revision", "problems", "totals", "leaf")
"""What every save of a quotation brings up to date, whatever was changed."""
TEMPLATE_LIVE = ("revision", "problems")


def opened(quotation: QuotationView, add: str = "") -> Response:
    """The editor of a draft; `add` names a list that gets an empty row."""
    sheet = Sheet.stored(quotation)
    sheet.do(f"add:{add}")
    return _page(quotation, sheet, focus=add)


def sent(quotation: QuotationView) -> Response:
    """The form was sent: by itself, by its save button, or by a button that changes rows."""
    act = request.form.get("do", "")
    sheet = Sheet.typed(request.form)
    _act(sheet, act, quotation.currency, by_name=False)
    draft = sheet.read(quotation.currency)
    revision = _revision()
    if draft is None:
        return _page(quotation, sheet, revision=revision, act=act, code=422)
    try:
        service.save(quotation.id, revision, draft)
    except NotFound as error:
        sheet.errors["client_id"] = error.message
        return _page(quotation, sheet, revision=revision, act=act, code=422)
    except Conflict as error:
        return _stale(quotation, sheet, draft, revision, act, error)
    return _saved(service.get(quotation.id), sheet, act)


def template_opened(template: TemplateView, add: str = "") -> Response:
    """The editor of a template."""
    sheet = Sheet.of_template(library.filled(template), agencies.here().currency)
    sheet.do(f"add:{add}")
    return _template_page(template, sheet, focus=add)


def template_sent(template: TemplateView) -> Response:
    """The form of a template was sent."""
    act, currency = request.form.get("do", ""), agencies.here().currency
    sheet = Sheet.typed(request.form)
    _act(sheet, act, currency, by_name=True)
    form = sheet.read_template(currency)
    revision = _revision()
    if form is None:
        return _template_page(template, sheet, revision=revision, act=act, code=422)
    try:
        library.change_template(template.id, revision, form.title, form.offer, form.valid_days)
    except Conflict as error:
        sheet.errors[""] = error.message
        stale = library.template(template.id).revision
        return _template_page(template, sheet, revision=revision, act=act, stale=stale, code=409)
    now = library.template(template.id)
    if wants_fragment():
        return _template_page(now, sheet, act=act)
    if not act:
        flash(_("Saved."), "ok")
        return go("quotation_library.index")
    return go("quotation_library.template", quotation_template_id=template.id, add=_added(act), _anchor=_anchor(act))


def _revision() -> int:
    return hidden_number(request.form, "over") or hidden_number(request.form, "revision")


def _act(sheet: Sheet, act: str, currency: str, *, by_name: bool) -> None:
    """`pick:<section>:package:<id>` and `block:<id>` put something in; the rest changes rows."""
    verb, *rest = act.split(":")
    wanted = _uuid(rest[-1]) if rest else None
    if verb == "pick" and len(rest) == 3 and wanted:
        sheet.put_in(catalogue.lines_of(rest[1], wanted, currency, sheet.prices), rest[0], currency)
    elif verb == "block" and wanted:
        sheet.put_block(library.block(wanted), by_name=by_name)
    elif verb in ("add", "remove", "up", "down"):
        sheet.do(act)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _saved(quotation: QuotationView, sheet: Sheet, act: str) -> Response:
    if wants_fragment():
        return _page(quotation, sheet, act=act)
    if act == "send":
        return go("quotations.ask_send", quotation_id=quotation.id)
    if act == "preview":
        return go("quotations.preview", quotation_id=quotation.id)
    if not act:
        flash(_("Saved."), "ok")
    return go("quotations.edit", quotation_id=quotation.id, add=_added(act), _anchor=_anchor(act))


def _added(act: str) -> str | None:
    return act.removeprefix("add:") if act.startswith("add:") else None


def _anchor(act: str) -> str | None:
    return _part(act) or None


def _part(act: str) -> str:
    """The part of the form that a button changes."""
    verb, kind = (*act.split(":"), "")[:2]
    if verb == "pick" or kind in ("sections", "lines"):
        return "scope"
    if verb == "block":
        return request.form.get("into", "scope") if request.form.get("into") in ("scope", "terms") else "scope"
    return "terms" if kind == "terms" else ""


def _stale(quotation: QuotationView, sheet: Sheet, draft: Draft, revision: int, act: str, error: Conflict) -> Response:
    """Somebody was faster: what was typed stays in the form, with a way to keep it after all."""
    now = service.get(quotation.id)
    sheet.errors[""] = error.message
    stale = now.revision if now.state is State.DRAFT else None
    return _page(quotation, sheet, revision=revision, act=act, stale=stale, code=409, draft=draft)


def _page(
    quotation: QuotationView,
    sheet: Sheet,
    *,
    revision: int | None = None,
    act: str = "",
    focus: str = "",
    stale: int | None = None,
    code: int = 200,
    draft: Draft | None = None,
) -> Response:
    evaluation = service.evaluate(quotation, draft)
    view = EditorPage(
        quotation=quotation,
        form=sheet.state,
        places=sheet.places(),
        terms=len(sheet.rows["terms"]),
        revision=quotation.revision if revision is None else revision,
        clients=_clients(quotation),
        taxes=_taxes(),
        taxed=_taxed(quotation.currency),
        picks=catalogue.picks(quotation.currency),
        blocks=library.blocks(),
        doc=evaluation.doc,
        problems=evaluation.problems,
        currency=quotation.currency,
        stale=stale,
        moved=evaluation.moved and revision is None and not wants_fragment(),
        now=agencies.here().currency,
        focus=focus or _added(act) or "",
    )
    part = _part(act)
    blocks = (f"part_{part}", *LIVE) if part else LIVE
    return page("quotations/edit.html", *blocks, code=code, **fields(view))


def _template_page(
    template: TemplateView,
    sheet: Sheet,
    *,
    revision: int | None = None,
    act: str = "",
    focus: str = "",
    stale: int | None = None,
    code: int = 200,
) -> Response:
    currency = agencies.here().currency
    view = TemplatePage(
        template=template,
        form=sheet.state,
        places=sheet.places(),
        terms=len(sheet.rows["terms"]),
        revision=template.revision if revision is None else revision,
        taxes=_taxes(),
        taxed=_taxed(currency),
        picks=catalogue.picks(currency),
        blocks=library.blocks(),
        currency=currency,
        stale=stale,
        focus=focus or _added(act) or "",
    )
    part = _part(act)
    blocks = (f"part_{part}", *TEMPLATE_LIVE) if part else TEMPLATE_LIVE
    return page("quotations/template.html", *blocks, code=code, **fields(view))


def _clients(quotation: QuotationView) -> Choices:
    """The clients to choose from; the quotation's own even if it is archived by now."""
    found = [(str(client_id), name) for client_id, name in clients.choices()]
    own = (str(quotation.client_id), quotation.client_name)
    return found if any(client_id == own[0] for client_id, _name in found) else [own, *found]


def _taxed(currency: str) -> bool:
    """Whether prices can be written with tax in them."""
    return offered(agencies.profile().tax_scheme, currency).tax


def _taxes() -> Choices:
    profile = agencies.profile()
    rows = find(profile.tax_scheme).rates(clock.today(profile.timezone))
    if len(rows) < 2:
        return []
    return [(row.key, f"{plain(row.rate.percent)} % · {_(row.label)}") for row in rows]
