"""Staff pages of contracts and their templates: every role, every wrong input, without a script."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.client import Browser
from tests.factories import authors, deals
from tests.factories.people import Person
from webkit.contracts import service as contracts
from webkit.contracts import templates
from webkit.contracts.models import ContractState
from webkit.core.kernel import db
from webkit.core.kernel.directory import AgencyView
from webkit.proposals import service as proposals

BASE, SETTINGS = "/northwind/contracts", "/northwind/settings/contracts"


@pytest.fixture
def draft(agency: AgencyView) -> UUID:
    made = deals.drafted()
    db.release()
    return made


def edit_form(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Shop",
        "signer_name": "Giulia Ferrante",
        "signer_email": deals.EMAIL,
        "signatory_name": "Ada Brandt",
        "valid_until": "2099-01-31",
        "deposit_percent": "30",
        "revision": "1",
        "clause_title": ["What", "When"],
        "clause_text": ["A shop for {{client.name}}", "Soon"],
        **changes,
    }


def template_form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Short",
        "locale": "en",
        "version": "1",
        "clause_title": ["What"],
        "clause_text": ["{{contract.title}}"],
        **changes,
    }


# --- contracts -------------------------------------------------------------------------------------------------


def test_from_the_proposal_to_the_client(member: Browser, agency: AgencyView, max_: Person) -> None:
    proposal_id = deals.accepted()
    assert str(proposal_id) not in member.get(f"{BASE}/new").text  # somebody else's
    authors.hand_to(max_.id)
    assert str(proposal_id) in member.get(f"{BASE}/new").text
    onward = f"{BASE}/new?proposal={proposal_id}"
    assert onward in member.get(f"/northwind/proposals/{proposal_id}").text
    assert f'value="{proposal_id}" selected' in member.get(onward).text
    made = member.post(f"{BASE}/new", data={"proposal": str(proposal_id)})
    assert made.status_code == 303
    assert member.post(f"{BASE}/new", data={"proposal": str(proposal_id)}).location == made.location
    assert member.get(onward).location == made.location
    assert "No proposal is waiting" in member.get(f"{BASE}/new").text
    page = member.get(made.location)
    assert "A draft for Caffè Olmo S.r.l." in page.text and "Max Ferri" in page.text
    assert member.post(f"{made.location}/edit", data=edit_form()).status_code == 303
    assert member.post(f"{made.location}/send").status_code == 303
    page = member.get(made.location)
    assert re.search(r"CON-\d{4}-001", page.text) and "/c/" in page.text and "was sent" not in page.text
    paper = member.get(f"{made.location}/paper")
    assert (
        "A shop for Caffè Olmo" in paper.text and "frame-ancestors 'self'" in paper.headers["Content-Security-Policy"]
    )
    assert member.get(f"{made.location}/pdf").data.startswith(b"%PDF-")
    contract_id = made.location.rpartition("/")[2]
    assert member.get(f"/api/contracts/{contract_id}/pdf").data.startswith(b"%PDF-")


def test_the_list_shows_states_and_pages(owner: Browser, draft: UUID) -> None:
    deals.sent()
    page = owner.get(f"{BASE}/")
    assert page.status_code == 200 and page.text.count("<small>Website and bookings") == 2
    assert owner.get(f"{BASE}/?state=draft").text.count("<small>Website and bookings") == 1
    assert "Nothing here" in owner.get(f"{BASE}/?state=cancelled").text
    assert owner.get(f"{BASE}/?state=nonsense&before=x").status_code == 200


def test_a_clients_proposals_are_offered(owner: Browser, agency: AgencyView) -> None:
    proposal_id = deals.accepted()
    client = proposals.get(proposal_id).client_id
    assert str(proposal_id) in owner.get(f"{BASE}/new?client={client}").text
    assert str(proposal_id) not in owner.get(f"{BASE}/new?client={uuid4()}").text
    assert owner.get(f"{BASE}/new?client=x").status_code == 200
    assert owner.post(f"{BASE}/new", data={"proposal": ""}).status_code == 422


@pytest.mark.parametrize("proposal", ["x", "00000000-0000-0000-0000-000000000000", "x" * 36])
def test_no_contract_from_nothing(owner: Browser, agency: AgencyView, proposal: str) -> None:
    assert owner.post(f"{BASE}/new", data={"proposal": proposal}).status_code == 404


def test_others_see_nothing(stranger: Browser, anonymous: Browser, draft: UUID) -> None:
    for path in (f"{BASE}/", f"{BASE}/{draft}", f"{BASE}/{draft}/edit", f"{BASE}/{draft}/paper", f"{BASE}/{draft}/pdf"):
        assert stranger.get(path).status_code == 404
        assert anonymous.get(path).status_code == 303
    for act in ("send", "cancel", "edit"):
        assert stranger.post(f"{BASE}/{draft}/{act}", data=edit_form()).status_code == 404
        assert stranger.post(f"/harbour-pine/contracts/{draft}/{act}", data=edit_form()).status_code == 404
    assert stranger.get(f"/harbour-pine/contracts/{draft}").status_code == 404
    assert stranger.get(f"/api/contracts/{draft}/pdf").status_code == 404
    assert contracts.get(draft).state is ContractState.DRAFT


def test_what_keeps_it_from_being_sent_is_listed(owner: Browser, draft: UUID) -> None:
    owner.post(f"{BASE}/{draft}/edit", data=edit_form(clause_text=["{{client.website}}", "{{client.moon}}"]))
    page = owner.get(f"{BASE}/{draft}").text
    assert "{{client.website}}" in page and "{{client.moon}}" in page and "disabled" in page
    refused = owner.post(f"{BASE}/{draft}/send")
    assert refused.status_code == 422 and "{{client.moon}}" in refused.text
    assert contracts.get(draft).state is ContractState.DRAFT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Please fill this in"),
        ({"signer_email": "nobody"}, "not an e-mail address"),
        ({"valid_until": "soon"}, "YYYY-MM-DD"),
        ({"deposit_percent": "101"}, "At most 100"),
        ({"deposit_percent": "-1"}, "At least 0"),
        ({"commencement": "2030-02-02", "completion": "2030-01-01"}, "cannot end before it starts"),
        ({"clause_title": ["", "When"]}, "Please fill this in"),
        ({"clause_text": ["x" * 8001, "b"]}, "8000 characters"),
    ],
)
def test_wrong_input_is_named_and_the_rest_kept(
    owner: Browser, draft: UUID, changes: dict[str, Any], words: str
) -> None:
    answer = owner.post(f"{BASE}/{draft}/edit", data=edit_form(signatory_title="Keep me", **changes))
    assert answer.status_code == 422 and words in answer.text and "Keep me" in answer.text
    assert contracts.get(draft).revision == 1


def test_an_old_tab_is_told(owner: Browser, member: Browser, draft: UUID, max_: Person) -> None:
    authors.hand_to(max_.id)
    owner.post(f"{BASE}/{draft}/edit", data=edit_form())
    late = member.post(f"{BASE}/{draft}/edit", data=edit_form(title="Late"))
    assert late.status_code == 409 and "another window" in late.text and "Late" in late.text
    owner.post(f"{BASE}/{draft}/send")
    assert member.post(f"{BASE}/{draft}/edit", data=edit_form(revision="2")).status_code == 409
    assert member.get(f"{BASE}/{draft}/edit").status_code == 303
    assert member.post(f"{BASE}/{draft}/send").status_code == 409


def test_clauses_move_without_a_script_and_nothing_is_saved(owner: Browser, draft: UUID) -> None:
    moved = owner.post(f"{BASE}/{draft}/edit", data=edit_form(action="up:1", title="Unsaved"))
    titles = re.findall(r'name="clause_title" value="([^"]*)"', moved.text)
    assert moved.status_code == 200 and titles == ["When", "What"] and "Unsaved" in moved.text
    fragment = owner.post(f"{BASE}/{draft}/edit", data=edit_form(action="add"), headers={"HX-Request": "true"})
    assert fragment.text.count("<fieldset") == 3 and "<html" not in fragment.text
    assert contracts.get(draft).title == "Website and bookings"


def test_hostile_text_is_text(owner: Browser, anonymous: Browser, draft: UUID) -> None:
    hostile = "<script>alert(1)</script>"
    data = edit_form(title=hostile, clause_text=[f"**{hostile}**", hostile], signer_name=hostile)
    assert owner.post(f"{BASE}/{draft}/edit", data=data).status_code == 303
    assert hostile not in owner.get(f"{BASE}/{draft}").text
    owner.post(f"{BASE}/{draft}/send")
    for page in (owner.get(f"{BASE}/{draft}/paper").text, anonymous.get(deals.path(draft)).text):
        assert hostile not in page and "&lt;script&gt;" in page


def test_members_withdraw_drafts_and_managers_what_was_sent(
    owner: Browser, member: Browser, draft: UUID, max_: Person
) -> None:
    authors.hand_to(max_.id)
    assert member.post(f"{BASE}/{draft}/cancel").status_code == 303
    sent = deals.sent()
    authors.hand_to(max_.id)
    assert "Cancel the contract" not in member.get(f"{BASE}/{sent}").text
    assert member.post(f"{BASE}/{sent}/cancel").status_code == 403
    assert owner.post(f"{BASE}/{sent}/cancel", data={"reason": "x" * 1001}).status_code == 422
    assert owner.post(f"{BASE}/{sent}/cancel", data={"reason": "Wrong price"}).status_code == 303
    assert "Wrong price" in owner.get(f"{BASE}/{sent}").text
    assert owner.post(f"{BASE}/{sent}/cancel").status_code == 409


def test_the_clients_page_lists_its_contracts(owner: Browser, draft: UUID) -> None:
    client = contracts.get(draft).client_id
    db.release()
    assert f"{BASE}/{draft}" in owner.get(f"/northwind/clients/{client}").text


# --- templates -------------------------------------------------------------------------------------------------


def test_templates_are_read_by_members_and_changed_by_owners(owner: Browser, member: Browser) -> None:
    page = member.get(SETTINGS)
    assert page.status_code == 200 and "Contratto standard" in page.text and "New template" not in page.text
    assert member.get(f"{SETTINGS}/new").status_code == 403
    assert member.post(f"{SETTINGS}/new", data=template_form()).status_code == 403
    assert owner.post(f"{SETTINGS}/new", data=template_form()).status_code == 303
    made = next(each for each in templates.all_in_use() if each.name == "Short")
    db.release()
    path = f"{SETTINGS}/{made.id}"
    for act in ("", "/default", "/archive"):
        assert member.post(f"{path}{act}", data=template_form()).status_code == 403
    assert owner.post(path, data=template_form(name="Shorter")).status_code == 303
    assert owner.post(path, data=template_form(name="Late")).status_code == 409
    assert owner.post(f"{path}/default").status_code == 303
    assert owner.post(f"{path}/archive").status_code == 409
    db.release()
    assert (templates.get(made.id).name, templates.get(made.id).version) == ("Shorter", 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Please fill this in"),
        ({"locale": "fr"}, "offered values"),
        ({"clause_text": ["{{contract.titel}}"]}, "{{contract.titel}}"),
        ({"clause_title": [""], "clause_text": [""]}, "at least one clause"),
        ({"clause_title": ["x" * 121]}, "120 characters"),
    ],
)
def test_wrong_templates_are_refused(owner: Browser, changes: dict[str, Any], words: str) -> None:
    answer = owner.post(f"{SETTINGS}/new", data=template_form(signatory_name="Keep me", **changes))
    assert answer.status_code == 422 and words in answer.text and "Keep me" in answer.text


def test_templates_of_others_are_not_there(owner: Browser, stranger: Browser, anonymous: Browser) -> None:
    own = templates.all_in_use()[0].id
    db.release()
    assert stranger.get(f"/harbour-pine/settings/contracts/{own}").status_code == 404
    assert stranger.post(f"/harbour-pine/settings/contracts/{own}", data=template_form()).status_code == 404
    assert anonymous.get(SETTINGS).status_code == 303
    assert owner.get(f"{SETTINGS}/{uuid4()}").status_code == 404
    assert owner.get(f"{SETTINGS}/{own}").status_code == 200
    assert owner.post(f"{SETTINGS}/new", data=template_form(action="add")).text.count("<fieldset") == 2
