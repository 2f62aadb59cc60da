"""The editor of an invoice: rows that come and go, totals while somebody types, and a save that loses nothing typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any
from uuid import UUID

from flask import Response, flash, request
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.agencies.service import AgencyProfile
from webkit.clients import service as clients
from webkit.core.kernel import clock, events, permissions
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.forms import Bound, FormState, bind, hidden_number
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.values import dataclass
from webkit.invoices import beginnings, drafts, forms, service
from webkit.invoices.beginnings import Beginning, Suggestion
from webkit.invoices.figures import Figures, LineInput, Value, read_line, typed_line
from webkit.invoices.forms import InvoiceForm, Row
from webkit.invoices.models import InvoiceState
from webkit.invoices.pages import EditorPage
from webkit.invoices.service import InvoiceInput, InvoiceView
from webkit.pricing import Priced, PricingError, find
from webkit.pricing.habits import offered
from webkit.pricing.show import sum_rows
from webkit.pricing.terms import Written
from webkit.pricing.typed import habits_fields, share_or_amount, share_or_amount_text, unit_names

MORE_ROWS = 5
LIVE = ("totals",)
ISSUE = "issue"
FIELDS = {"prepaid": "withholding", "adjustments": "charge"}
"""Fields of the editor for what the kernel names otherwise."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the editor: rows, what is wrong with which (by place, then column) and with the form, and, when
    nothing is, what it means and comes to."""

    rows: list[Row]
    wrong: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    lines: tuple[LineInput, ...] = ()
    figures: Figures | None = None
    priced: Priced | None = None
    places: tuple[int, ...] = ()
    """Where in the rows each line stands."""


def begin(beginning: Beginning) -> Response:
    """The editor of a new invoice, with what it begins with."""
    profile = agencies.profile()
    head = {
        "client_id": beginning.client_id or "",
        "title": beginning.title,
        "payment_days": profile.payment_days if beginning.payment_days is None else beginning.payment_days,
        "note": beginning.note,
    }
    rows = [typed_line(line, profile.currency) for line in beginning.lines]
    figures = beginning.figures or Figures(habits=profile.habits)
    state = FormState.of({**head, **figure_fields(figures, profile.currency)})
    typed = checked(rows, figures, profile.currency) if rows else Typed([])
    return _page(None, state, typed, notice=_written_in(beginning.currency, profile.currency))


def _written_in(then: str, now: str) -> str:
    if not then or then == now:
        return ""
    return _("These prices were written in %(then)s, and this invoice is in %(now)s. Look at each.", then=then, now=now)


def opened(invoice: InvoiceView) -> Response:
    """The editor of a draft as it is kept, its figures computed anew."""
    figures = Figures.from_dict(invoice.figures)
    head = {
        "client_id": invoice.client_id,
        "title": invoice.title,
        "payment_days": invoice.payment_days,
        "note": invoice.note,
        "revision": invoice.revision,
    }
    state = FormState.of({**head, **figure_fields(figures, invoice.currency)})
    if not invoice.lines:
        return _page(invoice, state, Typed([], priced=invoice.priced))
    rows = [typed_line(read_line(line), invoice.currency) for line in invoice.lines]
    return _page(invoice, state, checked(rows, figures, invoice.currency))


def created() -> Response:
    """The form of a new invoice was sent."""
    if act := request.form.get("do"):
        return _acted(None, act)
    bound = bind(InvoiceForm, request.form)
    typed = read(bound, agencies.here().currency)
    given = _input(bound, typed)
    if given is None:
        return _page(None, bound.state, typed, code=422)
    if request.form.get("then") != ISSUE:
        return go("invoices.show", invoice_id=service.create_draft(given, bound.data.once))
    permissions.demand("invoices.send", current_user.id)
    try:
        invoice_id = service.create_and_issue(given, bound.data.once, events.ref("user", current_user.id))
    except DomainError as error:
        return _page(None, bound.state, replace(typed, problem=error.message), code=error.code)
    flash(issued_said(), "ok")
    return go("invoices.show", invoice_id=invoice_id)


def issued_said() -> str:
    """What staff read once an invoice is issued."""
    return _("The invoice has its number and is on its way to the client.")


def saved(invoice: InvoiceView) -> Response:
    """The form of a draft was sent."""
    act = request.form.get("do", "")
    if act and invoice.lines:
        return _acted(invoice, act)
    bound = bind(InvoiceForm, request.form)
    typed = read(bound, invoice.currency) if invoice.lines else Typed([], priced=invoice.priced)
    given = _input(bound, typed)
    if given is None:
        return _page(invoice, bound.state, typed, code=422)
    if not invoice.lines:
        given = replace(given, client_id=invoice.client_id)
    revision = hidden_number(request.form, "over") or bound.data.revision
    try:
        service.save_draft(invoice.id, revision, given)
    except Conflict as error:
        now = service.get(invoice.id)
        stale = now.revision if now.state == InvoiceState.DRAFT else None
        return _page(invoice, bound.state, replace(typed, problem=error.message), code=409, stale=stale)
    flash(_("Draft saved."), "ok")
    return go("invoices.show", invoice_id=invoice.id)


def totals(invoice: InvoiceView | None) -> Response:
    """What is typed comes to, for the page to swap in while somebody types. Nothing is kept."""
    bound = bind(InvoiceForm, request.form)
    typed = read(bound, invoice.currency if invoice else agencies.here().currency, all_rows=True)
    return _page(invoice, bound.state.kept(), typed, *LIVE)


def words(client: UUID | None, prices: Written) -> Response:
    """The texts to choose from, for another client."""
    profile = agencies.profile()
    found = beginnings.suggestions(client, profile.currency, prices)
    return page("invoices/_words.html", suggestions=found, currency=profile.currency)


def read(bound: Bound[Any], currency: str, *, all_rows: bool = False) -> Typed:
    """The rows and the figures of the form that was sent, computed if they can be; empty rows only if wanted."""
    rows = [row for row in forms.rows(request.form) if all_rows or forms.is_said(row)]
    figures, errors = _figures(currency)
    typed = checked(rows, figures, currency)
    typed = replace(typed, errors={**errors, **typed.errors})
    bound.state.errors.update(typed.errors)
    return typed


def checked(rows: list[Row], figures: Figures | None, currency: str) -> Typed:
    """Rows as they stand in an editor, computed if they can be."""
    places = tuple(place for place, row in enumerate(rows) if forms.is_said(row))
    if problem := forms.too_many(len(places)):
        return Typed(rows, problem=problem, figures=figures)
    wrong: dict[int, dict[str, str]] = {}
    lines: list[LineInput] = []
    for number, place in enumerate(places, start=1):
        bound = bind(forms.LineForm, rows[place])
        if not bound.ok:
            wrong[place] = bound.state.errors
            continue
        try:
            lines.append(bound.data.read(currency, str(number)))
        except PricingError as error:
            wrong[place] = {error.field or "price": error.message}
    if wrong or figures is None:
        return Typed(rows, wrong, figures=figures)
    return _priced(Typed(rows, lines=tuple(lines), figures=figures, places=places), currency)


def _priced(typed: Typed, currency: str) -> Typed:
    """With what it comes to, or what the kernel refuses."""
    try:
        return replace(typed, priced=drafts.price(typed.lines, agencies.profile(), typed.figures, currency))
    except PricingError as error:
        if error.line:
            column = {"unit_price": "price", "amount": "price"}.get(error.field or "", error.field or "price")
            return replace(typed, wrong={typed.places[int(error.line) - 1]: {column: error.message}})
        name = FIELDS.get(error.field or "", error.field or "")
        if name in InvoiceForm.model_fields:
            return replace(typed, errors={name: error.message})
        return replace(typed, problem=error.message)


def _figures(currency: str) -> tuple[Figures | None, dict[str, str]]:
    """What was decided about the whole invoice; None when the form does not say it soundly."""
    bound = bind(forms.FiguresForm, request.form)
    if not bound.ok:
        return None, bound.state.errors
    given = bound.data
    values: dict[str, Value | None] = {}
    errors: dict[str, str] = {}
    for name in ("discount", "charge"):
        try:
            values[name] = share_or_amount(getattr(given, name), currency, name)
        except PricingError as error:
            errors[name] = error.message
    if errors:
        return None, errors
    figures = Figures(
        habits=given.habits(),
        discount=values["discount"],
        discount_reason=given.discount_reason,
        charge=values["charge"],
        charge_reason=given.charge_reason,
    )
    return figures, {}


def _input(bound: Bound[InvoiceForm], typed: Typed) -> InvoiceInput | None:
    if not bound.ok or bound.state.errors or typed.priced is None:
        return None
    head = bound.data
    return InvoiceInput(head.client_id, head.title, typed.lines, head.payment_days, head.note, typed.figures)


def _acted(invoice: InvoiceView | None, act: str) -> Response:
    """A button that does not save: more rows, another order, what it comes to. For those without a script."""
    bound = bind(InvoiceForm, request.form)
    if act == "compute":
        return _page(invoice, bound.state, read(bound, invoice.currency if invoice else agencies.here().currency))
    rows = [row for row in forms.change(forms.rows(request.form), act) if forms.is_said(row)]
    return _page(invoice, bound.state.kept(), Typed(rows), more=act == "more")


def figure_fields(figures: Figures, currency: str) -> dict[str, str]:
    """The figures of the whole as the form has them."""
    return {
        **habits_fields(figures.habits),
        "discount": share_or_amount_text(figures.discount, currency),
        "discount_reason": figures.discount_reason,
        "charge": share_or_amount_text(figures.charge, currency),
        "charge_reason": figures.charge_reason,
    }


def _page(
    invoice: InvoiceView | None,
    state: FormState,
    typed: Typed,
    *blocks: str,
    code: int = 200,
    more: bool = False,
    stale: int | None = None,
    notice: str = "",
) -> Response:
    profile = agencies.profile()
    currency = invoice.currency if invoice else profile.currency
    view = EditorPage(
        invoice=invoice,
        form=state,
        clients=[] if blocks else _clients(invoice),
        notice=_notice(invoice, profile) if invoice and not blocks else notice,
        stale=stale,
        templates=[] if blocks or invoice else beginnings.templates(),
        may_issue=invoice is None and permissions.may("invoices.send", current_user.id),
        **table(typed, currency, state, more=more, live=bool(blocks)),
    )
    return page("invoices/edit.html", *blocks, code=code, **fields(view))


def table(typed: Typed, currency: str, state: FormState, *, more: bool = False, live: bool = False) -> dict[str, Any]:
    """What the lines and figures of whatever is billed show; `live` while somebody types."""
    profile = agencies.profile()
    return {
        "rows": typed.rows,
        "blank": MORE_ROWS if more else 1,
        "line_errors": typed.wrong,
        "rates": _rates(profile),
        "units": list(unit_names().items()),
        "offers": offered(profile.tax_scheme, currency),
        "sums": sum_rows(typed.priced) if typed.priced else [],
        "said": _said(typed) if live else [],
        "amounts": _amounts(typed),
        "problem": typed.problem,
        "currency": currency,
        "suggestions": [] if live else _suggested(state, currency),
    }


def _said(typed: Typed) -> list[str]:
    """What stands in the way of totals, while somebody types; nothing about rows that are only begun."""
    begun = _("Please fill this in.")
    of_lines = [
        _("Line %(n)d: %(problem)s", n=place + 1, problem=problem)
        for place, columns in sorted(typed.wrong.items())
        for problem in columns.values()
        if problem != begun
    ]
    return [*of_lines, *typed.errors.values(), *([typed.problem] if typed.problem and typed.rows else [])]


def _amounts(typed: Typed) -> list[tuple[int, int]]:
    """What each line comes to, with the place of its row."""
    if typed.priced is None:
        return []
    return [(place, line.amount) for place, line in zip(typed.places, typed.priced.lines, strict=False)]


def _notice(invoice: InvoiceView, profile: AgencyProfile) -> str:
    """What somebody has to know who opens a draft that has waited."""
    if invoice.currency != profile.currency:
        return _(
            "Your agency works in %(now)s now. This draft keeps %(then)s, in which its prices were written: "
            "for %(now)s begin a new one.",
            now=profile.currency,
            then=invoice.currency,
        )
    if drafts.renewal(invoice) is not None:
        return _("The figures have changed since this draft was saved: tax settings or rates are other ones now.")
    return ""


def _clients(invoice: InvoiceView | None) -> list[tuple[str, str]]:
    found = [(str(client_id), name) for client_id, name in clients.choices()]
    if invoice and all(client_id != str(invoice.client_id) for client_id, _name in found):
        found.insert(0, (str(invoice.client_id), clients.get(invoice.client_id).name))
    return found


def _rates(profile: AgencyProfile) -> list[tuple[str, str]]:
    rows = find(profile.tax_scheme).rates(clock.today(profile.timezone))
    return [(row.key, _rate_name(row.label, format_decimal(row.rate.percent), row.rate.code)) for row in rows]


def _rate_name(label: str, percent: str, code: str) -> str:
    natura = f" · {code}" if code.startswith("N") else ""
    return f"{percent} % {_(label)}{natura}"


def _suggested(state: FormState, currency: str) -> list[Suggestion]:
    prices = Written.GROSS if state.value("prices") == Written.GROSS else Written.NET
    return beginnings.suggestions(_uuid(state.value("client_id")), currency, prices)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
