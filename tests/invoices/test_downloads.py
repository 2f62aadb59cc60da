"""A document's PDF, where the storage signs addresses: from the bucket, and only after the permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from flask import Flask

from tests.client import Browser
from tests.factories import documents
from tests.plugins import s3
from webkit.core.kernel import db, frozen, runtime
from webkit.core.kernel.directory import AgencyView
from webkit.core.providers import ProviderRegistry


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with s3.server() as address:
        yield address


@pytest.fixture
def bucket(app: Flask, address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The platform keeps its files in this bucket."""
    here = runtime.of(app)
    environ = {"WEBKIT_DATA": str(here.settings.data), **s3.bucket(address)}
    registry = ProviderRegistry(environ, here.plugins.providers, in_transaction=db.in_transaction)
    monkeypatch.setattr(here, "registry", registry)
    return environ["R2_BUCKET"]


def test_the_file_comes_from_the_bucket_at_an_address_of_a_minute(
    owner: Browser, agency: AgencyView, bucket: str, run_jobs: Callable[[], int]
) -> None:
    invoice_id = documents.issued("100")
    run_jobs()
    answer = owner.get(f"/northwind/invoices/{invoice_id}/pdf")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (303, "private, no-store")
    document = frozen.latest("invoice", invoice_id)
    assert document is not None and document.pdf_key
    parts = urlsplit(answer.location)
    assert parts.path == f"/{bucket}/{document.pdf_key}"
    assert parse_qs(parts.query)["X-Amz-Expires"] == ["60"]
    got = urllib3.request("GET", answer.location)
    assert got.data.startswith(b"%PDF-") and got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Content-Disposition"] == f'attachment; filename="{document.filename}"'


def test_what_is_not_stored_yet_is_made_and_handed_out(owner: Browser, agency: AgencyView, bucket: str) -> None:
    invoice_id = documents.issued("100")
    first = owner.get(f"/northwind/invoices/{invoice_id}/pdf")
    assert first.status_code == 200 and first.data.startswith(b"%PDF-")
    assert owner.get(f"/northwind/invoices/{invoice_id}/pdf").status_code == 303


def test_no_address_without_permission(
    owner: Browser, stranger: Browser, anonymous: Browser, agency: AgencyView, bucket: str, run_jobs: Callable[[], int]
) -> None:
    invoice_id = documents.issued("100")
    run_jobs()
    for path in (f"/northwind/invoices/{invoice_id}/pdf", f"/api/invoices/{invoice_id}/pdf"):
        assert stranger.get(path).status_code == 404
        answer = anonymous.get(path)
        assert "X-Amz-Signature" not in answer.headers.get("Location", "")
