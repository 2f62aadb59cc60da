"""The editor of invoices: what can be typed, what is refused and where, and what a draft that waited says."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import catalogue as shop
from tests.factories import documents
from webkit.agencies import service as agencies
from webkit.catalogue import service as catalogue
from webkit.core.kernel import clock, counters, db, frozen, links
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict
from webkit.invoices import beginnings, drafts, service
from webkit.pricing import Priced
from webkit.pricing.habits import Habits, StampBy

NEW = "/northwind/invoices/new"


def form(client: object, *lines: tuple[str, ...], **changes: Any) -> dict[str, Any]:
    """Rows of (what, quantity, price, discount, rate, unit); what is left out is empty."""
    rows = [(*line, *[""] * (6 - len(line))) for line in lines or (("Design", "2", "150.00"),)]
    columns = zip(*rows, strict=True)
    names = ("description", "quantity", "price", "discount", "rate", "unit")
    head = {"client_id": str(client), "title": "Online shop", "payment_days": "14", "once": ""}
    return {**head, **{f"line_{name}": list(values) for name, values in zip(names, columns, strict=True)}, **changes}


def made(owner: Browser, data: dict[str, Any]) -> UUID:
    answer = owner.post(NEW, data=data)
    assert answer.status_code == 303, text(answer)
    return UUID(answer.location.rsplit("/", 1)[1])


def text(answer: Any) -> str:
    inline = re.sub(r"</?(span|small|b)\b[^>]*>", "", answer.text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inline))


def figures(invoice_id: UUID) -> tuple[int, ...]:
    sums = service.get(invoice_id).priced.totals
    return sums.subtotal, sums.discount, sums.charge, sums.net, sums.tax, sums.gross, sums.withheld, sums.payable


def test_everything_that_can_be_decided_is_computed_frozen_and_printed(
    owner: Browser, anonymous: Browser, agency: AgencyView
) -> None:
    lines = (("Review", "10", "100", "10 %", "", "HUR"), ("Domain", "1", "38.50", "", "outside-n1"))
    decided = {"discount": "50", "discount_reason": "Old friend", "charge": "2 %", "charge_reason": "Express"}
    duties = {"fund": "TC22", "fund_percent": "4", "withholding": "RT01"}
    invoice_id = made(owner, form(documents.client(), *lines, **decided, **duties))
    priced = service.get(invoice_id).priced
    assert (priced.totals.subtotal, priced.totals.discount, priced.totals.charge) == (93850, 5000, 1800)
    assert [line.passed_on for line in priced.lines] == [False, True]
    fees = priced.lines[0].net
    assert [(fund.base, fund.amount) for fund in priced.funds] == [(fees, round(fees * 4 / 100))]
    service.issue(invoice_id, documents.ACTOR)
    kept = frozen.latest("invoice", invoice_id)
    assert kept is not None
    assert Priced.from_dict(kept.snapshot["priced"]) == priced
    token = links.token_for("i", invoice_id)
    db.release()
    for page in (text(owner.get(f"/northwind/invoices/{invoice_id}")), text(anonymous.get(f"/i/{token}"))):
        for words in (
            "10 hours",
            "Discount 10 % -€100.00",
            "Old friend",
            "Express",
            "INPS 4 %",
            "Withholding tax 20 %",
        ):
            assert words in page


def test_prices_with_tax_in_them(owner: Browser, agency: AgencyView) -> None:
    invoice_id = made(owner, form(documents.client(), ("Cake", "1", "122"), prices="gross"))
    assert figures(invoice_id) == (12200, 0, 0, 10000, 2200, 12200, 0, 12200)


def test_a_new_invoice_begins_with_the_habits_of_the_agency(owner: Browser, agency: AgencyView) -> None:
    agencies.change({"habits": Habits(withholding="RT01", stamp=StampBy.AGENCY).to_dict()})
    page = owner.get(NEW).text
    assert re.search(r'value="RT01" selected', page)
    assert re.search(r'value="agency" selected', page)
    draft = documents.draft("100")
    assert service.get(draft).priced.totals.withheld == 2000


def test_only_what_the_scheme_knows_is_shown(owner: Browser, agency: AgencyView) -> None:
    agencies.change({"tax_scheme": "au-gst", "currency": "AUD"})
    page = owner.get(NEW).text
    assert 'name="discount"' in page
    assert 'name="cash_rounding"' in page
    for name in ("fund", "withholding", "stamp", "split_payment"):
        assert f'name="{name}"' not in page
    assert "GST-free" in page


def test_habits_are_set_in_the_settings(owner: Browser, member: Browser, agency: AgencyView) -> None:
    path = "/northwind/settings/tax"
    assert "Pension fund contribution" in owner.get(path).text
    chosen = {"prices": "net", "fund": "TC04", "fund_percent": "4", "withholding": "RT01", "split_payment": "1"}
    answer = owner.post(path, data=chosen)
    assert (answer.status_code, "no split payment" in answer.text) == (422, True)
    answer = owner.post(path, data={**chosen, "split_payment": "", "fund_percent": "400"})
    assert (answer.status_code, "between 0 and 100" in answer.text) == (422, True)
    assert owner.post(path, data={**chosen, "split_payment": ""}).status_code == 303
    assert agencies.profile().habits == Habits(fund="TC04", withholding="RT01")
    assert member.get(path).status_code == 403


@pytest.mark.parametrize(
    ("lines", "changes", "words"),
    [
        ((("A", "1", "1" + "0" * 20),), {}, "too large"),
        ((("A", "1", "0." + "1" * 30),), {}, "too precise"),
        ((("A", "1" + "0" * 15, "100"),), {}, "too large"),
        ((("A", "1", "-100"),), {}, "take off more than they add up to"),
        ((("A", "1", "100", "100.01"),), {}, "larger than what it is taken from"),
        ((("A", "1", "100", "101 %"),), {}, "too large to be true"),
        ((("A", "1", "100", "-5"),), {}, "without a minus"),
        ((("A", "1", "100"),), {"discount": "100.01"}, "larger than what it is taken from"),
        ((("A", "1", "100"),), {"discount": "ten"}, "not an amount"),
        ((("A", "1", "100"),), {"fund": "TC01", "prices": "gross"}, "needs prices without tax"),
        ((("A", "1", "100"),), {"fund": "TC01", "fund_percent": "0"}, "between 0 and 100"),
        ((("A", "1", "100"),), {"withholding": "RT01", "split_payment": "1"}, "no split payment"),
        ((("A", "1", "100", "", "free"),), {}, "no rate"),
        ((("A", "1", "100", "", "", "KILO"),), {}, "one of the offered"),
        ((("A", "1", "1"),) * 101, {}, "at most 100 lines"),
    ],
)
def test_wrong_use_is_refused_where_it_is(
    owner: Browser, agency: AgencyView, lines: tuple[tuple[str, ...], ...], changes: dict[str, str], words: str
) -> None:
    answer = owner.post(NEW, data=form(documents.client(), *lines, note="Keep me", **changes))
    assert answer.status_code == 422
    assert words in text(answer)
    assert "Keep me" in answer.text
    assert service.page(limit=5) == []


@pytest.mark.parametrize("begun", [("", "", "", "12 %"), ("", "3", "", "")])
def test_a_row_that_was_only_begun_is_not_thrown_away(
    owner: Browser, agency: AgencyView, begun: tuple[str, ...]
) -> None:
    answer = owner.post(NEW, data=form(documents.client(), ("A", "1", "100"), begun))
    typed = begun[3] or begun[1]
    assert answer.status_code == 422 and f'value="{typed}"' in answer.text
    assert service.page(limit=5) == []


def test_totals_while_somebody_types(owner: Browser, agency: AgencyView) -> None:
    typing = {"HX-Request": "true"}
    path = "/northwind/invoices/totals"
    lines = (("A", "1", "100"), ("", "", ""), ("B", "2", "50", "10 %"))
    answer = owner.post(path, data=form("", *lines, discount="10"), headers=typing)
    assert answer.status_code == 200
    assert "<form" not in answer.text
    assert re.findall(r'data-row="(\d+)"', answer.text) == ["0", "2"]
    assert "€190.00" in text(answer)
    assert "€219.60" in text(answer)
    begun = text(owner.post(path, data=form("", ("A", "1", "")), headers=typing))
    assert "as soon as the lines are complete" in begun
    wrong = text(owner.post(path, data=form("", ("A", "1", "1e30"), discount="x"), headers=typing))
    assert "Line 1: “1e30” is not an amount" in wrong
    assert service.page(limit=5) == []


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("up:1", ["B", "A", "C"]),
        ("down:0", ["B", "A", "C"]),
        ("up:0", ["A", "B", "C"]),
        ("down:2", ["A", "B", "C"]),
        ("copy:1", ["A", "B", "B", "C"]),
        ("remove:0", ["B", "C"]),
        ("remove:9", ["A", "B", "C"]),
        ("more", ["A", "B", "C"]),
        ("nonsense:x", ["A", "B", "C"]),
    ],
)
def test_rows_are_changed_by_buttons_too(owner: Browser, agency: AgencyView, act: str, expected: list[str]) -> None:
    lines = (("A", "1", "1"), ("B", "1", "2"), ("C", "1", "3"))
    page = owner.post(NEW, data=form("", *lines, do=act, title="Kept")).text
    typed = re.findall(r'name="line_description" value="([^"]+)"', page)
    assert typed == expected
    assert 'value="Kept"' in page
    assert service.page(limit=5) == []


def test_compute_is_a_button(owner: Browser, agency: AgencyView) -> None:
    page = text(owner.post(NEW, data=form("", ("A", "3", "81.97"), do="compute")))
    assert "€300.01" in page


def test_a_new_invoice_is_issued_from_its_editor_once(owner: Browser, agency: AgencyView) -> None:
    assert "Issue and send" in owner.get(NEW).text
    data = form(documents.client(), then="issue", once="one-key")
    first, again = made(owner, data), made(owner, data)
    assert first == again
    assert service.get(first).state == "issued"
    assert service.get(first).number == "INV-2026-0001"
    assert counters.following("invoice", "INV-{year}-{n:04}", clock.today("Europe/Rome")).value == 2


def test_what_cannot_be_issued_is_not_kept_and_stands_in_the_form(owner: Browser, agency: AgencyView) -> None:
    nowhere = documents.client(email="")
    answer = owner.post(NEW, data=form(nowhere, then="issue", once="one-key"))
    assert answer.status_code == 422
    assert "has no e-mail address to send the invoice to" in text(answer)
    assert 'value="150.00"' in answer.text
    assert "Online shop" not in owner.get("/northwind/invoices").text
    draft = made(owner, form(nowhere, once="one-key"))  # by the same form it can be kept as a draft
    assert service.get(draft).state == "draft"


def test_saved_twice_with_the_same_words_it_is_saved_once(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    path, data = f"/northwind/invoices/{draft}/edit", form(client_id, revision="1")
    assert [owner.post(path, data=data).status_code for _ in range(2)] == [303, 303]
    assert service.get(draft).revision == 2


def test_of_two_editors_the_second_is_asked(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    path = f"/northwind/invoices/{draft}/edit"
    owner.post(path, data=form(client_id, ("Mine", "1", "1"), revision="1"))
    second = owner.post(path, data=form(client_id, ("Yours", "1", "2"), revision="1"))
    assert second.status_code == 409
    assert "Somebody else changed this invoice" in second.text
    assert 'value="Yours"' in second.text
    over = re.search(r'name="over" value="(\d+)"', second.text)
    assert over
    assert owner.post(path, data=form(client_id, ("Yours", "1", "2"), revision="1", over=over[1])).status_code == 303
    assert service.get(draft).lines[0]["description"] == "Yours"


def test_an_issued_invoice_is_not_saved_over(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    invoice_id = documents.issued("100", client_id=client_id)
    answer = owner.post(f"/northwind/invoices/{invoice_id}/edit", data=form(client_id, revision="1"))
    assert answer.status_code == 409
    assert "has been issued and cannot be changed" in answer.text
    assert figures(invoice_id)[-1] == 12200


# --- tax settings that change while a draft waits ----------------------------------------------------------------


def test_a_draft_that_waited_is_computed_anew_and_says_so(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    draft, issued = documents.draft("100", client_id=client_id), documents.issued("100", client_id=client_id)
    agencies.change({"tax_scheme": "it-forfettario"})
    page = owner.get(f"/northwind/invoices/{draft}").text
    assert "figures have changed" in page
    assert "€122.00" in page
    assert "€100.00" in page
    assert "figures have changed" in owner.get(f"/northwind/invoices/{draft}/edit").text
    with pytest.raises(Conflict, match="figures of this draft have changed"):
        service.issue(draft, documents.ACTOR)
    seal = re.search(r'name="seen" value="(\w+)"', page)
    assert seal
    assert owner.post(f"/northwind/invoices/{draft}/issue", data={"seen": seal[1]}).status_code == 303
    assert figures(draft)[-1] == 10000
    kept = frozen.latest("invoice", draft)
    assert kept is not None
    assert kept.snapshot["priced"]["totals"]["payable"] == 10000
    assert [each.open for each in service.sums()] == [10000 + 12200]
    assert figures(issued)[-1] == 12200
    assert "figures have changed" not in owner.get(f"/northwind/invoices/{issued}").text


def test_a_rate_that_ended_is_named_before_anything_is_issued(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    draft = made(owner, form(client_id, ("A", "1", "100", "", "reduced-10")))
    agencies.change({"tax_scheme": "au-gst", "currency": "EUR"})
    page = owner.get(f"/northwind/invoices/{draft}").text
    assert "can no longer be computed" in page
    assert "reduced-10" in page
    with pytest.raises(Conflict, match="Open it and look"):
        service.issue(draft, documents.ACTOR)
    editor = owner.get(f"/northwind/invoices/{draft}/edit")
    assert "no rate" in editor.text
    answer = owner.post(f"/northwind/invoices/{draft}/edit", data=form(client_id, ("A", "1", "100"), revision="1"))
    assert answer.status_code == 303
    assert figures(draft)[-1] == 11000


def test_a_draft_keeps_the_currency_it_was_begun_in(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    draft = documents.draft("100", client_id=client_id)
    agencies.change({"currency": "JPY"})
    page = owner.get(f"/northwind/invoices/{draft}/edit").text
    assert "works in JPY now" in page
    assert "Price in EUR" in page
    assert owner.post(f"/northwind/invoices/{draft}/edit", data=form(client_id, revision="1")).status_code == 303
    kept = service.get(draft)
    assert (kept.currency, kept.priced.currency, kept.total) == ("EUR", "EUR", 36600)
    assert "in EUR" in text(owner.get(f"{NEW}?from={draft}"))


def test_rates_change_with_the_calendar(agency: AgencyView) -> None:
    agencies.change({"tax_scheme": "eu-sk"})
    with clock.frozen(clock.now().replace(year=2024, month=12, day=30)):
        draft = documents.draft("100")
        assert drafts.renewal(service.get(draft)) is None
    changed = drafts.renewal(service.get(draft))
    assert changed is not None
    assert changed.priced is not None
    assert (service.get(draft).total, changed.priced.totals.payable) == (12000, 12300)


# --- beginnings --------------------------------------------------------------------------------------------------


def test_an_invoice_again_and_as_a_template(owner: Browser, agency: AgencyView) -> None:
    client_id = documents.client()
    source = made(owner, form(client_id, ("Care", "1", "190", "5 %", "reduced-10", "MON"), discount="1 %"))
    service.issue(source, documents.ACTOR)
    again = owner.get(f"{NEW}?from={source}").text
    for words in ('value="Care"', 'value="5 %"', 'value="1 %"', 'value="reduced-10" selected', 'value="MON" selected'):
        assert words in again
    assert f'value="{client_id}" selected' in again
    path = f"/northwind/invoices/{source}/template"
    assert owner.post(path, data={"name": ""}).status_code == 422
    assert [owner.post(path, data={"name": "Care"}).status_code for _ in range(2)] == [303, 303]
    [template] = beginnings.templates()
    assert (template.name, template.lines) == ("Care", 1)
    assert "Care" in owner.get("/northwind/invoices/templates").text
    begun = owner.get(f"{NEW}?template={template.id}").text
    assert 'value="Care"' in begun
    assert f'value="{client_id}" selected' not in begun
    assert owner.post(f"/northwind/invoices/templates/{template.id}/delete").status_code == 303
    assert beginnings.templates() == []
    assert owner.get(f"{NEW}?template={template.id}").status_code == 404


def test_templates_are_the_agencys_own(owner: Browser, stranger: Browser, agency: AgencyView) -> None:
    draft = documents.draft("10")
    beginnings.keep_template(service.get(draft), "Mine")
    [template] = beginnings.templates()
    assert stranger.get(f"/harbour-pine/invoices/new?template={template.id}").status_code == 404
    assert stranger.post(f"/harbour-pine/invoices/templates/{template.id}/delete").status_code == 404
    assert "Mine" not in stranger.get("/harbour-pine/invoices/templates").text


def test_words_that_were_used_are_suggested(owner: Browser, agency: AgencyView) -> None:
    client_id, other = documents.client(), documents.client("Another S.r.l.", "another@olmo.example")
    made(owner, form(client_id, ("Care, one month", "1", "190", "", "reduced-10", "MON")))
    answer = owner.get(f"/northwind/invoices/words?client_id={client_id}", headers={"HX-Request": "true"}).text
    assert 'value="Care, one month" data-price="190.00" data-rate="reduced-10" data-unit="MON"' in answer
    assert "Care, one month" not in owner.get(f"/northwind/invoices/words?client_id={other}").text
    assert "Care, one month" in owner.get(f"{NEW}?client={client_id}").text


def test_prices_of_the_catalogue_are_suggested_as_the_invoice_writes_them(owner: Browser, agency: AgencyView) -> None:
    catalogue.create_package(shop.package_terms())
    db.release()
    for prices, price in (("", "4800.00"), ("net", "4800.00"), ("gross", "5856.00"), ("both", "4800.00")):
        found = owner.get(f"/northwind/invoices/words?prices={prices}").text
        assert f'value="Website Starter" data-price="{price}"' in found, prices


def test_the_editor_stays_light(owner: Browser, agency: AgencyView) -> None:
    assert len(owner.get(NEW).data) < 36_000
