from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from plugins.pdf_pluto import frames, pool, server
from plugins.pdf_pluto.plugin import webkit_register_providers
from plugins.pdf_pluto.pool import Limits, Pool
from plugins.pdf_pluto.provider import Pluto
from plugins.pdf_pluto.settings import PlutoSettings
from webkit.sdk import DocumentRejected, Health, PdfRequest, ProviderUnavailable
from webkit.sdk.testing.pdf import PdfContract, document

MEBIBYTE = 2**20
MARK = "WEBKIT_RUN"
SLOW = document("<table><tr><td>" * 26 + "x")
"""Nested tables take this engine exponential time: about twenty seconds, more on a busy machine."""


class TestPluto(PdfContract):
    spec = webkit_register_providers()[0]


class TestPlutoBehindTheRenderer(PdfContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture
    def configured(self, webkit_data: Path, renderer: Renderer) -> dict[str, str]:
        renderer.start()
        return {"WEBKIT_DATA": str(webkit_data), "WEBKIT_RENDERER_SOCKET": str(renderer.socket)}


class Renderer:
    """The long-lived process, as `webkit renderer` is one."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "renderer.sock"
        self.mark = f"pdf-test.{os.getpid()}.{folder.name}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 20) -> None:
        code = (
            "from plugins.pdf_pluto.provider import Pluto; from plugins.pdf_pluto.settings import PlutoSettings; "
            f"Pluto(PlutoSettings(seconds={seconds})).serve({str(self.socket)!r})"
        )
        self.process = subprocess.Popen([sys.executable, "-P", "-c", code], env={**os.environ, MARK: self.mark})
        until(lambda: provider(socket=self.socket).health().status is Health.OK)

    def running(self) -> set[int]:
        """The renderer and its children."""
        return marked(self.mark)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(10)


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    with tempfile.TemporaryDirectory(prefix="wk-") as folder:
        renderer = Renderer(Path(folder))
        yield renderer
        if renderer.process is not None:
            renderer.process.kill()
            renderer.process.wait()
        until(lambda: not renderer.running())


def marked(mark: str) -> set[int]:
    """Living processes that inherited the mark."""
    found = set()
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def until(probe: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def provider(**settings: object) -> Pluto:
    return Pluto(PlutoSettings.model_validate(settings))


def request(html: str = "") -> PdfRequest:
    return PdfRequest(html or document("<p>x</p>"), "x")


def fine(pluto: Pluto) -> bool:
    return pluto.render(request()).content.startswith(b"%PDF-")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starts the renderer again."""
    monkeypatch.setattr(server, "BACK_SECONDS", 0)


def small(seconds: float = 10, memory: int = 1024, output: int = 50) -> Pool:
    return Pool(Limits(seconds, memory * MEBIBYTE, output * MEBIBYTE), 1)


def test_neither_registering_nor_building_loads_the_engine() -> None:
    code = "import sys, plugins.pdf_pluto.plugin, plugins.pdf_pluto.provider; sys.exit('plutoprint' in sys.modules)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False).returncode == 0


def test_a_document_that_takes_too_long_is_given_up_and_the_next_is_fine() -> None:
    pluto = provider(seconds=1)
    began = time.monotonic()
    with pytest.raises(DocumentRejected, match="longer than 1 seconds"):
        pluto.render(request(SLOW))
    assert time.monotonic() - began < 4
    assert fine(pluto)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<div style='width:1e9px;height:1e9px'>x</div>", id="huge box"),
        pytest.param("<table>" + "<tr><td>x</td></tr>" * 400_000, id="many rows"),
        pytest.param("<p>" + "word " * 3_000_000, id="much text"),
    ],
)
def test_a_document_that_needs_too_much_is_refused_and_the_next_is_fine(html: str) -> None:
    pluto = provider(seconds=5, memory_mb=250, output_mb=2)
    with pytest.raises(DocumentRejected):
        pluto.render(request(document(html)))
    assert fine(pluto)


def test_the_size_of_the_output_is_limited_without_losing_the_child() -> None:
    one = Pool(Limits(10, 1024 * MEBIBYTE, 20_000), 1)
    one.render(document("<p>x</p>"), "x", "")
    child = one._idle[0].process.pid
    with pytest.raises(DocumentRejected, match="the PDF would be larger"):
        one.render(document("".join(f"<p>{'many words ' * 50} {n}</p>" for n in range(200))), "x", "")
    assert one._idle[0].process.pid == child
    one.close()


def test_a_message_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "LARGEST", 1000)
    with pytest.raises(DocumentRejected, match="too large"):
        provider().render(request("x" * 2000))


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(DocumentRejected, match="Unicode"):
        provider().render(request("\ud800"))


def test_an_idle_child_that_is_killed_is_not_noticed() -> None:
    one = small()
    one.render(document(""), "x", "")
    os.kill(one._idle[0].process.pid, signal.SIGKILL)
    assert one.render(document(""), "x", "").pages == 1
    one.close()


def test_a_child_killed_again_and_again_is_not_the_documents_fault() -> None:
    one = small()
    done = threading.Event()

    def kill() -> None:
        while not done.is_set():
            for child in list(pool._children):
                child.process.send_signal(signal.SIGKILL)
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(ProviderUnavailable, match="killed"):
            one.render(SLOW, "x", "")
    finally:
        done.set()
        killer.join()
    assert one.render(document(""), "x", "").pages == 1
    one.close()


def test_an_engine_that_does_not_start_is_not_the_documents_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ProviderUnavailable, match="does not start"):
        small().render(document(""), "x", "")


def test_a_child_is_replaced_when_it_has_done_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "ENOUGH", 2)
    one = small()
    seen = set()
    for _ in range(6):
        one.render(document(""), "x", "")
        seen.add(one._idle[0].process.pid)
    assert len(seen) == 4  # the last one waits for the seventh document
    one.close()


def test_a_child_has_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_canary")
    one = small()
    one.render(document(""), "x", "")
    pid = one._idle[0].process.pid
    assert b"sk_live_canary" not in Path(f"/proc/{pid}/environ").read_bytes()
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert f"{1024 * MEBIBYTE}" in next(line for line in limits.splitlines() if "address space" in line)
    one.close()


def test_a_fork_uses_a_child_of_its_own_and_leaves_the_parents() -> None:
    one = small()
    one.render(document(""), "x", "")
    before = one._idle[0].process.pid
    if (fork := os.fork()) == 0:
        code = 1
        try:
            one.render(document("<p>fork</p>"), "x", "")
            code = 0 if one._idle[0].process.pid != before else 2
            one.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1]) == 0
    assert one.render(document(""), "x", "").pages == 1
    assert one._idle[0].process.pid == before
    one.close()


def test_a_missing_renderer_is_a_matter_of_time(tmp_path: Path, impatient: None) -> None:
    pluto = provider(socket=tmp_path / "none.sock")
    with pytest.raises(ProviderUnavailable) as caught:
        pluto.render(request())
    assert caught.value.retryable
    assert pluto.health().status is Health.DOWN


def test_without_a_renderer_health_starts_nothing() -> None:
    pluto = provider()
    assert pluto.health().status is Health.OK
    assert pluto._pool._idle == []


def test_the_renderer_listens_for_our_account_alone(renderer: Renderer) -> None:
    renderer.start()
    assert renderer.socket.stat().st_mode & 0o777 == 0o600


def test_the_renderer_serves_many_at_once(renderer: Renderer) -> None:
    renderer.start()
    pluto = provider(socket=renderer.socket)
    with ThreadPoolExecutor(8) as callers:
        documents = list(callers.map(lambda n: pluto.render(request(document(f"<p>{n}</p>"))), range(24)))
    assert [rendered.pages for rendered in documents] == [1] * 24
    assert len(renderer.running()) == 3  # itself and two children


def test_the_renderer_refuses_what_the_child_refuses(renderer: Renderer) -> None:
    renderer.start(seconds=1)
    pluto = provider(socket=renderer.socket)
    with pytest.raises(DocumentRejected, match="longer than 1 seconds"):
        pluto.render(request(SLOW))
    assert fine(pluto)


def test_rubbish_on_the_socket_harms_nobody(renderer: Renderer) -> None:
    renderer.start()
    for rubbish in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\0\0\0\1\0\0\0\1x", b"\xff" * 64):
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(renderer.socket))
            line.sendall(rubbish)
    assert fine(provider(socket=renderer.socket))


def test_a_document_waits_for_a_renderer_that_is_started_again(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "BACK_SECONDS", 60)
    with ThreadPoolExecutor(1) as caller, socket.socket(socket.AF_UNIX) as dying:
        dying.bind(str(renderer.socket))
        dying.listen()
        asked = caller.submit(fine, provider(socket=renderer.socket))
        line, _ = dying.accept()
        dying.close()
        line.close()  # it died over the document
        renderer.start()
        assert asked.result(60)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_renderer_that_ends_takes_its_children_along(
    renderer: Renderer, number: signal.Signals, impatient: None
) -> None:
    renderer.start()
    pluto = provider(socket=renderer.socket)
    assert fine(pluto)
    before = renderer.running()
    with ThreadPoolExecutor(1) as caller:
        hanging = caller.submit(pluto.render, request(SLOW))
        time.sleep(0.5)  # it hangs by now, and does not notice on its own that nobody waits
        renderer.signal(number)
        until(lambda: not renderer.running(), seconds=6)
        with pytest.raises(ProviderUnavailable):
            hanging.result(10)
    assert len(before) == 3
    renderer.start()  # a socket left behind is no obstacle
    assert fine(pluto)
