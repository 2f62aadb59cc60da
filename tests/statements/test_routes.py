"""The pages of statements: for staff, for whoever holds the link, on paper and by mail."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from pypdf import PdfReader

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import db, evidence, frozen, links
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting, writing_off
from webkit.invoices.crediting import CreditInput, Extent
from webkit.statements import service


@pytest.fixture
def client(agency: AgencyView) -> UUID:
    """Owes 122.00, of which 22.00 were credited, and 61.61 of another invoice."""
    client_id = documents.client()
    crediting.issue(documents.issued("100", client_id=client_id), CreditInput(Extent.AMOUNT, "Agreed", 2200), ACTOR)
    documents.issued("50.50", client_id=client_id)
    db.release()
    return client_id


def _plain(page: str) -> str:
    return re.sub(r"<[^>]+>", "", "<main" + page.partition("<main")[2])


def test_staff_see_the_account(owner: Browser, client: UUID) -> None:
    page = owner.get(f"/northwind/statements/{client}")
    text = _plain(page.text)
    assert page.status_code == 200
    assert "161.61" in text and "22.00" in text and "CRN-" in text and "Carried forward" in text
    assert _plain(owner.get(f"/northwind/clients/{client}").text).count("Statements") == 1


def test_days_in_the_wrong_order_are_refused_at_their_field(owner: Browser, client: UUID) -> None:
    path = f"/northwind/statements/{client}"
    wrong = owner.get(f"{path}?since=2026-03-01&until=2026-02-01")
    assert wrong.status_code == 422 and "The last day is before the first one." in wrong.text
    assert 'value="2026-03-01"' in wrong.text and 'value="2026-02-01"' in wrong.text
    assert owner.get(f"{path}?since=yesterday").status_code == 422
    assert owner.get(f"{path}?since=&until=").status_code == 200
    for act in ("make", "send"):
        refused = owner.post(
            f"/northwind/statements/{client}/{act}", data={"since": "2026-03-01", "until": "2026-02-01"}
        )
        assert refused.status_code == 422


def test_on_paper_and_by_mail(
    owner: Browser,
    client: UUID,
    agency: AgencyView,
    anonymous: Browser,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    run_jobs()
    form = {"since": "", "until": service.today().isoformat(), "once": "k"}
    for _ in range(2):
        assert owner.post(f"/northwind/statements/{client}/send", data=form).status_code == 303
    run_jobs()
    mails = [mail for mail in outbox_mails() if "Statement of account" in mail.entry.subject]
    assert len(mails) == 1 and len(mails[0].attachments) == 1
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(mails[0].attachments[0].content)).pages)
    assert "161.61" in text and "122.00" in text
    page = re.findall(r"http\S+/s/\S+", mails[0].text)[0]
    assert "161.61" in _plain(anonymous.get(page.partition("8000")[2] or page).text)
    db.release()
    (made,) = service.of_client(client)
    document = frozen.latest(service.KIND, made.id)
    assert document is not None and document.pdf_hash and made.sent_to == "giulia@caffeolmo.example"
    assert owner.get(f"/northwind/statements/made/{made.id}/pdf").data.startswith(b"%PDF")
    assert "genuine" in anonymous.get(f"/verify/{document.code}").text
    db.release()
    assert evidence.examine(agency.slug, frozenset()).ok


def test_the_link_opens_what_is_due_and_closes(
    owner: Browser, anonymous: Browser, client: UUID, agency: AgencyView
) -> None:
    path = f"/northwind/statements/{client}/link"
    assert owner.post(path).status_code == owner.post(path).status_code == 303
    db.release()
    token = links.token_for(service.LINK, client)
    page = anonymous.get(f"/s/{token}")
    assert page.status_code == 200 and page.headers["X-Robots-Tag"].startswith("noindex")
    pay = re.findall(r'href="[^"]*(/i/[^"]+)"', page.text)
    assert len(pay) == 2 and all(anonymous.get(address).status_code == 200 for address in pay)
    assert "<script" not in page.text
    assert anonymous.get(f"/s/{token}?all=1").status_code == 200
    assert owner.post(path, data={"close": "1"}).status_code == 303
    assert anonymous.get(f"/s/{token}").status_code == 410
    assert anonymous.get("/s/nonsense").status_code == 404


def test_the_client_is_not_told_what_was_written_off(
    owner: Browser,
    anonymous: Browser,
    client: UUID,
    agency: AgencyView,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    for each in service.account(client, None).open:
        writing_off.write_off(each.id, "Insolvent", ACTOR)
    staff = _plain(owner.get(f"/northwind/statements/{client}").text)
    assert "Written off" in staff and "The client still owes it" in staff and "Nothing is open." in staff
    form = {"since": "", "until": service.today().isoformat()}
    assert owner.post(f"/northwind/statements/{client}/send", data=form).status_code == 303
    run_jobs()
    (mail,) = (mail for mail in outbox_mails() if "Statement of account" in mail.entry.subject)
    (made,) = service.of_client(client)
    document = frozen.latest(service.KIND, made.id)
    assert document is not None and len(document.snapshot["open"]) == 2
    assert "write_off" not in {each["kind"] for each in document.snapshot["accounts"][0]["entries"]}
    page = anonymous.get(f"/s/{links.token_for(service.LINK, client)}").text
    pay = re.findall(r'href="[^"]*(/i/[^"]+)"', page)
    assert len(pay) == 2 and all("Pay" in anonymous.get(address).text for address in pay)
    for told in (_plain(page), mail.text):
        assert "161.61" in told and "ritten off" not in told


def test_nobody_to_send_it_to(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client("Nameless", "")
    refused = owner.post(f"/northwind/statements/{client_id}/send", data={})
    assert refused.status_code == 409 and "no e-mail address" in refused.text
    assert "Nothing was invoiced or paid" in owner.get(f"/northwind/statements/{client_id}").text


def test_who_may(member: Browser, stranger: Browser, anonymous: Browser, owner: Browser, client: UUID) -> None:
    path = f"/northwind/statements/{client}"
    assert [who.get(path).status_code for who in (member, stranger, anonymous)] == [403, 404, 303]
    assert owner.get("/northwind/statements/").status_code == 404
