"""Everything that can be done wrong with money, over HTTP: a clear answer at the right place, and nothing is lost."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from tests.client import Browser
from tests.factories import authors, documents, quotations
from tests.factories.people import Person
from tests.threads import at_once
from webkit.agencies import service as agencies
from webkit.clients.models import Client
from webkit.core.kernel import clock, counters, db, events, frozen, links, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import crediting, models, service
from webkit.invoices.models import InvoiceState
from webkit.quotations import service as quoting

INVOICES = "/northwind/invoices"
MANY = 16


def _form(client: object, *prices: str, **changes: Any) -> dict[str, Any]:
    """An editor as a browser sends it: a line for each price."""
    rows = len(prices or ("100",))
    return {
        "client_id": str(client),
        "title": "Online shop",
        "payment_days": "14",
        "note": "Keep these words",
        "once": "once-1",
        "line_description": [f"Part {number}" for number in range(1, rows + 1)],
        "line_quantity": ["1"] * rows,
        "line_price": [*(prices or ("100",))],
        "line_rate": [""] * rows,
        **changes,
    }


def _text(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))


def _invoices() -> int:
    return db.session().scalar(sa.select(sa.func.count()).select_from(models.Invoice)) or 0


def _no_gap() -> None:
    db.release()
    with tenancy.platform("the audit of numbers after wrong use"):
        assert counters.gaps() == []


def _issued_once(invoice_id: UUID) -> str:
    """The number of an invoice that has one number, one frozen document and one event."""
    db.release()
    kinds = Counter(entry.kind for entry in events.timeline(f"invoice:{invoice_id}"))
    assert kinds["invoice.issued"] == 1
    document = frozen.latest("invoice", invoice_id)
    assert document is not None and document.version == 1
    return service.get(invoice_id).number


# --- absurd amounts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"line_price": ["9" * 40]}, "too large"),
        ({"line_price": ["1e5"]}, "is not an amount"),
        ({"line_price": ["NaN"]}, "“NaN” is not an amount"),
        ({"line_price": ["-Infinity"]}, "is not an amount"),
        ({"line_price": ["0.000000001"]}, "too precise"),
        ({"line_price": ["twelve"]}, "is not an amount"),
        ({"line_quantity": ["1e30"]}, "not a number"),
        ({"line_quantity": ["9" * 30]}, "too large"),
        ({"line_price": ["9999999999"], "line_quantity": ["999999999"]}, "This line is too large to be true"),
        ({"line_price": ["-5"]}, "take off more than they add up to"),
        ({"discount": "101 %"}, "too large"),
        ({"discount": "-5"}, "without a minus"),
        ({"discount": "a lot"}, "is not an amount"),
        ({"payment_days": "99999"}, "365"),
    ],
)
def test_absurd_amounts(owner: Browser, agency: AgencyView, changes: dict[str, Any], words: str) -> None:
    answer = owner.post(f"{INVOICES}/new", data=_form(documents.client(), **changes))
    assert answer.status_code == 422, _text(answer)[:300]
    assert words in _text(answer), _text(answer)
    assert "Keep these words" in answer.text
    for typed in (value[0] if isinstance(value, list) else value for value in changes.values()):
        assert typed in answer.text, "what was typed is still there"
    db.release()
    assert _invoices() == 0, "nothing was stored"


def test_as_much_as_somebody_may_mean_is_taken(owner: Browser, agency: AgencyView) -> None:
    made = owner.post(f"{INVOICES}/new", data=_form(documents.client(), "99999999.99", line_quantity=["100"]))
    assert made.status_code == 303
    assert "€9,999,999,999.00" in _text(owner.get(made.location)).replace(" ", "")


# --- a discount over the total ---------------------------------------------------------------------------------


@pytest.mark.parametrize("discount", ["100.01", "5000"])
def test_a_discount_over_the_total(owner: Browser, agency: AgencyView, discount: str) -> None:
    form = _form(documents.client(), discount=discount, discount_reason="Friends")
    answer = owner.post(f"{INVOICES}/new", data=form)
    assert answer.status_code == 422 and "larger than what it is taken from" in _text(answer)
    assert f'value="{discount}"' in answer.text and "Friends" in answer.text
    totals = owner.post(f"{INVOICES}/totals", data=form, headers={"HX-Request": "true"})
    assert totals.status_code == 200 and "-€" not in _text(totals) and "<html" not in totals.text
    db.release()
    assert _invoices() == 0


def test_a_discount_over_a_line(owner: Browser, agency: AgencyView) -> None:
    answer = owner.post(f"{INVOICES}/new", data=_form(documents.client(), line_discount=["100.01"]))
    assert answer.status_code == 422 and "Keep these words" in answer.text


def test_everything_taken_off_cannot_be_issued(owner: Browser, agency: AgencyView) -> None:
    made = owner.post(f"{INVOICES}/new", data=_form(documents.client(), discount="100 %"))
    assert made.status_code == 303
    answer = owner.post(f"{made.location}/issue")
    assert answer.status_code in (400, 409, 422) and "greater than zero" in _text(answer)
    _no_gap()


def test_more_credited_than_there_is(owner: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    answer = owner.post(
        f"{INVOICES}/{invoice_id}/credit", data={"extent": "amount", "amount": "122.01", "reason": "Why"}
    )
    assert answer.status_code == 422 and "at most what is left" in answer.text and 'value="122.01"' in answer.text
    db.release()
    assert crediting.correction(invoice_id).notes == ()


# --- what is changed around a document -------------------------------------------------------------------------


def test_a_rate_changed_after_issue(owner: Browser, anonymous: Browser, agency: AgencyView) -> None:
    invoice_id = documents.issued("100")
    stored, token = service.get(invoice_id).priced, links.token_for("i", invoice_id)
    pages = [f"{INVOICES}/{invoice_id}"], [f"/i/{token}"]
    agencies.change({"tax_scheme": "au-gst"})
    db.release()
    for browser, paths in zip((owner, anonymous), pages, strict=True):
        for path in paths:
            said = _text(browser.get(path)).replace(" ", "")
            assert "IVA22%€22.00" in said and "€122.00" in said and "GST" not in said
    assert service.get(invoice_id).priced == stored
    note = crediting.get(crediting.issue(invoice_id, crediting.CreditInput(crediting.Extent.ALL, "Why"), "user:test"))
    assert note.priced.totals.tax == stored.totals.tax == 2200


def test_a_rate_changed_while_a_draft_waits(owner: Browser, agency: AgencyView) -> None:
    """Nobody issues figures that they have not seen."""
    draft = documents.draft("100")
    agencies.change({"tax_scheme": "none"})
    db.release()
    answer = owner.post(f"{INVOICES}/{draft}/issue")
    assert answer.status_code == 409 and "changed" in _text(answer)
    db.release()
    assert service.get(draft).state == InvoiceState.DRAFT
    page = owner.get(f"{INVOICES}/{draft}")
    seen = re.search(r'name="seen" value="([^"]+)"', page.text)
    assert seen is not None and "€122.00" in _text(page) and "€100.00" in _text(page)
    assert owner.post(f"{INVOICES}/{draft}/issue", data={"seen": seen[1]}).status_code == 303
    _issued_once(draft)
    assert service.get(draft).total == 10000
    _no_gap()


def test_a_currency_changed_in_the_middle(owner: Browser, anonymous: Browser, agency: AgencyView) -> None:
    """A document keeps the currency it was begun in, whatever happens to it then."""
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    agencies.change({"currency": "JPY"})
    db.release()
    assert "€" in _text(owner.get(f"{INVOICES}/{draft}/edit"))
    saved = owner.post(f"{INVOICES}/{draft}/edit", data=_form(client_id, "250.50", revision="1"))
    assert saved.status_code == 303
    db.release()
    row = models.get(draft)
    assert row is not None
    assert (row.currency, row.priced["currency"], row.net_minor) == ("EUR", "EUR", 25050)
    assert owner.post(f"{INVOICES}/{draft}/issue").status_code == 303
    db.release()
    document, token = frozen.latest("invoice", draft), links.token_for("i", draft)
    assert document is not None
    assert document.snapshot["currency"] == document.snapshot["priced"]["currency"] == "EUR"
    db.release()
    page = _text(anonymous.get(f"/i/{token}"))
    assert "€305.61" in page.replace(" ", "") and "¥" not in page
    made = owner.post(f"{INVOICES}/new", data=_form(client_id, "1000"))
    assert "¥" in _text(owner.get(made.location))


# --- two at once -----------------------------------------------------------------------------------------------


def test_two_editors(owner: Browser, member: Browser, agency: AgencyView, max_: Person) -> None:
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    authors.hand_to(max_.id)
    path = f"{INVOICES}/{draft}/edit"
    first = owner.post(path, data=_form(client_id, "200", revision="1"))
    second = member.post(path, data=_form(client_id, "300", revision="1", title="Theirs", note="Long and dear"))
    assert (first.status_code, second.status_code) == (303, 409)
    assert "Somebody else changed this invoice" in _text(second)
    for typed in ("300", "Theirs", "Long and dear"):
        assert typed in second.text
    db.release()
    assert (service.get(draft).priced.totals.net, service.get(draft).title) == (20000, "Online shop")


def test_an_editor_that_was_open_while_somebody_issued(
    owner: Browser, member: Browser, agency: AgencyView, max_: Person
) -> None:
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    authors.hand_to(max_.id)
    assert owner.post(f"{INVOICES}/{draft}/issue").status_code == 303
    late = member.post(f"{INVOICES}/{draft}/edit", data=_form(client_id, "1", revision="1", note="Long and dear"))
    assert late.status_code == 409 and "issued" in _text(late) and "Long and dear" in late.text
    deleted = member.post(f"{INVOICES}/{draft}/delete")
    assert deleted.status_code == 409 and "issued" in _text(deleted)
    _issued_once(draft)
    assert service.get(draft).total == 12200


def _pressed(app: Flask, browser_of: Callable[[Person], Browser], ada: Person, path: str, **form: str) -> list[int]:
    """The same button, pressed by sixteen tabs at the same moment."""
    browsers = [browser_of(ada) for _ in range(MANY)]
    found = at_once(app, *(partial(browser.post, path, data=form) for browser in browsers))
    assert not [each for each in found if isinstance(each, Exception)]
    return [each.status_code for each in found if isinstance(each, TestResponse)]


def test_issue_pressed_sixteen_times(
    app: Flask, agency: AgencyView, ada: Person, browser_of: Callable[[Person], Browser], run_jobs: Callable[[], int]
) -> None:
    draft, other = documents.draft("100"), documents.draft("5", client_id=documents.client("B", "b@b.example"))
    db.release()
    assert _pressed(app, browser_of, ada, f"{INVOICES}/{draft}/issue") == [303] * MANY
    year = clock.today(agency.timezone).year
    assert _issued_once(draft) == f"INV-{year}-0001"
    service.issue(other, documents.ACTOR)
    assert service.get(other).number == f"INV-{year}-0002", "no number was lost"
    _no_gap()


def test_credit_pressed_sixteen_times(
    app: Flask, agency: AgencyView, ada: Person, browser_of: Callable[[Person], Browser]
) -> None:
    invoice_id = documents.issued("100")
    db.release()
    form = {"extent": "amount", "amount": "10", "reason": "Agreed", "once": "the same form"}
    assert _pressed(app, browser_of, ada, f"{INVOICES}/{invoice_id}/credit", **form) == [303] * MANY
    db.release()
    assert [note.total for note in crediting.correction(invoice_id).notes] == [1000]
    _no_gap()


def test_a_quotation_sent_sixteen_times(
    app: Flask, agency: AgencyView, ada: Person, browser_of: Callable[[Person], Browser]
) -> None:
    draft = quotations.draft()
    revision = str(quoting.get(draft).revision)
    db.release()
    codes = _pressed(app, browser_of, ada, f"/northwind/quotations/{draft}/send", by="link", revision=revision)
    assert set(codes) <= {303, 409} and 303 in codes
    db.release()
    kinds = Counter(entry.kind for entry in events.timeline(f"quotation:{draft}"))
    assert kinds["quotation.sent"] == 1 and quoting.get(draft).number.endswith("-001")
    _no_gap()


# --- clock, pattern, client ------------------------------------------------------------------------------------


def test_a_clock_that_was_moved_back(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    first, second = documents.issued("100", client_id=client_id), documents.draft("50", client_id=client_id)
    db.release()
    with clock.frozen(clock.now() - timedelta(days=1)):
        late = owner.post(f"{INVOICES}/{second}/issue")
    assert late.status_code == 409 and "clock" in _text(late)
    db.release()
    waiting = service.get(second)
    assert (waiting.state, waiting.number, waiting.frozen_id) == (InvoiceState.DRAFT, "", None)
    assert owner.post(f"{INVOICES}/{second}/issue").status_code == 303
    numbers = [_issued_once(each) for each in (first, second)]
    assert [number[-4:] for number in numbers] == ["0001", "0002"]
    _no_gap()


@pytest.mark.parametrize("pattern", ["INV-{month}-{n}", "INV", "{n}{year}", "{n}-{n}", "INV-{n}\x07", "{client}{n}0"])
def test_a_pattern_that_could_repeat(owner: Browser, agency: AgencyView, pattern: str) -> None:
    before = dict(agencies.profile().patterns)
    settings = {f"pattern_{series}": each for series, each in before.items()}
    answer = owner.post("/northwind/settings/numbers", data={**settings, "pattern_invoice": pattern})
    assert answer.status_code == 422 and "error" in answer.text
    db.release()
    assert dict(agencies.profile().patterns) == before, "nothing was saved"


def test_a_client_with_documents_is_put_away_and_never_gone(
    owner: Browser, anonymous: Browser, agency: AgencyView
) -> None:
    client_id = documents.client()
    invoice_id = documents.issued("100", client_id=client_id)
    token = links.token_for("i", invoice_id)
    db.release()
    for method in (owner.post, owner.delete):
        assert method(f"/northwind/clients/{client_id}/delete").status_code in (404, 405)
        assert owner.delete(f"/northwind/clients/{client_id}").status_code in (404, 405)
    assert owner.post(f"/northwind/clients/{client_id}/archive").status_code == 303
    assert "Caffè Olmo" in owner.get(f"/northwind/clients/{client_id}").text
    assert "Caffè Olmo" in owner.get(f"{INVOICES}/{invoice_id}").text
    assert "Pay €122.00" in _text(anonymous.get(f"/i/{token}"))
    db.release()
    with pytest.raises(sa.exc.IntegrityError), db.writing():
        db.session().execute(sa.delete(Client).where(Client.id == client_id))
    db.release()
    assert service.get(invoice_id).client_id == client_id
