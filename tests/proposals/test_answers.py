"""What the holder of a link does, without HTTP; and that of two at once one wins."""

from __future__ import annotations

import threading
from contextvars import Context
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import proposals as make
from webkit.core.kernel import db, events, frozen, ids, signals, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.messaging import service as messaging
from webkit.proposals import answers, service, snapshot
from webkit.proposals.events import ProposalAccepted
from webkit.proposals.offer import Offer, Prices
from webkit.proposals.views import AcceptedProposal

pytestmark = pytest.mark.usefixtures("agency")


def templates(proposal_id: UUID) -> list[str]:
    return sorted(mail.template for mail in messaging.mails(events.ref("proposal", proposal_id)))


def test_an_acceptance_is_frozen_with_its_choice_to_the_cent() -> None:
    made = make.sent()
    shown = answers.shown(made).document
    make.accept(made, "photos", "search")
    got = service.accepted(made)
    assert isinstance(got, AcceptedProposal)
    choice = snapshot.choice_of(shown.snapshot, ["photos", "search"])
    assert (got.once.to_dict(), got.monthly.to_dict()) == (
        choice.prices.once.to_dict(),
        choice.prices.monthly.to_dict(),
    )
    assert [line.id for line in got.lines] == ["design", "build", "photos", "care", "search"]
    assert [line.id for line in got.offered] == ["design", "build", "photos", "care", "search"]
    assert (got.accepted_by, got.number, got.title, got.language) == (
        "Davide Ratti",
        shown.number,
        make.TITLE,
        "en-GB",
    )
    final = frozen.get(got.frozen_id)
    acceptance = final.snapshot["acceptance"]
    assert (acceptance["shown"], acceptance["shown_hash"]) == (str(shown.id), shown.snapshot_hash)
    assert (
        acceptance["consent"] == "I accept this proposal for Lario Cicli, with the options and the amount named here."
    )
    view = service.get(made)
    assert (view.word, view.once_minor) == ("accepted", got.once.totals.gross)


def test_the_event_names_choice_totals_and_what_was_shown() -> None:
    made = make.accept(make.sent(), "words")
    entry = events.timeline(events.ref("proposal", made))[0]
    got = service.accepted(made)
    assert entry.kind == "proposal.accepted"
    assert entry.facts["options"] == ["words"]
    assert entry.facts["once"]["gross"] == got.once.totals.gross
    assert entry.facts["monthly"]["gross"] == got.monthly.totals.gross
    assert entry.facts["shown_hash"] == frozen.latest("proposal", made).snapshot_hash  # type: ignore[union-attr]
    assert entry.facts["frozen"] == str(got.frozen_id)
    assert entry.personal == {"name": "Davide Ratti", "address": "192.0.2.7", "agent": "Firefox"}
    client = events.ref("client", got.client_id)
    assert [each.kind for each in events.timeline(client)][:1] == ["proposal.accepted"]


def test_the_same_acceptance_twice_is_one_and_another_one_is_refused() -> None:
    made = make.sent()
    make.accept(made, "words")
    make.accept(made, "words")
    for other in (("photos",), ()):
        with pytest.raises(Conflict, match="already been accepted"):
            make.accept(made, *other)
    with pytest.raises(Conflict, match="already been accepted"):
        make.accept(made, "words", name="Somebody Else")
    assert templates(made) == ["proposal_accepted", "proposal_accepted_agency", "proposal_sent"]


def test_options_of_another_proposal_are_refused() -> None:
    made = make.sent()
    for foreign in ("design", "nonsense", str(ids.uuid7())):
        with pytest.raises(Invalid) as refused:
            make.accept(made, "words", foreign)
        assert set(refused.value.errors) == {"option"}
    assert service.get(made).word == "sent"


def test_an_answer_to_an_older_version_is_refused() -> None:
    made = make.sent()
    old = make.seen(made)
    service.revise(made, make.ACTOR)
    make.send(made)
    for answer in (
        lambda: answers.accept(made, old, "Davide", [], make.VISITOR),
        lambda: answers.decline(made, old, "", make.VISITOR, ""),
        lambda: answers.ask_for_changes(made, old, "Please change it.", make.VISITOR, ""),
    ):
        with pytest.raises(Conflict, match="read the new version"):
            answer()
    make.accept(made)
    assert service.accepted(made).version == 2


def test_a_no_and_a_wish_are_said_once_and_reach_the_agency() -> None:
    made = make.sent()
    for _twice in range(2):
        answers.decline(made, make.seen(made), "Too dear.", make.VISITOR, "https://x.example/p")
    view = service.get(made)
    assert (view.word, view.answer) == ("declined", "Too dear.")
    with pytest.raises(Conflict, match="already been declined"):
        make.accept(made)
    assert templates(made) == ["proposal_declined", "proposal_sent"]
    service.revise(made, make.ACTOR)
    make.send(made)
    answers.ask_for_changes(made, make.seen(made), "Without the slider.", make.VISITOR, "https://x.example/p")
    assert service.get(made).word == "changes_requested"
    entry = events.timeline(events.ref("proposal", made))[0]
    assert entry.kind == "proposal.changes_requested"
    assert entry.personal["text"] == "Without the slider." and "text" not in entry.facts
    with pytest.raises(Conflict, match="A new version follows"):
        make.accept(made)


def test_what_was_never_sent_is_not_there() -> None:
    made = make.draft()
    for proposal_id in (made, ids.uuid7()):
        with pytest.raises(NotFound):
            answers.shown(proposal_id)
        with pytest.raises(NotFound):
            answers.accept(proposal_id, ids.uuid7(), "Davide", [], make.VISITOR)
    with pytest.raises(Conflict):
        service.accepted(made)


def test_a_subscriber_may_go_on_with_a_contract(app: Flask) -> None:
    made, contract = make.sent(), ids.uuid7()
    heard: list[UUID] = []

    def draft_contract(event: ProposalAccepted) -> signals.Continuation:
        heard.append(event.proposal_id)
        assert service.accepted(event.proposal_id).once.totals.gross > 0
        return signals.Continuation("c", contract)

    signals.subscribe(app, ProposalAccepted, draft_contract)
    make.accept(made)
    assert heard == [made]
    assert service.get(made).contract_id == answers.shown(made).contract_id == contract


def test_only_monthly_or_only_one_time_parts_are_zero_not_missing() -> None:
    monthly = make.OFFER.model_copy(update={"lines": make.OFFER.lines[4:5]})
    made = make.accept(make.sent(offer=monthly))
    got = service.accepted(made)
    assert (got.once.totals.gross, got.once.lines, got.monthly.totals.net) == (0, (), 19_000)
    assert service.get(made).once_minor == 0


def test_later_settings_of_the_agency_change_nothing_that_was_sent(agency: AgencyView) -> None:
    from webkit.agencies import service as agencies

    made = make.sent()
    before = answers.shown(made).document.snapshot
    agencies.change({"tax_scheme": "none", "tax_rate": "none", "name": "New Name", "currency": "USD"})
    make.accept(made, "words")
    got = service.accepted(made)
    assert got.once.totals.gross == Prices.from_dict(before["prices"]["chosen"]).once.totals.gross
    assert frozen.get(got.frozen_id).snapshot["agency"]["name"] == "Northwind Studio"


def race(app: Flask, agency: AgencyView, *attempts: tuple[UUID, UUID, str, tuple[str, ...]]) -> list[str]:
    """Accept at the same moment from as many threads; what became of each."""
    barrier, results = threading.Barrier(len(attempts)), []

    def run(proposal_id: UUID, seen: UUID, name: str, chosen: tuple[str, ...]) -> None:
        with app.app_context(), tenancy.tenant(agency.id):
            barrier.wait()
            try:
                answers.accept(proposal_id, seen, name, chosen, make.VISITOR)
            except Conflict:
                results.append("refused")
            else:
                results.append("accepted")

    db.release()
    threads = [threading.Thread(target=Context().run, args=(run, *attempt)) for attempt in attempts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    db.release()
    return sorted(results)


def test_two_tabs_with_different_choices_make_one_acceptance(app: Flask, agency: AgencyView) -> None:
    made = make.sent()
    seen = make.seen(made)
    tabs = [(made, seen, "Davide", ("words",)), (made, seen, "Anna", ("photos",)), (made, seen, "Ugo", ())]
    assert race(app, agency, *tabs) == ["accepted", "refused", "refused"]
    kinds = [entry.kind for entry in events.timeline(events.ref("proposal", made))]
    assert kinds.count("proposal.accepted") == 1
    assert templates(made) == ["proposal_accepted", "proposal_accepted_agency", "proposal_sent"]


def test_two_clicks_on_the_same_button_both_succeed_and_count_once(app: Flask, agency: AgencyView) -> None:
    made = make.sent()
    click = (made, make.seen(made), "Davide", ("words",))
    assert race(app, agency, click, click, click) == ["accepted"] * 3
    kinds = [entry.kind for entry in events.timeline(events.ref("proposal", made))]
    assert kinds.count("proposal.accepted") == 1
    assert templates(made).count("proposal_accepted") == 1


def test_the_client_gets_a_copy_even_when_the_link_was_handed_over() -> None:
    made = make.accept(make.send(make.draft(), None))
    (copy,) = [mail for mail in messaging.mails(events.ref("proposal", made)) if mail.template == "proposal_accepted"]
    assert (copy.to_name, copy.to_email) == ("Davide Ratti", "davide@lario.example")


def test_views_count_beside_the_state() -> None:
    made = make.sent(offer=Offer(lines=make.OFFER.lines[:1]))
    answers.count_view(made)
    answers.count_view(made)
    view = service.get(made)
    assert (view.views, view.word) == (2, "sent")
    assert view.viewed_at is not None
    assert [entry.kind for entry in events.timeline(events.ref("proposal", made))] == ["proposal.sent"]
