"""What surrounds every request: proof of origin, ids, hosts, hostile addresses, and error pages that work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask, g, url_for
from werkzeug.datastructures import Headers

from tests.client import Browser
from webkit.core.capabilities.errors import ProviderMisconfigured
from webkit.core.kernel import db, runtime, security
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.directory import AgencyView

TOO_LONG = "9" * 40


def test_a_form_from_another_site_gets_a_whole_answer(owner: Browser, agency: AgencyView) -> None:
    """Refused by a whole page, under an id that is in the log."""
    answer = owner.post(f"/{agency.slug}/invoices/new", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert len(answer.headers["X-Request-ID"]) >= 8
    assert "stylesheet" in answer.text


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({}, 403),
        ({"Origin": "http://localhost"}, 303),
    ],
)
def test_unsafe_methods_need_proof(app: Flask, headers: dict[str, str], code: int) -> None:
    client = Browser(app, app.response_class, use_cookies=True)
    answer = super(Browser, client).open("/sign-out", method="POST", headers=headers)
    assert answer.status_code == code


@pytest.mark.parametrize("given", ["x" * 64, "0193a7b0-0000-7000-8000-1234567890ab", "bad id\n", "", "short"])
def test_ids_of_proxies_fit_the_audit_log(anonymous: Browser, app: Flask, given: str) -> None:
    headers = {"X-Request-ID": given.strip()}
    answer = anonymous.post("/sign-in", data={"email": "nobody@example.com", "password": "wrong"}, headers=headers)
    assert answer.status_code == 422
    with db.unit(db.Scope()) as unit:
        assert answer.headers["X-Request-ID"] in set(unit.scalars(sa.select(AuditEntry.request_id)))


def test_a_strange_host_is_refused_politely(anonymous: Browser) -> None:
    answer = anonymous.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/api/a%00b/{id}/pdf",
        "/%00/",
        "/p/%00",
        "/{agency}/mail/?before=%00",
        "/{agency}/clients/?q=%00",
        "/{agency}/mail/{id}/attachment/" + TOO_LONG,
        "/{agency}/invoices/?before=x&view=%F0%28",
        "/admin/jobs?before=x&view=x",
    ],
)
def test_hostile_addresses_are_answered(owner: Browser, agency: AgencyView, path: str) -> None:
    answer = owner.get(path.format(agency=agency.slug, id=uuid4()))
    assert answer.status_code < 500


def test_hostile_webhook_addresses_are_answered(anonymous: Browser) -> None:
    assert anonymous.post("/webhooks/payments/local/a%00b", data=b"x").status_code == 400


@pytest.fixture
def broken_page(app: Flask) -> Iterator[str]:
    """A staff page whose query fails in the database."""
    views = app.view_functions
    before = views["invoices.index"]

    def fail() -> str:
        db.session().execute(sa.text("SELECT nothing FROM nowhere WHERE secret = :secret"), {"secret": "hunter2-token"})
        return ""

    views["invoices.index"] = fail
    yield "invoices/"
    views["invoices.index"] = before


def test_a_broken_query_ends_in_a_whole_page(owner: Browser, agency: AgencyView, broken_page: str) -> None:
    answer = owner.get(f"/{agency.slug}/{broken_page}")
    assert answer.status_code == 500
    assert "stylesheet" in answer.text
    assert "nowhere" not in answer.text


def test_parameters_of_a_failed_statement_are_in_no_error(agency: AgencyView) -> None:
    """They are people's data and secrets; errors are logged and kept with jobs."""
    with pytest.raises(sa.exc.DBAPIError) as caught:
        db.session().execute(sa.text("SELECT nothing FROM nowhere WHERE secret = :secret"), {"secret": "hunter2-token"})
    assert "hunter2-token" not in str(caught.value)
    db.release()


def test_pages_survive_a_payment_provider_that_does_not(
    owner: Browser, agency: AgencyView, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_options: object) -> object:
        raise ProviderMisconfigured("the key is wrong")

    monkeypatch.setattr(runtime.of(app).registry, "get", broken)
    answer = owner.get(f"/{agency.slug}/invoices/")
    assert answer.status_code == 200
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


def test_a_header_that_is_there_is_kept() -> None:
    headers = Headers([("cache-control", "private")])
    security.complete(headers, [("Cache-Control", "no-store"), ("X-Frame-Options", "DENY")])
    assert list(headers) == [("cache-control", "private"), ("X-Frame-Options", "DENY")]


def test_addresses_are_remembered_by_all_they_depend_on(app: Flask, agency: AgencyView) -> None:
    one = UUID(int=1)

    def built(root: str = "", slug: str = "north", **values: Any) -> str:
        with app.test_request_context(f"/{slug}/invoices/", base_url=f"http://localhost{root}"):
            g.agency = replace(agency, slug=slug)
            return url_for(".show", invoice_id=one, **values)

    for _time in range(2):
        assert built() == f"/north/invoices/{one}"
        assert built(slug="south") == f"/south/invoices/{one}"
        assert built("/below") == f"/below/north/invoices/{one}"
        assert built(a=1) == built(a="1") == f"/north/invoices/{one}?a=1"
        assert built(a=True) == f"/north/invoices/{one}?a=True"
        assert built(a=["x", "y"]) == f"/north/invoices/{one}?a=x&a=y"
        assert built(a="x" * 200).endswith("x" * 200)
        assert built(_external=True) == f"http://localhost/north/invoices/{one}"
        assert built(_anchor="end") == f"/north/invoices/{one}#end"
