"""The design system: every macro is described, shown on the styleguide, and works when a block is rendered alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from flask import Flask, flash, g
from flask_login import LoginManager
from jinja2 import DictLoader, Environment, meta
from markupsafe import Markup

from webkit.core.kernel import components, i18n, security, templating
from webkit.core.kernel.components import Components, load_components, read_components
from webkit.core.kernel.forms import FormState
from webkit.core.paths import TEMPLATES
from webkit.styleguide.routes import blueprint


@pytest.fixture
def app() -> Iterator[Flask]:
    """Templates as the application configures them, without a database or plugins."""
    app = Flask("webkit", template_folder=str(TEMPLATES), static_url_path="/static")
    app.secret_key = "test"
    app.extensions["webkit"] = SimpleNamespace(settings=SimpleNamespace(production=False), menu=[], owners={})
    templating.init_app(app)
    LoginManager(app).user_loader(lambda _: None)
    app.register_blueprint(blueprint)
    with app.test_request_context("/styleguide"):
        yield app


@pytest.fixture
def ui(app: Flask) -> Components:
    found: Components = app.jinja_env.globals["ui"]
    return found


def ours(ui: Components) -> list[components.Component]:
    """Those of staff screens; client pages, printed documents and mails are looked at as whole pages."""
    return [component for component in ui if not component.name.startswith(("public_", "print_", "mail_"))]


def test_every_component_says_what_it_is(ui: Components) -> None:
    silent = [
        component.name for component in ui if len(component.about) < 10 or not component.about.endswith((".", "]"))
    ]
    assert not silent


def test_every_component_is_on_the_styleguide(app: Flask, ui: Components) -> None:
    pages = [*(TEMPLATES / "styleguide").glob("*.html"), *(TEMPLATES / "layouts").glob("*.html")]
    shown = "".join(path.read_text("utf-8") for path in pages)
    missing = [component.name for component in ours(ui) if f"ui.{component.name}(" not in shown]
    assert not missing


def test_the_styleguide_renders(app: Flask) -> None:
    html = app.test_client().get("/styleguide").text
    assert "INV-2026-0110" in html
    assert not re.search(r"\sstyle=|\son\w+=|hx-on", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))


def test_the_styleguide_is_for_development(app: Flask) -> None:
    app.extensions["webkit"].settings.production = True
    assert app.test_client().get("/styleguide").status_code == 404


def test_a_field_is_tied_to_its_error_and_keeps_what_was_typed(app: Flask, ui: Components) -> None:
    form = FormState({"vat": ['"><script>']}, {"vat": "Eleven <digits>."})
    html = ui.field(form, "vat", "VAT", value="stored", hint="As registered")
    assert 'aria-describedby="f-vat-error f-vat-hint"' in html
    assert 'id="f-vat-error"' in html
    assert 'id="f-vat-hint"' in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "stored" not in html


def test_a_password_is_never_written_back(app: Flask, ui: Components) -> None:
    assert "secret" not in ui.field(FormState({"password": ["secret"]}), "password", "Password", type="password")


def test_an_unticked_box_stays_unticked_after_an_error(app: Flask, ui: Components) -> None:
    sent = FormState({"name": ["x"]})
    assert " checked" not in ui.checkbox(sent, "copy", "Copy", checked=True)
    assert " checked" in ui.checkbox(None, "copy", "Copy", checked=True)


def test_money_is_one_word_with_its_currency(app: Flask, ui: Components) -> None:
    text = re.sub("<[^>]+>", "", ui.money(605120, "EUR"))
    assert text == "€6,051.20"


def test_an_unknown_state_is_still_a_word(app: Flask, ui: Components) -> None:
    assert ">Half baked<" in ui.state("half_baked")


def test_a_macro_name_is_taken_once() -> None:
    env = Environment(loader=DictLoader({"components/a.html": MACRO, "components/b.html": MACRO}), autoescape=True)
    with pytest.raises(ValueError, match=r"components/a\.html and in components/b\.html"):
        list(load_components(env))


def test_an_unknown_component_is_named() -> None:
    env = Environment(loader=DictLoader({"components/a.html": MACRO}), autoescape=True)
    with pytest.raises(AttributeError, match="nothing"):
        _ = load_components(env).nothing


def test_a_change_shows_while_developing_and_macros_are_kept_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(components, "LOOK_EVERY", 0)
    files = {"components/a.html": MACRO}
    developing = Environment(loader=DictLoader(files), autoescape=True, auto_reload=True)
    production = Environment(loader=DictLoader(files), autoescape=True, auto_reload=False)
    first, second = load_components(developing), load_components(production)
    assert first.hello("x") == second.hello("x") == "Hello x"
    files["components/a.html"] = MACRO.replace("Hello", "Bye")
    assert first.hello("x") == "Bye x"
    assert second.hello("x") == "Hello x"
    files["components/b.html"] = files.pop("components/a.html")
    assert first.hello("x") == "Bye x"
    assert first.hello is first.hello  # looked at twice, and nothing had changed


def test_what_is_drawn_often_is_remembered_but_never_in_another_language(ui: Components) -> None:
    assert ui.icon("mail") is ui.icon("mail")
    with i18n.use_locale("it"):
        lazy = i18n.lazy_gettext("Close")
        assert str(lazy) in ui.icon("x", label=lazy)
    assert ui.icon("x", label=lazy).count("Close") == 1


def test_what_is_remembered_knows_nothing_but_what_it_is_given(app: Flask, ui: Components) -> None:
    known = {*app.jinja_env.globals} - {
        "g",
        "request",
        "session",
        "current_user",
        "csp_nonce",
        "menu",
        "now",
        "once_key",
    }
    known |= {*components.HELPERS, "mark_art", "cover_art", "namespace"}
    files = {ui._found[name].template for name in components.PURE if list(ui)}
    files |= set(app.jinja_env.list_templates(filter_func=lambda name: name.endswith(components.ROWS)))
    for name in files:
        source = (TEMPLATES / name).read_text("utf-8")
        asked = meta.find_undeclared_variables(app.jinja_env.parse(source))
        assert asked <= known, f"{name}: {asked - known} would be remembered for everybody"


def test_the_menu_of_a_page_is_drawn_once_for_all_who_have_the_same(ui: Components) -> None:
    def lines(current: bool) -> tuple[templating.MenuLine, ...]:
        return (templating.MenuLine("Clients", "users", "/north/clients", "", current),)

    assert ui.menu(lines(current=False)) is ui.menu(lines(current=False))
    assert 'aria-current="page"' in ui.menu(lines(current=True))
    assert 'aria-current="page"' not in ui.menu(lines(current=False))


def test_what_was_drawn_with_markup_is_never_shown_for_a_text(ui: Components) -> None:
    assert "<b>" in ui.key(Markup("<b>"))
    assert "&lt;b&gt;" in ui.key("<b>")


def test_heads_of_tables_are_drawn_once_and_tell_markup_from_text(ui: Components) -> None:
    def table(label: str) -> str:
        return str(ui.list_heads(components.heads([{"label": label, "class": "who"}, {"class": "c", "pick": True}])))

    assert 'class=" who"><b>x</b></th>' in table(Markup("<b>x</b>"))
    assert "&lt;b&gt;x&lt;/b&gt;" in table("<b>x</b>")
    assert "Actions" not in table("Name") and table("Name") == table("Name")


def test_moments_are_drawn_in_the_zone_of_whoever_looks(ui: Components) -> None:
    at = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    with i18n.use_locale("en", "Europe/Rome"):
        assert "13:30" in ui.time_entry("Sent", at)
    with i18n.use_locale("en", "America/New_York"):
        assert "07:30" in ui.time_entry("Sent", at)


def test_a_menu_is_found_by_itself_alone(ui: Components) -> None:
    lines = (templating.MenuLine("Clients", "users", "/north/clients", "", current=False),)
    first, second = templating.Menu(lines), templating.Menu(lines)
    assert ui.menu(first) is ui.menu(first)
    assert ui.menu(first) == ui.menu(second)
    assert first != second


def test_a_line_of_a_list_shows_what_has_changed(app: Flask, ui: Components) -> None:
    def line(**changed: object) -> str:
        given = {"client": "North", "title": "Website", "number": "INV-1", "word": "issued", "total": 100}
        shown = {"id": "1", "url": "/1", **given, "due_date": date(2026, 3, 1), "currency": "EUR", **changed}
        return str(ui.invoice_row(**shown))

    assert line() is not line(client="South")
    for changed, shown in (
        ({"client": "<South>"}, "&lt;South&gt;"),
        ({"word": "overdue"}, "Overdue"),
        ({"total": 5}, "0"),
    ):
        assert shown in line(**changed)
    with i18n.use_locale("it"):
        assert "Sent" not in line()
    assert line() == line()
    assert "invoice_row" not in [component.name for component in ui]


def test_the_comment_before_a_macro_describes_it() -> None:
    (component,) = read_components("components/a.html", MACRO)
    assert (component.name, component.arguments, component.about) == ("hello", "name", "Greets.")


def test_the_nonce_is_on_every_script(app: Flask) -> None:
    html = app.test_client().get("/styleguide").text
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html)
    assert inline
    assert all("nonce=" in tag for tag in inline)
    assert security.nonce  # the layouts take it from here


MACRO = "{# Greets. #}\n{% macro hello(name) -%}\nHello {{ name }}\n{%- endmacro %}"


def page_in(app: Flask, layout: str) -> str:
    source = f'{{% extends "layouts/{layout}.html" %}}{{% block title %}}T{{% endblock %}}'
    return app.jinja_env.from_string(source).render(current_user=SimpleNamespace(name="Elena Marchetti"), g=g)


@pytest.mark.parametrize("layout", ["staff", "operator", "plain"])
def test_a_page_in_each_layout(app: Flask, layout: str) -> None:
    if layout == "staff":
        g.agency = SimpleNamespace(slug="north", name="North <Studio>", brand="#1f5540", theme="ab12", goes_on=None)
        g.role = "owner"
    html = page_in(app, layout)
    assert html.count('id="main"') == 1
    assert '<html lang="en"' in html
    assert 'aria-live="polite"' in html
    assert not re.search(r"\sstyle=|\son\w+=", html)
    if layout == "staff":
        assert "/north/theme.css?v=ab12" in html
        assert "North &lt;Studio&gt;" in html
    if layout != "plain":
        assert 'action="/sign-out"' in html


def test_a_message_of_the_last_request_is_shown_once(app: Flask) -> None:
    flash("INV-1 <issued>", "ok")
    assert "INV-1 &lt;issued&gt;" in page_in(app, "plain")
