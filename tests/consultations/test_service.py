"""Consultations without HTTP: saved, joined, kept aside, completed, brought back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import clients as make_clients
from tests.factories import consultations as make
from tests.factories.consultations import ANSWERS, AUTHOR, NEEDED, OTHER
from webkit.clients import service as clients
from webkit.consultations import models, service
from webkit.consultations.models import Filter, State, Why
from webkit.consultations.views import Seen
from webkit.core.kernel import db, events, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.usefixtures("agency")


def numbers(consultation_id: UUID) -> list[tuple[int, Why]]:
    return [(version.number, version.why) for version in service.versions(consultation_id, None, 100)]


def test_it_begins_with_what_is_known_of_the_client() -> None:
    client = make_clients.make_client("Lario Cicli", contact_name="Davide", email="d@lario.example", phone="1 23 45 6")
    view = service.get(make.start(client))
    assert view.answers["business_name"] == "Lario Cicli"
    assert view.answers["email"] == "d@lario.example"
    assert view.answers["budget_range"] == "tbd"
    assert "website" not in view.answers
    assert (view.state, view.version, view.client_id) == (State.DRAFT, 1, client)


def test_the_same_key_begins_one() -> None:
    assert service.start(None, AUTHOR, key="k") == service.start(None, AUTHOR, key="k")


def test_a_foreign_client_is_none(other_agency: AgencyView) -> None:
    with pytest.raises(NotFound):
        service.start(uuid4(), AUTHOR)


def test_every_save_that_changes_something_is_a_version() -> None:
    made = make.start()
    make.answer(made, business_name="Lario")
    make.answer(made, business_name="Lario")
    saved = make.answer(made, business_name="Lario Cicli", phone="")
    assert saved.version == 3
    assert numbers(made) == [(3, Why.SAVED), (2, Why.SAVED), (1, Why.STARTED)]
    assert service.version(made, 3).changed == ("business_name",)
    assert service.version(made, 2).answers["business_name"] == "Lario"


def test_versions_are_never_changed() -> None:
    make.start()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), db.writing():
        db.session().execute(sa.update(models.ConsultationVersion).values(percent=1))


def test_two_who_answer_different_questions_are_joined() -> None:
    made = make.start()
    mine, theirs = Seen(1, "mine"), Seen(1, "theirs")
    service.save(made, {"business_name": "Lario"}, theirs, OTHER)
    saved = service.save(made, {"primary_goals": ["build-brand"]}, mine, AUTHOR)
    assert (saved.others, saved.aside) == ("Max Ferri", 0)
    answers = service.get(made).answers
    assert (answers["business_name"], answers["primary_goals"]) == ("Lario", ["build-brand"])


def test_who_answers_the_same_questions_later_is_kept_aside_and_told() -> None:
    made = make.start()
    page = {"business_name": "", "contact_person": ""}
    service.save(made, page | {"business_name": "Theirs"}, Seen(1, "theirs"), OTHER)
    typed = page | {"contact_person": "Mine"}
    saved = service.save(made, typed, Seen(1, "mine"), AUTHOR)
    assert (saved.aside, saved.version, saved.others) == (3, 2, "Max Ferri")
    assert service.get(made).answers["business_name"] == "Theirs"
    assert service.version(made, 3).answers["contact_person"] == "Mine"
    assert service.version(made, 3).why is Why.ASIDE
    again = service.save(made, typed, Seen(1, "mine"), AUTHOR)
    assert again.aside == 3
    kept = service.save(made, typed, Seen(saved.version, "mine"), AUTHOR)
    assert (kept.version, kept.aside) == (4, 0)
    assert service.get(made).answers["contact_person"] == "Mine"
    assert "business_name" not in service.get(made).answers


def test_mine_over_theirs_takes_away_nothing_that_only_they_said() -> None:
    made = make.start()
    page = {"business_name": "", "contact_person": "", "phone": ""}
    service.save(made, page | {"business_name": "Theirs", "contact_person": "Theirs"}, Seen(1, "theirs"), OTHER)
    typed = page | {"contact_person": "Mine", "phone": "0341 00011"}
    told = service.save(made, typed, Seen(1, "mine"), AUTHOR)
    kept = service.save(made, typed, Seen(told.version, "mine", opened=1), AUTHOR)
    assert not kept.aside
    answers = service.get(made).answers
    assert [answers[name] for name in page] == ["Theirs", "Mine", "0341 00011"]


@given(st.lists(st.tuples(st.sampled_from(["name", "notes", "goals"]), st.integers(0, 3), st.booleans()), max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_every_version_says_what_was_saved(acts: list[tuple[str, int, bool]]) -> None:
    """Versions keep only what changed; put together they say everything that was there."""
    made = make.start()
    said = {1: dict(service.get(made).answers)}
    for what, number, back in acts:
        if back:
            service.restore(made, 1 + number % len(said), AUTHOR)
        else:
            goals = ["other", "build-brand", "credibility"][:number]
            typed: dict[str, dict[str, Any]] = {
                "name": {"business_name": "n" * number},
                "goals": {"primary_goals": goals},
            }
            service.save(made, typed.get(what, {"consultation_notes": "x" * number}), Seen(10**6, "tab"), AUTHOR)
        view = service.get(made)
        said[view.version] = dict(view.answers)
    assert {number: dict(service.version(made, number).answers) for number in said} == said
    assert sorted(said) == [version.number for version in service.versions(made, None, 100)][::-1]


def test_a_tab_whose_answer_got_lost_is_no_stranger_to_itself() -> None:
    made = make.start()
    service.save(made, {"business_name": "Lar"}, Seen(1, "mine"), AUTHOR)
    saved = service.save(made, {"business_name": "Lario"}, Seen(1, "mine"), AUTHOR)
    assert (saved.version, saved.aside) == (3, 0)


def test_the_same_typed_twice_by_two_is_no_conflict() -> None:
    made = make.start()
    service.save(made, {"business_name": "Lario"}, Seen(1, "theirs"), OTHER)
    saved = service.save(made, {"business_name": "Lario"}, Seen(1, "mine"), AUTHOR)
    assert (saved.version, saved.aside) == (2, 0)


def test_what_is_typed_into_a_completed_one_is_kept_aside() -> None:
    made = make.completed()
    saved = make.answer(made, consultation_notes="One more thing")
    assert saved.aside == service.get(made).version + 1
    assert service.get(made).answers["consultation_notes"] == ANSWERS["consultation_notes"]


def test_a_version_is_brought_back_as_a_new_one() -> None:
    made = make.start()
    make.answer(made, business_name="First", consultation_notes="Long notes")
    make.answer(made, business_name="Second", consultation_notes="")
    assert service.restore(made, 2, OTHER) == 4
    assert service.get(made).answers["consultation_notes"] == "Long notes"
    version = service.version(made, 4)
    assert (version.why, version.source, version.author_name) == (Why.RESTORED, 2, "Max Ferri")
    assert service.restore(made, 2, OTHER) == 4


def test_what_is_missing_is_named() -> None:
    made = make.start()
    make.answer(made, business_name="Lario", email="davide@")
    with pytest.raises(Invalid) as refused:
        service.complete(made, AUTHOR)
    assert refused.value.errors.keys() == {"contact_person", "email", "industry", "business_type"}
    assert refused.value.errors["industry"] == "Please fill this in."
    assert "e-mail address" in refused.value.errors["email"]


def test_completed_it_has_a_client() -> None:
    made = make.completed()
    view = service.get(made)
    assert (view.state, view.percent) == (State.COMPLETED, 100)
    assert view.client_id is not None
    client = clients.get(view.client_id)
    assert (client.name, client.email, client.country) == ("Lario Cicli", "davide@lario.example", "IT")
    service.complete(made, AUTHOR)
    kinds = [entry.kind for entry in events.timeline(events.ref("client", view.client_id))]
    assert sorted(kinds) == ["client.created", "consultation.completed"]


def test_a_client_with_that_address_is_found() -> None:
    client = make_clients.make_client("Lario", email="davide@lario.example")
    assert service.get(make.completed(**NEEDED)).client_id == client
    assert service.get(make.completed(**NEEDED)).client_id == client


def test_the_chosen_client_stays() -> None:
    client = make_clients.make_client("Lario", email="office@lario.example")
    made = make.start(client)
    make.answer(made, **NEEDED)
    service.complete(made, AUTHOR)
    assert service.get(made).client_id == client


def test_states() -> None:
    made = make.completed()
    service.archive(made, AUTHOR)
    service.archive(made, AUTHOR)
    assert service.page(Filter(), 10) == []
    assert [card.id for card in service.page(Filter(state="archived"), 10)] == [made]
    service.unarchive(made, AUTHOR)
    assert service.get(made).state is State.COMPLETED
    service.reopen(made, AUTHOR)
    assert service.get(made).state is State.DRAFT
    with pytest.raises(Conflict):
        service.for_proposal(made)


def test_what_became_a_proposal_moves_no_more() -> None:
    made, proposal = make.completed(), uuid4()
    service.mark_converted(made, proposal, AUTHOR.actor)
    assert service.for_proposal(made).proposal_id == proposal
    for act in (service.reopen, service.archive):
        with pytest.raises(Conflict):
            act(made, AUTHOR)
    with pytest.raises(Conflict):
        service.mark_converted(made, uuid4(), AUTHOR.actor)
    service.release(made, uuid4(), AUTHOR.actor)
    assert service.get(made).state is State.CONVERTED
    service.release(made, proposal, AUTHOR.actor)
    assert (service.get(made).state, service.get(made).proposal_id) == (State.COMPLETED, None)


def test_the_snapshot_says_it_in_words() -> None:
    made = make.completed()
    told = {line["id"]: line["value"] for line in service.answers_snapshot(service.get(made))}
    assert told["answer.primary_challenges"] == "Hard to use on a phone, Hard to find in search engines"
    assert told["answer.budget_range"] == "€5,000 to €10,000"
    assert told["answer.business_name"] == "Lario Cicli"
    assert "answer.social_facebook" not in told


def test_the_latest_of_a_client() -> None:
    client = make_clients.make_client("Lario")
    assert service.latest_for(client) is None
    first, second = make.start(client), make.start(client)
    latest = service.latest_for(client)
    assert latest is not None and latest.id == second
    service.archive(second, AUTHOR)
    latest = service.latest_for(client)
    assert latest is not None and latest.id == first
    assert len(service.of_client(client)) == 1


def test_the_list_is_filtered_and_goes_on() -> None:
    made = [make.draft(business_name=name) for name in ("Alpha", "Beta", "Gamma")]
    assert [card.id for card in service.page(Filter(), 2)] == made[:0:-1]
    assert [card.id for card in service.page(Filter(before=made[1]), 2)] == [made[0]]
    assert [card.name for card in service.page(Filter(words="BET"), 9)] == ["Beta"]
    assert service.page(Filter(state="completed"), 9) == []


def test_another_agency_sees_nothing(other_agency: AgencyView) -> None:
    made = make.draft()
    with tenancy.tenant(other_agency.id), pytest.raises(NotFound):
        service.get(made)
    with pytest.raises(NotFound):
        service.version(made, 99)
