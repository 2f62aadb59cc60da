"""A small application around the client-page templates: sample agencies and documents, no database."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import jinja2
from flask import Flask, Response, abort, g, render_template, request, url_for

from webkit.branding.art import cover_art, mark_art
from webkit.branding.colours import public_colours, public_css
from webkit.core import assets
from webkit.core.kernel import i18n
from webkit.core.kernel.components import load_components
from webkit.core.kernel.forms import FormState
from webkit.core.kernel.money import format_money
from webkit.core.paths import ROOT, STATIC, TEMPLATES

PAGES = ROOT / "tests" / "templates" / "pages"


@dataclass(frozen=True)
class Agency:
    """What pages know about an agency."""

    slug: str = "northwind"
    name: str = "Northwind Studio"
    locale: str = "en"
    brand: str = "#2438d6"
    theme: str = "1"
    goes_on: None = None


AGENCIES = {
    "northwind": Agency(),
    "harbour": Agency("harbour-pine", "Harbour & Pine", "en-AU", "#1f5540"),
    "limone": Agency("limone", "Limone", "it", "#ffc800"),
}


@dataclass
class Row:
    """A row of amounts."""

    label: str
    amount: int | str
    note: str = ""
    kind: str = ""
    tag: str = ""


SENDER = {
    "name": "Northwind Studio S.r.l.",
    "lines": ["Via Savona 97, 20144 Milano, Italy", "P. IVA IT 0991 234 0158"],
    "contacts": ["hello@northwind.example", "+39 02 8738 1190"],
}
PARTIES = [
    {"name": "Harbour & Pine Pty Ltd", "lines": ["84 Smith Street", "Collingwood VIC 3066", "ABN 40 318 225 907"]},
    {"name": "Kestrel Dental Pty Ltd", "lines": ["211 Johnston Street", "Fitzroy VIC 3065", "ABN 72 605 118 344"]},
]
OPTIONS = [
    {"id": "lang", "name": "English and German", "text": "Every page in three languages.", "amount": 190000},
    {"id": "photo", "name": "One day of photography", "text": "Six bikes and the workshop.", "amount": 115000},
    {"id": "seo", "name": "Search growth", "text": "Two articles a month.", "amount": 29000, "per": "a month"},
]
BILL = [
    Row("Discovery and content plan", 140000, "Two workshops in Lecco, page plan, texts outlined"),
    Row("Design of eight page types", 360000, "Phone first, two rounds of changes"),
    Row("Build with test-ride booking", 480000),
    Row("English and German", 190000, tag="option"),
    Row("Without IVA", 1170000, kind="mid"),
    Row("IVA 22 %", 257400),
    Row("Total one time", 1427400, kind="sum"),
]
MONTHLY = [Row("Care plan", 19000), Row("IVA 22 %", 4180), Row("Total a month", 23180, kind="sum")]
PHASES = [
    {"name": "Plan", "dates": "11–22 Jan", "start": 1, "weeks": 2, "text": "Workshops, page plan, texts"},
    {"name": "Design", "dates": "25 Jan – 12 Feb", "start": 3, "weeks": 3, "text": "Phone first, two rounds"},
    {"name": "Build", "dates": "15 Feb – 12 Mar", "start": 6, "weeks": 4},
    {"name": "Launch", "start": 10, "weeks": 1, "text": "Tests, redirects, training"},
]
ISSUES = [
    {"word": "High", "tone": "bad", "title": "The first picture arrives after 5.8 seconds",
     "text": "The slider loads eleven photographs.", "fix": "One photograph, sized for the phone: 140 kB."},
    {"word": "Medium", "tone": "wait", "title": "Bikes show no sizes", "text": "Nine of twelve ask for them."},
]  # fmt: skip
CLAUSES = [
    {"title": "What we make", "text": "A website of nine page types with online booking. Schedule A lists each page."},
    {"title": "When", "text": "We start on Monday 30 November 2026. The site opens on 12 February 2027."},
    {"title": "What you pay", "text": "Invoices are due 14 days after issue."},
    {"title": "Changes", "text": "Two rounds of changes are included for each page type."},
]
LINES = [
    {"name": "Shop design", "note": "Product and checkout pages", "quantity": "1", "price": 240000, "amount": 240000,
     "single": True},
    {"name": "Product import", "quantity": "240 products", "price": 400, "amount": 96000},
]  # fmt: skip
TOTALS = [Row("Without IVA", 336000), Row("IVA 22 %", 73920), Row("Total in EUR", 409920, kind="sum")]


@dataclass
class Sample:
    """A page to look at: template, whose it is, what it receives."""

    template: str
    agency: str = "northwind"
    values: dict[str, Any] = field(default_factory=dict)


def _wrong() -> FormState:
    raw = {"what": [""], "chairs": ["three or four"], "who": ["2"], "rec": ["both"]}
    return FormState(raw, {"what": "Write one sentence at least.", "chairs": "A number, please: 3 or 4."})


DEAL: dict[str, Any] = {
    "options": OPTIONS, "bill": BILL, "monthly": MONTHLY, "phases": PHASES, "issues": ISSUES, "parties": PARTIES,
    "clauses": CLAUSES, "lines": LINES, "totals": TOTALS, "sender": SENDER, "form": None,
}  # fmt: skip
SAMPLES = {
    "proposal": Sample("proposal.html", values=DEAL),
    "proposal-pale": Sample("proposal.html", "limone", values=DEAL),
    "contract": Sample("contract.html", "harbour", values=DEAL | {"signed": False}),
    "contract-signed": Sample("contract.html", "harbour", values=DEAL | {"signed": True}),
    "invoice": Sample("invoice.html", values=DEAL),
    "form": Sample("form.html", "harbour", values=DEAL | {"form": _wrong()}),
    "parts": Sample("parts.html", "harbour", values=DEAL),
}


def make_app() -> Flask:
    """The application; `/SAMPLE` shows a page, `/error/CODE?side=` an error."""
    app = Flask("harness", static_folder=str(STATIC), static_url_path="/static")
    app.jinja_loader = jinja2.ChoiceLoader([jinja2.FileSystemLoader(PAGES), jinja2.FileSystemLoader(TEMPLATES)])
    _dress(app)

    @app.get("/<name>")
    def sample(name: str) -> str:
        page = SAMPLES.get(name) or abort(404)
        g.agency = AGENCIES[page.agency]
        return render_template(page.template, **page.values)

    @app.get("/error/<int:code>")
    def error(code: int) -> str:
        return _error(code)

    return app


def _error(code: int) -> str:
    side = request.args.get("side", "")
    if side:
        g.agency, g.side = AGENCIES["harbour"], side
        if side == "staff":
            g.role = "owner"
    values = {"title": "This did not work", "message": "Nothing was changed.", "request_id": "7KQ2-MX4D"}
    return render_template(f"errors/{code}.html", code=code, **values)


def _dress(app: Flask) -> None:
    """The globals that the application gives its templates."""
    env = app.jinja_env
    env.undefined = jinja2.StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    load_components(env)
    env.globals.update(asset=_asset, csp_nonce=lambda: "n", cover_art=cover_art, mark_art=mark_art, menu=list)
    env.globals["brand_colours"] = public_colours
    env.globals["locale"] = i18n.current_locale
    env.filters["money"] = format_money
    env.globals["may_open"] = lambda endpoint, method="GET": True
    env.globals["current_user"] = SimpleNamespace(is_authenticated=True, name="Elena Marchetti")

    def theme() -> Response:
        brands = {agency.slug: agency.brand for agency in AGENCIES.values()}
        return Response(public_css(brands[request.args["agency"]]), mimetype="text/css")

    app.add_url_rule("/theme/public.css", "branding.public_theme", theme)


def _asset(name: str) -> str:
    return url_for("static", filename=assets.manifest()[name])
