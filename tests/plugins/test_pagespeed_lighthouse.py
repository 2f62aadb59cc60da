from __future__ import annotations

import json
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask import Flask

from plugins.pagespeed_lighthouse.plugin import webkit_register_providers
from tests.plugins.azure import BESIDE
from tests.plugins.pagespeed_pages import GoogleContract
from webkit.core.kernel.runtime import current
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    PAGESPEED,
    AuditRequest,
    Health,
    MetricKey,
    PageNotMeasured,
    PageSpeed,
    ProviderMisconfigured,
    ProviderUnavailable,
    ScoreKey,
    Strategy,
    Trouble,
)
from webkit.sdk.testing.doubles.pagespeed import PAGES, SLOW_PAGE, Page, report
from webkit.sdk.testing.pagespeed import Measured

SPEC = webkit_register_providers()[0]
LIGHTHOUSE = shutil.which("lighthouse") or shutil.which("lighthouse", path=BESIDE)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PROGRAM = """#!/bin/sh
printf '%s\\n' "$@" > {told}.arguments
env > {told}.environ
scene="${{1##*/}}"
case "$scene" in
  hung) sleep 60 & echo $! > {child}; sleep 60 ;;
  busy) echo "Unable to connect to Chrome" >&2; exit 1 ;;
esac
cat "{reports}/${{scene:-slow}}"
[ "$scene" != unreachable ]
"""
CATEGORIES = ["PERFORMANCE", "ACCESSIBILITY", "BEST_PRACTICES", "SEO"]
REFUSED = {"runtimeError": {"code": "FAILED_DOCUMENT_REQUEST", "message": "no"}}


@pytest.fixture
def program(tmp_path: Path) -> dict[str, str]:
    """A program that prints what Lighthouse prints, and the environment that names it."""
    path = tmp_path / "lighthouse"
    places = {name: str(tmp_path / name) for name in ("told", "child", "reports")}
    path.write_text(PROGRAM.format(**places))
    (tmp_path / "reports").mkdir()
    for scene, page in {**PAGES, "slow": SLOW_PAGE, "unreachable": Page()}.items():
        url = f"https://lario.example/{scene}"
        found = report(url, page, CATEGORIES, "en")["lighthouseResult"] | (REFUSED if scene == "unreachable" else {})
        (tmp_path / "reports" / scene).write_text(json.dumps(found))
    (tmp_path / "reports/garbage").write_text("[1, 2")
    path.chmod(0o755)
    return {"PAGESPEED_PROVIDER": "lighthouse", "LIGHTHOUSE_COMMAND": str(path), "LIGHTHOUSE_CHROME": sys.executable}


def lighthouse(environ: dict[str, str]) -> PageSpeed:
    return ProviderRegistry(environ, [SPEC], capabilities=[PAGESPEED]).get(PAGESPEED)


@pytest.mark.usefixtures("app")
class TestContract(GoogleContract):
    """Nobody taps in a laboratory: all but that is as Google reports it, whose servers run the same program."""

    spec = SPEC
    slow = Measured(
        GoogleContract.slow.url, {**GoogleContract.slow.metrics, MetricKey.INP: None}, GoogleContract.slow.scores
    )
    quick = Measured(
        GoogleContract.quick.url, {**GoogleContract.quick.metrics, MetricKey.INP: None}, GoogleContract.quick.scores
    )

    @pytest.fixture
    def configured(self, program: dict[str, str], webkit_data: Path) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), **program}


@pytest.mark.usefixtures("app")
def test_it_gets_no_secret_and_one_way_out(
    program: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_1")
    lighthouse(program).audit(AuditRequest("https://lario.example/", Strategy.DESKTOP, "it_IT"))
    names = {line.partition("=")[0] for line in (tmp_path / "told.environ").read_text().splitlines()}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "CHROME_PATH", "HOME", "TMPDIR"}
    arguments = (tmp_path / "told.arguments").read_text().splitlines()
    assert arguments[0] == "https://lario.example/"
    assert {"--locale=it-IT", "--preset=desktop", "--output=json"} <= set(arguments)
    flags = next(each for each in arguments if each.startswith("--chrome-flags="))
    assert "--proxy-server=http://127.0.0.1:" in flags and "--proxy-bypass-list=<-loopback>" in flags


@pytest.mark.usefixtures("app")
def test_what_takes_too_long_ends_with_all_its_children(program: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(PageNotMeasured) as caught:
        lighthouse({**program, "PAGESPEED_SECONDS": "1.5"}).audit(AuditRequest("https://lario.example/hung"))
    assert caught.value.trouble is Trouble.TOO_SLOW
    child, until = int((tmp_path / "child").read_text()), time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < until, "a child lives on"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.usefixtures("app")
def test_garbage_is_no_report(program: dict[str, str]) -> None:
    with pytest.raises(ProviderUnavailable):
        lighthouse(program).audit(AuditRequest("https://lario.example/garbage"))


@pytest.mark.parametrize("missing", ["LIGHTHOUSE_COMMAND", "LIGHTHOUSE_CHROME"])
def test_a_missing_program_is_named(program: dict[str, str], missing: str) -> None:
    provider = lighthouse({**program, missing: "/nowhere/at-all"})
    with pytest.raises(ProviderMisconfigured, match=missing):
        provider.audit(AuditRequest("https://lario.example/"))
    felt = provider.health()
    assert felt.status is Health.DOWN and missing in felt.detail


# --- the real program -------------------------------------------------------------------------------------------------


class Site(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012  one for all

    def do_GET(self) -> None:
        type(self).asked.append(self.path)
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_address[1]}/inside")
            self.end_headers()
            return
        body = b"<!doctype html><html lang=en><meta name=viewport content=width=device-width><title>A</title><p>Hi"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def site(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A page that one may open, on a machine of which nothing else may be opened."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    place, runtime = f"127.0.0.1:{server.server_port}", current()
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"allow_hosts": (place,)}))
    Site.asked.clear()
    yield f"http://{place}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(not (LIGHTHOUSE and CHROMIUM), reason="Lighthouse or Chromium is not installed")
def test_the_real_one_measures_and_is_led_nowhere(site: str) -> None:
    environ = {"PAGESPEED_PROVIDER": "lighthouse", "LIGHTHOUSE_COMMAND": str(LIGHTHOUSE)}
    found = lighthouse(environ).audit(AuditRequest(f"{site}/"))
    values = {metric.key: metric.value for metric in found.metrics}
    assert all(values[key] is not None for key in MetricKey if key is not MetricKey.INP)
    assert values[MetricKey.INP] is None
    assert all(score.value is not None for score in found.scores if score.key is not ScoreKey.PERFORMANCE)
    assert found.final_url == f"{site}/"
    with pytest.raises(PageNotMeasured):
        lighthouse(environ).audit(AuditRequest(f"{site}/away"))
    assert "/away" in Site.asked and "/inside" not in Site.asked
