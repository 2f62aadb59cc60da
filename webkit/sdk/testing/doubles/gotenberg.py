"""Gotenberg's Chromium route as its documentation describes it, on a free port of this machine.

    python -m webkit.sdk.testing.doubles.gotenberg --port 0 --chromium /usr/bin/chromium

It takes what Gotenberg takes and refuses what Gotenberg refuses, with the same statuses and plain sentences; beyond
that it refuses a field that Gotenberg does not know, which Gotenberg would pass over. Pages are drawn by a printer:
`chromium.Chromium` asks a real browser in the way Gotenberg does, `blank` needs none. A test tells it what goes wrong.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hmac
import io
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pypdf import PdfReader, PdfWriter
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import parse_form_data

ROUTE = "/forms/chromium/convert/html"
BOOLEANS = frozenset({
    "preferCssPageSize", "printBackground", "omitBackground", "landscape", "singlePage", "generateDocumentOutline",
    "generateTaggedPdf", "skipNetworkIdleEvent", "failOnConsoleExceptions", "failOnResourceLoadingFailed",
})  # fmt: skip
NUMBERS = frozenset({
    "paperWidth", "paperHeight", "marginTop", "marginBottom", "marginLeft", "marginRight", "scale",
})  # fmt: skip
TEXTS = frozenset({"metadata"})
FILES = frozenset({"index.html", "header.html", "footer.html"})


@dataclass(frozen=True, slots=True)
class Form:
    """A request that was accepted: the files and every field with its type."""

    files: Mapping[str, str] = field(repr=False)
    booleans: Mapping[str, bool]
    numbers: Mapping[str, float]
    metadata: Mapping[str, str]

    @property
    def html(self) -> str:
        return self.files["index.html"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request: an answer in its place, or none, or half of one."""

    status: int = 0
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "text/plain; charset=UTF-8"
    hang: bool = False
    cut: bool = False
    drip: bool = False


Printer = Callable[[Form], bytes]


class Refused(Exception):
    """A status and its sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


def blank(form: Form) -> bytes:
    """An empty page."""
    writer, content = PdfWriter(), io.BytesIO()
    writer.add_blank_page(form.numbers.get("paperWidth", 8.5) * 72, form.numbers.get("paperHeight", 11) * 72)
    writer.write(content)
    return content.getvalue()


class Gotenberg:
    """A running server; `with Gotenberg() as server: server.url`."""

    def __init__(
        self, printer: Printer = blank, *, port: int = 0, user: str = "", password: str = "", body_limit: int = 0
    ) -> None:
        self.printer, self.body_limit = printer, body_limit
        self.credentials = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self.forms: list[Form] = []
        self.faults: list[Fault] = []
        self.sick: tuple[str, ...] = ()
        self.closing = threading.Event()
        self._server = _Server(port, self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Gotenberg:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def run(self) -> None:
        """Serve until interrupted."""
        with contextlib.suppress(KeyboardInterrupt):
            self._server.serve_forever()

    def convert(self, form: Form) -> bytes:
        """What the route does: print, then write the properties. Raises Refused."""
        self.forms.append(form)
        try:
            return with_properties(self.printer(form), form.metadata)
        except Exception as error:
            raise Refused(500, "Internal Server Error") from error

    def health(self) -> tuple[int, bytes]:
        parts = {name: {"status": "down" if name in self.sick else "up"} for name in ("chromium", "libreoffice")}
        report = {"status": "down" if self.sick else "up", "details": parts}
        return 503 if self.sick else 200, json.dumps(report).encode()


def with_properties(pdf: bytes, properties: Mapping[str, str]) -> bytes:
    """The PDF with its title and author."""
    writer, content = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf))), io.BytesIO()
    writer.add_metadata({f"/{name}": value for name, value in properties.items()})
    writer.write(content)
    return content.getvalue()


def read_form(fields: MultiDict[str, str], files: MultiDict[str, FileStorage]) -> Form:
    """Check everything. Raises Refused."""
    wrong = [f"form field '{name}' is unknown" for name in fields if name not in BOOLEANS | NUMBERS | TEXTS]
    sent = {}
    for file in files.values():
        with contextlib.closing(file):
            sent[file.filename or ""] = file.read().decode()
    wrong += [f"form file '{name}' is unknown" for name in sent if name not in FILES]
    if "index.html" not in sent:
        wrong.append("form file 'index.html' is required")
    booleans, numbers = {}, {}
    for name in fields.keys() & BOOLEANS:
        if fields[name] not in ("true", "false"):
            wrong.append(f"form field '{name}' is invalid (got '{fields[name]}')")
        booleans[name] = fields[name] == "true"
    for name in fields.keys() & NUMBERS:
        try:
            numbers[name] = float(fields[name])
        except ValueError:
            wrong.append(f"form field '{name}' is invalid (got '{fields[name]}')")
    try:
        metadata = json.loads(fields.get("metadata", "{}"))
        wrong += [] if _is_flat(metadata) else ["form field 'metadata' is invalid"]
    except ValueError:
        wrong.append("form field 'metadata' is invalid")
    if wrong:
        raise Refused(400, "Invalid form data: " + "; ".join(wrong))
    if any(number <= 0 for name, number in numbers.items() if not name.startswith("margin")):
        raise Refused(400, "Chromium does not handle the provided settings; please check for aberrant form values")
    return Form(sent, booleans, numbers, metadata)


def _is_flat(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


class _Server(ThreadingHTTPServer):
    def __init__(self, port: int, double: Gotenberg) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.double = double


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    @property
    def double(self) -> Gotenberg:
        return self.server.double

    def do_GET(self) -> None:
        if self.path == "/health":
            status, body = self.double.health()
            self.answer(status, body, "application/json; charset=utf-8")
        else:
            self.answer(405 if self.path == ROUTE else 404)

    def do_POST(self) -> None:
        try:
            if self.path != ROUTE:
                raise Refused(404, "Not Found")
            form = self.form()
            if self.double.faults:
                return self.fail(self.double.faults.pop(0), form)
            self.answer(200, self.double.convert(form), "application/pdf")
        except Refused as refused:
            self.answer(refused.status, refused.text.encode())
        return None

    def form(self) -> Form:
        """Read the whole body first, as a client sends it before it listens."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        given = self.headers.get("Authorization", "")
        if self.double.credentials and not hmac.compare_digest(given, f"Basic {self.double.credentials}"):
            raise Refused(401, "Unauthorized")
        if 0 < self.double.body_limit < length:
            raise Refused(413, "Request Entity Too Large")
        kind = self.headers.get("Content-Type", "")
        if not kind.startswith("multipart/form-data"):
            raise Refused(415, "Invalid 'Content-Type' header value: want 'multipart/form-data'")
        environ = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(length), "CONTENT_TYPE": kind}
        _, fields, files = parse_form_data(environ | {"REQUEST_METHOD": "POST"}, silent=False)
        return read_form(fields, files)

    def fail(self, fault: Fault, form: Form) -> None:
        self.close_connection = True
        if fault.hang:
            self.double.closing.wait(60)
        elif fault.drip:
            self.drip(self.double.convert(form))
        elif fault.cut:
            content = self.double.convert(form)
            self.head(200, "application/pdf", len(content))
            self.wfile.write(content[: len(content) // 2])
        else:
            self.answer(fault.status, fault.text.encode(), fault.content_type, fault.headers)

    def drip(self, content: bytes) -> None:
        self.head(200, "application/pdf", len(content))
        with contextlib.suppress(OSError):
            for byte in content:
                self.wfile.write(bytes([byte]))
                if self.double.closing.wait(0.05):
                    return

    def answer(
        self,
        status: int,
        body: bytes = b"",
        kind: str = "text/plain; charset=UTF-8",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.head(status, kind, len(body), headers)
        self.wfile.write(body)

    def head(self, status: int, kind: str, length: int, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Gotenberg-Trace", str(uuid.uuid4()))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


@contextlib.contextmanager
def _printer(chromium: str) -> Iterator[Printer]:
    if not chromium:
        yield blank
        return
    from .chromium import Chromium

    with Chromium(chromium) as browser:
        yield browser.print


def main() -> None:
    """Print the address, then serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--chromium", default="", help="path of a browser; without it every document is an empty page")
    options = parser.parse_args()
    with _printer(options.chromium) as printer:
        server = Gotenberg(printer, port=options.port)
        print(server.url, flush=True)  # noqa: T201
        server.run()


if __name__ == "__main__":
    main()
