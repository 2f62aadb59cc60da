"""Pro-formas: announced, not issued; the invoice asks for the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import counters, db, events, evidence, frozen, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.invoices import pro_formas, service


def test_it_announces_what_the_invoice_then_asks_for(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    draft = documents.draft("100", "50.50")
    made = pro_formas.send(draft, ACTOR)
    assert pro_formas.send(draft, ACTOR) == made, "asked twice it is sent once"
    year = service.agencies.today().year
    kept = frozen.latest(pro_formas.KIND, made)
    assert kept is not None
    assert (kept.number, service.get(draft).number) == (f"PF-{year}-001", "")
    run_jobs()
    (mail,) = outbox_mails()
    assert "PF-" in mail.entry.subject and "not an invoice" in mail.text
    service.issue(draft, ACTOR)
    invoice = frozen.latest("invoice", draft)
    assert invoice is not None
    assert invoice.snapshot["priced"] == kept.snapshot["priced"]
    assert invoice.number == f"INV-{year}-0001", "the pro-forma took no fiscal number"
    with pytest.raises(Conflict, match="already"):
        pro_formas.send(draft, ACTOR)
    db.release()
    assert evidence.examine(agency.slug, frozenset()).ok
    with tenancy.platform("the audit of numbers in a test"):
        assert counters.gaps() == []


def test_while_it_stands_the_draft_asks_for_the_same(agency: AgencyView) -> None:
    draft = documents.draft("100")
    client_id = service.get(draft).client_id
    made = pro_formas.send(draft, ACTOR)
    service.save_draft(draft, 1, documents.invoice_input(client_id, "100", title="Another title"))
    with pytest.raises(Conflict, match="Withdraw it"):
        service.save_draft(draft, 2, documents.invoice_input(client_id, "99"))
    with pytest.raises(Conflict, match="Withdraw it"):
        service.delete_draft(draft)
    assert pro_formas.withdraw(made, ACTOR) == draft
    pro_formas.withdraw(made, ACTOR)
    service.save_draft(draft, 2, documents.invoice_input(client_id, "99"))
    again = pro_formas.send(draft, ACTOR)
    assert [each.withdrawn for each in pro_formas.of_invoice(draft)] == [True, False]
    assert pro_formas.get(again).total == 12078
    kinds = [entry.kind for entry in events.timeline(f"invoice:{draft}")]
    assert (kinds.count("pro_forma.sent"), kinds.count("pro_forma.withdrawn")) == (2, 1)


def test_its_page(owner: Browser, agency: AgencyView) -> None:
    draft = documents.draft("100")
    path = f"/northwind/invoices/{draft}/pro-forma"
    assert "Send a pro-forma of €122.00" in owner.get(path).text
    assert owner.post(path).status_code == 303
    with tenancy.tenant(agency.id):
        made = pro_formas.of_invoice(draft)[0].id
    assert owner.get(f"/northwind/invoices/pro-formas/{made}/pdf").status_code == 200
    assert owner.post(f"/northwind/invoices/pro-formas/{made}/withdraw").status_code == 303
    assert "Withdrawn" in owner.get(path).text
