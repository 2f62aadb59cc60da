"""A headless Chromium that prints in the way Gotenberg asks it to, with the defaults that Gotenberg has.

It is as open as Gotenberg is out of the box: scripts run and every address is reached, unless the document forbids it.
"""

from __future__ import annotations

import base64
import queue
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .gotenberg import Form

EXACT_COLOURS = """() => {
  const style = document.createElement("style");
  style.append("html { -webkit-print-color-adjust: exact !important }");
  document.head.append(style);
}"""
START_SECONDS = 60
_MARGINS = {"marginTop": 0.39, "marginBottom": 0.39, "marginLeft": 0.39, "marginRight": 0.39}
_PAPER = {"paperWidth": 8.5, "paperHeight": 11.0, "scale": 1.0}


class Chromium:
    """One browser in a thread of its own, one document after the other."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting: queue.SimpleQueue[tuple[Form, Future[bytes]] | None] = queue.SimpleQueue()
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Chromium:
        self._thread.start()
        self._started.result(START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    def print(self, form: Form) -> bytes:
        """The document as a PDF."""
        done: Future[bytes] = Future()
        self._waiting.put((form, done))
        return done.result()

    def _run(self) -> None:
        from playwright.sync_api import sync_playwright

        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(executable_path=self._path, args=["--no-sandbox"])
                self._started.set_result(None)
                while (job := self._waiting.get()) is not None:
                    form, done = job
                    try:
                        done.set_result(_print(browser, form))
                    except Exception as error:
                        done.set_exception(error)
                browser.close()
        except Exception as error:
            if self._started.done():
                raise
            self._started.set_exception(error)


def _print(browser: Browser, form: Form) -> bytes:
    with tempfile.TemporaryDirectory(prefix="gotenberg-") as folder:
        index = Path(folder) / "index.html"
        index.write_text(form.html, "utf-8")
        context = browser.new_context()
        try:
            page = context.new_page()
            page.goto(index.as_uri(), wait_until="load")
            page.evaluate(EXACT_COLOURS)
            answer = context.new_cdp_session(page).send("Page.printToPDF", _options(form))
        finally:
            context.close()
    return base64.b64decode(answer["data"])


def _options(form: Form) -> dict[str, Any]:
    framed = {"headerTemplate": form.files.get("header.html"), "footerTemplate": form.files.get("footer.html")}
    return {
        **_PAPER,
        **_MARGINS,
        **form.numbers,
        **{name: html for name, html in framed.items() if html},
        "displayHeaderFooter": any(framed.values()),
        "landscape": form.booleans.get("landscape", False),
        "printBackground": form.booleans.get("printBackground", False),
        "preferCSSPageSize": form.booleans.get("preferCssPageSize", False),
        "generateTaggedPDF": form.booleans.get("generateTaggedPdf", False),
        "generateDocumentOutline": form.booleans.get("generateDocumentOutline", False),
    }
