from __future__ import annotations

import contextlib
import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from pypdf import PdfReader

from plugins.pdf_gotenberg import provider as module
from plugins.pdf_gotenberg.closed import closed
from plugins.pdf_gotenberg.plugin import webkit_register_providers
from plugins.pdf_gotenberg.provider import Gotenberg
from plugins.pdf_gotenberg.settings import GotenbergSettings
from tests.plugins.gotenberg import REAL, needs_chromium, needs_server, printing
from webkit.sdk import (
    CredentialsRejected,
    DocumentRejected,
    Health,
    PdfRequest,
    ProviderError,
    ProviderMisconfigured,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.testing.doubles import gotenberg as doubles
from webkit.sdk.testing.doubles.gotenberg import Fault
from webkit.sdk.testing.pdf import PdfContract, document


@pytest.fixture(scope="module")
def printer() -> Iterator[doubles.Gotenberg]:
    with printing() as server:
        yield server


@needs_chromium
class TestGotenberg(PdfContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, printer: doubles.Gotenberg) -> dict[str, str]:
        return {"WEBKIT_DATA": str(webkit_data), "PDF_PROVIDER": "gotenberg", "GOTENBERG_URL": printer.url}


@needs_server
class TestRunningGotenberg(PdfContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        user = {name: value for name, value in os.environ.items() if name.startswith("GOTENBERG_API_BASIC_AUTH_")}
        return {"WEBKIT_DATA": str(webkit_data), "PDF_PROVIDER": "gotenberg", "GOTENBERG_URL": REAL, **user}


@pytest.fixture
def server() -> Iterator[doubles.Gotenberg]:
    with doubles.Gotenberg() as server:
        yield server


def provider(url: str, **settings: Any) -> Gotenberg:
    return Gotenberg(GotenbergSettings(url=url, **settings))


def request(html: str = "<p>x", title: str = "Title", author: str = "") -> PdfRequest:
    return PdfRequest(document(html), title, author)


def test_the_form_asks_for_our_paper_our_colours_and_tags(server: doubles.Gotenberg) -> None:
    pdf = provider(server.url).render(request(title="Città 1/2", author="Łódź"))
    form = server.forms[0]
    assert pdf.pages == 1
    assert form.booleans == {"preferCssPageSize": True, "printBackground": True, "generateTaggedPdf": True}
    assert form.numbers == {"paperWidth": 8.27, "paperHeight": 11.69}
    assert form.metadata == {"Title": "Città 1/2", "Author": "Łódź"}
    assert list(form.files) == ["index.html"]


def test_an_author_is_named_only_when_there_is_one(server: doubles.Gotenberg) -> None:
    provider(server.url).render(request())
    assert server.forms[0].metadata == {"Title": "Title"}


@pytest.mark.parametrize(
    ("status", "text", "error", "retryable"),
    [
        (400, "Invalid form data: form field 'scale' is invalid", DocumentRejected, False),
        (409, "Invalid HTTP status code from the main page: 404", DocumentRejected, False),
        (413, "Request Entity Too Large", DocumentRejected, False),
        (401, "Unauthorized", CredentialsRejected, False),
        (403, "Forbidden", ProviderMisconfigured, False),
        (404, "Not Found", ProviderMisconfigured, False),
        (302, "", ProviderMisconfigured, False),
        (429, "Too Many Requests", RateLimited, True),
        (500, "Internal Server Error", ProviderUnavailable, True),
        (502, "Bad Gateway", ProviderUnavailable, True),
        (503, "Service Unavailable", ProviderUnavailable, True),
    ],
)
def test_what_an_answer_means(
    server: doubles.Gotenberg, status: int, text: str, error: type[ProviderError], retryable: bool
) -> None:
    server.faults.append(Fault(status, text, {"Location": "/elsewhere", "Retry-After": "7"}))
    with pytest.raises(ProviderError) as caught:
        provider(server.url).render(request())
    assert type(caught.value) is error
    assert caught.value.retryable is retryable
    assert caught.value.provider == "gotenberg"
    assert caught.value.code == str(status)
    assert caught.value.retry_after == (7 if error is RateLimited else None)
    assert provider(server.url).render(request()).pages == 1


def test_a_refusal_says_why_in_a_few_words(server: doubles.Gotenberg) -> None:
    server.faults.append(Fault(400, "Because. " * 1000))
    with pytest.raises(DocumentRejected, match=r"^refused: Because\.") as caught:
        provider(server.url).render(request())
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("fault", [Fault(cut=True), Fault(200, "<p>hello"), Fault(200)], ids=["half", "page", "none"])
def test_what_is_not_a_whole_pdf_is_no_document(server: doubles.Gotenberg, fault: Fault) -> None:
    server.faults.append(fault)
    with pytest.raises(ProviderUnavailable):
        provider(server.url).render(request())


@pytest.mark.parametrize("fault", [Fault(hang=True), Fault(drip=True)], ids=["silence", "drops"])
def test_nobody_waits_longer_than_allowed(server: doubles.Gotenberg, fault: Fault) -> None:
    server.faults.append(fault)
    began = time.monotonic()
    with pytest.raises(ProviderUnavailable):
        provider(server.url, seconds=0.5).render(request())
    assert time.monotonic() - began < 10


def test_a_pdf_that_is_too_large_is_not_read_to_its_end(server: doubles.Gotenberg) -> None:
    server.printer = lambda form: doubles.with_properties(doubles.blank(form), {"Filler": os.urandom(2**20).hex()})
    with pytest.raises(DocumentRejected, match="larger than 1 MiB"):
        provider(server.url, output_mb=1).render(request())


def test_a_document_that_is_too_large_is_not_sent(server: doubles.Gotenberg, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 5000)
    with pytest.raises(DocumentRejected, match="too large"):
        provider(server.url).render(request("x" * 6000))
    assert server.forms == []


def test_a_document_that_gotenberg_takes_no_more_of_is_refused(server: doubles.Gotenberg) -> None:
    server.body_limit = 5000
    with pytest.raises(DocumentRejected, match="larger than Gotenberg takes"):
        provider(server.url).render(request("x" * 600_000))


def test_text_that_is_not_unicode_is_refused(server: doubles.Gotenberg) -> None:
    with pytest.raises(DocumentRejected, match="Unicode"):
        provider(server.url).render(request("\ud800"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://gotenberg.invalid:3000"])
def test_a_server_that_is_not_there_is_a_matter_of_time(url: str) -> None:
    with pytest.raises(ProviderUnavailable, match="does not answer") as caught:
        provider(url).render(request())
    assert caught.value.retryable
    assert provider(url).health().status is Health.DOWN


def test_user_and_password() -> None:
    with doubles.Gotenberg(user="webkit", password="pässword") as server:
        assert provider(server.url, username="webkit", password="pässword").render(request()).pages == 1
        for user in ({}, {"username": "webkit", "password": "wrong"}):
            with pytest.raises(CredentialsRejected):
                provider(server.url, **user).render(request())


def test_health_is_what_the_server_says(server: doubles.Gotenberg) -> None:
    gotenberg = provider(server.url + "/")
    assert gotenberg.health().status is Health.OK
    server.sick = ("chromium",)
    report = gotenberg.health()
    assert report.status is Health.DOWN
    assert "chromium" in report.detail


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.0 200 OK\r\n\r\n<p>hello", b"HTTP/1.0 200 OK\r\n\r\n[1]", b"HTTP/1.0 404 No\r\n\r\n", b"220 ftp\r\n"],
)
def test_health_notices_somebody_else(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def speak() -> None:
            line, _ = listener.accept()
            with line:
                line.recv(65_536)
                line.sendall(answer)

        speaker = threading.Thread(target=speak)
        speaker.start()
        report = provider(f"http://127.0.0.1:{listener.getsockname()[1]}").health()
        speaker.join()
    assert report.status is Health.DOWN
    assert report.detail


@pytest.mark.parametrize("url", ["gotenberg:3000", "http://user:word@host", "ftp://host", "http://host/?a", ""])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        GotenbergSettings(url=url)


def test_registering_loads_neither_the_client_nor_a_pdf_library() -> None:
    code = (
        "import sys, plugins.pdf_gotenberg.plugin; "
        "sys.exit(any(name in sys.modules for name in ('pypdf', 'plugins.pdf_gotenberg.provider')))"
    )
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


class Counter:
    """Counts connections on this machine, also those that ask for nothing."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                self._listener.accept()[0].close()
            except OSError:
                return
            self.connections += 1

    def somebody_came(self) -> bool:
        """Whether anybody did; waits a while."""
        deadline = time.monotonic() + 10
        while not self.connections and time.monotonic() < deadline:
            time.sleep(0.02)
        return bool(self.connections)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.close()


WAYS_OUT = {
    "refresh": '<meta http-equiv="refresh" content="0;url=http://{}/">',
    "refresh in capitals": "<META\nHTTP-EQUIV=refresh CONTENT='0;url=http://{}/'>",
    "refresh in svg": '<svg><meta http-equiv="refresh" content="0;url=http://{}/"></svg>',
    "preconnect": '<link rel="preconnect" href="http://{}/">',
    "preload": '<link rel="preload" as="image" href="http://{}/">',
    "prefetch": '<link rel="prefetch" href="http://{}/">',
    "manifest": '<link rel="manifest" href="http://{}/">',
    "icon": '<link rel="icon" href="http://{}/">',
    "base": '<base href="http://{}/"><img src="a.png">',
    "image set": '<img srcset="http://{}/ 1x">',
    "attribution": '<img attributionsrc="http://{}/">',
    "input": '<input type="image" src="http://{}/">',
    "poster": '<video poster="http://{}/" src="http://{}/" autoplay></video>',
    "audio": '<audio src="http://{}/" autoplay></audio>',
    "track": '<video><source src="http://{}/"><track default src="http://{}/"></video>',
    "old background": '<body background="http://{}/"><table background="http://{}/"><tr><td>x</table>',
    "frame": '<iframe src="http://{}/"></iframe>',
    "frame with a frame": '<iframe srcdoc="&lt;link rel=preconnect href=http://{}/&gt;"></iframe>',
    "frame with a refresh": '<iframe srcdoc="&lt;meta http-equiv=refresh content=0;url=http://{}/&gt;"></iframe>',
    "frame with data": '<iframe src="data:text/html,&lt;img src=http://{}/&gt;"></iframe>',
    "frames": '<frameset><frame src="http://{}/"></frameset>',
    "object": '<object data="http://{}/"></object><embed src="http://{}/">',
    "object with data": '<object data="data:text/html,&lt;link rel=preconnect href=http://{}/&gt;"></object>',
    "svg": '<svg><image href="http://{}/"/><use href="http://{}/#a"/><style>@import "http://{}/";</style></svg>',
    "svg in a picture": '<img src="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22%3E'
    '%3Cimage href=%22http://{}/%22/%3E%3C/svg%3E">',
    "style": '<style>@import "http://{}/"; p {{ background: url(http://{}/); cursor: url(http://{}/), auto }}</style>',
    "font": "<style>@font-face {{ font-family: f; src: url(http://{}/) }} * {{ font-family: f }}</style>",
    "attribute": "<p style=\"background: url('http://{}/')\">x",
    "mask": "<p style=\"mask: url('http://{}/#m'); filter: url('http://{}/#f'); border-image: url(http://{}/) 1\">x",
    "script": '<script>fetch("http://{}/"); new Image().src = "http://{}/"</script><script src="http://{}/"></script>',
    "handler": '<img src="data:," onerror="fetch(\'http://{}/\')"><svg onload="location=\'http://{}/\'"></svg>',
    "own rule": '<meta http-equiv="Content-Security-Policy" content="default-src *; report-uri http://{}/">',
    "speculation": '<script type="speculationrules">{{"prerender":[{{"urls":["http://{}/"]}}]}}</script>',
    "template": '<div><template shadowrootmode="open"><img src="http://{}/"><link rel=preconnect href="http://{}/">'
    "</template></div>",
    "form": '<form action="http://{}/"><button autofocus>x</button></form><script>document.forms[0].submit()</script>',
    "comment": '<!--><meta http-equiv="refresh" content="0;url=http://{}/">-->',
    "end of a title": '<title></title><link rel="preconnect" href="http://{}/"></title>',
}


SURE = (
    "refresh",
    "refresh in svg",
    "base",
    "image set",
    "input",
    "frame",
    "frames",
    "svg",
    "style",
    "script",
    "comment",
)
"""Ways that Chromium goes before the page has loaded; others it may go later, or in another version."""


def aimed(way: str, counter: Counter) -> str:
    return WAYS_OUT[way].format(*[counter.address] * WAYS_OUT[way].count("{}"))


@needs_chromium
@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_document_opens_a_connection(printer: doubles.Gotenberg, counter: Counter, way: str) -> None:
    assert provider(printer.url).render(PdfRequest(aimed(way, counter), "x")).pages
    time.sleep(0.2)
    assert counter.connections == 0


@needs_chromium
def test_nor_does_a_document_that_tries_everything(printer: doubles.Gotenberg, counter: Counter) -> None:
    everything = "".join(f"<div>{aimed(way, counter)}</div>" for way in WAYS_OUT)
    assert provider(printer.url).render(request(everything)).pages
    time.sleep(0.5)
    assert counter.connections == 0


@needs_chromium
@pytest.mark.parametrize("way", SURE)
def test_without_us_it_would(printer: doubles.Gotenberg, counter: Counter, way: str) -> None:
    html = aimed(way, counter)
    with contextlib.suppress(Exception):  # the page may have gone elsewhere meanwhile
        printer.printer(doubles.Form({"index.html": html}, {}, {}, {}))
    assert counter.somebody_came()


def test_text_and_styles_pass_unchanged() -> None:
    html = document("<p>a &lt;meta&gt; link, iframe</p><img src='data:,'>", "p::before { content: '<' }")
    assert closed(html).endswith(html.replace("<meta", "<basefont"))
    assert closed("<LINK x><iframe>a</iframe ><linked>").endswith("<basefont x><noembed>a</noembed ><linked>")
    assert closed("<frameset><frame\n></frameset>").endswith("<frameset><basefont\n></frameset>")


@needs_chromium
def test_the_pdf_is_tagged_and_names_its_language(printer: doubles.Gotenberg) -> None:
    reader = PdfReader(io.BytesIO(provider(printer.url).render(request("<h1>Titolo</h1><p>testo")).content))
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert reader.root_object["/Lang"] == "it"


@needs_chromium
def test_margin_boxes_and_page_numbers_are_drawn(printer: doubles.Gotenberg) -> None:
    style = "@page { @bottom-right { content: counter(page) ' / ' counter(pages) } @bottom-left { content: 'INV-7' } }"
    html = document("<p>one</p><p style='break-before: page'>two</p><p style='break-before: page'>three</p>", style)
    reader = PdfReader(io.BytesIO(provider(printer.url).render(PdfRequest(html, "x")).content))
    assert [f"{n} / 3" in page.extract_text() for n, page in enumerate(reader.pages, 1)] == [True] * 3
    assert all("INV-7" in page.extract_text() for page in reader.pages)


INDEX = {"files": ("index.html", b"<p>x", "text/html")}


@pytest.mark.parametrize(
    ("method", "path", "fields", "status"),
    [
        ("POST", doubles.ROUTE, INDEX, 200),
        ("POST", doubles.ROUTE, {"scale": "1"}, 400),
        ("POST", doubles.ROUTE, {**INDEX, "scale": "wide"}, 400),
        ("POST", doubles.ROUTE, {**INDEX, "paperWidth": "0"}, 400),
        ("POST", doubles.ROUTE, {**INDEX, "printBackground": "yes"}, 400),
        ("POST", doubles.ROUTE, {**INDEX, "printBackgrounds": "true"}, 400),
        ("POST", doubles.ROUTE, {**INDEX, "metadata": "Title"}, 400),
        ("POST", doubles.ROUTE, {**INDEX, "more": ("style.css", b"", "text/css")}, 400),
        ("POST", doubles.ROUTE, None, 415),
        ("POST", "/forms/chromium/convert/nothing", INDEX, 404),
        ("GET", doubles.ROUTE, None, 405),
        ("GET", "/health", None, 200),
    ],
)
def test_the_double_takes_what_gotenberg_takes(
    server: doubles.Gotenberg, method: str, path: str, fields: Any, status: int
) -> None:
    assert urllib3.request(method, server.url + path, fields=fields, retries=False).status == status


def test_the_double_runs_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "webkit.sdk.testing.doubles.gotenberg", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert provider(process.stdout.readline().strip()).render(request()).pages == 1
        finally:
            process.kill()
