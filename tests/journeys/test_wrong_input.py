"""Wrong input at every step, over HTTP: a clear answer, nothing lost that was typed, never a 5xx."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from tests.journeys.conftest import NewDeal, another
from tests.journeys.deal import AMOUNTS, OWNER, Deal, code
from tests.journeys.facts import Facts
from tests.journeys.stack import text_of, until
from tests.journeys.web import Form, Page, Visitor

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7*7 }}${7*7}"""
WRONG = {
    "missing": "",
    "too long": "long " * 30_000,
    "hostile": HOSTILE,
    "unprintable": "a\x00b\x1b[31m\u202e",
    "odd letters": "Zażółć 🚲 ﷽ \ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "no number": "twelve",
    "below zero": "-1",
    "huge": "9" * 60,
    "not finite": "NaN",
    "an exponent": "1e999",
}


@pytest.fixture(scope="module")
def sent(shared: Deal) -> Deal:
    """A deal whose contract waits for its signature."""
    return _until_step(another(shared), 6)


@pytest.fixture(scope="module")
def offered(shared: Deal) -> Deal:
    """A deal whose proposal waits for its answer."""
    return _until_step(another(shared), 4)


def _until_step(deal: Deal, steps: int) -> Deal:
    for step in deal.STEPS[:steps]:
        step(deal)
    return deal


# ---- every field of every form

Opener = Callable[[Deal], Form]
STAFF: dict[str, Opener] = {
    "settings": lambda deal: _staff(deal, "settings").form("/settings", has="legal_name"),
    "package": lambda deal: _staff(deal, "settings/packages/new").form(has="one_time_price"),
    "addon": lambda deal: _staff(deal, "settings/addons/new").form(has="pricing_type"),
    "client": lambda deal: _staff(deal, "clients/new").form("/clients/new"),
    "new proposal": lambda deal: _staff(deal, "proposals/new").form(has="client_id"),
    "proposal": lambda deal: _draft(deal).form(has="summary"),
    "send": lambda deal: _ready(deal).form("/send", has="to_email"),
    "invoice": lambda deal: _staff(deal, "invoices/new").form("/new"),
    "account": lambda deal: deal.staff.get("/account").form("/account"),
    "password": lambda deal: deal.staff.get("/account/security").form("/account/password"),
    "new agency": lambda deal: deal.staff.get("/agencies/new").form("/agencies/new"),
}
ANSWERS: dict[str, Opener] = {
    # Each lacks something, so that nothing is answered by it: the consent, the right version.
    "accept": lambda deal: deal.client.get(deal.proposal).form("/accept"),
    "changes": lambda deal: deal.client.get(deal.proposal).form("/changes").fill(seen=str(uuid4())),
    "decline": lambda deal: deal.client.get(deal.proposal).form("/decline").fill(seen=str(uuid4())),
}


def _staff(deal: Deal, path: str) -> Page:
    return deal.staff.get(f"/{deal.agency}/{path}").ok()


def _draft(deal: Deal) -> Page:
    form = _staff(deal, "proposals/new").form(has="client_id").choose("client_id", deal.client_name)
    page = form.fill(title="A draft to spoil").submit("Write the proposal").ok()
    form = page.form(has="summary").put("lines-0-name", "Design").put("lines-0-price", "100")
    return form.put("steps-0-title", "Begin").submit("Save").ok()


def _ready(deal: Deal) -> Page:
    return _draft(deal).form(has="summary").submit("Send").ok()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", STAFF)
def test_no_field_of_the_staff_breaks_anything(offered: Deal, name: str) -> None:
    _spoil_every_field(offered, STAFF[name], most=14)
    offered.settle_in()
    offered.staff.get("/account").form("/account").fill(name=OWNER["name"]).submit().ok()
    assert offered.stack.errors() == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", ANSWERS)
def test_no_field_of_an_answer_breaks_anything(offered: Deal, name: str) -> None:
    _spoil_every_field(offered, ANSWERS[name])
    offered.client.get(offered.proposal).ok().form("/accept")


@pytest.mark.timeout(180)
def test_no_field_of_the_signature_breaks_anything(sent: Deal) -> None:
    sent.ask_for_code()
    _spoil_every_field(sent, lambda deal: deal.client.get(deal.contract).form("/sign"))
    sent.client.get(sent.contract).ok().form("/sign")


def _spoil_every_field(deal: Deal, open_form: Opener, most: int = 100) -> None:
    first = open_form(deal)
    for field in sorted(first.names)[:most]:
        for what, value in _wrong_for(field):
            form = open_form(deal) if what == "hostile" else _again(first)
            kept = dict(form.values)
            answer = form.put(field, value).submit()
            print(field, what, answer.status)
            _is_clear(answer, field, what, kept)


def _again(form: Form) -> Form:
    return Form(form.page, form.action, form.method, form.id, [*form.values], form.names, form.options, form.buttons)


def _wrong_for(field: str) -> Iterator[tuple[str, str]]:
    for what, value in WRONG.items():
        if field not in ("password", "new", "old") or what in ("missing", "too long", "unprintable"):
            yield what, value


def _is_clear(answer: Page, field: str, what: str, kept: dict[str, str]) -> None:
    """Taken, refused with the form and everything in it, or refused as a whole: but in words, and harmless."""
    assert answer.status in (200, 400, 403, 404, 409, 413, 422, 429), f"{field}, {what}: {answer.status}"
    assert "<script>alert" not in answer.html and "<img src=x" not in answer.html, f"{field}, {what}"
    assert "49" not in answer.text.replace("€", "") or "{{ 7*7 }}" in answer.text or "49" not in HOSTILE
    assert len(answer.text) > 80, f"{field}, {what}: {answer.text}"
    if answer.status == 422:
        shown = next(form for form in answer.forms if field in form.names or kept.keys() <= form.names)
        lost = {
            name: value
            for name, value in kept.items()
            if value and name != field and name not in shown.hidden | {"password"} and shown[name] != value
        }
        assert lost == {}, f"{field}, {what}"
        if what == "hostile" and field not in shown.options and field not in shown.hidden and shown[field]:
            assert shown[field].startswith("<script>alert(1)"), f"{field} lost what was typed"


# ---- other people's things


@pytest.fixture(scope="module")
def stranger(shared: Deal) -> tuple[Visitor, str]:
    """Somebody signed in as an owner of another agency of the same installation."""
    visitor = shared.stack.visitor()
    visitor.cookies = dict(shared.staff.cookies)
    form = visitor.get("/agencies/new").form("/agencies/new")
    name = f"Harbour {datetime.now(UTC).microsecond}"
    page = form.fill(agency_name=name, country="IT").submit().ok()
    return visitor, page.path.split("/")[1]


def test_ids_of_another_agency_are_not_there(stranger: tuple[Visitor, str], offered: Deal) -> None:
    visitor, other = stranger
    for path in (offered.client_page, offered.proposal_page):
        mine = path.replace(f"/{offered.agency}/", f"/{other}/", 1)
        assert visitor.get(path).status == 200
        for tail in ("", "/edit", "/pdf", "/send", "/preview"):
            assert visitor.get(mine + tail).status in (404, 405)
        for tail in ("/send", "/delete", "/revise", "/edit", "/archive", "/notes"):
            assert visitor.post(mine + tail, {"revision": "1", "by": "link", "name": "x"}).status in (404, 405)
    form = visitor.get(f"/{other}/clients/new").form("/clients/new")
    form.fill(name="Own client", email="own@harbour.example").submit().ok()
    new = visitor.get(f"/{other}/proposals/new").form(has="client_id")
    foreign = offered.client_page.rsplit("/", 1)[-1]
    answer = new.put("client_id", foreign).fill(title="Theirs").submit()
    assert answer.status == 422
    assert answer.form(has="client_id")["title"] == "Theirs"


def test_nobody_is_asked_to_sign_in(offered: Deal) -> None:
    nobody = offered.stack.visitor()
    for path in (offered.client_page, offered.proposal_page, f"/{offered.agency}/", "/account", "/admin/jobs"):
        assert nobody.get(path).path.startswith("/sign-in")
    page = nobody.post(f"{offered.proposal_page}/send", {"by": "link"})
    assert page.path.startswith("/sign-in") or page.status == 404
    nobody.cookies["webkit"] = "x" * 4000
    assert nobody.get(f"/{offered.agency}/").path.startswith("/sign-in")


def test_another_site_cannot_send_forms(offered: Deal) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        page = offered.client.post(f"{offered.proposal}/decline", {"reason": "x"}, **headers)
        assert page.status == 403
        assert "another site" in page.text


def test_links_that_lead_nowhere_say_so(offered: Deal) -> None:
    for kind in ("p", "c", "i", "verify"):
        for token in ("nobody", "x" * 500, "%00", "..%2f..%2fetc", offered.proposal[-22:-1] + "B"):
            page = offered.client.get(f"/{kind}/{token}")
            assert page.status in (400, 404, 410), (kind, token, page.status)
            assert len(page.text) > 60
    token = offered.proposal.rsplit("/", 1)[-1]
    assert offered.client.get(f"/c/{token}").status == 404
    assert offered.client.get(f"/i/{token}").status == 404


def test_a_revoked_link_is_closed_and_a_new_one_opens(new_deal: NewDeal) -> None:
    deal = _until_step(new_deal(), 4)
    form = deal.client.get(deal.proposal).form("/accept").fill(name="Amelia Ross", consent="yes")
    page = deal.staff.get(deal.proposal_page)
    page.form("/link/revoke").submit().ok()
    assert deal.client.get(deal.proposal).says("no longer open").status == 410
    assert form.submit().status == 410
    again = deal.staff.get(deal.proposal_page).form("/link/renew").submit().ok()
    link = next(target for label, target in again.links if "/p/" in target)
    assert deal.client.get(link).ok().form("/accept")
    assert deal.client.get(deal.proposal).status == 410


# ---- twice, late, elsewhere


def test_pressing_twice_does_it_once(new_deal: NewDeal) -> None:
    deal = _until_step(new_deal(), 4)
    first = deal.choose()
    for _ in range(3):
        first.submit().ok().says("Amelia Ross accepted")
    other = _again(first).fill(name="Somebody Else").submit()
    assert other.status == 409
    other.says("already been accepted")
    deal.contract = deal.client.get(deal.proposal).link("Go on to sign")
    deal.ask_for_code()
    page = deal.client.get(deal.contract)
    digits = code(text_of(deal.mail("Your code", page.title.split()[1])))
    form = page.form("/sign").fill(code=digits, name="Amelia Ross", title="Owner", agree="yes")
    for _ in range(3):
        form.submit().ok().says("Signed by both sides")
    deal.invoice = deal.client.get(deal.contract).link("Go on to pay")
    pay = deal.client.get(deal.invoice).form("/pay")
    addresses = {pay.submit().ok().path for _ in range(3)}
    assert len(addresses) == 1
    checkout = deal.client.get(addresses.pop()).form("/pay")
    for _ in range(3):
        checkout.submit().ok()
    deal.paid()
    pay.submit().ok().says("Paid. Thank you.")
    deal.sealed()
    Facts(deal).all_hold()


def test_a_client_made_twice_is_one(offered: Deal) -> None:
    form = _staff(offered, "clients/new").form("/clients/new").fill(name="Twice Ltd", email="twice@example.com")
    assert form.submit().ok().path == form.submit().ok().path


def test_an_old_tab_loses_no_text(offered: Deal) -> None:
    old = _draft(offered).form(has="summary")
    _again(old).fill(summary="The newer text").submit("Save").ok()
    answer = old.fill(summary="The text of the old tab", title="Another title").submit("Save")
    assert answer.status == 409
    answer.says("Somebody else changed this proposal")
    kept = answer.form(has="summary")
    assert (kept["summary"], kept["title"]) == ("The text of the old tab", "Another title")
    kept.submit("Keep mine").ok()
    assert offered.staff.get(answer.url).form(has="summary")["summary"] == "The text of the old tab"


def test_an_old_tab_cannot_answer_a_newer_version(new_deal: NewDeal) -> None:
    deal = _until_step(new_deal(), 4)
    old = deal.client.get(deal.proposal).form("/accept").fill(name="Amelia Ross", consent="yes")
    page = deal.staff.get(deal.proposal_page).form("/revise").submit().ok()
    during = old.submit()
    assert during.status == 409
    page.form(has="summary").fill(title="The second version").submit("Send").ok().form("/send").submit("Send the").ok()
    answer = old.submit()
    assert answer.status == 409
    answer.says("read the new version", "The second version")
    assert answer.form("/accept")["name"] == "Amelia Ross"
    answer.form(has="option").submit("Update the total").ok().says("The second version")


def test_a_forwarded_link_can_be_read_but_not_signed_without_the_mailbox(sent: Deal) -> None:
    friend = sent.stack.visitor()
    page = friend.get(sent.contract).ok().says(AMOUNTS.total.split(".")[0][:2])
    if any(form.action.endswith("/code") for form in page.forms):
        page = page.form("/code").submit().ok()
    until(lambda: sent.mail("Your code"), 20)
    form = page.form("/sign").fill(code="000000", name="A Friend", title="Guest", agree="yes")
    answer = form.fill(signature_typed="A Friend").submit()
    assert answer.status == 422
    answer.says("This is not the code")
    kept = answer.form("/sign")
    assert (kept["name"], kept["title"], kept["signature_typed"], kept["agree"]) == (
        "A Friend",
        "Guest",
        "A Friend",
        "",
    )


def test_a_code_can_be_tried_five_times(new_deal: NewDeal) -> None:
    deal = _until_step(new_deal(), 6)
    digits = code(text_of(deal.mail("Your code", deal.client.get(deal.contract).title.split()[1])))
    wrong = "111111" if digits != "111111" else "222222"
    form = deal.client.get(deal.contract).form("/sign").fill(name="Amelia Ross", title="Owner", agree="yes")
    for _ in range(5):
        assert form.fill(code=wrong).submit().status == 422
    late = form.fill(code=digits).submit()
    assert late.status in (409, 422)
    late.says("Send yourself a new one")
    for _ in range(4):
        deal.client.post(f"{deal.contract}/code")
    assert deal.client.post(f"{deal.contract}/code").status == 429
    assert (
        deal.stack.rows(
            "SELECT id FROM signatures WHERE contract_id = (SELECT id FROM contracts ORDER BY id DESC LIMIT 1)"
        )
        == []
    )


def test_signing_in_is_not_guessed_and_says_nothing(offered: Deal) -> None:
    answers = set()
    for email in (OWNER["email"], "nobody@example.com"):
        form = offered.stack.visitor().get("/sign-in").form("/sign-in", has="password")
        page = form.fill(email=email, password="not the password").submit()
        assert page.status == 422
        assert page.form(has="password")["email"] == email
        answers.add(page.text)
    assert len(answers) == 1
