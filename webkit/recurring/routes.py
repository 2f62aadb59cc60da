"""Staff pages of plans, and of what lies ahead."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Response, flash, request, url_for
from flask_login import current_user

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import events
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.invoices import service as invoices
from webkit.recurring import editor, forecast, planning
from webkit.recurring.forms import ResumeForm
from webkit.recurring.models import PlanState, counts

blueprint = staff_blueprint("recurring", __name__, "/recurring")
PAGE, SHOWN = 50, 200


@blueprint.get("/")
def index() -> Response:
    """Every plan, newest first."""
    wanted = request.args.get("state", "")
    state = PlanState(wanted) if wanted in set(PlanState) else None
    found = planning.page(limit=PAGE + 1, state=state, before=request.args.get("before", type=UUID))
    plans = found[:PAGE]
    older = url_for(".index", state=wanted or None, before=plans[-1].id) if len(found) > PAGE else None
    names = clients.names({plan.client_id for plan in plans})
    return page("recurring/index.html", plans=plans, names=names, state=state, counts=counts(), older=older)


@blueprint.get("/new")
def new() -> Response:
    """An empty editor."""
    return editor.begin(request.args.get("client", type=UUID))


@blueprint.post("/new")
def create() -> Response:
    return editor.sent(None)


@blueprint.post("/totals")
def totals() -> Response:
    """The totals of what is typed, for the page to swap while typing."""
    return editor.totals()


@blueprint.get("/ahead")
def ahead() -> Response:
    """The twelve months ahead of the whole agency; with a month everything in it."""
    found = forecast.twelve_months()
    month = _month(request.args.get("month", ""), found.months[0].first)
    shown = [each for each in found.ahead if each.on.replace(day=1) == month]
    names = clients.names({each.client_id for each in shown[:SHOWN]})
    more = max(0, len(shown) - SHOWN)
    return page("recurring/ahead.html", found=found, month=month, shown=shown[:SHOWN], more=more, names=names)


def _month(text: str, usual: date) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return usual


@blueprint.get("/<uuid:plan_id>")
def show(plan_id: UUID) -> Response:
    """One plan: what it did, and what it will do."""
    return _show(plan_id, FormState())


def _show(plan_id: UUID, form: FormState, code: int = 200, problem: str = "") -> Response:
    plan = planning.get(plan_id)
    history = planning.history(plan_id)
    ahead, made = forecast.twelve_months(plan_id).ahead, [each.invoice_id for each in history[:12] if each.invoice_id]
    return page(
        "recurring/show.html",
        code=code,
        plan=plan,
        client=clients.get(plan.client_id),
        history=history,
        numbers={id_: told["invoice.number"] for id_ in made if (told := invoices.told(id_))},
        ahead=ahead[:SHOWN],
        bills=[each for each in ahead if each.kind in forecast.BILLS],
        timeline=events.timeline(events.ref(planning.KIND, plan_id)),
        today=agencies.today(),
        form=form,
        problem=problem,
    )


@blueprint.get("/<uuid:plan_id>/edit")
def edit(plan_id: UUID) -> Response:
    plan = planning.get(plan_id)
    return go(".show", plan_id=plan_id) if plan.state is PlanState.ENDED else editor.opened(plan)


@blueprint.post("/<uuid:plan_id>/edit")
def save(plan_id: UUID) -> Response:
    return editor.sent(planning.get(plan_id))


@blueprint.get("/<uuid:plan_id>/prices")
def prices(plan_id: UUID) -> Response:
    """The editor of what it asks for from a day on."""
    plan = planning.get(plan_id)
    if plan.state is PlanState.ENDED:
        return go(".show", plan_id=plan_id)
    return editor.new_prices(plan, request.args.get("price", type=UUID))


@blueprint.post("/<uuid:plan_id>/prices")
def save_prices(plan_id: UUID) -> Response:
    plan = planning.get(plan_id)
    return go(".show", plan_id=plan_id) if plan.state is PlanState.ENDED else editor.prices_sent(plan)


@blueprint.post("/<uuid:plan_id>/prices/<uuid:price_id>/drop")
def drop_price(plan_id: UUID, price_id: UUID) -> Response:
    """Take back prices that have not begun."""
    planning.drop_price(plan_id, price_id, _actor())
    flash(_("These prices were taken back."), "ok")
    return go(".show", plan_id=plan_id)


@blueprint.post("/<uuid:plan_id>/pause")
def pause(plan_id: UUID) -> Response:
    planning.pause(plan_id, _actor())
    flash(_("Paused: nothing is billed until somebody goes on."), "ok")
    return go(".show", plan_id=plan_id)


@blueprint.post("/<uuid:plan_id>/resume")
def resume(plan_id: UUID) -> Response:
    """Go on; what fell due meanwhile is left out unless asked for."""
    bound = bind(ResumeForm, request.form)
    try:
        planning.resume(plan_id, _actor(), missed=bound.ok and bound.data.missed)
    except DomainError as error:
        return _show(plan_id, bound.state, error.code, error.message)
    flash(_("The plan goes on."), "ok")
    return go(".show", plan_id=plan_id)


@blueprint.post("/<uuid:plan_id>/end")
def end(plan_id: UUID) -> Response:
    """Bill nothing any more."""
    planning.end(plan_id, _actor())
    flash(_("The plan has ended. What it billed stays."), "ok")
    return go(".show", plan_id=plan_id)


def _actor() -> str:
    return events.ref("user", current_user.id)
