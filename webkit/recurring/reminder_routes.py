"""Settings of reminders, and what is special about a client."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, request

from webkit.agencies import service as agencies
from webkit.agencies.pages import choices
from webkit.clients import service as clients
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.forms import FormState, bind, decimal_text
from webkit.core.kernel.hx import go, page
from webkit.core.kernel.i18n import format_decimal
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.money import money_text, parse_money
from webkit.pricing import find
from webkit.recurring import dunning, forms, jobs, models
from webkit.recurring.forms import ClientForm, RemindersForm
from webkit.recurring.models import ReminderStep

blueprint = staff_blueprint("reminders", __name__, "/reminders")
USUAL = ((3, "before"), (3, "after"), (10, "after"), (30, "after"))
"""Steps that are offered to who has none yet."""


@blueprint.get("/")
def settings() -> Response:
    """How the agency reminds."""
    stored, steps = models.settings(), models.steps()
    rows = [_row(step) for step in steps]
    if stored is None:
        rows = [{"days": str(days), "side": side, "words": "", "fee": ""} for days, side in USUAL]
        return _page(FormState.of({"since_hour": 9, "until_hour": 18, "fee_mode": "none"}), rows)
    state = {
        "active": "1" if stored.active else "",
        "since_hour": stored.since_hour,
        "until_hour": stored.until_hour,
        "weekends": "1" if stored.weekends else "",
        "fee_mode": stored.fee_mode.value,
        "fee": money_text(stored.fee_minor, stored.fee_currency) if stored.fee_minor else "",
        "fee_percent": decimal_text(stored.fee_percent) if stored.fee_percent else "",
        "fee_rate": stored.fee_rate,
    }
    return _page(FormState.of(state), rows)


@blueprint.post("/")
def save() -> Response:
    typed, bound = forms.step_rows(request.form), bind(RemindersForm, request.form)
    if "more" in request.form:
        return _page(bound.state.kept(), typed, more=True)
    wanted, wrong = forms.steps(typed)
    values = _values(bound.data, bound.state) if bound.ok else None
    if values is None or wrong:
        return _page(bound.state, typed, wrong=wrong, code=422)
    try:
        dunning.save(values, wanted, wake=jobs.WATCH)
    except DomainError as error:
        bound.state.errors[error.field or "active"] = error.message
        return _page(bound.state, typed, code=422)
    flash(_("Reminders saved."), "ok")
    return go(".settings")


def _values(given: RemindersForm, state: FormState) -> dict[str, Any] | None:
    """The columns, or None with what is wrong in `state`."""
    currency, minor = agencies.here().currency, 0
    try:
        minor = parse_money(given.fee, currency) if given.fee else 0
    except ValueError as error:
        state.errors["fee"] = str(error)
    fee = {"fee_minor": minor, "fee_currency": currency, "fee_percent": given.fee_percent, "fee_rate": given.fee_rate}
    hours = {"since_hour": given.since_hour, "until_hour": given.until_hour, "weekends": given.weekends}
    values = {"active": given.active, "fee_mode": given.fee_mode, **hours, **fee}
    found = {"fee" if name == "fee_minor" else name: text for name, text in dunning.wrong(values).items()}
    state.errors.update({**found, **state.errors})
    return None if state.errors else values


def _row(step: ReminderStep) -> dict[str, str]:
    side = "before" if step.days < 0 else "after"
    return {"days": str(abs(step.days)), "side": side, "words": step.words, "fee": "fee" if step.fee else ""}


def _page(
    form: FormState,
    rows: list[dict[str, str]],
    *,
    wrong: dict[int, str] | None = None,
    more: bool = False,
    code: int = 200,
) -> Response:
    profile = agencies.profile()
    rates = find(profile.tax_scheme).rates(agencies.today())
    blank = {"days": "", "side": "after", "words": "", "fee": ""}
    view: dict[str, Any] = {
        "form": form,
        "rows": [*rows, *[blank] * (4 if more else 1)],
        "wrong": wrong or {},
        "currency": profile.currency,
        "hours": forms.HOURS,
        "rates": [(row.key, f"{format_decimal(row.rate.percent)} % {_(row.label)} {row.rate.code}") for row in rates],
    }
    return page("recurring/reminders.html", code=code, **view)


@blueprint.get("/clients/<uuid:client_id>")
def client(client_id: UUID) -> Response:
    """What is special about reminding a client."""
    stored = models.of_client(client_id)
    state = {"off": "1" if stored and stored.off else "", "timezone": stored.timezone if stored else ""}
    return _client(client_id, FormState.of(state))


@blueprint.post("/clients/<uuid:client_id>")
def save_client(client_id: UUID) -> Response:
    bound = bind(ClientForm, request.form)
    if bound.ok and bound.data.timezone and bound.data.timezone not in dict(choices().timezones):
        bound.state.errors["timezone"] = _("Please choose one of the offered values.")
    if not bound.ok or bound.state.errors:
        return _client(client_id, bound.state, code=422)
    dunning.save_client(client_id, off=bound.data.off, timezone=bound.data.timezone)
    flash(_("Saved."), "ok")
    return go("clients.show", client_id=client_id)


def _client(client_id: UUID, form: FormState, code: int = 200) -> Response:
    shown = {"client": clients.get(client_id), "form": form, "timezones": choices().timezones}
    return page("recurring/client.html", code=code, home=agencies.here().timezone, **shown)
