"""Clients without HTTP."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import listed
from tests.factories.clients import caffe_olmo, make_client
from tests.threads import at_once
from webkit.clients import models, service
from webkit.clients.listing import CLIENTS
from webkit.core.kernel import db, events, search, tenancy
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound


def names(query: str = "", *, archived: bool = False) -> list[str]:
    return [client.name for client in listed.rows(CLIENTS, q=query, archived="1" if archived else "")]


def test_a_client_as_others_see_it(agency: AgencyView) -> None:
    view = service.get(caffe_olmo())
    assert view.lines == ("Via Padova 41", "20131 Milano (MI)")
    assert (view.locale, view.own_locale, view.active, view.revision) == ("it-IT", "it-IT", True, 1)
    assert service.client_snapshot(view) == {
        "id": str(view.id),
        "name": "Caffè Olmo",
        "contact_name": "Giulia Ferrante",
        "email": "giulia@caffeolmo.example",
        "lines": ["Via Padova 41", "20131 Milano (MI)"],
        "tax_id": "IT04127550962",
        "country": "IT",
    }


def test_the_agencys_language_where_none_is_set(agency: AgencyView) -> None:
    view = service.get(make_client())
    assert (view.locale, view.own_locale) == ("en-GB", "")


def test_an_address_of_mail_belongs_to_one_client(agency: AgencyView, other_agency: AgencyView) -> None:
    caffe_olmo()
    with pytest.raises(Invalid) as refused:
        make_client("Another", email="giulia@caffeolmo.example")
    assert "Caffè Olmo" in refused.value.errors["email"]
    with tenancy.tenant(other_agency.id):
        make_client("Another agency's", email="giulia@caffeolmo.example")
    make_client("Without", email=None)
    make_client("Without as well", email=None)


def test_two_who_take_an_address_at_once(app: Flask, agency: AgencyView) -> None:
    def take() -> UUID:
        with tenancy.tenant(agency.id):
            return make_client("Giulia", email="giulia@caffeolmo.example")

    answers = at_once(app, *[take] * 4)
    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    assert sum(isinstance(answer, Invalid) for answer in answers) == 3


def test_sent_twice_it_is_one(app: Flask, agency: AgencyView) -> None:
    def send() -> UUID:
        with tenancy.tenant(agency.id):
            return service.create({"name": "Caffè Olmo", "country": "IT"}, "system", "one-key")

    answers = at_once(app, *[send] * 4)
    assert len(set(answers)) == 1 and isinstance(answers[0], UUID)
    assert send() == answers[0]
    assert names() == ["Caffè Olmo"]


def test_found_by_the_beginning_of_words(agency: AgencyView) -> None:
    caffe_olmo()
    make_client("Trattoria Sole", email="info@sole.example")
    make_client("Österreichische Bäckerei", contact_name="Max O'Neill")
    for query, expected in {
        "caffe": ["Caffè Olmo"],
        "OLM": ["Caffè Olmo"],
        "olmo caf": ["Caffè Olmo"],
        "giulia@caffeolmo.example": ["Caffè Olmo"],
        "sole": ["Trattoria Sole"],
        "osterr": ["Österreichische Bäckerei"],
        "o'neill": ["Österreichische Bäckerei"],
        "lmo": [],
        "caffe sole": [],
        "%": ["Caffè Olmo", "Österreichische Bäckerei", "Trattoria Sole"],
        "_": [],
        "'; DROP TABLE clients; --": [],
        "\U0010ffff": ["Caffè Olmo", "Österreichische Bäckerei", "Trattoria Sole"],
    }.items():
        assert names(query) == expected, query


def test_new_names_are_found_and_old_ones_forgotten(agency: AgencyView) -> None:
    client = caffe_olmo()
    service.change(client, {"name": "Bar Luce"}, 1, "system")
    assert names("luce") == ["Bar Luce"] and names("olmo") == []
    assert names("giulia") == ["Bar Luce"]


@given(name=st.text(min_size=1, max_size=60).filter(lambda text: "\x00" not in text and text.isprintable()))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_word_finds_its_client(agency: AgencyView, name: str) -> None:
    client = make_client(name)
    for word in models.words(name):
        known = models.ClientWord.word
        found = sa.select(models.ClientWord.client_id).where(known >= word[:3], known < word[:3] + search.LAST)
        assert client in set(session().scalars(found))
    db.release()


def test_pages_forward_and_back(agency: AgencyView) -> None:
    for number in range(60):
        make_client(f"Client {number:02}")
    first = listed.paged(CLIENTS)
    assert [len(first.rows), first.newer, first.rows[0].name] == [25, None, "Client 00"]
    second = listed.paged(CLIENTS, after=first.older)
    third = listed.paged(CLIENTS, after=second.older)
    assert [client.name for client in third.rows] == [f"Client {number}" for number in range(50, 60)]
    assert third.older is None and third.newer is not None
    back = listed.paged(CLIENTS, before=third.newer)
    assert back == second
    assert listed.paged(CLIENTS, before=back.newer).rows == first.rows
    assert listed.paged(CLIENTS, before=back.newer).newer is None
    assert listed.paged(CLIENTS, after=uuid4()).rows == first.rows, "an unknown place is the beginning"


def test_same_names_lose_nobody_between_pages(agency: AgencyView) -> None:
    for _ in range(30):
        make_client("The same")
    first = listed.paged(CLIENTS)
    rest = listed.paged(CLIENTS, after=first.older)
    assert len({client.id for client in (*first.rows, *rest.rows)}) == 30


def test_archived_and_back(agency: AgencyView) -> None:
    client = caffe_olmo()
    service.archive(client, "system")
    service.archive(client, "system")
    assert names() == [] and names(archived=True) == ["Caffè Olmo"] and service.choices() == []
    assert not service.get(client).active and service.has_any()
    service.restore(client, "system")
    assert names() == ["Caffè Olmo"] and service.choices() == [(client, "Caffè Olmo")]
    kinds = [entry.kind for entry in events.timeline(events.ref("client", client))]
    assert kinds == ["client.restored", "client.archived", "client.created"]


def test_changes_are_recorded_with_names_as_personal_data_only(agency: AgencyView) -> None:
    client = caffe_olmo()
    assert service.change(client, {"city": "Roma", "name": "Caffè Olmo"}, 1, "user:x") == ["city"]
    entry = events.timeline(events.ref("client", client))[0]
    assert entry.facts == {"actor": "user:x", "fields": ["city"]}
    assert entry.personal == {"name": "Caffè Olmo"}
    assert "Olmo" not in session().scalar(sa.select(events.Event.text).where(events.Event.seq == entry.seq))
    db.release()
    assert service.change(client, {"city": "Roma"}, 1, "user:x") == [], "nothing new, nothing recorded"


def test_notes_leave_no_mark_in_the_chain(agency: AgencyView) -> None:
    client = caffe_olmo()
    service.change(client, {"notes": "Never call before ten."}, None, "user:x")
    assert service.get(client).notes == "Never call before ten."
    assert len(events.timeline(events.ref("client", client))) == 1


def test_an_old_page_does_not_overwrite(agency: AgencyView) -> None:
    client = caffe_olmo()
    service.change(client, {"city": "Roma"}, 1, "user:x")
    with pytest.raises(Conflict):
        service.change(client, {"phone": "1"}, 1, "user:y")
    service.change(client, {"phone": "1"}, 2, "user:y")
    view = service.get(client)
    assert (view.city, view.phone) == ("Roma", "1")


def test_unknown_clients(agency: AgencyView) -> None:
    with pytest.raises(NotFound):
        service.get(uuid4())
    with pytest.raises(NotFound):
        service.change(uuid4(), {"city": "x"}, None, "system")


def test_the_search_uses_its_index(agency: AgencyView) -> None:
    """With row-level security on; see the plan, not the clock."""
    if session().get_bind().dialect.name != "postgresql":
        pytest.skip("a question of PostgreSQL's planner")
    with writing():
        session().execute(sa.text("SET LOCAL enable_seqscan = off"))
        session().execute(sa.text("SET LOCAL enable_sort = off"))
        statement = sa.select(models.ClientWord.client_id).where(
            models.ClientWord.agency_id == agency.id, models.ClientWord.word >= "caf", models.ClientWord.word < "cag"
        )
        # Both indexes of an empty table cost the same, but one has the words in order.
        statement = statement.order_by(models.ClientWord.word)
        compiled = statement.compile(session().get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(session().scalars(sa.text(f"EXPLAIN {compiled}")))
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "word" in condition and "agency_id" in condition, plan
