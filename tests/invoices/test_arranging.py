"""Terms of an invoice from the draft to the last instalment, and what is written off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from tests.client import Browser
from tests.factories import documents
from tests.factories.documents import ACTOR
from webkit.agencies import numbering
from webkit.agencies import service as agencies
from webkit.core.kernel import clock, counters, db, events, frozen, links, permissions, tallies, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, Invalid
from webkit.invoices import arranging, crediting, models, service, writing_off
from webkit.invoices.crediting import CreditInput, Extent
from webkit.invoices.models import InvoiceState
from webkit.invoices.terms import Due, Part, Rule, Terms
from webkit.payments import ledger
from webkit.payments import models as payment_models
from webkit.payments.models import Payment, PaymentState

THREE = Terms(
    Due(Rule.RECEIPT),
    (
        Part(Due(Rule.RECEIPT), Decimal(30), title="On signing"),
        Part(Due(Rule.NET, 30), Decimal(30)),
        Part(Due(Rule.NET, 60)),
    ),
)


def _issued(terms: Terms = THREE, *prices: str) -> UUID:
    invoice_id = documents.draft(*(prices or ("100",)))
    arranging.save_terms(invoice_id, 1, terms, "")
    service.issue(invoice_id, ACTOR)
    return invoice_id


@db.writes
def _pay(invoice_id: UUID, amount: int) -> None:
    """Money as the ledger hears of it."""
    payment = Payment(reference=f"invoice:{invoice_id}", provider="local", amount_minor=amount, currency="EUR")
    payment_models.add(payment)
    ledger.settle(payment, PaymentState.SUCCEEDED, amount, "EUR", f"v-{payment.id}", clock.now())


def _kept() -> dict[tuple[str, str], tuple[int, int]]:
    db.release()
    found = [(kind, row) for kind in (models.KIND, models.DUE) for row in tallies.of(kind)]
    return {(kind, place): (count, total) for kind, (_currency, place, count, total) in found}


def test_terms_become_days_that_are_frozen_and_printed(agency: AgencyView) -> None:
    invoice_id = _issued()
    invoice, document, today = service.get(invoice_id), frozen.latest("invoice", invoice_id), agencies.today()
    days = [today, today + timedelta(days=30), today + timedelta(days=60)]
    assert [(part.amount, part.due, part.word) for part in invoice.parts] == [
        (3660, days[0], "due"), (3660, days[1], "due"), (4880, days[2], "due")
    ]  # fmt: skip
    assert document is not None
    assert [part["amount"] for part in document.snapshot["instalments"]] == [3660, 3660, 4880]
    assert document.snapshot["terms"] == "in 3 instalments"
    assert document.snapshot["due_date"] == today.isoformat()
    assert (invoice.due_date, invoice.due_now, invoice.due) == (days[0], 3660, 12200)
    assert _kept() == {
        ("invoice", "issued"): (1, 12200),
        ("invoice.due", days[0].isoformat()): (1, 3660),
        ("invoice.due", days[1].isoformat()): (0, 3660),
        ("invoice.due", days[2].isoformat()): (0, 4880),
    }


@pytest.mark.parametrize(
    ("terms", "days", "words"),
    [
        (Terms(Due(Rule.RECEIPT)), 0, "on receipt"),
        (Terms.net(30), 30, "30 days"),
        (Terms(Due(Rule.NET, 7), words="A week, as agreed"), 7, "A week, as agreed"),
    ],
)
def test_each_rule_is_kept_in_words_and_as_a_day(agency: AgencyView, terms: Terms, days: int, words: str) -> None:
    invoice_id = _issued(terms)
    document = frozen.latest("invoice", invoice_id)
    assert document is not None
    assert service.get(invoice_id).due_date == agencies.today() + timedelta(days=days)
    assert (document.snapshot["terms"], document.snapshot["instalments"]) == (words, [])


def test_new_drafts_begin_with_the_terms_of_the_client_or_the_agency(agency: AgencyView) -> None:
    def words(client_id: UUID, days: int = 14) -> str:
        given = documents.invoice_input(client_id, "10")
        return service.get(service.create_draft(replace(given, payment_days=days))).terms.said()

    plain = documents.client()
    own = documents.client("Monthly", "m@m.example", payment_rule="month_end", payment_days=10)
    assert [words(plain), words(plain, 7), words(own), words(own, 7)] == [
        "14 days", "7 days", "end of month, 10 days", "end of month, 7 days"
    ]  # fmt: skip
    with db.writing():
        agencies.change({"payment_rule": "receipt"})
    db.release()
    assert [words(plain), words(own)] == ["on receipt", "end of month, 10 days"]


def test_money_pays_one_instalment_after_the_other(agency: AgencyView) -> None:
    invoice_id = _issued()
    today = agencies.today()
    _pay(invoice_id, 3660)
    invoice = service.get(invoice_id)
    assert (invoice.state, invoice.word, invoice.due, invoice.due_now) == (InvoiceState.ISSUED, "part_paid", 8540, 3660)
    assert (invoice.due_date, [part.word for part in invoice.parts]) == (
        today + timedelta(days=30), ["paid", "due", "due"],
    )  # fmt: skip
    assert service.sums()[0].open == 8540
    with clock.frozen(clock.now() + timedelta(days=31)):
        assert service.get(invoice_id).word == "overdue"
        (sums,) = service.sums()
        assert (sums.late, sums.late_count, sums.open) == (3660, 1, 8540)
        assert [row.id for row in service.page(limit=5, late=True)] == [invoice_id]
    with clock.frozen(clock.now() + timedelta(days=61)):
        assert (service.get(invoice_id).due_now, service.sums()[0].late) == (8540, 8540)
    _pay(invoice_id, 8540)
    assert service.get(invoice_id).state == InvoiceState.PAID
    assert _kept() == {("invoice", "paid"): (1, 12200)}, "nothing is kept of days on which nothing is due"
    kinds = [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")]
    assert kinds.count("invoice.paid") == 1


def test_a_credit_note_takes_off_the_last_instalments_and_may_settle_the_rest(agency: AgencyView) -> None:
    invoice_id = _issued()
    _pay(invoice_id, 3660)
    crediting.issue(invoice_id, CreditInput(Extent.AMOUNT, "Less was done", 4880), ACTOR)
    invoice = service.get(invoice_id)
    assert (invoice.due, invoice.due_now, [part.open for part in invoice.parts]) == (3660, 3660, [0, 3660, 0])
    crediting.issue(invoice_id, CreditInput(Extent.AMOUNT, "And less", 4000), ACTOR)
    invoice, after = service.get(invoice_id), crediting.correction(invoice_id)
    assert (invoice.state, invoice.due, after.to_return) == (InvoiceState.PAID, 3660, 340)
    assert _kept()["invoice", "paid"] == (1, 3660)
    kinds = [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")]
    assert kinds.count("invoice.paid") == 1


def test_instalments_that_are_not_the_total_are_refused_when_written_and_when_issued(agency: AgencyView) -> None:
    invoice_id = documents.draft("100")
    halves = Terms(Due(Rule.RECEIPT), (Part(Due(Rule.RECEIPT), amount=6100), Part(Due(Rule.NET, 30), amount=6100)))
    with pytest.raises(DomainError, match=r"come to .*60\.00"):
        arranging.save_terms(
            invoice_id, 1, Terms(halves.due, (halves.parts[0], Part(Due(Rule.NET, 30), amount=-100))), ""
        )
    arranging.save_terms(invoice_id, 1, halves, "")
    client_id = service.get(invoice_id).client_id
    service.save_draft(invoice_id, 2, documents.invoice_input(client_id, "200"))
    with pytest.raises(DomainError, match="the invoice to"):
        service.issue(invoice_id, ACTOR)
    assert service.get(invoice_id).number == ""
    with pytest.raises(Conflict, match="Somebody else"):
        arranging.save_terms(invoice_id, 1, THREE, "")


def test_a_draft_whose_day_is_over_is_not_issued(agency: AgencyView) -> None:
    invoice_id = documents.draft("100")
    arranging.save_terms(invoice_id, 1, Terms(Due(Rule.DAY, day=agencies.today())), "")
    with clock.frozen(clock.now() + timedelta(days=2)), pytest.raises(DomainError, match="is over"):
        service.issue(invoice_id, ACTOR)


def test_what_is_written_off_is_waited_for_no_more_until_money_comes(agency: AgencyView) -> None:
    invoice_id = _issued(Terms.net(10), "100")
    writing_off.write_off(invoice_id, "Insolvent", ACTOR)
    writing_off.write_off(invoice_id, "Insolvent", ACTOR)
    invoice = service.get(invoice_id)
    assert (invoice.word, invoice.due, invoice.write_off_reason) == ("written_off", 12200, "Insolvent")
    assert _kept() == {("invoice", "written_off"): (1, 12200)}
    with clock.frozen(clock.now() + timedelta(days=30)):
        assert service.get(invoice_id).word == "written_off"
        assert not service.page(limit=5, late=True)
        assert (service.sums()[0].open, service.sums()[0].late) == (0, 0)
    _pay(invoice_id, 5000)
    invoice = service.get(invoice_id)
    assert (invoice.state, invoice.due) == (InvoiceState.ISSUED, 7200), "part of it came: the rest is waited for again"
    writing_off.write_off(invoice_id, "The rest will not come", ACTOR)
    _pay(invoice_id, 7200)
    assert service.get(invoice_id).state == InvoiceState.PAID
    assert _kept() == {("invoice", "paid"): (1, 12200)}
    kinds = [entry.kind for entry in events.timeline(f"invoice:{invoice_id}")]
    assert kinds.count("invoice.written_off") == 2


def test_a_write_off_can_be_taken_back(agency: AgencyView) -> None:
    invoice_id = _issued(Terms.net(10), "100")
    before = _kept()
    writing_off.write_off(invoice_id, "Insolvent", ACTOR)
    writing_off.reopen(invoice_id, ACTOR)
    writing_off.reopen(invoice_id, ACTOR)
    assert service.get(invoice_id).state == InvoiceState.ISSUED
    assert _kept() == before
    draft = documents.draft("5", client_id=service.get(invoice_id).client_id)
    for wrong in (lambda: writing_off.write_off(draft, "Why not", ACTOR), lambda: writing_off.reopen(draft, ACTOR)):
        with pytest.raises(Conflict):
            wrong()
    assert permissions.grant(uuid4(), "admin").can("invoices.write_off")
    assert not permissions.grant(uuid4(), "member").can("invoices.write_off")


def test_a_branch_counts_for_itself_and_is_audited(agency: AgencyView) -> None:
    key = numbering.add_branch("Rome", "RM-{year}-{n:03}", 40)
    client_id, year = documents.client(), agencies.today().year
    drafts = [documents.draft("10", client_id=client_id) for _ in range(3)]
    for draft in drafts[:2]:
        arranging.save_terms(draft, 1, Terms.net(14), key)
    for draft in drafts:
        service.issue(draft, ACTOR)
    assert [service.get(draft).number for draft in drafts] == [f"RM-{year}-040", f"RM-{year}-041", f"INV-{year}-0001"]
    db.release()
    with tenancy.platform("the audit of numbers in a test"):
        assert counters.gaps() == []
    with db.writing():
        counters.take(counters.branched("invoice", key), "RM-{year}-{n:03}", agencies.today())
    db.release()
    with tenancy.platform("the audit of numbers in a test"):
        assert [(gap.series, gap.missing) for gap in counters.gaps()] == [(f"invoice.{key}", 1)]


def test_patterns_that_could_meet_are_refused(agency: AgencyView) -> None:
    numbering.add_branch("Rome", "RM-{year}-{n:03}")
    for pattern in ("INV-{year}-{n:04}", "INV-2026-{n}", "{client}-{year}-{n}", "RM-20{yy}-{n}"):
        with pytest.raises(Invalid, match="same numbers") as refused:
            numbering.add_branch("Milan", pattern)
        assert "pattern" in refused.value.errors
    with pytest.raises(Invalid, match="same numbers"):
        numbering.change({"invoice": "RM-{year}-{n}"}, {})
    with pytest.raises(Invalid, match="this name"):
        numbering.add_branch("rome", "X-{n}")
    numbering.change_branch("rome", "Rome", "RM-{year}-{n:03}", None, closed=True)
    with pytest.raises(DomainError, match="closed"):
        arranging.save_terms(documents.draft("10"), 1, Terms.net(14), "rome")


@pytest.mark.parametrize(
    ("series", "pattern"),
    [("credit_note", "INV-{year}-{n:04}"), ("pro_forma", "INV-{year}-{n}"), ("invoice", "CRN-{year}-{n}")],
)
def test_an_invoice_and_its_credit_note_never_have_the_same_number(
    agency: AgencyView, series: str, pattern: str
) -> None:
    with pytest.raises(Invalid, match="same numbers") as refused:
        numbering.change({series: pattern}, {})
    assert f"pattern_{series}" in refused.value.errors
    numbering.change({"credit_note": "{year}/{n}-NC", "pro_forma": "PF {n}", "invoice": "{year}/{n}"}, {})
    with pytest.raises(Invalid, match="same numbers"):
        numbering.add_branch("Rome", "{year}/{n:03}-NC")
    agencies.change({"patterns": {**agencies.profile().patterns, "credit_note": "{year}/{n}"}})
    numbering.change({"proposal": "P-{n}"}, {})  # what was chosen before is no reason against something else


def test_a_clock_put_back_is_answered(agency: AgencyView) -> None:
    client_id = documents.client()
    documents.issued("10", client_id=client_id)
    draft = documents.draft("10", client_id=client_id)
    with clock.frozen(clock.now() - timedelta(days=3)), pytest.raises(Conflict, match="The clock says"):
        service.issue(draft, ACTOR)
    assert service.get(draft).number == ""
    service.issue(draft, ACTOR)
    assert service.get(draft).number.endswith("0002")


def test_the_page_of_the_terms_keeps_what_was_typed(owner: Browser, agency: AgencyView) -> None:
    draft = documents.draft("100")
    path = f"/northwind/invoices/{draft}/terms"
    typed = {
        "rule": "instalments", "revision": "1", "part_title": ["On signing", "At the end"],
        "part_share": ["30 %", "60 %"], "part_days": ["0", "30"], "part_day": ["", ""],
    }  # fmt: skip
    refused = owner.post(path, data=typed)
    assert refused.status_code == 422
    assert "90 %, not to 100" in refused.text and 'value="At the end"' in refused.text
    shown = owner.post(f"{path}/preview", data=typed | {"part_share": ["30 %", ""]})
    words = re.sub(r"<[^>]+>", "", shown.text)
    assert "36.60" in words and "85.40" in words
    assert owner.post(path, data=typed | {"part_share": ["a lot", ""]}).status_code == 422
    assert owner.post(path, data=typed | {"rule": "day"}).status_code == 422
    assert owner.post(path, data=typed | {"part_share": ["30 %", "70 %"]}).status_code == 303
    assert 'value="30 %"' in owner.get(path).text
    db.release()
    assert len(service.get(draft).terms.parts) == 2
    assert owner.post(path, data=typed | {"part_share": ["30 %", "70 %"]}).status_code == 409


def test_the_client_pays_the_next_instalment_or_all(
    owner: Browser, anonymous: Browser, agency: AgencyView, run_jobs: Callable[[], int]
) -> None:
    invoice_id = _issued()
    page = links.url(service.LINK, links.token_for(service.LINK, invoice_id) or "").partition("/i/")[2]
    db.release()
    shown = anonymous.get(f"/i/{page}").text
    assert "Pay €36.60" in shown and "Pay all of it, €122.00" in shown and "On signing" in shown
    anonymous.post(f"/i/{page}/pay")
    anonymous.post(f"/i/{page}/pay", data={"whole": "1"})
    with tenancy.tenant(agency.id):
        assert {row.amount_minor for row in payment_models.of_reference(f"invoice:{invoice_id}")} == {3660, 12200}
    staff = owner.get(f"/northwind/invoices/{invoice_id}").text
    assert "On signing" in staff and "in 3 instalments" in staff


def test_notes_and_write_offs_on_the_page(owner: Browser, member: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    path = f"/northwind/invoices/{invoice_id}"
    assert owner.post(f"{path}/memo", data={"memo": "Call Giulia first"}).status_code == 303
    assert "Call Giulia first" in owner.get(path).text
    assert member.get(f"{path}/write-off").status_code == 403
    assert owner.post(f"{path}/write-off", data={"reason": ""}).status_code == 422
    assert owner.post(f"{path}/write-off", data={"reason": "Insolvent"}).status_code == 303
    shown = owner.get(path).text
    assert "Written off" in shown and "Insolvent" in shown
    assert owner.post(f"{path}/reopen").status_code == 303


def test_a_series_has_its_page(owner: Browser, member: Browser, agency: AgencyView) -> None:
    path = "/northwind/settings/numbers/series"
    assert member.get(f"{path}/new").status_code == 403
    assert owner.post(f"{path}/new", data={"name": "Rome", "pattern": "INV-{year}-{n}"}).status_code == 422
    assert (
        owner.post(f"{path}/new", data={"name": "Rome", "pattern": "RM-{year}-{n:03}", "start": "7"}).status_code == 303
    )
    assert f"RM-{agencies.today().year}-007" in owner.get("/northwind/settings/numbers").text
    assert owner.get(f"{path}/nowhere").status_code == 404
    owner.post(f"{path}/new", data={"name": "New", "pattern": "NEW-{year}-{n:03}"})
    assert 'value="NEW-{year}-{n:03}"' in owner.get(f"{path}/new2").text
    shown = owner.get(f"{path}/rome").text
    assert 'value="RM-{year}-{n:03}"' in shown
    assert (
        owner.post(f"{path}/rome", data={"name": "Roma", "pattern": "RM-{year}-{n:03}", "closed": "1"}).status_code
        == 303
    )
