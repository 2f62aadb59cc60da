"""From a consultation to a proposal: everything carried over, once, linked both ways."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories import clients as make_clients
from tests.factories import consultations as make
from tests.factories import proposals as make_proposals
from tests.factories.proposals import AUTHOR
from tests.threads import at_once
from webkit.consultations import service as consultations
from webkit.consultations.models import State
from webkit.core.kernel import db, events, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, NotFound
from webkit.proposals import service
from webkit.proposals.contents import Weight

pytestmark = pytest.mark.usefixtures("agency")
NEW = "/northwind/proposals/new"


def test_everything_is_carried_over() -> None:
    made = make.completed()
    proposal = service.get(service.create_from_consultation(made, AUTHOR))
    consultation = consultations.get(made)
    assert (proposal.client_id, proposal.consultation_id) == (consultation.client_id, made)
    assert proposal.title == "A new website for Lario Cicli"
    assert [issue.title for issue in proposal.contents.issues] == [
        "Hard to use on a phone",
        "Hard to find in search engines",
    ]
    assert {issue.weight for issue in proposal.contents.issues} == {Weight.HIGH}
    assert proposal.contents.opportunity == "What you want to reach: More revenue, More enquiries."
    assert {line["id"]: line["value"] for line in proposal.answers}["answer.budget_range"] == "€5,000 to €10,000"
    assert (consultation.state, consultation.proposal_id) == (State.CONVERTED, proposal.id)
    assert consultation.client_id is not None
    told = events.timeline(events.ref("client", consultation.client_id))
    assert told[0].kind == "consultation.converted" and told[0].facts["proposal"] == str(proposal.id)


def test_asked_twice_it_is_one() -> None:
    made = make.completed()
    first = service.create_from_consultation(made, AUTHOR, "Mine")
    assert service.create_from_consultation(made, AUTHOR, "Again") == first
    assert service.get(first).title == "Mine"


def test_two_at_once_make_one(app: Flask, agency: AgencyView) -> None:
    made = make.completed()
    db.release()

    def begin() -> UUID:
        with tenancy.tenant(agency.id):
            return service.create_from_consultation(made, AUTHOR)

    results = at_once(app, *[begin] * 4)
    assert len(set(results)) == 1 and isinstance(results[0], UUID)
    db.release()
    view = consultations.get(made)
    assert view.client_id is not None and len(service.of_client(view.client_id)) == 1


def test_a_draft_becomes_none() -> None:
    with pytest.raises(Conflict):
        service.create_from_consultation(make.draft(), AUTHOR)
    with pytest.raises(NotFound):
        service.create_from_consultation(uuid4(), AUTHOR)


def test_thrown_away_it_can_become_another() -> None:
    made = make.completed()
    first = service.create_from_consultation(made, AUTHOR)
    copied = service.duplicate(first, AUTHOR)
    assert service.get(copied).answers == service.get(first).answers
    service.delete(copied, make_proposals.ACTOR)
    assert consultations.get(made).state is State.CONVERTED
    service.delete(first, make_proposals.ACTOR)
    assert consultations.get(made).state is State.COMPLETED
    assert service.create_from_consultation(made, AUTHOR) != first


def test_the_client_reads_its_own_language() -> None:
    client = make_clients.make_client("Lario", email="davide@lario.example", locale="it-IT")
    made = make.start(client)
    make.answer(made, **make.ANSWERS)
    consultations.complete(made, make.AUTHOR)
    proposal = service.get(service.create_from_consultation(made, AUTHOR))
    assert proposal.language == "it-IT"
    labels = {line["id"]: line["label"] for line in proposal.answers}
    assert labels["answer.website"] == "Website"


def test_the_way_over_the_page(owner: Browser, member: Browser) -> None:
    made = make.completed()
    page = owner.get(f"{NEW}?consultation={made}").text
    assert "A new website for Lario Cicli" in page and "Hard to use on a phone" in page
    assert consultations.get(made).state is State.COMPLETED
    assert owner.post(NEW, data={"consultation": made, "title": ""}).status_code == 422
    first = owner.post(NEW, data={"consultation": made, "title": "More rides"})
    again = owner.post(NEW, data={"consultation": made, "title": "More rides"})
    assert first.status_code == 303 and first.headers["Location"] == again.headers["Location"]
    proposal = UUID(first.headers["Location"].split("/")[-2])
    assert owner.get(f"{NEW}?consultation={made}").headers["Location"].endswith(str(proposal))
    assert f"/northwind/proposals/{proposal}" in owner.get(f"/northwind/consultations/{made}").text
    assert f"/northwind/consultations/{made}" in owner.get(f"/northwind/proposals/{proposal}/edit").text


def test_strangers_and_drafts(owner: Browser, stranger: Browser) -> None:
    made = make.draft()
    assert owner.get(f"{NEW}?consultation={made}").headers["Location"].endswith(f"/consultations/{made}")
    assert owner.post(NEW, data={"consultation": made, "title": "T"}).status_code == 409
    for browser, base in ((stranger, "/harbour-pine/proposals/new"), (owner, NEW)):
        asked = uuid4() if browser is owner else made
        assert browser.get(f"{base}?consultation={asked}").status_code == 404
        assert browser.post(base, data={"consultation": asked, "title": "T"}).status_code == 404
    assert owner.post(NEW, data={"consultation": "nonsense", "title": "T"}).status_code == 404
