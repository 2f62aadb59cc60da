"""Contracts: from the accepted proposal to sent or cancelled; what cannot be changed any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import deals, documents, listed
from tests.threads import at_once
from webkit.contracts import document, templates, terms
from webkit.contracts import service as contracts
from webkit.contracts.listing import CONTRACTS
from webkit.contracts.models import Contract, ContractState
from webkit.contracts.templates import TemplateText
from webkit.contracts.terms import Clause
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, events, frozen, links, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, NotFound
from webkit.pricing import Interval, Percent
from webkit.pricing.terms import Written
from webkit.proposals import service as proposals
from webkit.proposals.models import State
from webkit.proposals.offer import Offer, OfferLine

Mails = Callable[[], list[OutboxMessage]]


def with_clause(text: str) -> object:
    return templates.create(TemplateText("Own", "en", (Clause("What", text),)))


def test_a_draft_takes_over_what_was_accepted(agency: AgencyView) -> None:
    proposal_id = deals.accepted(chosen=("b",))
    contract = contracts.get(contracts.create_from_proposal(proposal_id, creator="Ada Brandt"))
    assert contract.state is ContractState.DRAFT and contract.number == ""
    assert (contract.total_minor, contract.monthly_minor, contract.deposit_minor) == (725_961, 23_180, 362_981)
    assert (contract.signer_name, contract.signer_email) == ("Giulia Ferrante", deals.EMAIL)
    assert contract.signatory_name == "Ada Brandt"


def test_a_proposal_has_one_contract_however_often_it_is_asked_for(app: Flask, agency: AgencyView) -> None:
    proposal_id = deals.accepted()

    def create() -> object:
        with tenancy.tenant(agency.id):
            return contracts.create_from_proposal(proposal_id)

    made = at_once(app, create, create)
    assert len({each for each in made if not isinstance(each, Exception)}) == 1
    assert contracts.create_from_proposal(proposal_id) in made
    assert len(listed.rows(CONTRACTS)) == 1


def test_what_was_not_accepted_becomes_no_contract(agency: AgencyView) -> None:
    proposal_id = proposals.create(documents.client(), "Not yet", deals.AUTHOR)
    with pytest.raises(Conflict):
        contracts.create_from_proposal(proposal_id)
    with pytest.raises(NotFound):
        contracts.create_from_proposal(uuid4())


LINES = st.lists(
    st.tuples(
        st.integers(500, 10**7),
        st.integers(1, 30),
        st.sampled_from(list(Interval)),
        st.none() | st.builds(Percent, st.decimals(0, 99, places=1)),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, percent=st.integers(0, 99), prices=st.sampled_from(Written))
def test_totals_are_the_proposals_to_the_cent(
    agency: AgencyView, lines: list[tuple[int, int, Interval, Percent | None]], percent: int, prices: Written
) -> None:
    offer = Offer(
        lines=tuple(
            OfferLine(
                id=str(n),
                name=f"Part {n}",
                price=price,
                quantity=Decimal(quantity) / 10,
                interval=interval,
                discount=less,
            )
            for n, (price, quantity, interval, less) in enumerate(lines)
        ),
        prices=prices,
    )
    proposal_id = deals.accepted(offer, deposit=str(percent) if percent else None)
    accepted = proposals.accepted(proposal_id)
    contract_id = contracts.create_from_proposal(proposal_id)
    contracts.send(contract_id, actor=deals.ACTOR)
    contract = contracts.get(contract_id)
    assert contract.total_minor == accepted.once.totals.payable
    assert contract.monthly_minor == accepted.monthly.totals.payable
    assert contract.frozen_id is not None
    doc = frozen.get(contract.frozen_id).snapshot
    assert doc["totals"] == {
        "once": contract.total_minor,
        "monthly": contract.monthly_minor,
        "deposit": contract.deposit_minor,
    }
    assert doc["once"] == (accepted.once.to_dict() if accepted.once.lines else None)
    assert doc["monthly"] == (accepted.monthly.to_dict() if accepted.monthly.lines else None)
    printed = [row["amount"] for rows in doc["bills"] for row in rows if row.get("kind") == "sum"]
    assert printed == [each for each in (contract.total_minor, contract.monthly_minor) if each]


def test_sending_numbers_freezes_mails_and_records(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    contract_id = deals.sent()
    contract = contracts.get(contract_id)
    assert contract.state is ContractState.SENT and contract.number.startswith("CON-")
    kept = frozen.latest(document.KIND, contract_id)
    assert kept is not None and kept.id == contract.frozen_id
    assert kept.snapshot["number"] == kept.number == contract.number
    assert "{{" not in str(kept.snapshot["clauses"])
    entry = events.timeline(contract.subject)[0]
    assert (entry.kind, entry.facts["snapshot_hash"]) == ("contract.sent", kept.snapshot_hash)
    assert events.timeline(contract.about[0])[0].seq == entry.seq
    run_jobs()
    mail = next(each for each in outbox_mails() if contract.number in each.entry.subject)
    assert contracts.public_url(contract_id) in mail.text
    assert mail.attachments[0].content.startswith(b"%PDF-")


def test_numbers_have_no_gap_when_a_contract_is_refused(agency: AgencyView) -> None:
    refused = deals.drafted(template_id=with_clause("{{client.website}}"))
    with pytest.raises(DomainError):
        contracts.send(refused, actor=deals.ACTOR)
    assert contracts.get(deals.sent()).number[-3:] == "001"
    assert contracts.get(deals.sent()).number[-3:] == "002"


def test_a_field_without_a_value_blocks_sending_and_is_named(agency: AgencyView) -> None:
    contract_id = deals.drafted(template_id=with_clause("See {{client.website}} for {{contract.completion_date}}."))
    with pytest.raises(DomainError, match=r"\{\{client.website\}\}.*\{\{contract.completion_date\}\}"):
        contracts.send(contract_id, actor=deals.ACTOR)
    assert contracts.get(contract_id).state is ContractState.DRAFT
    assert frozen.latest(document.KIND, contract_id) is None


def test_two_who_send_at_once_send_once(app: Flask, agency: AgencyView) -> None:
    contract_id = deals.drafted()

    def send() -> object:
        with tenancy.tenant(agency.id):
            return contracts.send(contract_id, actor=deals.ACTOR)

    answers = at_once(app, send, send)
    assert sorted(type(each).__name__ for each in answers) == ["Conflict", "NoneType"]
    assert contracts.get(contract_id).number.endswith("001")


def test_nobody_edits_after_sending(agency: AgencyView) -> None:
    contract_id = deals.sent()
    before = contracts.get(contract_id)
    with pytest.raises(Conflict):
        contracts.change(contract_id, before.revision, {"title": "Another one"})
    with pytest.raises(Conflict):
        contracts.send(contract_id, actor=deals.ACTOR)
    assert contracts.get(contract_id) == before


def test_a_draft_can_be_changed_by_one_at_a_time(agency: AgencyView) -> None:
    contract_id = deals.drafted()
    contracts.change(contract_id, 1, {"title": "Shop", "deposit_percent": Decimal(30)})
    changed = contracts.get(contract_id)
    assert (changed.title, changed.revision, changed.deposit_minor) == ("Shop", 2, 175_680)
    with pytest.raises(Conflict):
        contracts.change(contract_id, 1, {"title": "Old tab"})
    contracts.change(contract_id, 2, {"deposit_percent": None})
    assert contracts.get(contract_id).deposit_minor == 0
    contracts.change(contract_id, 3, {"deposit_percent": Decimal(100)})
    assert contracts.get(contract_id).deposit_minor == changed.total_minor


def test_a_changed_template_leaves_contracts_alone(agency: AgencyView) -> None:
    contract_id = deals.drafted()
    used = templates.choose(None, "en")
    templates.change(used.id, used.version, TemplateText("New", "en", (Clause("All", "new"),)))
    assert contracts.get(contract_id).clauses == used.clauses
    assert contracts.get(contract_id).template_version == 1


def test_a_proposal_with_a_template_goes_on_to_its_contract(agency: AgencyView) -> None:
    proposal_id = deals.accepted(with_contract=True)
    contract = contracts.of_proposal(proposal_id)
    assert contract is not None and contract.state is ContractState.SENT
    assert proposals.get(proposal_id).contract_id == contract.id
    assert contract.signatory_name == deals.AUTHOR.name


def test_an_acceptance_stands_even_if_its_contract_cannot_be_sent(agency: AgencyView) -> None:
    proposal_id = deals.accepted(template_id=with_clause("{{client.website}}"))
    assert proposals.get(proposal_id).state is State.ACCEPTED
    contract = contracts.of_proposal(proposal_id)
    assert contract is not None and contract.state is ContractState.DRAFT
    assert "{{client.website}}" in contracts.draft(contract.id).problems[0]


def test_a_withdrawn_contract_closes_its_link_and_frees_the_proposal(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    contract_id = deals.sent()
    contract = contracts.get(contract_id)
    contracts.cancel(contract_id, "The price changed.", actor=deals.ACTOR)
    assert contracts.get(contract_id).state is ContractState.CANCELLED
    assert links.token_for("c", contract_id) is None
    run_jobs()
    assert "The price changed." in outbox_mails()[0].text
    with pytest.raises(Conflict):
        contracts.cancel(contract_id, "", actor=deals.ACTOR)
    again = contracts.create_from_proposal(contract.proposal_id)
    assert again != contract_id


def test_expired_is_a_fact_of_the_calendar(agency: AgencyView) -> None:
    contract_id = deals.sent()
    assert contracts.get(contract_id).word == "sent"
    with clock.frozen(clock.now() + timedelta(days=60)):
        assert contracts.get(contract_id).word == "expired"


def test_what_a_contract_stands_on_cannot_be_deleted(agency: AgencyView) -> None:
    contract = contracts.get(deals.drafted())
    assert contracts.keeps(proposal_id=contract.proposal_id) and contracts.keeps(client_id=contract.client_id)
    assert not contracts.keeps(client_id=uuid4())
    with pytest.raises(Conflict):
        proposals.delete(contract.proposal_id)
    for table, row_id in (("proposals", contract.proposal_id), ("clients", contract.client_id)):
        statement = sa.text(f"DELETE FROM {table} WHERE id = :id AND {table}.agency_id = :agency").bindparams(
            sa.bindparam("id", row_id, sa.Uuid()), sa.bindparam("agency", agency.id, sa.Uuid())
        )
        with pytest.raises(sa.exc.IntegrityError), db.writing() as unit:
            unit.execute(statement)


def test_another_agencys_contract_is_not_there(agency: AgencyView, other_agency: AgencyView) -> None:
    contract_id = deals.drafted()
    with tenancy.tenant(other_agency.id):
        for act in (contracts.get, contracts.draft, contracts.signed):
            with pytest.raises(NotFound):
                act(contract_id)
        with pytest.raises(NotFound):
            contracts.send(contract_id, actor=deals.ACTOR)
        assert listed.rows(CONTRACTS) == []


def test_only_a_signed_contract_is_handed_on(agency: AgencyView) -> None:
    with pytest.raises(Conflict):
        contracts.signed(deals.sent())


def test_the_witness_notices_a_changed_row(agency: AgencyView) -> None:
    from webkit.contracts import witness

    contract_id = deals.sent()
    kept = frozen.latest(document.KIND, contract_id)
    assert kept is not None and list(witness.differences(kept, None)) == []
    with db.writing() as unit:
        row = unit.get_one(Contract, contract_id)
        row.total_minor += 1
    assert list(witness.differences(kept, None)) == ["the contract's totals are other ones now."]


def test_terms_are_stored_as_they_were_written(agency: AgencyView) -> None:
    hostile = (Clause("<script>", "a & b\n\n**c**"),)
    contract_id = deals.drafted()
    contracts.change(contract_id, 1, {"clauses": terms.dump(hostile)})
    assert contracts.get(contract_id).clauses == hostile


def test_what_is_sent_is_what_was_read(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the draft between the moment it is written out and the moment it is sent."""
    contract_id = deals.drafted()
    before = contracts.models.move

    def edited_meanwhile(*args: object, **values: object) -> bool:
        contracts.models.edit(contract_id, 1, title="Changed meanwhile")
        return before(*args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(contracts.models, "move", edited_meanwhile)
    with pytest.raises(Conflict):
        contracts.send(contract_id, actor=deals.ACTOR)
    assert contracts.get(contract_id).state is ContractState.DRAFT
