"""What every answer carries, who may ask the API from elsewhere, and what browsers may report."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask, g

from tests.client import Browser
from webkit.core.kernel import cache, logging, security, violations
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.cache import Answer, Trip
from webkit.core.kernel.directory import AgencyView
from webkit.core.paths import STATIC
from webkit.core.settings import Settings, SettingsError
from webkit.house import create

APP, OTHER = "https://app.example", "https://app.example.evil.example"


def _configure(app: Flask, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    runtime = runtimes.of(app)
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update=changed))


# --- headers ----------------------------------------------------------------------------------------------------------


def test_every_answer_is_protected(owner: Browser, anonymous: Browser, agency: AgencyView) -> None:
    """Pages, fragments, refusals, answers for machines."""
    answers = [
        owner.get(f"/{agency.slug}/"),
        owner.get(f"/{agency.slug}/clients", headers={"HX-Request": "true"}),
        anonymous.get("/sign-in"),
        anonymous.get("/nowhere"),
        anonymous.get("/healthz"),
        anonymous.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}),
    ]
    for answer in answers:
        for name, value in security.ALWAYS:
            assert answer.headers.getlist(name) == [value], (answer.request.path, name)
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy and "unsafe-" not in policy and "*" not in policy
        assert "Strict-Transport-Security" not in answer.headers, "nobody here speaks https"
        assert "Server" not in answer.headers and "X-Powered-By" not in answer.headers
    for path in ("/healthz", "/api/v1/me"):  # also what says what went wrong
        assert anonymous.get(path).headers["Content-Security-Policy"] == security.FOR_MACHINES, path
    assert "microphone=()" in answers[0].headers["Permissions-Policy"]
    assert "report-uri /csp-reports; report-to csp" in answers[0].headers["Content-Security-Policy"]
    assert (
        answers[0].headers["Content-Security-Policy"]
        != owner.get(f"/{agency.slug}/").headers["Content-Security-Policy"]
    )


def test_https_is_promised_where_it_is_spoken(app: Flask, anonymous: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    _configure(app, monkeypatch, public_url="https://deals.example")
    answer = anonymous.get("/sign-in", headers={"Host": "localhost"})
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("public_url", ["", "https://deals.example"])
def test_files_are_what_they_say(app: Flask, tmp_path: Any, public_url: str) -> None:
    other = create(Settings(data=tmp_path, public_url=public_url, log_level="ERROR"))
    found = next(STATIC.glob("*.js"))
    client = other.test_client()
    headers = client.head(f"/static/{found.name}").headers
    assert headers["Cache-Control"].endswith("immutable")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert ("Strict-Transport-Security" in headers) is bool(public_url)
    elsewhere = client.head(f"/static/{found.name}", base_url="https://docs.agency.example").headers
    assert elsewhere["ETag"] == headers["ETag"], "pages at an agency's own name need them too"
    assert "Strict-Transport-Security" not in elsewhere, "that name is not ours to speak for"


def test_no_key_to_a_page_is_logged(house: Flask) -> None:
    """Every address that opens something to whoever knows it."""
    secret = "Zx81kappaQ7ZP4M2XK9TB3"
    rules = [rule.rule for rule in house.url_map.iter_rules() if "<token>" in rule.rule]
    assert len(rules) > 15
    for rule in rules:
        path = rule.replace("<token>", secret)
        told = logging.redact(None, "", {"path": path})
        assert secret not in told["path"], path


# --- other sites ------------------------------------------------------------------------------------------------------


@pytest.fixture
def shared(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _configure(app, monkeypatch, cors_origins=(APP,))


ASKED = {"Access-Control-Request-Method": "POST", "Sec-Fetch-Site": "cross-site"}


def test_named_sites_may_ask_the_api(shared: None, anonymous: Browser) -> None:
    asked = anonymous.options("/api/v1/invoices", headers={**ASKED, "Origin": APP})
    assert asked.status_code == 204
    assert asked.headers["Access-Control-Allow-Origin"] == APP
    assert "POST" in asked.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    answer = anonymous.get("/api/v1/nothing-here", headers={"Origin": APP, "Sec-Fetch-Site": "cross-site"})
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert "Origin" in answer.headers["Vary"] and "ETag" in answer.headers["Access-Control-Expose-Headers"]
    for each in (asked, answer):
        assert "Access-Control-Allow-Credentials" not in each.headers


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        *(("/api/v1/invoices", origin) for origin in (OTHER, "null", "http://app.example", "https://APP.example")),
        ("/api/v1/invoices", "https://app.example:8443"),
        ("/sign-in", APP),
        ("/healthz", APP),
        ("/apidocs", APP),
    ],
)
def test_nobody_else_may(shared: None, anonymous: Browser, path: str, origin: str) -> None:
    for method, headers in (("OPTIONS", ASKED), ("GET", {"Sec-Fetch-Site": "cross-site"})):
        answer = anonymous.open(path, method=method, headers={**headers, "Origin": origin})
        assert not [name for name in dict(answer.headers) if name.startswith("Access-Control")], (method, path)
        assert ("Origin" in answer.headers.get("Vary", "")) is path.startswith("/api/")


def test_a_key_is_what_another_site_writes_with(shared: None, owner: Browser, agency: AgencyView) -> None:
    """From there a cookie proves nothing, and a key opens nothing but the API."""
    key = {"Authorization": "Bearer nobodys", "Sec-Fetch-Site": "cross-site", "Origin": APP}

    def post(path: str, **headers: str) -> int:
        return owner.post(path, headers={**key, **headers}).status_code

    assert post("/api/v1/nothing-here") != 403
    assert post("/api/v1/nothing-here", Authorization="") == 403
    assert post("/api/v1/nothing-here", Origin=OTHER) == 403
    assert post(f"/{agency.slug}/clients/new") == 403


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "app.example",
        "https://*.example",
        "http://app.example",
        "https://app.example/",
        "https://a b.example",
    ],
)
def test_sites_are_named_exactly(value: str) -> None:
    with pytest.raises(SettingsError, match="CORS_ORIGINS"):
        Settings.load({"CORS_ORIGINS": value})
    found = Settings.load({"CORS_ORIGINS": "https://app.example, http://localhost:5173"})
    assert found.cors_origins == ("https://app.example", "http://localhost:5173")


# --- reports ----------------------------------------------------------------------------------------------------------


def _old(**body: str) -> tuple[str, str]:
    return "application/csp-report", json.dumps({"csp-report": body})


def _new(**body: str) -> tuple[str, str]:
    return "application/reports+json", json.dumps([{"type": "csp-violation", "age": 1, "body": body}])


SEEN = [
    (
        _old(**{
            "document-uri": "https://deals.example/p/Zx81kappaQ7ZP4M2XK9TB3?name=Ada",
            "violated-directive": "img-src 'self'",
            "blocked-uri": "https://ada:hunter2@Evil.example/track?who=ada@example.com",
        }),
        {"directive": "img-src", "blocked": "https://evil.example", "page": "/p/<token>"},
    ),
    (
        _new(documentURL="https://deals.example/acme/clients", effectiveDirective="script-src", blockedURL="inline"),
        {"directive": "script-src", "blocked": "inline", "page": "/<slug:agency>/clients"},
    ),
    (
        _new(documentURL="x\ny", effectiveDirective="style-src", blockedURL="data:text/css,x"),
        {"blocked": "data", "page": "?"},
    ),
]  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """What is logged of reports."""
    lines: list[dict[str, str]] = []

    class Log:
        def warning(self, _what: str, **seen: str) -> None:
            lines.append(seen)

    monkeypatch.setattr(violations, "log", Log())
    return lines


@pytest.mark.parametrize(("sent", "wanted"), SEEN)
def test_a_report_says_nothing_of_anybody(
    anonymous: Browser, told: list[dict[str, str]], sent: tuple[str, str], wanted: dict[str, str]
) -> None:
    from_elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answer = anonymous.post("/csp-reports", data=sent[1], content_type=sent[0], headers=from_elsewhere)
    assert answer.status_code == 204 and not answer.data
    (seen,) = told
    assert wanted.items() <= seen.items()
    assert not any(word in str(seen) for word in ("Ada", "ada", "secret", "kappa", "track", "\n"))


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("text/html", "<b>", 415),
        ("application/csp-report", "{", 400),
        ("application/csp-report", "[" * 5000, 400),
        ("application/csp-report", json.dumps({"csp-report": {"blocked-uri": "x" * 20_000}}), 413),
        ("application/csp-report", json.dumps({"csp-report": "x"}), 204),
        ("application/csp-report", "null", 204),
        ("application/reports+json", json.dumps([1, None, {"body": []}, {"body": {"effectiveDirective": 5}}]), 204),
        ("application/reports+json", json.dumps([{"body": {"effectiveDirective": "a\nFAKE level=info"}}]), 204),
        (*_new(effectiveDirective="img-src", blockedURL="chrome-extension://abc/x.js"), 204),
        (*_new(effectiveDirective="img-src", blockedURL="http://[", documentURL="http://["), 204),
    ],
)
def test_nonsense_is_not_logged(
    anonymous: Browser, told: list[dict[str, str]], kind: str, body: str, code: int
) -> None:
    assert anonymous.post("/csp-reports", data=body, content_type=kind).status_code == code
    assert not [seen for seen in told if seen != {"directive": "img-src", "blocked": "?", "page": "?"}]


def test_many_reports_are_a_few(
    anonymous: Browser, told: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, body = _new(effectiveDirective="img-src", blockedURL="inline")
    many = json.dumps(json.loads(body) * 100)
    anonymous.post("/csp-reports", data=many, content_type=kind)
    assert len(told) == 10
    asked: list[Trip] = []

    def refuse() -> Trip:
        g.trip.answer = Answer(False, 0, 60.0, 3.0)
        g.trip.travelled = True
        asked.append(g.trip)
        return asked[-1]

    monkeypatch.setattr(cache, "travel", refuse)
    answer = anonymous.post("/csp-reports", data=body, content_type=kind)
    assert answer.status_code == 429 and answer.headers["Retry-After"] == "3"
    assert asked[0].per_minute == 20 and "127.0.0.1" not in asked[0].bucket
