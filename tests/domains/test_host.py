"""At an agency's domain: the pages of its clients, complete, and nothing else of anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.client import Browser, let_go
from tests.domains.conftest import BASE, HOST, OWN
from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import db, frozen, health, hosts, links, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.domains import models, service
from webkit.invoices import service as invoices
from webkit.portability import deleting_models

STAFF = "http://localhost"
"""The platform too: where the tests' browsers hold their cookies."""
READER = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
PAGES = {
    *("proposal_public", "quotation_public", "signing", "invoice_public", "statement_public", "verify_document"),
    *("retainer_public", "method_public", "charge_public"),
}
"""What clients open with a link."""
OTHERS = {"branding.public_theme", "violations", "domains.proof", "verify.index"}
"""What belongs to such a page, or says whose the name is."""


@pytest.fixture
def invoice(domain: str) -> UUID:
    return documents.issued("100")


@pytest.fixture
def foreign(domain: str, other_agency: AgencyView) -> str:
    """The path of another agency's invoice."""
    db.release()
    with tenancy.tenant(other_agency.id):
        return path(documents.issued("100"))


def path(invoice_id: UUID) -> str:
    return f"/i/{links.token_for('i', invoice_id)}"


def ask(browser: Browser, where: str, method: str = "GET", host: str = OWN, **options: object) -> TestResponse:
    options["headers"] = {**READER, **dict(options.get("headers", {}))}  # type: ignore[call-overload]
    return browser.open(where, method=method, base_url=host, **options)


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


# --- What is not there --------------------------------------------------------------------------------------------


def test_every_other_address_of_the_platform_is_not_there(owner: Browser, domain: str, app: Flask) -> None:
    """Asked by the owner, with the cookie of a session that is good at the platform."""
    assert ask(owner, "/northwind/", host=STAFF).status_code == 200
    cookie = owner.get_cookie("webkit", domain="localhost")
    assert cookie is not None
    held = {"Cookie": f"webkit={cookie.value}", "Authorization": "Bearer whatever"}
    there, seen = set(), 0
    for rule in app.url_map.iter_rules():
        blueprint = rule.endpoint.rpartition(".")[0]
        if blueprint in PAGES or rule.endpoint in OTHERS:
            there.add(blueprint if blueprint in PAGES else rule.endpoint)
            continue
        if rule.rule in health.ADDRESSES:
            continue  # answered before anything looks at names: balancers ask by address
        method = min(rule.methods or {"GET"})
        answer = ask(owner, filled(rule), method, headers=held)
        seen += 1
        assert answer.status_code == 404, (method, rule.rule, answer.status_code)
        assert "Set-Cookie" not in answer.headers and "Location" not in answer.headers, rule.rule
    assert there == PAGES | OTHERS and seen > 300


def filled(rule: Rule) -> str:
    """An address under a rule, of something there is where that is known."""
    values = {"agency": "northwind", "provider": "local", "capability": "payments", "plural": "invoices"}
    return re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda hole: values.get(hole[1], UUID(int=7).hex), rule.rule)


METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MADEUP")


def test_whatever_the_method(owner: Browser, domain: str) -> None:
    headers = {"Access-Control-Request-Method": "GET", "Origin": "https://app.example"}
    for where in ("/", "/northwind/", "/api/v1/me", "/sign-in", "/nowhere", "//northwind//", "/i"):
        for method in METHODS:
            answer = ask(owner, where, method, headers=headers)
            assert answer.status_code == 404 and "Set-Cookie" not in answer.headers, (where, method)


def test_documents_of_other_agencies_are_not_there(anonymous: Browser, invoice: UUID, foreign: str) -> None:
    assert ask(anonymous, path(invoice)).status_code == 200
    for where in (foreign, f"{foreign}/pdf", "/harbour-pine/public.css"):
        assert ask(anonymous, where).status_code == 404
        assert ask(anonymous, where, host=BASE).status_code in (200, 403), where
    assert ask(anonymous, f"{foreign}/pay", "POST").status_code == 404


def test_names_that_nobody_has_are_refused_as_ever(
    anonymous: Browser, invoice: UUID, agency: AgencyView, other_agency: AgencyView
) -> None:
    db.release()
    with tenancy.tenant(other_agency.id):
        service.name("docs.harbour.example")
    odd = ("docs.harbour.example", "evil.example", f"x.{HOST}", f"{HOST}.evil.example", f"{HOST}.", "192.0.2.1")
    for host in odd:
        answer = ask(anonymous, path(invoice), host=f"https://{host}")
        assert answer.status_code == 400, host
    assert ask(anonymous, path(invoice), headers={"Host": ""}).status_code in (200, 400, 404)
    service.remove()
    assert ask(anonymous, path(invoice)).status_code == 400, "at once in this process"


def test_without_the_tier_nobody_is_let_in(
    anonymous: Browser, invoice: UUID, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = runtimes.of(app)
    runtime.domains.forget()  # type: ignore[union-attr]
    billing = runtime.settings.model_copy(update={"billing": True, "trial_days": 0})
    monkeypatch.setattr(runtime, "settings", billing)
    assert ask(anonymous, path(invoice)).status_code == 400
    assert ask(anonymous, f"/.well-known/webkit-certificate?domain={HOST}", host=BASE).status_code == 404
    assert ask(anonymous, path(invoice), host=BASE).status_code == 200
    runtime.domains.forget()  # type: ignore[union-attr]


def test_while_the_database_is_away(
    anonymous: Browser, domain: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtimes.of(app).domains.forget()  # type: ignore[union-attr]
    away = sa.exc.OperationalError("SELECT", {}, Exception("gone"))
    monkeypatch.setattr(models, "active", lambda: (_ for _ in ()).throw(away))
    assert ask(anonymous, "/").status_code == 503


# --- What is there ------------------------------------------------------------------------------------------------


def test_a_client_reads_and_pays(anonymous: Browser, invoice: UUID, run_jobs: Callable[[], int]) -> None:
    run_jobs()
    where = path(invoice)
    page = ask(anonymous, where)
    assert page.status_code == 200 and "Set-Cookie" not in page.headers
    assert page.headers["Strict-Transport-Security"] == "max-age=2592000"
    assert f"form-action 'self' {BASE}" in page.headers["Content-Security-Policy"]
    sheet = re.search(r'href="(/northwind/public\.css[^"]*)"', page.text)
    assert sheet is not None and ask(anonymous, sheet[1]).status_code == 200
    assert ask(anonymous, f"{where}/pdf").status_code == 200
    checkout = ask(anonymous, f"{where}/pay", "POST")
    assert checkout.status_code == 303 and checkout.location.startswith(f"{BASE}/x/payments_local/checkout/")
    at_vendor = checkout.location.removeprefix(BASE)
    paid = ask(anonymous, f"{at_vendor}/pay", "POST", host=BASE)
    assert paid.location == at_vendor, "a form may not lead to another name, a link may"
    back = re.search(rf'href="({OWN}{where}[^"]*)"', ask(anonymous, at_vendor, host=BASE).text)
    assert back is not None
    assert "Paid. Thank you." in ask(anonymous, back[1].removeprefix(OWN).replace("&amp;", "&")).text
    db.release()
    assert invoices.get(invoice).view_count >= 1


SENT: tuple[tuple[dict[str, str], int], ...] = (
    ({"Sec-Fetch-Site": "same-origin"}, 303),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": OWN}, 303),
    ({"Origin": BASE}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({}, 403),
)


def test_forms_come_from_the_same_name(app: Flask, invoice: UUID) -> None:
    where = f"{path(invoice)}/pay"
    for headers, code in SENT:
        let_go()
        asked = Context().run(FlaskClient.open, app.test_client(), where, method="POST", base_url=OWN, headers=headers)
        assert asked.status_code == code, headers


def test_links_are_written_with_it_and_staff_are_sent_to_the_platform(
    invoice: UUID,
    anonymous: Browser,
    owner: Browser,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    run_jobs()
    (sent,) = outbox_mails()
    assert f"{OWN}{path(invoice)}" in sent.text and f"{BASE}{path(invoice)}" not in sent.text
    assert f'href="{BASE}{path(invoice)}"' in ask(owner, f"/northwind/invoices/{invoice}", host=STAFF).text
    assert ask(anonymous, path(invoice), host=BASE).status_code == 200, "links from before go on"


# --- What it costs ------------------------------------------------------------------------------------------------


def test_the_platforms_own_name_asks_nothing_more(anonymous: Browser, invoice: UUID, owner: Browser) -> None:
    def cost(where: str, host: str, browser: Browser) -> int:
        ask(browser, where, host=host)
        with statements() as seen:
            assert ask(browser, where, host=host).status_code == 200
        return len(seen)

    page, staff = path(invoice), f"/northwind/invoices/{invoice}"
    with_it = cost(page, BASE, anonymous), cost(staff, STAFF, owner), cost(page, OWN, anonymous)
    service.remove()
    assert with_it[:2] == (cost(page, BASE, anonymous), cost(staff, STAFF, owner))
    assert with_it[2] == with_it[0], "remembered for some seconds"


def test_names_that_nobody_has_are_looked_up_together(anonymous: Browser, domain: str, app: Flask) -> None:
    runtimes.of(app).domains.forget()  # type: ignore[union-attr]
    with statements() as seen:
        for number in range(5):
            assert ask(anonymous, "/", host=f"https://x{number}.example").status_code == 400
    assert len([each for each in seen if "agency_domains" in each]) == 1


# --- Machines -----------------------------------------------------------------------------------------------------


def test_a_proxy_asks_for_certificates(anonymous: Browser, domain: str, other_agency: AgencyView) -> None:
    db.release()
    with tenancy.tenant(other_agency.id):
        service.name("docs.harbour.example")

    def code(name: str, host: str = BASE) -> tuple[int, str]:
        answer = ask(anonymous, "/.well-known/webkit-certificate", host=host, query_string={"domain": name})
        return answer.status_code, answer.text

    assert code(HOST) == code(HOST.upper()) == (200, "")
    for name in ("docs.harbour.example", "studio.example", "", "x" * 300, "northwind", f"x.{HOST}", "'--", "127.0.0.1"):
        assert code(name) == (404, ""), name
    assert code(HOST, OWN)[0] == 404


def test_only_the_name_itself_says_whose_it_is(anonymous: Browser, domain: str) -> None:
    shown = service.shown()
    assert shown is not None
    assert "webkit-domain=" + ask(anonymous, "/.well-known/webkit-domain").text == shown.value
    assert ask(anonymous, "/.well-known/webkit-domain", host=BASE).status_code == 404


def test_a_document_is_looked_up_by_its_code(anonymous: Browser, invoice: UUID, run_jobs: Callable[[], int]) -> None:
    run_jobs()
    document = frozen.latest("invoice", invoice)
    assert document is not None and document.verify_url == f"{OWN}/verify/{document.code}"
    found = ask(anonymous, "/verify", query_string={"code": document.code})
    assert found.location == f"/verify/{document.code}"
    assert ask(anonymous, found.location).status_code == 200
    assert ask(anonymous, found.location, host=BASE).status_code == 200, "where nobody but the platform speaks"
    assert ask(anonymous, "/verify/AAAA-BBBB").status_code == 404


def test_a_deleted_agency_frees_it(anonymous: Browser, invoice: UUID, agency: AgencyView) -> None:
    assert ask(anonymous, path(invoice)).status_code == 200
    assert "agency_domains" in deleting_models.order()
    agencies.bury(agency.id)
    assert service.shown() is not None and hosts.address() == BASE
