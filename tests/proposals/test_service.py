"""What staff do with proposals, without HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import listed
from tests.factories import proposals as make
from webkit.clients import service as clients
from webkit.core.kernel import clock, db, events, evidence, frozen, ids, links, signals, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.messaging import service as messaging
from webkit.proposals import answers, models, service
from webkit.proposals.events import ProposalAccepted
from webkit.proposals.listing import PROPOSALS
from webkit.proposals.models import TRANSITIONS, Filter, State
from webkit.proposals.offer import Offer
from webkit.proposals.views import Delivery

pytestmark = pytest.mark.usefixtures("agency")


def kinds(proposal_id: UUID) -> list[str]:
    return [entry.kind for entry in events.timeline(events.ref("proposal", proposal_id))][::-1]


def test_the_same_form_makes_one_proposal() -> None:
    client = make.client()
    first = service.create(client, "Site", make.AUTHOR, key="k1")
    assert service.create(client, "Site", make.AUTHOR, key="k1") == first
    view = service.get(first)
    assert (view.word, view.number, view.client_name, view.currency) == ("draft", "", "Lario Cicli", "EUR")
    assert view.valid_until == service.today() + timedelta(days=30)


def test_a_proposal_needs_a_client_of_the_agency(other_agency: AgencyView) -> None:
    with pytest.raises(NotFound):
        service.create(ids.uuid7(), "Site", make.AUTHOR)
    with tenancy.tenant(other_agency.id):
        foreign = make.client("somebody@else.example")
        theirs = service.create(foreign, "Theirs", make.AUTHOR)
    with pytest.raises(NotFound):
        service.create(foreign, "Site", make.AUTHOR)
    with pytest.raises(NotFound):
        service.get(theirs)


def test_of_two_who_save_the_second_is_told() -> None:
    made = make.draft()
    view = service.get(made)
    revision = service.save(made, view.revision, replace(view.draft, title="First"))
    with pytest.raises(Conflict, match="Somebody else changed"):
        service.save(made, view.revision, replace(view.draft, title="Second"))
    assert service.get(made).title == "First"
    assert service.save(made, revision, replace(view.draft, title="Second")) == revision + 1


def test_a_client_without_an_address_can_be_written_to() -> None:
    client = make.client("")
    made = make.draft(client)
    make.send(made, None)
    assert service.get(made).word == "sent"
    assert messaging.mails(events.ref("proposal", made)) == []


def test_a_draft_may_be_saved_before_its_figures_work_out() -> None:
    made = make.draft(offer=Offer(discount=make.amount_off(5_000)))
    view = service.get(made)
    assert (view.once_minor, view.monthly_minor) == (0, 0)
    offer = make.OFFER.model_copy(update={"discount": make.amount_off(99_999_999)})
    service.save(made, view.revision, replace(view.draft, offer=offer))
    assert service.get(made).once_minor is None
    assert set(service.evaluate(service.get(made)).problems) == {"discount-value"}


def test_sending_freezes_numbers_records_and_mails() -> None:
    made = make.sent()
    view = service.get(made)
    assert (view.word, view.number) == ("sent", f"PRO-{service.today().year}-001")
    document = frozen.latest("proposal", made)
    assert document is not None and document.id == view.frozen_id and document.number == view.number
    doc = document.snapshot
    assert doc["client"]["name"] == "Lario Cicli" and doc["agency"]["name"] == "Northwind Studio"
    assert doc["prices"]["chosen"]["once"]["totals"]["gross"] == view.once_minor == 1_256_600
    assert doc["contents"]["headings"]["summary"] == "Riders look on the phone"
    assert doc["contents"]["headings"]["closing"] == "Closing"
    assert [option["id"] for option in doc["options"]] == ["words", "photos", "search"]
    assert kinds(made) == ["proposal.sent"]
    facts = events.timeline(events.ref("proposal", made))[0].facts
    assert (facts["frozen"], facts["snapshot_hash"]) == (str(document.id), document.snapshot_hash)
    (mail,) = messaging.mails(events.ref("proposal", made))
    assert (mail.to_email, mail.template) == ("davide@lario.example", "proposal_sent")
    assert service.link(made) is not None


def test_sending_twice_does_it_once_and_numbers_have_no_gaps() -> None:
    made = make.draft()
    revision = service.get(made).revision
    service.send(made, revision, make.DELIVERY, make.ACTOR)
    service.send(made, revision, make.DELIVERY, make.ACTOR)
    assert len(messaging.mails(events.ref("proposal", made))) == 1
    failing = make.draft(make_client_again(), offer=Offer())
    with pytest.raises(Invalid):
        make.send(failing)
    other = make.send(make.draft(make_client_again()))
    assert service.get(other).number.endswith("-002")


def make_client_again() -> UUID:
    known = clients.by_email("davide@lario.example")
    assert known is not None
    return known.id


def test_what_was_changed_since_is_not_sent() -> None:
    made = make.draft()
    with pytest.raises(Conflict, match="changed since you opened it"):
        service.send(made, service.get(made).revision - 1, None, make.ACTOR)
    assert service.get(made).word == "draft"
    assert frozen.latest("proposal", made) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"offer": Offer()}, "lines"),
        ({"valid_until": date(2020, 1, 1)}, "valid_until"),
        ({"offer": make.OFFER.model_copy(update={"discount": make.amount_off(900_000)})}, "discount-value"),
    ],
)
def test_what_is_missing_is_named_by_its_field(changes: dict[str, object], field: str) -> None:
    made = make.draft(**changes)
    with pytest.raises(Invalid) as refused:
        make.send(made)
    assert set(refused.value.errors) == {field}


def test_what_was_sent_cannot_be_saved_or_deleted() -> None:
    made = make.sent()
    view = service.get(made)
    with pytest.raises(Conflict):
        service.save(made, view.revision, view.draft)
    with pytest.raises(Conflict, match="part of your history"):
        service.delete(made)


def test_revising_makes_the_next_version_and_leaves_the_sent_one() -> None:
    made = make.sent()
    first, link = make.seen(made), service.link(made)
    service.revise(made, make.ACTOR)
    service.revise(made, make.ACTOR)
    view = service.get(made)
    assert (view.word, view.version, view.frozen_id) == ("draft", 2, first)
    assert answers.shown(made).word == "draft"
    with pytest.raises(Conflict, match="being changed right now"):
        make.accept(made)
    service.save(made, view.revision, replace(view.draft, title="Better"))
    make.send(made)
    again = service.get(made)
    assert (again.number, again.version, service.link(made)) == (view.number, 2, link)
    shown = answers.shown(made)
    assert (shown.document.version, shown.document.snapshot["title"]) == (2, "Better")
    assert frozen.get(first).snapshot["title"] == make.TITLE
    assert kinds(made) == ["proposal.sent", "proposal.revised", "proposal.sent"]


def test_an_accepted_proposal_is_final() -> None:
    made = make.accept(make.sent())
    for attempt in (lambda: service.revise(made, make.ACTOR), lambda: service.delete(made)):
        with pytest.raises(Conflict):
            attempt()
    assert not TRANSITIONS[State.ACCEPTED]
    with pytest.raises(ValueError, match="no way"):
        models.move(made, (State.ACCEPTED,), State.DRAFT)


def test_a_duplicate_keeps_everything() -> None:
    made = make.sent(deposit_percent=Decimal("33.5"))
    copied = service.duplicate(made, make.AUTHOR, key="dup")
    assert service.duplicate(made, make.AUTHOR, key="dup") == copied
    old, new = service.get(made), service.get(copied)
    assert (new.word, new.number, new.version) == ("draft", "", 1)
    assert new.title == f"{make.TITLE} (Copy)"
    for kept in (
        "client_id",
        "client_name",
        "contents",
        "offer",
        "deposit_percent",
        "contract_template_id",
        "language",
    ):
        assert getattr(new, kept) == getattr(old, kept), kept
    assert new.contents.summary and new.contents.steps


def test_a_draft_can_be_deleted_and_is_gone() -> None:
    made = make.draft()
    service.delete(made)
    with pytest.raises(NotFound):
        service.get(made)


def test_links_are_closed_and_made_anew() -> None:
    made = make.sent()
    old = links.token_for("p", made)
    service.revoke_link(made, make.ACTOR)
    service.revoke_link(made, make.ACTOR)
    assert service.link(made) is None
    service.renew_link(made, make.ACTOR)
    assert links.token_for("p", made) not in (None, old)
    assert kinds(made) == ["proposal.sent", "proposal.link_revoked", "proposal.link_renewed"]
    with pytest.raises(Conflict):
        service.renew_link(make.draft(make_client_again()), make.ACTOR)


def test_the_mail_can_be_sent_again_to_somebody_else() -> None:
    made = make.sent()
    service.mail_again(made, Delivery("Anna", "anna@lario.example"), make.ACTOR)
    assert [mail.to_email for mail in messaging.mails(events.ref("proposal", made))] == [
        "anna@lario.example",
        "davide@lario.example",
    ]
    make.accept(made)
    with pytest.raises(Conflict):
        service.mail_again(made, make.DELIVERY, make.ACTOR)


def test_a_proposal_is_valid_until_the_end_of_its_day_in_the_agencys_time_zone() -> None:
    made = make.sent(valid_until=date(2099, 6, 30))
    with clock.frozen(datetime(2099, 6, 30, 21, 59, tzinfo=UTC)):  # 23:59 in Rome
        assert service.get(made).word == "sent"
        assert answers.shown(made).open
    with clock.frozen(datetime(2099, 6, 30, 22, 0, tzinfo=UTC)):  # midnight in Rome
        assert service.get(made).word == answers.shown(made).word == "expired"
        assert [card.id for card in service.page(Filter(state="expired"), 10)] == [made]
        assert service.page(Filter(state="sent"), 10) == []
        with pytest.raises(Conflict, match="no longer valid"):
            make.accept(made)
        service.revise(made, make.ACTOR)
        assert service.get(made).valid_until == date(2099, 7, 31)


def test_lists_are_filtered_searched_and_paged() -> None:
    client = make.client()
    ids_ = [make.draft(client, title=f"Site number {n}") for n in range(5)]
    make.send(ids_[0])
    assert [card.id for card in service.page(Filter(state="draft"), 10)] == ids_[:0:-1]
    first = listed.paged(PROPOSALS, 2)
    assert [card.id for card in listed.rows(PROPOSALS, after=first.older)] == ids_[2::-1]
    for words in ("NUMBER 3", "cicli 3", "pro-"):
        found = listed.rows(PROPOSALS, q=words)
        assert [card.id for card in found] == [ids_[0] if words == "pro-" else ids_[3]]
    assert listed.rows(PROPOSALS, q="100%") == []
    assert len(service.of_client(client)) == 5
    assert service.of_client(ids.uuid7()) == []


def test_the_pipeline_adds_up_per_currency_and_never_mixes_intervals() -> None:
    won = make.accept(make.sent(), "words", "photos")
    make.send(make.draft(make_client_again()))
    make.draft(make_client_again())
    (sums,) = service.pipeline()
    assert (sums.currency, sums.open_count, sums.accepted_count) == ("EUR", 1, 1)
    assert (sums.open_once, sums.open_monthly) == (1_256_600, 23_180)
    assert sums.accepted_once == service.get(won).once_minor == service.accepted(won).once.totals.gross


def test_a_subscriber_that_fails_undoes_the_acceptance(app: Flask) -> None:
    made = make.sent()

    def refuse(_event: ProposalAccepted) -> None:
        raise Conflict("not today")

    signals.subscribe(app, ProposalAccepted, refuse)
    with pytest.raises(Conflict, match="not today"):
        make.accept(made)
    assert service.get(made).word == "sent"
    assert frozen.latest("proposal_accepted", made) is None
    assert kinds(made) == ["proposal.sent"]


def test_verify_notices_a_changed_total(agency: AgencyView) -> None:
    made = make.accept(make.sent(), "words")
    assert evidence.examine(agency.slug, frozenset()).ok
    with db.writing():
        models.update(made, once_minor=1)
    db.release()
    problems = [finding.problem for finding in evidence.examine(agency.slug, frozenset()).findings]
    assert any("one-time total" in problem for problem in problems)
