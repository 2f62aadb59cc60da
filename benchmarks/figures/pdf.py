"""The PDF of an invoice as a job makes it, beside the engine alone on the same text."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from uuid import UUID

from benchmarks.figures.invoices import issued
from benchmarks.parts import process, wait, webkit
from benchmarks.report import Row
from benchmarks.world import World
from webkit.core.capabilities.pdf import PDF, PdfRequest
from webkit.core.kernel import frozen, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import release

DOCUMENTS, WARM = 60, 5


def measure(world: World) -> Iterator[Row]:
    """Each document in turn by each way; the median of all."""
    house = world.house
    made = issued(house, WARM + world.some(DOCUMENTS))
    log = house.folder / "renderer.log"
    socket = house.folder / "r.sock"
    with process(*webkit("renderer"), env=house.environment, log=log) as renderer:
        wait(socket.exists, renderer, log)
        with house.app.app_context(), tenancy.tenant(house.agency.id):
            times = [_each(identity, runtimes.of(house.app).registry.get(PDF).render) for identity in made][WARM:]
    engine, html, render, whole = (statistics.median(column) for column in zip(*times, strict=True))
    yield Row("pdf.engine", engine, "ms")
    yield Row("pdf.html", html, "ms")
    yield Row("pdf.renderer", render, "ms", 3, engine)
    yield Row("pdf.invoice", whole, "ms", 3, engine)


def _each(invoice: UUID, render: Callable[[PdfRequest], object]) -> tuple[float, float, float, float]:
    """Times in ms: the engine here, the HTML alone, the renderer alone, everything up to the stored file."""
    document = frozen.latest("invoice", invoice)
    assert document is not None
    html, making = _timed(lambda: frozen.render_html(document))
    _, alone = _timed(lambda: _engine(html))
    release()
    _, rendering = _timed(lambda: render(PdfRequest(html=html, title=document.number)))
    _, whole = _timed(lambda: frozen.ensure_pdf(document.id))
    return alone, making, rendering, whole


def _engine(html: str) -> bytes:
    """PlutoPrint in this process."""
    from plugins.pdf_pluto import child

    return child.render(html, "", "", 2**26)[1]


def _timed(run: Callable[[], object]) -> tuple[str, float]:
    began = time.perf_counter()
    result = run()
    return (result if isinstance(result, str) else ""), (time.perf_counter() - began) * 1000
