"""The theme sheets an agency's pages link, and what templates get from branding."""

from flask import Flask

from webkit.branding.colours import public_css, staff_css
from webkit.core.kernel import runtime
from webkit.core.kernel.directory import AgencyView


def test_a_theme_is_plain_css_in_the_agencys_colours(app: Flask, agency: AgencyView) -> None:
    client = app.test_client()
    for name, write in (("theme", staff_css), ("public", public_css)):
        response = client.get(f"/{agency.slug}/{name}.css")
        assert response.mimetype == "text/css"
        assert response.text == write(agency.brand)


def test_a_theme_is_kept_for_good_only_under_its_version(app: Flask, agency: AgencyView) -> None:
    client = app.test_client()
    assert "immutable" in client.get(f"/{agency.slug}/public.css?v={agency.theme}").headers["Cache-Control"]
    assert "max-age=60" in client.get(f"/{agency.slug}/public.css?v=old").headers["Cache-Control"]


def test_nobodys_theme_is_not_there(app: Flask) -> None:
    assert app.test_client().get("/nobody/public.css").status_code == 404


def test_templates_and_paper_know_the_look(app: Flask) -> None:
    assert {"mark_art", "cover_art", "brand_colours"} <= set(app.jinja_env.globals)
    assert "print_css" in runtime.of(app).print_context("#2438d6", "")
