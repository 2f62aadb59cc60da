"""What a client downloads without an account: page, file and stored result say the same sums, for each kind."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from tests.client import Browser
from tests.factories import deals, documents, quotations
from webkit.core.kernel import db, frozen, i18n, links
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.money import format_money
from webkit.pricing import Priced

MAKERS: dict[str, tuple[str, Callable[[], UUID]]] = {
    "i": ("invoice", lambda: documents.issued("1234.565", "81.97")),
    "q": ("quotation", quotations.sent),
    "p": ("proposal", deals.accepted),
}


def _sums(snapshot: dict[str, Any]) -> set[int]:
    """Net, tax and total of what the document asks for: with the options chosen, and each bill of a proposal."""
    results = [snapshot["priced"]] if "priced" in snapshot else list(snapshot["prices"]["chosen"].values())
    totals = [Priced.from_dict(result).totals for result in results if result["lines"]]
    return {amount for each in totals for amount in (each.net, each.tax, each.payable)}


def _read(page: str) -> str:
    """A page's text without blanks, as amounts are compared."""
    return re.sub(r"\s|&nbsp;", "", re.sub(r"<[^>]+>", "", page))


@pytest.mark.parametrize("kind", MAKERS)
def test_page_file_and_stored_result_agree(
    kind: str, agency: AgencyView, owner: Browser, anonymous: Browser, run_jobs: Callable[[], int]
) -> None:
    name, make = MAKERS[kind]
    document_id = make()
    run_jobs()
    db.release()
    address = f"/{kind}/{links.token_for(kind, document_id)}"
    document = frozen.latest(f"{name}_accepted", document_id) or frozen.latest(name, document_id)
    assert document is not None
    sums = _sums(document.snapshot)
    assert len(sums) >= 3
    db.release()
    shown, file = anonymous.get(address), anonymous.get(f"{address}/pdf")
    assert (shown.status_code, file.status_code, file.mimetype) == (200, 200, "application/pdf")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Cache-Control"] == "private, no-store" and file.headers["X-Robots-Tag"].startswith("noindex")
    printed = _read("".join(page.extract_text() for page in PdfReader(io.BytesIO(file.data)).pages))
    page = _read(shown.text)
    with i18n.use_locale(document.locale):
        amounts = {_read(format_money(minor, document.snapshot["currency"], document.locale)) for minor in sums}
    assert {amount for amount in amounts if amount not in printed} == set()
    assert {amount for amount in amounts if amount not in page} == set()
    assert owner.get(f"/api/{name}s/{document_id}/pdf").data == file.data
    assert "/sign-in" in anonymous.get(f"/api/{name}s/{document_id}/pdf").location


@pytest.mark.parametrize("kind", MAKERS)
def test_a_closed_link_opens_neither_page_nor_file(kind: str, agency: AgencyView, anonymous: Browser) -> None:
    document_id = MAKERS[kind][1]()
    address = f"/{kind}/{links.token_for(kind, document_id)}"
    with db.writing():
        links.revoke(kind, document_id)
    db.release()
    assert [anonymous.get(f"{address}{rest}").status_code for rest in ("", "/pdf")] == [410, 410]
    assert anonymous.get(f"/{kind}/nonsense/pdf").status_code == 404
