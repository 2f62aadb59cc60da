"""The editor of a plan and of its new prices: the lines of an invoice, and a calendar."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events
from webkit.core.kernel.errors import Conflict, DomainError
from webkit.core.kernel.forms import Bound, FormState, bind, hidden_number
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import editor as lines
from webkit.invoices import forms as rows
from webkit.invoices import service as invoices
from webkit.invoices.editor import Typed
from webkit.invoices.service import Figures, typed_line
from webkit.recurring import planning
from webkit.recurring.forms import HOURS, PlanForm, PriceForm
from webkit.recurring.planning import PlanInput
from webkit.recurring.views import PlanView, PriceView

KEPT = ("client_id", "title", "note", "payment_days", "every", "day", "hour")


def begin(client: UUID | None) -> Response:
    """The editor of a new plan."""
    profile = agencies.profile()
    head = {
        "client_id": client or "",
        "payment_days": profile.payment_days,
        "start": agencies.today().isoformat(),
        "unit": "month",
        "every": 1,
        "hour": 9,
        "ends": "never",
        "issues": "draft",
    }
    state = FormState.of({**head, **lines.figure_fields(Figures(habits=profile.habits), profile.currency)})
    return _page(None, state, Typed([]))


def opened(plan: PlanView) -> Response:
    """The editor of a plan as it is kept."""
    head = {
        **{
            name: getattr(plan, name) for name in ("client_id", "title", "note", "payment_days", "every", "day", "hour")
        },
        "unit": plan.unit.value,
        "start": plan.next_on.isoformat() if plan.next_on else "",
        "arrears": "1" if plan.arrears else "",
        "ends": "until" if plan.until else "times" if plan.times else "never",
        "until": plan.until.isoformat() if plan.until else "",
        "times": plan.times or "",
        "issues": "charge" if plan.charges else "issue" if plan.issues else "draft",
        "revision": plan.revision,
    }
    state, typed = _of_price(plan, plan.price, head)
    return _page(plan, state, typed)


def new_prices(plan: PlanView, price_id: UUID | None) -> Response:
    """The editor of what a plan asks for from a day on: begun with those in force, or with later ones."""
    known = next((each for each in plan.prices if each.id == price_id), None)
    since = known.since.isoformat() if known else ""
    state, typed = _of_price(plan, known or plan.price, {"since": since, "revision": plan.revision})
    return _page(plan, state, typed, prices=True)


def _of_price(plan: PlanView, price: PriceView, head: dict[str, Any]) -> tuple[FormState, Typed]:
    currency, figures = agencies.here().currency, Figures.from_dict(price.figures)
    typed_rows = [typed_line(invoices.read_line(line), currency) for line in price.lines]
    state = FormState.of({**head, **lines.figure_fields(figures, currency)})
    return state, lines.checked(typed_rows, figures, currency)


def sent(plan: PlanView | None) -> Response:
    """The form of a new plan or of one that is kept was sent."""
    if act := request.form.get("do"):
        return _acted(plan, act)
    bound = bind(PlanForm, _with_client(plan))
    typed = lines.read(bound, agencies.here().currency)
    given = _input(bound, typed)
    if given is None:
        return _page(plan, bound.state, typed, code=422)
    actor = events.ref("user", current_user.id)
    try:
        if plan is None:
            return _saved(planning.create(given, actor, bound.data.once))
        planning.save(plan.id, hidden_number(request.form, "over") or bound.data.revision, given, actor)
    except Conflict as error:
        return _stale(plan, bound, typed, error)
    except DomainError as error:
        bound.state.errors[error.field or "title"] = error.message
        return _page(plan, bound.state, typed, code=422)
    return _saved(plan.id)


def prices_sent(plan: PlanView) -> Response:
    """The form of new prices was sent."""
    if act := request.form.get("do"):
        return _acted(plan, act, prices=True)
    bound = bind(PriceForm, request.form)
    typed = lines.read(bound, agencies.here().currency)
    if not bound.ok or bound.state.errors or typed.priced is None or typed.figures is None:
        return _page(plan, bound.state, typed, prices=True, code=422)
    given = replace(_kept(plan), lines=typed.lines, figures=typed.figures, total=typed.priced.totals.payable)
    revision = hidden_number(request.form, "over") or bound.data.revision
    try:
        planning.change_price(plan.id, revision, bound.data.since, given, events.ref("user", current_user.id))
    except Conflict as error:
        return _stale(plan, bound, typed, error, prices=True)
    except DomainError as error:
        bound.state.errors[error.field or "since"] = error.message
        return _page(plan, bound.state, typed, prices=True, code=422)
    return _saved(plan.id)


def totals() -> Response:
    """What is typed comes to, for the page to swap in. Nothing is kept."""
    bound = bind(PlanForm, request.form)
    typed = lines.read(bound, agencies.here().currency, all_rows=True)
    return _page(None, bound.state.kept(), typed, *lines.LIVE)


def _saved(plan_id: UUID) -> Response:
    flash(_("Plan saved. Below is what it will do."), "ok")
    return go("recurring.show", plan_id=plan_id)


def _stale(
    plan: PlanView | None, bound: Bound[Any], typed: Typed, error: Conflict, *, prices: bool = False
) -> Response:
    now = planning.get(plan.id) if plan else None
    stale = now.revision if now and now.next_on else None
    typed = replace(typed, problem=error.message)
    return _page(plan, bound.state, typed, prices=prices, stale=stale, code=409)


def _with_client(plan: PlanView | None) -> Any:
    """The form; a plan keeps its client, whatever was sent."""
    given = request.form.copy()
    if plan is not None:
        given["client_id"] = str(plan.client_id)
    return given


def _kept(plan: PlanView) -> PlanInput:
    """A plan as it is, for a change of its prices alone."""
    course = planning.course_of(plan)
    return PlanInput(plan.client_id, plan.title, (), Figures(), 0, course.rhythm)


def _input(bound: Bound[PlanForm], typed: Typed) -> PlanInput | None:
    if not bound.ok or bound.state.errors or typed.priced is None or typed.figures is None:
        return None
    form = bound.data
    try:
        rhythm = form.rhythm()
    except DomainError as error:
        bound.state.errors[error.field or "start"] = error.message
        return None
    return PlanInput(
        client_id=form.client_id,
        title=form.title,
        lines=typed.lines,
        figures=typed.figures,
        total=typed.priced.totals.payable,
        rhythm=rhythm,
        arrears=form.arrears,
        until=form.until if form.ends == "until" else None,
        times=form.times if form.ends == "times" else None,
        issues=form.issues != "draft",
        charges=form.issues == "charge",
        payment_days=form.payment_days,
        note=form.note,
    )


def _acted(plan: PlanView | None, act: str, *, prices: bool = False) -> Response:
    """A button that does not save: more rows, another order, what it comes to."""
    bound: Bound[Any] = bind(PriceForm, request.form) if prices else bind(PlanForm, _with_client(plan))
    if act == "compute":
        return _page(plan, bound.state, lines.read(bound, agencies.here().currency), prices=prices)
    kept = [row for row in rows.change(rows.rows(request.form), act) if rows.is_said(row)]
    return _page(plan, bound.state.kept(), Typed(kept), prices=prices, more=act == "more")


def _page(
    plan: PlanView | None,
    state: FormState,
    typed: Typed,
    *blocks: str,
    prices: bool = False,
    more: bool = False,
    stale: int | None = None,
    code: int = 200,
) -> Response:
    currency = agencies.here().currency
    notice = ""
    if plan and plan.currency != currency:
        both = {"then": plan.currency, "now": currency}
        notice = _("These prices were written in %(then)s, and your agency works in %(now)s now. Look at each.", **both)
    view = {
        "plan": plan,
        "form": state,
        "prices": prices,
        "stale": stale,
        "notice": notice,
        "hours": HOURS,
        "clients": [] if blocks or plan else [(str(id_), name) for id_, name in clients.choices()],
        "client": clients.get(plan.client_id) if plan and not blocks else None,
        "totals_url": url_for("recurring.totals"),
        **lines.table(typed, currency, state, more=more, live=bool(blocks)),
    }
    return page("recurring/edit.html", *blocks, code=code, **view)
