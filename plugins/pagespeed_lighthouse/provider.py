"""Runs Lighthouse, which opens the page in a browser of its own and throws it away afterwards.

The browser gets out only through the platform's gate, so that no page leads it into the network it runs in.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from typing import Any

from webkit.sdk import (
    AuditReport,
    AuditRequest,
    Health,
    HealthReport,
    Metric,
    MetricKey,
    PageNotMeasured,
    PageSpeed,
    ProviderMisconfigured,
    ProviderUnavailable,
    Strategy,
    Trouble,
    Unit,
)
from webkit.sdk.http import open_gate
from webkit.sdk.lighthouse import read_report, runtime_error

from .settings import LighthouseSettings

NAME = "lighthouse"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CATEGORIES = "performance,accessibility,best-practices,seo"
MOST_BYTES = 50_000_000
NOBODY_TAPS = Metric(MetricKey.INP, None, Unit.MILLISECONDS)


class Lighthouse:
    """One page at a time for each call."""

    def __init__(self, settings: LighthouseSettings) -> None:
        self._settings = settings

    def audit(self, request: AuditRequest) -> AuditReport:
        program, browser = self._found()
        with tempfile.TemporaryDirectory(prefix="lighthouse-") as folder, open_gate() as gate:
            out = self._run([program, *_options(request, gate)], browser, folder)
        report = _parsed(out)
        if (error := runtime_error(report, NAME)) is not None:
            raise error
        return read_report(report, request.url, NOBODY_TAPS)

    def health(self) -> HealthReport:
        """Opens nothing: only looks for both programs."""
        try:
            program, browser = self._found()
        except ProviderMisconfigured as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK, f"{program} with {browser}")

    def _found(self) -> tuple[str, str]:
        program = shutil.which(self._settings.command)
        if program is None:
            raise ProviderMisconfigured("LIGHTHOUSE_COMMAND is not a program here", provider=NAME)
        wanted = (self._settings.chrome,) if self._settings.chrome else BROWSERS
        browser = next(filter(None, map(shutil.which, wanted)), None)
        if browser is None:
            raise ProviderMisconfigured("there is no Chromium here: set LIGHTHOUSE_CHROME", provider=NAME)
        return program, browser

    def _run(self, command: list[str], browser: str, folder: str) -> bytes:
        """What it prints. Nothing of our environment goes along, and no process outlives its time."""
        environ = {"PATH": os.environ.get("PATH", os.defpath), "CHROME_PATH": browser, "HOME": folder, "TMPDIR": folder}
        with (
            tempfile.TemporaryFile(dir=folder) as printed,
            subprocess.Popen(  # noqa: S603  the operator names the program, and the address begins with http
                command,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.DEVNULL,
                env=environ,
                cwd=folder,
                start_new_session=True,
            ) as process,
        ):
            try:
                process.wait(self._settings.seconds)
            except subprocess.TimeoutExpired:
                text = f"the page was not measured within {self._settings.seconds:g} s"
                raise PageNotMeasured(text, trouble=Trouble.TOO_SLOW, provider=NAME) from None
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            printed.seek(0)
            return printed.read(MOST_BYTES)


def _options(request: AuditRequest, gate: str) -> list[str]:
    flags = [
        "--headless=new",
        f"--proxy-server={gate}",
        "--proxy-bypass-list=<-loopback>",
        "--disable-quic",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses to start otherwise
    ]
    return [
        request.url,
        "--output=json",
        "--output-path=stdout",
        "--quiet",
        "--no-enable-error-reporting",
        f"--only-categories={CATEGORIES}",
        f"--locale={request.locale.replace('_', '-')}",
        f"--chrome-flags={' '.join(flags)}",
        *(["--preset=desktop"] if request.strategy is Strategy.DESKTOP else []),
    ]


def _parsed(out: bytes) -> dict[str, Any]:
    try:
        report = json.loads(out)
    except (ValueError, RecursionError):
        report = None
    if not isinstance(report, dict) or "lighthouseVersion" not in report:
        raise ProviderUnavailable("Lighthouse gave no report", provider=NAME)
    return report


_checked: type[PageSpeed] = Lighthouse
