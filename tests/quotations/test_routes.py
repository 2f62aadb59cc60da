"""Staff pages: who gets in, what is kept, what is said, and how often the database is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from tests.client import Browser
from tests.factories import authors
from tests.factories import catalogue as shop
from tests.factories import quotations as make
from tests.factories.people import Person
from tests.proposals.test_routes import form_of
from webkit.catalogue import service as catalogue
from webkit.contracts import service as contracts
from webkit.core.kernel import db, ids
from webkit.core.kernel.directory import AgencyView
from webkit.invoices import service as invoices
from webkit.quotations import library, service
from webkit.quotations.models import BlockKind
from webkit.quotations.offer import Offer, Section, Term
from webkit.quotations.views import Author

BASE, TEXTS = "/northwind/quotations", "/northwind/settings/quotations"
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
HTMX = {"HX-Request": "true"}


def words(html: str) -> str:
    """The text of a page as it is read."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("&#39;", "'").split())


@contextmanager
def statements() -> Iterator[list[str]]:
    """What the database is asked."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(db.db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.db.engine, "before_cursor_execute", note)


@pytest.fixture
def mine(agency: AgencyView, ada: Person) -> UUID:
    """A draft of the owner."""
    return make.draft(author=Author(ada.id, ada.name, ada.email))


def test_pages_answer_their_owner(owner: Browser, mine: UUID) -> None:
    for path in ("/", "/?state=draft", "/?q=studio", "/?state=nonsense&before=x&client=y", "/new", f"/{mine}/edit"):
        assert owner.get(f"{BASE}{path}").status_code == 200, path
    for path in (f"/{mine}/preview", f"/{mine}/send"):
        assert owner.get(f"{BASE}{path}").status_code == 200, path
    assert owner.get(f"{BASE}/{mine}").headers["Location"].endswith("/edit")
    assert owner.get(f"{BASE}/{mine}/pdf").status_code == 404
    make.send(mine)
    assert "has not opened it yet" in owner.get(f"{BASE}/{mine}").text
    assert owner.get(f"{BASE}/{mine}/edit").headers["Location"].endswith(str(mine))
    assert owner.get(f"{BASE}/{mine}/pdf").data.startswith(b"%PDF")
    assert owner.get(f"/api/quotations/{mine}/pdf").data.startswith(b"%PDF")


def test_others_find_nothing(stranger: Browser, anonymous: Browser, mine: UUID) -> None:
    for path in ("/", "/new", f"/{mine}", f"/{mine}/edit", f"/{mine}/preview", f"/{mine}/send", f"/{mine}/pdf"):
        assert stranger.get(f"{BASE}{path}").status_code == 404, path
        assert anonymous.get(f"{BASE}{path}").status_code == 303, path
    acts = ("edit", "send", "remind", "withdraw", "revise", "duplicate", "delete", "link/revoke", "link/renew")
    for path in acts:
        assert stranger.post(f"/harbour-pine/quotations/{mine}/{path}", data={"by": "link"}).status_code == 404, path
        assert anonymous.post(f"{BASE}/{mine}/{path}").status_code == 303, path
    for feature in ("contracts", "invoices"):
        target = f"/harbour-pine/{feature}/from-quotation"
        assert stranger.post(target, data={"quotation": str(mine)}).status_code == 404
        assert stranger.post(target, data={"quotation": "x"}).status_code == 404
    assert service.get(mine).word == "draft"


def test_members_see_and_change_their_own(member: Browser, mine: UUID, max_: Person) -> None:
    assert member.get(f"{BASE}/{mine}/preview").status_code == 404
    for path in ("edit", "send", "remind", "withdraw", "revise", "delete", "link/revoke", "link/renew", "duplicate"):
        assert member.post(f"{BASE}/{mine}/{path}", data={"by": "link"}).status_code == 404, path
    authors.hand_to(max_.id)
    assert member.get(f"{BASE}/{mine}/preview").status_code == 200
    own = UUID(member.post(f"{BASE}/{mine}/duplicate").headers["Location"].split("/")[-2])
    assert service.get(own).author_id == max_.id
    assert member.get(TEXTS).status_code == 200
    for path in ("/blocks/new", "/templates/new"):
        assert member.get(f"{TEXTS}{path}").status_code == member.post(f"{TEXTS}{path}").status_code == 403


def test_the_editor_saves_what_it_shows(owner: Browser, mine: UUID) -> None:
    before = service.get(mine)
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    assert owner.post(f"{BASE}/{mine}/edit", data=data).status_code == 303
    after = service.get(mine)
    assert after.revision == before.revision + 1 and after.draft == before.draft


def test_totals_come_from_the_server_while_one_types(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    data["lines-1-price"] = "1310.00"
    answer = owner.post(f"{BASE}/{mine}/edit", data=data, headers=HTMX)
    assert answer.status_code == 200 and "<html" not in answer.text
    assert f'name="revision" value="{int(data["revision"]) + 1}"' in answer.text
    assert "4,983.41" in words(answer.text).replace(" ", "")
    stale = owner.post(f"{BASE}/{mine}/edit", data=data | {"title": "Mine"}, headers=HTMX)
    assert stale.status_code == 409 and "Keep mine" in stale.text
    over = re.search(r'name="over" value="(\d+)"', stale.text)
    assert over
    kept = owner.post(f"{BASE}/{mine}/edit", data=data | {"title": "Mine", "over": over[1]})
    assert kept.status_code == 303 and service.get(mine).title == "Mine"


def test_buttons_change_rows_with_and_without_a_script(owner: Browser, mine: UUID) -> None:
    catalogue.create_package(shop.package_terms())
    pick = f"package:{catalogue.packages()[0].id}"
    block = library.add_block(BlockKind.SCOPE, "Protecting the floor", "- Cover it")
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    section = service.get(mine).offer.sections[1].id
    part = owner.post(f"{BASE}/{mine}/edit", data=data | {"do": f"pick:{section}:{pick}"}, headers=HTMX)
    assert part.status_code == 200 and part.text.lstrip().startswith('<div class="wk-stack wk-stack-6" id="scope"')
    assert service.get(mine).offer.lines[-1].price == 4800
    data["revision"] = str(service.get(mine).revision)
    owner.post(f"{BASE}/{mine}/edit", data=data | {"prices": "gross", "do": f"pick:{section}:{pick}"}, headers=HTMX)
    assert service.get(mine).offer.lines[-1].price == 5856, "the catalogue's prices are without tax"
    data["revision"] = str(service.get(mine).revision)
    gone = owner.post(f"{BASE}/{mine}/edit", data=data | {"do": f"block:{block}"})
    assert gone.headers["Location"].endswith("#scope")
    assert service.get(mine).offer.sections[-1].text == "- Cover it"
    assert service.get(mine).offer.sections[-1].block is None
    page = owner.get(f"{BASE}/{mine}/edit?add=lines:{section}").text
    assert "autofocus" in page
    for act in ("pick:a:package:x", f"block:{ids.uuid7()}", f"pick:a:addon:{ids.uuid7()}", "nonsense:1:2:3:4"):
        data["revision"] = str(service.get(mine).revision)
        assert owner.post(f"{BASE}/{mine}/edit", data=data | {"do": act}).status_code in (303, 404), act


def test_what_is_wrong_stays_in_the_form(owner: Browser, mine: UUID) -> None:
    data = form_of(owner.get(f"{BASE}/{mine}/edit").text)
    wrong = {"lines-0-price": HOSTILE, "title": HOSTILE * 9, "discount-value": "-1", "lines-1-quantity": "1e99"}
    page = owner.post(f"{BASE}/{mine}/edit", data=data | wrong)
    assert page.status_code == 422 and "<script>alert" not in page.text and "&lt;script&gt;" in page.text
    assert service.get(mine).revision == int(data["revision"])


def test_from_sending_to_a_contract_by_buttons(owner: Browser, mine: UUID) -> None:
    form = form_of(owner.get(f"{BASE}/{mine}/send").text) | {"by": "mail", "remind": "1"}
    nobody = owner.post(f"{BASE}/{mine}/send", data=form | {"to_email": ""})
    assert nobody.status_code == 422 and "Write where the mail goes" in nobody.text
    assert owner.post(f"{BASE}/{mine}/send", data=form | {"revision": "1"}).status_code == 409
    assert owner.post(f"{BASE}/{mine}/send", data=form).status_code == 303
    assert owner.post(f"{BASE}/{mine}/send", data=form).status_code == 303  # a double click
    page = owner.get(f"{BASE}/{mine}").text
    assert "A reminder goes out by itself" in page
    once = re.search(r'/remind"[^>]*>.*?name="once" value="([^"]+)"', page, re.DOTALL)
    assert once
    for _again in range(2):
        assert owner.post(f"{BASE}/{mine}/remind", data={"once": once[1]}).status_code == 303
    assert "was reminded on" in owner.get(f"{BASE}/{mine}").text
    make.accept(mine, "dimmer")
    page = owner.get(f"{BASE}/{mine}").text
    assert "Draft the contract" in page and "Draft the invoice" in page
    made = [
        owner.post("/northwind/contracts/from-quotation", data={"quotation": str(mine)}).headers["Location"]
        for _again in range(2)
    ]
    assert made[0] == made[1] and "quotation QUO-" in words(owner.get(made[0]).text)
    refused = owner.post("/northwind/invoices/from-quotation", data={"quotation": str(mine)})
    assert refused.status_code == 409 and "turned into a contract or an invoice before" in words(refused.text)
    page = owner.get(f"{BASE}/{mine}").text
    assert "Open the contract" in page and "Draft the" not in page
    assert owner.get(f"{made[0]}/edit").status_code == 200
    assert contracts.get(UUID(made[0].split("/")[-1])).total_minor == 382_441


def test_from_acceptance_to_the_invoice_by_buttons(owner: Browser, mine: UUID) -> None:
    make.accept(make.send(mine), "dimmer", "blinds")
    made = owner.post("/northwind/invoices/from-quotation", data={"quotation": str(mine)}).headers["Location"]
    shown = owner.get(made)
    assert "4,154.72" in words(shown.text).replace(" ", "")
    form = form_of(owner.get(f"{made}/edit").text)
    assert "line_price" not in form
    assert owner.post(f"{made}/edit", data=form | {"title": "Done", "payment_days": "5"}).status_code == 303
    assert owner.post(f"{made}/edit", data=form | {"payment_days": "x"}).status_code == 422
    draft = invoices.get(UUID(made.split("/")[-1]))
    assert (draft.title, draft.payment_days, draft.total) == ("Done", 5, 415_472)


def test_withdrawing_revising_and_links_by_buttons(owner: Browser, mine: UUID) -> None:
    make.send(mine)
    assert owner.post(f"{BASE}/{mine}/withdraw", data={"reason": "x" * 1001}).status_code == 422
    assert owner.post(f"{BASE}/{mine}/link/revoke").status_code == 303
    assert "The link is closed" in owner.get(f"{BASE}/{mine}").text
    assert owner.post(f"{BASE}/{mine}/link/renew").status_code == 303
    assert owner.post(f"{BASE}/{mine}/withdraw", data={"reason": "Sold."}).status_code == 303
    assert "You withdrew it" in words(owner.get(f"{BASE}/{mine}").text)
    assert owner.post(f"{BASE}/{mine}/remind").status_code == 409
    assert owner.post(f"{BASE}/{mine}/revise").headers["Location"].endswith("/edit")
    assert "Version 2 is a draft" in words(owner.get(f"{BASE}/{mine}").text)
    assert owner.post(f"{BASE}/{mine}/delete").status_code == 409


def test_a_template_composes_texts_that_follow_their_changes(owner: Browser, agency: AgencyView) -> None:
    form = {"kind": "scope", "title": "Protecting the floor", "text": "- Felt", "once": "k"}
    for _again in range(2):
        assert owner.post(f"{TEXTS}/blocks/new", data=form).status_code == 303
    [block] = library.blocks()
    assert owner.post(f"{TEXTS}/blocks/new", data={"kind": "song"}).status_code == 422
    path = owner.post(f"{TEXTS}/templates/new", data={"title": "A room", "once": "t"}).headers["Location"]
    data = form_of(owner.get(path).text)
    assert owner.post(path, data=data | {"do": f"block:{block.id}"}, headers=HTMX).status_code == 200
    data = form_of(owner.get(path).text)
    section = data["sections-0-id"]
    line = {f"lines-0-{name}": value for name, value in {"section": section, "name": "Felt", "price": "4.2"}.items()}
    assert owner.post(path, data=data | line | {"valid_days": "21"}).status_code == 303
    edit = f"{TEXTS}/blocks/{block.id}"
    text = form_of(owner.get(edit).text) | {"text": "- Felt and tape"}
    assert owner.post(edit, data=text).status_code == 303
    stale = owner.post(edit, data=text | {"text": "- Mine"})
    assert stale.status_code == 409 and "Keep mine" in stale.text and "- Mine" in stale.text
    assert "Felt and tape" in owner.get(path).text
    client, template = make.client(), library.templates()[0]
    page = owner.get(f"{BASE}/new?client={client}&template={template.id}").text
    assert f'value="{client}" selected' in page and f'value="{template.id}" selected' in page
    new = {"client_id": str(client), "title": "Back room", "template_id": str(template.id)}
    made = UUID(owner.post(f"{BASE}/new", data=new).headers["Location"].split("/")[-2])
    begun = service.get(made)
    assert [(each.title, each.text) for each in begun.offer.sections] == [("Protecting the floor", "- Felt and tape")]
    assert begun.offer.lines[0].section == begun.offer.sections[0].id and begun.valid_until is not None
    assert (begun.valid_until - service.today()).days == 21
    owner.post(edit, data=text | {"text": "- Later", "revision": "2"})
    assert service.get(made).offer.sections[0].text == "- Felt and tape"
    for gone in (f"{edit}/archive", f"{path}/archive"):
        assert owner.post(gone).status_code == 303
    assert library.blocks() == [] and library.templates() == []
    assert library.resolved(library.template(template.id).offer).sections[0].text == "- Later"


def test_two_who_change_a_template(owner: Browser, agency: AgencyView) -> None:
    made = library.add_template("A room", Offer(sections=(Section(id="a"),), terms=(Term(title="T", text="t"),)))
    path = f"{TEXTS}/templates/{made}"
    data = form_of(owner.get(path).text)
    assert owner.post(path, data=data | {"title": "First"}).status_code == 303
    stale = owner.post(path, data=data | {"title": "Second"})
    assert stale.status_code == 409 and "Keep mine" in stale.text
    assert owner.post(path, data=data | {"title": "Second", "over": "2"}).status_code == 303
    assert owner.post(path, data=data | {"title": ""}).status_code == 422
    copied = owner.post(f"{path}/duplicate", data={"once": "d"}).headers["Location"]
    assert "Second (Copy)" in owner.get(copied).text


def test_the_client_page_and_the_verify_page_know_it(owner: Browser, anonymous: Browser, mine: UUID) -> None:
    make.accept(make.send(mine))
    view = service.get(mine)
    page = owner.get(f"/northwind/clients/{view.client_id}").text
    assert view.number in page and f"{BASE}/new?client={view.client_id}" in page.replace("&amp;", "&")
    code = re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){3}", owner.get(f"{BASE}/{mine}").text)
    assert code
    verified = anonymous.get(f"/verify/{code[0]}")
    assert verified.status_code == 200 and view.number in verified.text


def test_the_database_is_asked_few_times(owner: Browser, mine: UUID) -> None:
    for n in range(4):
        make.draft(service.get(mine).client_id, title=f"Work {n}")
    make.accept(make.send(mine), "dimmer")
    for path, most in ((f"{BASE}/", 8), (f"{BASE}/{mine}", 10)):
        owner.get(path)
        with statements() as asked:
            assert owner.get(path).status_code == 200
        assert len(asked) <= most, "\n".join(asked)
