"""What every list can: its filters as a form, its sums, its rows as a sheet, and acts on many of them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from flask import Response, flash, request, url_for
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import audit, once, sheets
from webkit.core.kernel.db import writing
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.errors import Invalid, NotFound
from webkit.core.kernel.forms import Form, FormState, Line, bind
from webkit.core.kernel.hx import go, go_to, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists import (
    Asked,
    ListSpec,
    args,
    find,
    frame,
    parse,
    sql,
    tasks,
)
from webkit.core.kernel.lists.asked import pairs
from webkit.core.kernel.lists.spec import Kind
from webkit.core.kernel.sheets import Format

blueprint = staff_blueprint("lists", __name__, "/lists")
EXCEL_CSV = "excel-csv"
FORMATS = {Format.XLSX.value: Format.XLSX, Format.CSV.value: Format.CSV, EXCEL_CSV: Format.CSV}


@blueprint.get("/<name>/filter")
def choose(name: str) -> Response:
    """Everything the list can be filtered by, as a form that leads back to it."""
    spec, asked = _asked(name, request.args)
    refs = [(str(each), label) for each, label in spec.ref_choices()]
    codes = sorted({*spec.currencies(), *asked.values.get("currency", ()), frame.here().currency})
    return page(
        "lists/filter.html",
        "panel",
        spec=spec,
        asked=asked,
        kinds=Kind,
        refs=refs,
        currencies=[(code, code) for code in codes],
        back=url_for(spec.endpoint, **args(asked)),
        clear=url_for(spec.endpoint),
    )


@blueprint.get("/<name>/sums")
def sums(name: str) -> Response:
    """What is filtered, all of it added up, however much that is."""
    spec, asked = _asked(name, request.args)
    found, _whole = sql.sums(spec, asked, frame.here())
    shown = frame.Sums(tuple(found))
    return page("lists/sums.html", "sums", spec=spec, sums=shown, back=url_for(spec.endpoint, **args(asked)))


@blueprint.post("/<name>/export")
def export(name: str) -> Response:
    """The filtered rows as a file: at once, or from a job when there are many."""
    spec, asked = _asked(name, request.form)
    wanted = request.form.get("format", "")
    if wanted not in FORMATS:
        raise NotFound(_("Sheets are made as XLSX or CSV."))
    here = frame.here()
    found, _whole = sql.sums(spec, asked, here, tasks.AT_ONCE + 1)
    count = sum(each.count for each in found)
    if count > tasks.AT_ONCE:
        return _as_task(spec, tasks.EXPORT, asked, [], form=wanted)
    audit.log("list.export", detail={"list": spec.name, "rows": count, "format": wanted})
    file, form = io.BytesIO(), FORMATS[wanted]
    rows, bom = tasks.rows_of(spec, asked, here, tasks.AT_ONCE), wanted == EXCEL_CSV
    sheets.write(file, form, str(spec.title), spec.columns, rows, timezone=here.timezone, bom=bom)
    response = Response(file.getvalue(), content_type=sheets.MEDIA[form])
    response.headers.set("Content-Disposition", "attachment", filename=tasks.file_name(spec, here, form.value))
    response.headers["Cache-Control"] = "private, no-store"
    return response


class SaidForm(Form):
    """What an action asks for, such as a reason."""

    said: Line(500, 3)  # type: ignore[valid-type]


@blueprint.post("/<name>/ask")
def ask(name: str) -> Response:
    """The question before something is done with many rows."""
    spec, asked = _asked(name, request.form)
    return _ask(spec, asked, FormState())


def _ask(spec: ListSpec, asked: Asked, state: FormState, code: int = 200) -> Response:
    action, actor = request.form.get("action", ""), frame.actor()
    everything = "all" in request.form
    back, asks = url_for(spec.endpoint, **args(asked)), ""
    if action == tasks.PDFS and spec.pdf is not None:
        label, question, danger = _("Download PDFs"), _("They are put into one file, which is kept for a week."), False
        most = tasks.MOST_PDFS
    else:
        chosen = spec.action(action, actor)
        label, question, danger = str(chosen.label), str(chosen.question), chosen.danger
        most, asks = tasks.MOST_ACTS, str(chosen.asks)
    ids = sql.ids(spec, asked, frame.here(), most + 1) if everything else _ids()
    if not ids:
        flash(_("Choose something from the list first."), "wait")
        return go_to(back)
    if len(ids) > most:
        flash(_("At most %(n)s at once. Narrow the list down with a filter.", n=most), "wait")
        return go_to(back)
    hidden = [*pairs(args(asked)), ("action", action), *(("all", "1"),) * everything]
    hidden += [("id", str(each)) for each in ids] if not everything else []
    return page(
        "lists/ask.html",
        code=code,
        form=state,
        spec=spec,
        label=label,
        question=question,
        asks=asks,
        danger=danger,
        count=len(ids),
        hidden=hidden,
        back=back,
        once=once.key(),
    )


@blueprint.post("/<name>/start")
def start(name: str) -> Response:
    """Have it done. The same form twice does it once."""
    spec, asked = _asked(name, request.form)
    ids = [] if "all" in request.form else _ids()
    if not ids and "all" not in request.form:
        flash(_("Choose something from the list first."), "wait")
        return go_to(url_for(spec.endpoint, **args(asked)))
    action, said = request.form.get("action", ""), ""
    if action not in (tasks.PDFS, tasks.EXPORT) and spec.action(action, frame.actor()).asks:
        bound = bind(SaidForm, request.form)
        if not bound.ok:
            return _ask(spec, asked, bound.state, code=422)
        said = bound.data.said
    return _as_task(spec, action, asked, ids, said=said)


def _as_task(spec: ListSpec, action: str, asked: Asked, ids: list[UUID], form: str = "", said: str = "") -> Response:
    key = request.form.get("once", "")
    if known := once.result(key):
        return go("list_tasks.show", task_id=UUID(known))
    try:
        with writing():
            task_id = tasks.start(spec, action, asked, frame.here(), replace(frame.actor(), said=said), ids, form=form)
            once.keep(key, str(task_id))
    except Invalid as error:
        flash(" ".join(error.errors.values()), "wait")
        return go_to(url_for(spec.endpoint, **args(asked)))
    return go("list_tasks.show", task_id=task_id)


def _asked(name: str, given: Mapping[str, str]) -> tuple[ListSpec, Asked]:
    """The list and what is asked of it, by the fields of an address or of a form that repeats it."""
    spec = find(name)
    known = {key for each in spec.filters for key in each.keys} | {"q", "sort", "view"}
    source = given if isinstance(given, MultiDict) else MultiDict(given)
    ours = MultiDict([(key, text) for key, text in source.items(multi=True) if key in known])
    return spec, parse(spec, ours, frame.here())


def _ids() -> list[UUID]:
    """The rows that were ticked; nonsense among them is left out."""
    found = []
    for text in request.form.getlist("id")[: tasks.MOST_ACTS + 1]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
