"""Error pages in the whole application: by side, as a fragment, and when nothing else works."""

import pytest
from flask import Flask, abort

from tests.client import Browser
from webkit.core.kernel.directory import AgencyView


def test_a_stranger_gets_a_plain_page(app: Flask) -> None:
    response = app.test_client().get("/nothing/here")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.text
    assert "/static/public." in response.text


def test_staff_stay_in_their_shell(
    app: Flask, owner: Browser, agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        abort(404)

    monkeypatch.setitem(app.view_functions, "catalogue.packages", missing)
    response = owner.get(f"/{agency.slug}/settings/packages")
    assert response.status_code == 404
    assert 'class="wk-lost"' in response.text
    assert agency.name in response.text


def test_a_broken_link_of_a_client_names_nobody(app: Flask) -> None:
    response = app.test_client().get("/p/no-such-token")
    assert response.status_code == 404
    assert "webkit" not in response.text.lower()


def test_a_crash_draws_with_its_number_and_without_its_reason(
    app: Flask, agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(agency: str) -> float:
        return len(agency) / 0

    monkeypatch.setitem(app.view_functions, "branding.public_theme", broken)
    page = app.test_client().get(f"/{agency.slug}/public.css")
    part = app.test_client().get(f"/{agency.slug}/public.css", headers={"HX-Request": "true"})
    assert page.status_code == part.status_code == 500
    assert "Number of this error" in page.text
    assert "ZeroDivision" not in page.text + part.text
    assert "<html" not in part.text
