"""The client's page without a script, step by step; what a link that is no longer open says; the verify page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import deals, documents
from tests.signing.pictures import DRAWN, data_url, png
from webkit.agencies import service as agencies
from webkit.contracts import service as contracts
from webkit.contracts.models import ContractState
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, frozen, links
from webkit.core.kernel.directory import AgencyView
from webkit.signing import service as signing

Mails = Callable[[], list[OutboxMessage]]
Jobs = Callable[[], int]


def form(code: str, **changes: str) -> dict[str, str]:
    values = {
        "code": code,
        "name": "Giulia Ferrante",
        "title": "Owner",
        "signature_method": "type",
        "signature_typed": "Giulia F.",
        "signature_drawn": "",
        "agree": "yes",
        **changes,
    }
    return {name: value for name, value in values.items() if value != "-"}


@pytest.fixture
def contract_id(agency: AgencyView) -> UUID:
    return deals.sent()


def ask(anonymous: Browser, path: str, run_jobs: Jobs, outbox_mails: Mails) -> str:
    assert anonymous.post(f"{path}/code").status_code == 303
    run_jobs()
    return deals.latest_code(outbox_mails)


def test_read_confirm_sign_go_on(anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    path = deals.path(contract_id)
    page = anonymous.get(path)
    assert page.status_code == 200 and page.headers["X-Robots-Tag"].startswith("noindex")
    for words in ("Website and bookings", "€5,856.00", "What is recorded when you sign", "simple electronic signature"):
        assert words in page.text
    assert "Send me a code" in page.text and 'name="code"' not in page.text
    code = ask(anonymous, path, run_jobs, outbox_mails)
    page = anonymous.get(path).text
    assert 'name="code"' in page and "gi•••@caffeolmo.example" in page
    assert (
        re.search(r'type="checkbox"[^>]*name="agree"[^>]*>', page)
        and "checked" not in re.findall(r'<input type="checkbox"[^>]*>', page)[0]
    )
    signed = anonymous.post(f"{path}/sign", data=form(f"{code[:3]} {code[3:]}"))
    assert signed.status_code == 303
    page = anonymous.get(path).text
    assert "Signed by both sides" in page and "Giulia F." in page and "Go on to pay €2,928.00" in page
    invoice = re.search(r'href="[^"]*(/i/[^"]+)"', page)
    assert invoice and anonymous.get(invoice[1]).status_code == 200
    assert deals.VISITOR.address not in page
    run_jobs()
    page = anonymous.get(path).text
    assert "Download the signed PDF" in page
    pdf = anonymous.get(f"{path}/pdf")
    assert pdf.mimetype == "application/pdf" and b"%webkit-seal 1 " in pdf.data


def test_a_drawn_signature(anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    path = deals.path(contract_id)
    code = ask(anonymous, path, run_jobs, outbox_mails)
    anonymous.post(f"{path}/sign", data=form(code, signature_method="draw", signature_drawn=DRAWN, signature_typed=""))
    assert DRAWN in anonymous.get(path).text


def test_a_second_click_and_another_tab_see_the_signed_page(
    anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    path = deals.path(contract_id)
    code = ask(anonymous, path, run_jobs, outbox_mails)
    for _again in range(2):
        assert anonymous.post(f"{path}/sign", data=form(code)).status_code == 303
    assert anonymous.post(f"{path}/sign", data=form("nonsense", name="")).status_code == 303
    assert anonymous.post(f"{path}/code").status_code == 303
    assert "Signed by both sides" in anonymous.get(path).text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"code": "12345"}, "six digits"),
        ({"code": "１２３４５６"}, "six digits"),
        ({"code": "-"}, "Please fill this in"),
        ({"name": "-"}, "Please fill this in"),
        ({"name": "x" * 121}, "At most 120 characters"),
        ({"title": "a\u202eb"}, "cannot be printed"),
        ({"agree": "-"}, "Please tick this"),
        ({"agree": "on"}, "Please tick this"),
        ({"signature_typed": ""}, "type your name as your signature"),
        ({"signature_method": "draw"}, "sign in the box"),
        ({"signature_method": "draw", "signature_drawn": "javascript:alert(1)"}, "could not be read"),
        ({"signature_method": "draw", "signature_drawn": data_url(png(ink=False))}, "could not be read"),
        ({"signature_method": "stamp"}, "offered values"),
    ],
)
def test_wrong_input_says_what_keeps_the_rest_and_never_the_consent(
    anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails, changes: dict[str, str], words: str
) -> None:
    path = deals.path(contract_id)
    code = ask(anonymous, path, run_jobs, outbox_mails)
    answer = anonymous.post(f"{path}/sign", data=form(**{"code": code, **changes}))
    assert answer.status_code == 422 and words in answer.text
    if "title" not in changes:
        assert 'value="Owner"' in answer.text
    assert " checked" not in re.findall(r'<input type="checkbox"[^>]*>', answer.text)[0]
    assert contracts.get(contract_id).state is ContractState.SENT


def test_hostile_names_are_text(anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> None:
    hostile = "<img src=x onerror=alert(1)>{{7*7}}"
    path = deals.path(contract_id)
    code = ask(anonymous, path, run_jobs, outbox_mails)
    anonymous.post(
        f"{path}/sign", data=form(code, name=hostile, signature_typed=hostile), headers={"User-Agent": "<b>"}
    )
    run_jobs()
    page = anonymous.get(path).text
    assert "<img src=x" not in page and "&lt;img src=x" in page and "49" not in page.split("Signed by both")[0]
    assert anonymous.get(f"{path}/pdf").data.startswith(b"%PDF-")


def test_a_new_code_keeps_what_was_typed(
    anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    path = deals.path(contract_id)
    ask(anonymous, path, run_jobs, outbox_mails)
    answer = anonymous.post(f"{path}/code", data=form("", title="Managing director"))
    assert answer.status_code == 200 and 'value="Managing director"' in answer.text
    assert "A new code is on its way" in answer.text
    for _more in range(3):
        anonymous.post(f"{path}/code")
    refused = anonymous.post(f"{path}/code", data=form("", title="Managing director"))
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 3000
    assert "Five codes were sent" in refused.text and 'value="Managing director"' in refused.text


def test_a_link_from_another_site_cannot_sign(
    anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    path = deals.path(contract_id)
    code = ask(anonymous, path, run_jobs, outbox_mails)
    answer = anonymous.post(f"{path}/sign", data=form(code), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert contracts.get(contract_id).state is ContractState.SENT


def test_reading_changes_nothing(anonymous: Browser, contract_id: UUID) -> None:
    before = contracts.get(contract_id)
    path = deals.path(contract_id)
    for _again in range(3):
        anonymous.get(path)
    anonymous.head(path)
    assert contracts.get(contract_id) == before


@pytest.mark.parametrize("end", ["", "/pdf"])
def test_a_withdrawn_contract_says_so(anonymous: Browser, contract_id: UUID, end: str) -> None:
    path = deals.path(contract_id)
    contracts.cancel(contract_id, "", actor=deals.ACTOR)
    db.release()
    answer = anonymous.get(path + end)
    assert answer.status_code == 410 and "Northwind Studio" in answer.text
    assert anonymous.post(f"{path}/code").status_code == 410
    assert anonymous.post(f"{path}/sign", data=form("123456")).status_code == 410


def test_an_expired_contract_can_be_read_not_signed(
    anonymous: Browser, contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    path = deals.path(contract_id)
    code = ask(anonymous, path, run_jobs, outbox_mails)
    with clock.frozen(clock.now() + timedelta(days=40)):
        page = anonymous.get(path)
        assert page.status_code == 200 and "The time to sign has passed" in page.text and "<form" not in page.text
        assert anonymous.post(f"{path}/sign", data=form(code)).status_code == 409
        assert anonymous.post(f"{path}/code").status_code == 303


def test_wrong_links(anonymous: Browser, contract_id: UUID) -> None:
    assert anonymous.get("/c/nothing").status_code == 404
    token = deals.path(contract_id).rpartition("/")[2]
    assert anonymous.get(f"/i/{token}").status_code == 404
    assert anonymous.get(f"/verify/{token}").status_code == 404


def test_staff_can_look_and_leave_no_trace(owner: Browser, contract_id: UUID) -> None:
    page = owner.get(deals.path(contract_id), headers={"User-Agent": "Mozilla/5.0 Firefox/145.0"}).text
    assert "You are signed in as staff" in page


def test_an_italian_contract_speaks_italian_numbers(
    anonymous: Browser, agency: AgencyView, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    from tests.factories import documents

    client = documents.client("Officina Blu", "blu@officina.example", locale="it-IT")
    contract_id = deals.sent(client_id=client)
    page = anonymous.get(deals.path(contract_id)).text
    assert 'lang="it-IT"' in page and "5.856,00" in page and "Che cosa realizziamo" in page


# --- /verify ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed(contract_id: UUID, run_jobs: Jobs, outbox_mails: Mails) -> frozen.Frozen:
    signing.sign(contract_id, deals.given(deals.code_for(contract_id, run_jobs, outbox_mails)))
    run_jobs()
    document = frozen.get(contracts.get(contract_id).sealed_id)  # type: ignore[arg-type]
    db.release()
    return document


def upload(browser: Browser, path: str, content: bytes) -> Any:
    """Post a file; the body is made here because the test client would leave its temporary file open."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    return browser.post(path, data=head + content + b"\r\n--x--\r\n", content_type="multipart/form-data; boundary=x")


def test_a_code_shows_what_the_document_is(anonymous: Browser, sealed: frozen.Frozen) -> None:
    page = anonymous.get(f"/verify/{sealed.code}")
    assert page.status_code == 200
    for words in ("A genuine document of Northwind Studio", sealed.number, "Signed and sealed", sealed.snapshot_hash):
        assert words in page.text
    assert sealed.pdf_hash in page.text  # type: ignore[operator]
    assert "Giulia" not in page.text and "5,856" not in page.text and deals.EMAIL not in page.text


def test_codes_are_read_however_they_are_typed(anonymous: Browser, sealed: frozen.Frozen) -> None:
    for typed in (sealed.code.lower(), sealed.code.replace("-", ""), sealed.code.replace("-", " ")):
        assert anonymous.get(f"/verify/{typed}").status_code == 200
        found = anonymous.get("/verify", query_string={"code": typed})
        assert found.status_code == 303 and found.location.endswith(sealed.code)
    assert "Type the code" in anonymous.get("/verify").text


@pytest.mark.parametrize("code", ["AAAA-BBBB-CCCC-DDDD", "x", "A" * 500, "<script>"])
def test_an_unknown_code_is_said_plainly(anonymous: Browser, agency: AgencyView, code: str) -> None:
    answer = anonymous.get(f"/verify/{code}")
    assert answer.status_code == 404 and "No document has this code" in answer.text
    assert "<script>" not in answer.text.replace("<script>{", "")


def test_a_file_is_compared(anonymous: Browser, sealed: frozen.Frozen) -> None:
    path, content = f"/verify/{sealed.code}", frozen.ensure_pdf(sealed.id)
    assert "byte for byte" in upload(anonymous, path, content).text
    changed = bytearray(content)
    changed[500] ^= 1
    assert "This is not the document" in upload(anonymous, path, bytes(changed)).text
    assert "This is not the document" in upload(anonymous, path, b"hello").text
    empty = upload(anonymous, path, b"")
    assert empty.status_code == 422 and "Choose the PDF" in empty.text
    assert anonymous.post(path).status_code == 422


def test_another_sealed_file_of_ours_is_recognised(
    anonymous: Browser, sealed: frozen.Frozen, run_jobs: Jobs, outbox_mails: Mails
) -> None:
    other = deals.signed(run_jobs, outbox_mails)
    run_jobs()
    content = frozen.ensure_pdf(contracts.get(other).sealed_id)  # type: ignore[arg-type]
    answer = upload(anonymous, f"/verify/{sealed.code}", content)
    assert "genuine, but another document" in answer.text and contracts.get(other).number in answer.text


def test_a_file_too_large_is_refused(anonymous: Browser, sealed: frozen.Frozen) -> None:
    assert upload(anonymous, f"/verify/{sealed.code}", b"x" * (8 * 2**20 + 1)).status_code == 422
    assert upload(anonymous, f"/verify/{sealed.code}", b"x" * (11 * 2**20)).status_code == 413


def test_a_withdrawn_contract_can_still_be_verified(anonymous: Browser, contract_id: UUID) -> None:
    document = frozen.latest("contract", contract_id)
    contracts.cancel(contract_id, "", actor=deals.ACTOR)
    db.release()
    page = anonymous.get(f"/verify/{document.code}")  # type: ignore[union-attr]
    assert page.status_code == 200 and "Withdrawn before it was signed" in page.text


def test_a_changed_document_is_not_called_genuine(anonymous: Browser, sealed: frozen.Frozen, tamper: Any) -> None:
    tamper("UPDATE frozen_documents SET text = replace(text, 'Website', 'Webside')")
    assert "Do not rely on this document" in anonymous.get(f"/verify/{sealed.code}").text


def test_a_changed_invoice_names_no_account(anonymous: Browser, agency: AgencyView, tamper: Any) -> None:
    agencies.change({"bank_iban": "IT60X0542811101000000123456"})
    document = frozen.latest("invoice", documents.issued("10"))
    db.release()
    tamper("UPDATE frozen_documents SET text = replace(text, 'IT60X', 'IT61X') WHERE kind = 'invoice'")
    page = anonymous.get(f"/verify/{document.code}").text  # type: ignore[union-attr]
    assert "Do not rely on this document" in page and "IT6" not in page


def test_an_invoices_account_is_shown(anonymous: Browser, agency: AgencyView) -> None:
    agencies.change({"bank_iban": "IT60X0542811101000000123456", "bank_account_name": "Northwind S.r.l."})
    document = frozen.latest("invoice", documents.issued("10"))
    db.release()
    page = anonymous.get(f"/verify/{document.code}").text  # type: ignore[union-attr]
    assert "IT60 X054 2811 1010 0000 0123 456" in page and "do not pay" in page and "Northwind S.r.l." in page
    assert document.number in page and "another account now" not in page  # type: ignore[union-attr]
    agencies.change({"bank_iban": "DE89370400440532013000"})
    db.release()
    page = anonymous.get(f"/verify/{document.code}").text  # type: ignore[union-attr]
    assert "IT60 X054" in page and "another account now" in page and "DE89" not in page
    assert links.url("verify", document.code).endswith(document.code)  # type: ignore[union-attr]
