"""A double of Google PageSpeed Insights, version 5: `GET /pagespeedonline/v5/runPagespeed` on loopback.

It refuses what Google refuses and answers with reports of Lighthouse's shape. The audited page's path tells it what to
play: `https://any.example/empty` is a page of which nothing could be measured, see `SCENES`; any other page is a slow
one. `play(scene, times)`, or `POST /_double/next?scene=busy&times=2`, makes it fail whatever it is asked.

`python -m webkit.sdk.testing.doubles.pagespeed --port 0` prints its address on one line and serves until it is ended.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATH = "/pagespeedonline/v5/runPagespeed"
KEY = "AIzaDouble-0123456789"
PARAMETERS = {"url", "strategy", "category", "locale", "key", "utm_campaign", "utm_source", "captchaToken", "alt"}
CATEGORIES = {
    "PERFORMANCE": ("performance", "Performance"),
    "ACCESSIBILITY": ("accessibility", "Accessibility"),
    "BEST_PRACTICES": ("best-practices", "Best Practices"),
    "SEO": ("seo", "SEO"),
}
METRICS = {
    "first-contentful-paint": ("FCP", "First Contentful Paint", "millisecond"),
    "largest-contentful-paint": ("LCP", "Largest Contentful Paint", "millisecond"),
    "total-blocking-time": ("TBT", "Total Blocking Time", "millisecond"),
    "cumulative-layout-shift": ("CLS", "Cumulative Layout Shift", "unitless"),
    "speed-index": ("SI", "Speed Index", "millisecond"),
}
SLOW_SECONDS = 3.0


@dataclass(frozen=True)
class Page:
    """What Lighthouse finds: values in Google's units, None for what it could not measure; scores from 0 to 1."""

    values: Mapping[str, float | None] = field(default_factory=dict)
    scores: Mapping[str, float | None] = field(default_factory=dict)
    inp: int | None = None
    inp_of_site: int | None = None
    advice: tuple[tuple[str, int], ...] = ()


SLOW_PAGE = Page(
    values={"LCP": 4812.4, "CLS": 0.3102, "FCP": 2140.5, "TBT": 640.0, "SI": 6021.75},
    scores={"performance": 0.38, "accessibility": 0.71, "best-practices": 0.92, "seo": 0.83},
    inp=340,
    advice=(
        ("Reduce unused JavaScript", 450),
        ("Serve images in next-gen formats", 1980),
        ("Eliminate render-blocking resources", 1210),
        ("Reduce initial server response time", 620),
        ("Properly size images", 300),
        ("Enable text compression", 150),
        ("Reduce unused CSS", 0),
    ),
)
FAST_PAGE = Page(
    values={"LCP": 900.0, "CLS": 0.0, "FCP": 612.3, "TBT": 0.0, "SI": 701.1},
    scores={"performance": 1.0, "accessibility": 1.0, "best-practices": 1.0, "seo": 1.0},
    inp_of_site=96,
)
PARTIAL_PAGE = Page(
    values={"LCP": None, "CLS": 0.02, "FCP": 1800.0, "SI": None},
    scores={"performance": None, "accessibility": 0.895, "seo": 0.5},
)
PAGES = {"fast": FAST_PAGE, "partial": PARTIAL_PAGE, "empty": Page()}


def _failure(code: int, status: str, message: str, reason: str, domain: str = "global", **more: Any) -> tuple[int, Any]:
    error = {"code": code, "message": message, "errors": [{"message": message, "domain": domain, "reason": reason}]}
    return code, {"error": error | {"status": status} | more}


def _lighthouse(status: int, code: str, words: str, reason: str = "lighthouseUserError") -> tuple[int, Any]:
    state = "INVALID_ARGUMENT" if status == 400 else "INTERNAL"
    return _failure(status, state, f"Lighthouse returned error: {code}. {words}", reason, "lighthouse")


def _quota(limit: str, per: str) -> tuple[int, Any]:
    message = (
        f"Quota exceeded for quota metric 'Queries' and limit 'Queries per {per}' of service "
        "'pagespeedonline.googleapis.com' for consumer 'project_number:1'."
    )
    info = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": {"service": "pagespeedonline.googleapis.com", "quota_limit": limit, "quota_limit_value": "1"},
    }
    return _failure(429, "RESOURCE_EXHAUSTED", message, "rateLimitExceeded", details=[info])


def _key_error(reason: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "googleapis.com"}


UNABLE = "Lighthouse was unable to reliably load the page you requested."
SCENES: dict[str, tuple[int, Any]] = {
    "unreachable": _lighthouse(400, "FAILED_DOCUMENT_REQUEST", f"{UNABLE} (Details: net::ERR_CONNECTION_FAILED)"),
    "error404": _lighthouse(400, "ERRORED_DOCUMENT_REQUEST", f"{UNABLE} (Status code: 404)"),
    "dns": _lighthouse(400, "DNS_FAILURE", "DNS servers could not resolve the provided domain."),
    "file": _lighthouse(400, "NOT_HTML", "The page provided is not HTML (served as MIME type application/pdf)."),
    "blank": _lighthouse(500, "NO_FCP", "The page did not paint any content.", "lighthouseError"),
    "hung": _lighthouse(500, "PAGE_HUNG", "Lighthouse was unable to reliably load the URL: the page stopped."),
    "odd": _lighthouse(500, "SOMETHING_NEW", "Nobody has seen this before.", "lighthouseError"),
    "busy": _failure(500, "INTERNAL", "Internal error encountered.", "backendError"),
    "overloaded": _failure(503, "UNAVAILABLE", "The service is currently unavailable.", "backendError"),
    "quota": _quota("defaultPerMinutePerProject", "minute"),
    "quota-day": _quota("defaultPerDayPerProject", "day"),
    "forbidden": _failure(
        403, "PERMISSION_DENIED", "PageSpeed Insights API has not been used in project 1 before or it is disabled.",
        "accessNotConfigured", details=[_key_error("SERVICE_DISABLED")],
    ),
}  # fmt: skip
RAW: dict[str, tuple[int, bytes]] = {
    "garbage": (200, b"<!doctype html><title>Welcome to the hotel's network</title>"),
    "nonsense": (200, b'{"lighthouseResult": [1, 2'),
    "list": (200, b"[]"),
    "bare": (200, b'{"kind": "pagespeedonline#result"}'),
    "gateway": (502, b"<html>Bad gateway</html>"),
    "redirect": (302, b""),
}
UNDRAWN = ("runtime-error", "NO_FCP", "The page did not paint any content. (NO_FCP)")


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    parameters: Mapping[str, list[str]]
    headers: Mapping[str, str]


class PageSpeedDouble:
    """The server. `key=None` asks for no key, as a proxy in front of Google may; `pages` holds reports by address."""

    def __init__(self, *, port: int = 0, key: str | None = KEY) -> None:
        self.key = key
        self.pages: dict[str, Page] = {}
        self.calls: list[Call] = []
        self.slow_seconds = SLOW_SECONDS
        self._next: list[str] = []
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"double": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """What goes into PAGESPEED_API_URL."""
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> PageSpeedDouble:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def play(self, scene: str, times: int = 1) -> None:
        """Answer the next calls with `scene`, whatever they ask for."""
        with self._lock:
            self._next += [scene] * times

    def scene(self, url: str) -> str:
        """What is played for a page: what was ordered, else what the first part of its path names."""
        with self._lock:
            return self._next.pop(0) if self._next else urlsplit(url).path.strip("/").partition("/")[0]

    def refused(self, given: Mapping[str, list[str]], headers: Mapping[str, str]) -> tuple[int, Any] | None:
        """Google's answer to a request that is wrong."""
        if unknown := given.keys() - PARAMETERS:
            return _invalid(f'Unknown name "{min(unknown)}": Cannot bind query parameter.')
        if (bad := self._bad_key(given, headers)) is not None:
            return bad
        target = urlsplit(given.get("url", [""])[0])
        if target.scheme not in ("http", "https") or not target.hostname:
            return _invalid("Invalid value for parameter: url")
        if given.get("strategy", ["DESKTOP"])[0].upper() not in ("MOBILE", "DESKTOP"):
            return _invalid("Invalid value at 'strategy'")
        if wrong := [name for name in given.get("category", []) if name.upper() not in CATEGORIES]:
            return _invalid(f"Invalid value at 'category', \"{wrong[0]}\"")
        return None

    def _bad_key(self, given: Mapping[str, list[str]], headers: Mapping[str, str]) -> tuple[int, Any] | None:
        if self.key is None:
            return None
        key = headers.get("x-goog-api-key") or given.get("key", [""])[0]
        if not key:
            message = "Method doesn't allow unregistered callers. Please use API Key to call this API."
            return _failure(403, "PERMISSION_DENIED", message, "forbidden")
        if key != self.key:
            message = "API key not valid. Please pass a valid API key."
            details = [_key_error("API_KEY_INVALID")]
            return _failure(400, "INVALID_ARGUMENT", message, "badRequest", details=details)
        return None


def _invalid(message: str) -> tuple[int, Any]:
    return _failure(400, "INVALID_ARGUMENT", message, "badRequest")


def report(url: str, page: Page, wanted: list[str], locale: str) -> dict[str, Any]:
    """The whole body for a page, with the categories that were asked for."""
    names = [CATEGORIES[name.upper()] for name in wanted] or [CATEGORIES["PERFORMANCE"]]
    audits = _metrics(page) | _advice(page, locale)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    body: dict[str, Any] = {
        "captchaResult": "CAPTCHA_NOT_NEEDED",
        "kind": "pagespeedonline#result",
        "id": url,
        "lighthouseResult": {
            "requestedUrl": url,
            "finalUrl": url,
            "mainDocumentUrl": url,
            "finalDisplayedUrl": url,
            "lighthouseVersion": "13.0.1",
            "fetchTime": now,
            "runWarnings": [],
            "configSettings": {"locale": locale, "formFactor": "mobile", "channel": "lr"},
            "audits": audits,
            "categories": {id: _category(id, title, page, audits) for id, title in names},
            "timing": {"total": 12_345.6},
        },
        "analysisUTCTimestamp": now,
        "version": {"major": 13, "minor": 0},
    }
    return body | _field(url, page)


def _metrics(page: Page) -> dict[str, Any]:
    found = {}
    for id, (short, title, unit) in METRICS.items():
        if short not in page.values:
            continue
        value = page.values[short]
        audit: dict[str, Any] = {"id": id, "title": title, "description": f"{title} is a metric."}
        if value is None:
            audit |= {"score": None, "scoreDisplayMode": "error", "errorMessage": "Required trace was not recorded."}
        else:
            shown = f"{value / 1000:.1f} s" if unit == "millisecond" else f"{value:.3f}"
            audit |= {"score": 0.5, "scoreDisplayMode": "numeric", "displayValue": shown}
            audit |= {"numericValue": value, "numericUnit": unit}
        found[id] = audit
    return found


def _advice(page: Page, locale: str) -> dict[str, Any]:
    tag = "" if locale.startswith("en") else f" [{locale}]"
    found: dict[str, Any] = {
        "color-contrast": {
            "id": "color-contrast",
            "title": f"Background and foreground colors do not have a sufficient contrast ratio.{tag}",
            "score": 0 if page.advice else 1,
            "scoreDisplayMode": "binary",
        },
        "is-on-https": {"id": "is-on-https", "title": f"Uses HTTPS{tag}", "score": 1, "scoreDisplayMode": "binary"},
        "hreflang": {"id": "hreflang", "title": "hreflang", "score": None, "scoreDisplayMode": "notApplicable"},
    }
    for number, (title, saves) in enumerate(page.advice):
        id = f"advice-{number}"
        found[id] = {
            "id": id,
            "title": title + tag,
            "score": 0.5 if saves else 1,
            "scoreDisplayMode": "metricSavings",
            "metricSavings": {"LCP": saves, "FCP": 0},
            "details": {"type": "opportunity", "overallSavingsMs": saves},
        }
    return found


def _category(id: str, title: str, page: Page, audits: Mapping[str, Any]) -> dict[str, Any]:
    refs = [{"id": "color-contrast", "weight": 7}] if id == "accessibility" else []
    if id == "performance":
        refs = [{"id": audit, "weight": 25, "group": "metrics"} for audit in METRICS if audit in audits]
        refs += [{"id": audit, "weight": 0, "group": "diagnostics"} for audit in audits if audit.startswith("advice-")]
    if id == "best-practices":
        refs = [{"id": "is-on-https", "weight": 5}]
    return {"id": id, "title": title, "score": page.scores.get(id), "auditRefs": refs}


def _field(url: str, page: Page) -> dict[str, Any]:
    found: dict[str, Any] = {}
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    if page.inp is not None:
        found["loadingExperience"] = {"id": url, "metrics": _inp(page.inp), "overall_category": "AVERAGE"}
    elif page.inp_of_site is not None:
        experience = {"id": origin, "metrics": _inp(page.inp_of_site), "origin_fallback": True}
        found["loadingExperience"] = experience
    else:
        found["loadingExperience"] = {"initial_url": url}
    if page.inp_of_site is not None:
        found["originLoadingExperience"] = {"id": origin, "metrics": _inp(page.inp_of_site)}
    return found


def _inp(percentile: int) -> dict[str, Any]:
    shares = [{"min": 0, "max": 200, "proportion": 0.5}, {"min": 200, "proportion": 0.5}]
    return {
        "INTERACTION_TO_NEXT_PAINT": {"percentile": percentile, "distributions": shares, "category": "AVERAGE"},
        "CUMULATIVE_LAYOUT_SHIFT_SCORE": {"percentile": 31, "category": "AVERAGE"},
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    double: PageSpeedDouble

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        given = parse_qs(asked.query, keep_blank_values=True)
        if asked.path != PATH:
            self._json(*_failure(404, "NOT_FOUND", "Requested entity was not found.", "notFound"))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.double.calls.append(Call(given, headers))
        refused = self.double.refused(given, headers)
        if refused is not None:
            self._json(*refused)
            return
        url = given["url"][0]
        self._play(self.double.scene(url), url, given)

    def do_POST(self) -> None:
        asked = urlsplit(self.path)
        given = parse_qs(asked.query)
        if asked.path != "/_double/next":
            self._json(*_failure(404, "NOT_FOUND", "Requested entity was not found.", "notFound"))
            return
        self.double.play(given["scene"][0], int(given.get("times", ["1"])[0]))
        self._json(200, {})

    def _play(self, scene: str, url: str, given: Mapping[str, list[str]]) -> None:
        if scene in SCENES:
            self._json(*SCENES[scene])
        elif scene in RAW:
            self._raw(*RAW[scene])
        elif scene in ("cut", "drip"):
            self._broken(scene)
        else:
            if scene == "slow":
                self.double.stopped.wait(self.double.slow_seconds)
            page = self.double.pages.get(url) or PAGES.get(scene, SLOW_PAGE)
            locale = given.get("locale", ["en-US"])[0]
            body = report(url, Page() if scene == UNDRAWN[0] else page, given.get("category", []), locale)
            if scene == UNDRAWN[0]:
                body["lighthouseResult"]["runtimeError"] = {"code": UNDRAWN[1], "message": UNDRAWN[2]}
            self._json(200, body)

    def _broken(self, scene: str) -> None:
        """Promises a body and ends in the middle of it, or sends it byte by byte."""
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.close_connection = True
        until = time.monotonic() + self.double.slow_seconds
        with suppress(OSError):  # whoever asked did not wait
            while scene == "drip" and time.monotonic() < until and not self.double.stopped.wait(0.02):
                self.wfile.write(b" ")
            self.wfile.write(b'{"lighthouseResult":')

    def _json(self, status: int, body: Any) -> None:
        self._raw(status, json.dumps(body).encode(), "application/json; charset=UTF-8")

    def _raw(self, status: int, body: bytes, kind: str = "text/html") -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", "http://169.254.169.254/")
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # whoever asked did not wait

    def log_message(self, *args: object) -> None:
        pass


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY, help="the only key that is accepted; empty asks for none")
    given = parser.parse_args()
    with PageSpeedDouble(port=given.port, key=given.key or None) as double:
        sys.stdout.write(f"{double.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            double.stopped.wait()


if __name__ == "__main__":
    main()
