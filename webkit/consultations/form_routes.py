"""The form: a page a step, saved by itself while somebody types and by every button, never losing what was typed."""

from __future__ import annotations

from flask import Response, flash, request
from flask_login import current_user

from webkit.consultations import answers as said
from webkit.consultations import fields, pages, service
from webkit.consultations.fields import KEYS, STEPS
from webkit.consultations.models import State
from webkit.consultations.pages import EditPage
from webkit.consultations.views import Author, ConsultationView, Saved, Seen
from webkit.core.kernel import hx, ids
from webkit.core.kernel.errors import Invalid
from webkit.core.kernel.forms import FormState, hidden_number
from webkit.core.kernel.hx import go, page, wants_fragment
from webkit.core.kernel.i18n import gettext as _

LIVE = ("base", "notice", "progress")
"""What every save brings up to date."""


def author() -> Author:
    """Who is signed in."""
    return Author(current_user.id, current_user.name)


def opened(view: ConsultationView, key: str) -> Response:
    """A step with what is stored; after an attempt to complete, with what is missing."""
    state = FormState.of(view.answers)
    if "check" in request.args:
        problems = said.problems(view.answers)
        state.errors.update(
            {each.name: problems[each.name] for each in fields.step(key).fields if each.name in problems}
        )
    return _page(view, key, state, version=view.version)


def sent(view: ConsultationView, key: str) -> Response:
    """The form was sent: by itself, or by a button that leads on."""
    version, over = hidden_number(request.form, "version"), hidden_number(request.form, "over")
    tab = request.form.get("tab", "")[:64] or ids.token()
    seen = Seen(over, tab, opened=max(1, version)) if over else Seen(version, tab)
    given = dict(request.form.lists())
    typed = said.read(fields.step(key).fields, given, service.lists(), view.answers)
    saved = service.save(view.id, typed.answers, seen, author())
    if saved.aside or typed.errors or wants_fragment():
        return _answer(service.get(view.id), key, FormState(given, dict(typed.errors)), saved, version, tab)
    return _onward(service.get(view.id), key)


def _answer(view: ConsultationView, key: str, state: FormState, saved: Saved, version: int, tab: str) -> Response:
    """The step as it was typed; what does not count (yet) leaves the form where it was opened."""
    base = version if saved.aside or state.errors else saved.version
    code = 409 if saved.aside else 422 if state.errors else 200
    return _page(view, key, state, version=base, tab=tab, saved=saved, code=code)


def _onward(view: ConsultationView, key: str) -> Response:
    act, at = request.form.get("go", ""), KEYS.index(key)
    if act == "complete":
        return completed(view, key)
    if act == "close":
        return go(".show", consultation_id=view.id)
    target = {"next": KEYS[min(at + 1, len(KEYS) - 1)], "back": KEYS[max(at - 1, 0)]}.get(act, act)
    if target not in KEYS:
        flash(_("Saved."), "ok")
        target = key
    return go(".edit", consultation_id=view.id, key=target)


def completed(view: ConsultationView, key: str = KEYS[-1]) -> Response:
    """Complete it, or name what is missing."""
    try:
        service.complete(view.id, author())
    except Invalid:
        state = FormState.of(view.answers)
        return _page(view, key, state, version=view.version, missing=pages.missing(view), code=422)
    flash(_("The consultation is complete. It can become a proposal now."), "ok")
    return go(".show", consultation_id=view.id)


def _page(
    view: ConsultationView,
    key: str,
    state: FormState,
    *,
    version: int,
    tab: str = "",
    saved: Saved | None = None,
    missing: list[tuple[str, str, str]] | None = None,
    code: int = 200,
) -> Response:
    step, lists = fields.step(key), service.lists()
    shown = EditPage(
        consultation=view,
        step=step,
        steps=STEPS,
        number=KEYS.index(key) + 1,
        form=state,
        options={
            each.name: _options(each.name, lists.offered(each.name), view) for each in step.fields if each.chooses
        },
        version=version,
        tab=tab or ids.token(),
        saved=saved,
        missing=missing or [],
    )
    return page("consultations/edit.html", *LIVE, code=code, **hx.fields(shown))


def _options(name: str, offered: list[tuple[str, str]], view: ConsultationView) -> list[tuple[str, str]]:
    """What is offered, and what was chosen before the list was changed."""
    known = {value for value, _words in offered}
    kept = [value for value in said.listed(view.answers.get(name, "")) if value not in known]
    return [*offered, *((value, service.lists().words(name, value)) for value in kept)]


def is_open(view: ConsultationView) -> bool:
    """Whether it can be written on."""
    return view.state is State.DRAFT
