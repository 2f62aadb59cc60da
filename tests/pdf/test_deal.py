"""A deal whose paper comes from Gotenberg: signed, sealed, and the file proves itself."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from flask import Flask
from pypdf import PdfReader

from tests.factories import deals
from tests.plugins.gotenberg import needs_chromium, printing
from webkit.core.capabilities.pdf import PDF
from webkit.core.kernel import frozen
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.signing import jobs, seal


@needs_chromium
def test_a_signed_contract_is_sealed_on_paper_from_gotenberg(
    app: Flask,
    agency: AgencyView,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[object]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = runtimes.of(app).registry
    with printing() as server:
        monkeypatch.setitem(registry._environ, "PDF_PROVIDER", "gotenberg")
        monkeypatch.setitem(registry._environ, "GOTENBERG_URL", server.url)
        monkeypatch.setattr(registry, "_built", dict(registry._built))
        assert registry.chosen_name(PDF) == "gotenberg"
        contract = deals.signed(run_jobs, outbox_mails)
        run_jobs()
        document = frozen.latest(jobs.SEALED, contract)
        assert document is not None
        file = frozen.ensure_pdf(document.id)
    pdf, found = seal.read(file)
    assert found.statement["number"] == document.number
    assert len(server.forms) >= 3  # the contract, the sealed contract and the invoice that follows
    reader = PdfReader(io.BytesIO(file))
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == document.number
    assert "How this was signed" in "".join(page.extract_text() for page in reader.pages)
    assert pdf.startswith(b"%PDF-")
