"""Pages of reports, their sheets and their paper."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from flask import Response, flash, g, make_response, request, url_for

from webkit.agencies import service as agencies
from webkit.core.extensions import LazyText
from webkit.core.kernel import audit, entitlements, sheets
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Invalid, NotFound
from webkit.core.kernel.forms import FormState, bind
from webkit.core.kernel.hx import fields, go, page
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.sheets import Cell, Column, Format
from webkit.reports import following, journal, printing, ranges
from webkit.reports.deals import deals
from webkit.reports.due import due
from webkit.reports.forms import AccountsForm, RangeForm, problems, range_problem
from webkit.reports.pages import AccountsPage, Choice, JournalPage, ReportPage
from webkit.reports.paid_out import paid_out
from webkit.reports.ranges import Range
from webkit.reports.revenue import revenue
from webkit.reports.shapes import NAMED, Report
from webkit.reports.taxes import Basis, tax

blueprint = staff_blueprint("report", __name__, "/reports")
EVERY = 100_000
"""So many rows a sheet has at the most where a page stops at `NAMED`."""
EXCEL_CSV = "excel-csv"
FORMATS = {Format.XLSX.value: Format.XLSX, Format.CSV.value: Format.CSV, EXCEL_CSV: Format.CSV}
TABS: dict[str, LazyText] = {
    "revenue": _l("Revenue"),
    "open": _l("Open invoices"),
    "tax": _l("Tax"),
    "payouts": _l("Payouts"),
    "deals": _l("Deals"),
    "journal": _l("Journal"),
}
BASES = {Basis.ACCRUAL: _l("When invoiced"), Basis.CASH: _l("When paid")}


class Asked(NamedTuple):
    """What an address asks for, and the form that says so."""

    days: Range
    basis: Basis
    form: FormState
    code: int = 200

    @property
    def args(self) -> dict[str, Any]:
        """What leads to the same again."""
        cash = {"basis": self.basis.value} if self.basis is Basis.CASH else {}
        return {**self.days.args, **cash}


REPORTS: dict[str, Callable[[Asked, int], Report]] = {
    "revenue": lambda asked, most: revenue(asked.days, most),
    "open": lambda _asked, most: due(most),
    "tax": lambda asked, _most: tax(asked.days, asked.basis),
    "payouts": lambda asked, most: paid_out(asked.days, most),
    "deals": lambda asked, _most: deals(asked.days),
}


@blueprint.before_request
def demand_tier() -> None:
    """Reports are part of a tier."""
    entitlements.require(Feature.ANALYTICS)


@blueprint.get("")
def show_revenue() -> Response:
    """What was invoiced and paid."""
    return _show("revenue")


@blueprint.get("/open")
def show_open() -> Response:
    """What is open today."""
    return _show("open")


@blueprint.get("/tax")
def show_tax() -> Response:
    """The tax of these days."""
    return _show("tax")


@blueprint.get("/payouts")
def show_payouts() -> Response:
    """What payment services paid out."""
    return _show("payouts")


@blueprint.get("/deals")
def show_deals() -> Response:
    """What is won, and how long it takes."""
    return _show("deals")


@blueprint.get("/journal")
def show_journal() -> Response:
    """How the journal of these days begins."""
    asked, caught = _asked(), following.catch_up()
    rows, entries = journal.preview(asked.days)
    shown = JournalPage(
        tabs=_tabs("journal", asked),
        presets=_presets("journal", asked),
        form=asked.form,
        caught=caught,
        args=asked.args,
        lede=ranges.words(asked.days),
        columns=journal.COLUMNS,
        rows=rows,
        entries=entries,
    )
    return page("reports/journal.html", code=asked.code, **fields(shown))


@blueprint.get("/journal/sheet")
def journal_sheet() -> Response:
    """The whole journal as a file."""
    if (elsewhere := _not_yet("journal")) is not None:
        return elsewhere
    asked = _asked()
    try:
        rows = journal.journal(asked.days)
    except Invalid as error:
        flash(" ".join(error.errors.values()), "wait")
        return go(".show_journal", **asked.args)
    return _sheet(_("Journal"), journal.COLUMNS, rows, asked)


@blueprint.get("/<name>/sheet")
def sheet(name: str) -> Response:
    """One table of a report as a file."""
    if (elsewhere := _not_yet(name)) is not None:
        return elsewhere
    asked, report = _asked(), _report(name, EVERY)
    section = report.section(request.args.get("table", ""))
    if section is None:
        raise NotFound(_("There is no such table."))
    return _sheet(section.title, section.columns, section.sheet, asked)


@blueprint.get("/<name>/pdf")
def pdf(name: str) -> Response:
    """A report on paper."""
    if (elsewhere := _not_yet(name)) is not None:
        return elsewhere
    report = _report(name, NAMED)
    audit.log("report.printed", detail={"report": name})
    response = make_response(printing.pdf(report))
    response.mimetype = "application/pdf"
    return _as_file(response, report.title, "pdf")


@blueprint.route("/accounts", methods=["GET", "POST"])
def accounts() -> Response:
    """The codes of the journal's accounts."""
    if request.method == "GET":
        return _accounts(FormState.of(journal.set_codes()))
    bound = bind(AccountsForm, request.form)
    wrong = problems(bound.data.model_dump()) if bound.ok else bound.state.errors
    if wrong:
        return _accounts(FormState(bound.state.raw, wrong), 422)
    journal.change_codes(bound.data.model_dump())
    flash(_("The codes are kept."), "ok")
    return go(".show_journal")


def _accounts(form: FormState, code: int = 200) -> Response:
    labels = {role: str(each.label) for role, each in journal.ACCOUNTS.items()}
    return page("reports/accounts.html", code=code, **fields(AccountsPage(form, journal.ACCOUNTS, labels)))


def _report(name: str, most: int) -> Report:
    if name not in REPORTS:
        raise NotFound(_("There is no such report."))
    return REPORTS[name](_asked(), most)


def _not_yet(name: str) -> Response | None:
    """Where to go instead of a file that would not be what was asked for: the page says which days cannot be, or that
    something is not counted yet."""
    if name not in TABS:
        raise NotFound(_("There is no such report."))
    asked = _asked()
    if asked.code != 200:
        return go(
            f".show_{name}", **{key: value for key, value in request.args.items() if key in RangeForm.model_fields}
        )
    if not following.catch_up().up:
        flash(_("The file is made once everything is counted. Try again in a minute."), "wait")
        return go(f".show_{name}", **asked.args)
    return None


def _show(name: str) -> Response:
    asked, caught = _asked(), following.catch_up()
    shown = ReportPage(
        report=REPORTS[name](asked, NAMED),
        tabs=_tabs(name, asked),
        presets=_presets(name, asked),
        bases=_bases(asked) if name == "tax" else [],
        form=asked.form,
        caught=caught,
        args=asked.args,
        ranged=name != "open",
    )
    return page("reports/report.html", code=asked.code, **fields(shown))


def _asked() -> Asked:
    """The days of the address; the usual ones with what was typed where they cannot be."""
    today, bound = agencies.today(), bind(RangeForm, request.args)
    problem = range_problem(bound.data) if bound.ok else None
    if problem is not None:
        bound.state.errors[problem[0]] = problem[1]
    if not bound.ok or problem is not None:
        return Asked(ranges.preset(ranges.USUAL, today), Basis.ACCRUAL, bound.state, 422)
    given = bound.data
    if given.since is None and given.until is None:
        days = ranges.preset(given.range, today)
    else:
        last = given.until or max(today, given.since or today)
        days = Range(given.since or ranges.preset(ranges.USUAL, last).since, last)
    form = FormState.of({"since": days.since.isoformat(), "until": days.until.isoformat()})
    return Asked(days, given.basis, form)


def _tabs(current: str, asked: Asked) -> list[Choice]:
    return [
        (url_for(f".show_{name}", **(asked.args if name != "open" else {})), str(label), name == current)
        for name, label in TABS.items()
    ]


def _presets(name: str, asked: Asked) -> list[Choice]:
    kept: dict[str, Any] = {"basis": asked.basis.value} if asked.basis is Basis.CASH else {}
    return [
        (url_for(f".show_{name}", range=key, **kept), str(label), key == asked.days.name)
        for key, (label, _days) in ranges.PRESETS.items()
    ]


def _bases(asked: Asked) -> list[Choice]:
    return [
        (url_for(".show_tax", **asked.days.args, basis=basis.value), str(label), basis is asked.basis)
        for basis, label in BASES.items()
    ]


def _sheet(title: str, columns: Sequence[Column], rows: Iterable[Sequence[Cell]], asked: Asked) -> Response:
    wanted = request.args.get("format", "")
    if wanted not in FORMATS:
        raise NotFound(_("Sheets are made as XLSX or CSV."))
    form, file = FORMATS[wanted], io.BytesIO()
    count = sheets.write(file, form, title, columns, rows, timezone=g.agency.timezone, bom=wanted == EXCEL_CSV)
    audit.log("report.export", detail={"table": title, "rows": count, "format": wanted, **asked.args})
    response = Response(file.getvalue(), content_type=sheets.MEDIA[form])
    return _as_file(response, title, form.value)


def _as_file(response: Response, title: str, ending: str) -> Response:
    name = f"{title} {agencies.today().isoformat()}.{ending}"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response
