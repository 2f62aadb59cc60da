"""Staff pages: who gets in, what is kept, what is said, with scripts and without."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

import pytest

from tests.client import Browser
from tests.factories import authors
from tests.factories import clients as make_clients
from tests.factories import consultations as make
from tests.factories.consultations import ANSWERS, AUTHOR, NEEDED
from tests.factories.people import Person
from webkit.consultations import service
from webkit.consultations.fields import KEYS
from webkit.consultations.models import Filter, State

BASE = "/northwind/consultations"
HOSTILE = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def mine() -> UUID:
    return make.draft()


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the form: what it was opened on."""
    fields = re.findall(r'<input type="hidden"[^>]*name="(tab|version)" value="([^"]*)"', html)
    return dict(fields)


def opened(browser: Browser, made: UUID, key: str = "business") -> dict[str, str]:
    return hidden(browser.get(f"{BASE}/{made}/{key}").text)


def pages(made: UUID) -> list[str]:
    steps = [f"/{made}/{key}" for key in KEYS]
    return ["/", "/new", f"/{made}", *steps, f"/{made}/versions", f"/{made}/versions/2", f"/{made}/compare"]


@pytest.mark.usefixtures("agency")
def test_its_author_and_the_owner_may(owner: Browser, member: Browser, mine: UUID, max_: Person) -> None:
    assert member.get(f"{BASE}/{mine}/edit").status_code == 404
    authors.hand_to(max_.id)
    for browser in (owner, member):
        for path in pages(mine):
            assert browser.get(f"{BASE}{path}").status_code == 200, path
    assert owner.get(f"{BASE}/{mine}/edit").headers["Location"].endswith("/business")
    for path in ("?state=nonsense&before=x&client=y", "?state=draft&q=lario"):
        assert owner.get(f"{BASE}/{path}").status_code == 200, path


@pytest.mark.usefixtures("agency")
def test_others_find_nothing(stranger: Browser, anonymous: Browser, mine: UUID) -> None:
    for path in pages(mine):
        assert stranger.get(f"{BASE}{path}").status_code == 404, path
        assert anonymous.get(f"{BASE}{path}").status_code == 303, path
    acts = ("business", "complete", "reopen", "archive", "unarchive", "versions/1/restore")
    for act in acts:
        assert stranger.post(f"{BASE}/{mine}/{act}").status_code == 404, act
        assert stranger.post(f"/harbour-pine/consultations/{mine}/{act}").status_code == 404, act
        assert anonymous.post(f"{BASE}/{mine}/{act}").status_code == 303, act
    for path in (f"/{mine}", f"/{mine}/versions", f"/{mine}/versions/1", f"/{mine}/compare", f"/{mine}/goals"):
        assert stranger.get(f"/harbour-pine/consultations{path}").status_code == 404, path
    assert service.get(mine).state is State.DRAFT


@pytest.mark.usefixtures("agency")
def test_foreign_and_unknown_numbers(owner: Browser, mine: UUID) -> None:
    for path in (
        f"/{uuid4()}",
        f"/{mine}/versions/99",
        f"/{mine}/compare?from=1&to=99",
        f"/{mine}/versions/99999999999",
        f"/{mine}/nonsense",
    ):
        assert owner.get(f"{BASE}{path}").status_code == 404, path
    assert owner.get(f"{BASE}/{mine}/compare?from=-1&to=x").status_code == 200
    assert owner.get(f"{BASE}/{mine}/versions?before=-1").status_code == 200
    assert owner.post(f"{BASE}/new", data={"client_id": str(uuid4())}).status_code == 422


def test_it_works_without_scripts(owner: Browser) -> None:
    begun = owner.post(f"{BASE}/new", data={"client_id": "", "once": "k"})
    assert begun.headers["Location"].endswith("/business")
    again = owner.post(f"{BASE}/new", data={"client_id": "", "once": "k"})
    assert again.headers["Location"] == begun.headers["Location"]
    made = UUID(begun.headers["Location"].split("/")[-2])
    for at, key in enumerate(KEYS):
        path = f"{BASE}/{made}/{key}"
        given = {name: value for name, value in ANSWERS.items() if f'name="{name}"' in owner.get(path).text}
        act = "complete" if key == KEYS[-1] else "next"
        answer = owner.post(path, data={**opened(owner, made, key), **given, "go": act})
        assert answer.status_code == 303
        expected = f"/{made}" if act == "complete" else f"/{KEYS[at + 1]}"
        assert answer.headers["Location"].endswith(expected)
    view = service.get(made)
    assert (view.state, view.percent, dict(view.answers)) == (State.COMPLETED, 100, ANSWERS)
    shown = owner.get(f"{BASE}/{made}").text
    assert "Hard to use on a phone" in shown and f"/northwind/proposals/new?consultation={made}" in shown
    assert owner.get(f"{BASE}/{made}/goals").headers["Location"].endswith(str(made))


@pytest.mark.usefixtures("agency")
def test_back_close_and_any_step_save_first(owner: Browser) -> None:
    made = make.start()
    for act, target in (("back", "situation"), ("preferences", "preferences"), ("close", str(made)), ("", "goals")):
        answer = owner.post(
            f"{BASE}/{made}/goals", data={**opened(owner, made, "goals"), "timeline": "asap", "go": act}
        )
        assert answer.headers["Location"].endswith(f"/{target}"), act
    assert service.get(made).answers["timeline"] == "asap"
    assert service.get(made).version == 2


@pytest.mark.usefixtures("agency")
def test_saved_by_itself(owner: Browser) -> None:
    made = make.start()
    form = opened(owner, made)
    typed = {**form, "business_name": "Lario", "email": "davide@"}
    answer = owner.post(f"{BASE}/{made}/business", data=typed, headers=HTMX)
    assert answer.status_code == 200
    assert 'name="version" value="2"' in answer.text and "known" in answer.text
    assert "<html" not in answer.text and "<script" not in answer.text
    assert service.get(made).answers["email"] == "davide@"


@pytest.mark.usefixtures("agency")
def test_an_older_tab_is_told_and_loses_nothing(owner: Browser, member: Browser, max_: Person) -> None:
    made = make.start()
    authors.hand_to(max_.id)
    path = f"{BASE}/{made}/business"
    old, new = opened(owner, made), opened(member, made)
    assert member.post(path, data={**new, "business_name": "Theirs"}, headers=HTMX).status_code == 200
    typed = {**old, "business_name": "Mine", "phone": "0341 00011"}
    told = owner.post(path, data=typed, headers=HTMX)
    assert told.status_code == 409
    assert "Max Ferri saved this step after you opened it." in told.text
    assert "kept as version 3" in told.text and 'name="over" value="2"' in told.text
    whole = owner.post(path, data={**typed, "go": "next"})
    assert whole.status_code == 409 and 'value="Mine"' in whole.text
    assert service.get(made).answers["business_name"] == "Theirs"
    assert owner.get(f"{BASE}/{made}/compare?from=2&to=3").status_code == 200
    kept = owner.post(path, data={**typed, "over": "2"})
    assert kept.status_code == 303
    assert service.get(made).answers["business_name"] == "Mine"
    listed = owner.get(f"{BASE}/{made}/versions").text
    assert "kept aside" in listed and "counts now" in listed


@pytest.mark.usefixtures("agency")
def test_two_tabs_on_different_steps_are_joined(owner: Browser, member: Browser, max_: Person) -> None:
    made = make.start()
    authors.hand_to(max_.id)
    mine, theirs = opened(owner, made, "goals"), opened(member, made)
    member.post(f"{BASE}/{made}/business", data={**theirs, "business_name": "Lario"}, headers=HTMX)
    told = owner.post(f"{BASE}/{made}/goals", data={**mine, "timeline": "asap"}, headers=HTMX)
    assert told.status_code == 200
    assert "Max Ferri answered other questions meanwhile. Both are kept." in told.text
    assert service.get(made).answers["business_name"] == "Lario"


@pytest.mark.usefixtures("agency")
def test_what_cannot_be_stored_is_said_and_the_rest_kept(owner: Browser) -> None:
    made = make.start()
    form = {**opened(owner, made), "contact_person": "Davide", "business_name": "x" * 201, "industry": "piracy"}
    answer = owner.post(f"{BASE}/{made}/business", data={**form, "phone": "1\x072"})
    assert answer.status_code == 422
    assert "At most 200 characters" in answer.text and "x" * 201 in answer.text
    assert "one of the offered values" in answer.text and "cannot be printed" in answer.text
    answers = service.get(made).answers
    assert answers["contact_person"] == "Davide" and "business_name" not in answers and "phone" not in answers
    assert owner.post(f"{BASE}/{made}/preferences", data={"consultation_notes": "y" * 5001}).status_code == 422
    assert owner.post(f"{BASE}/{made}/preferences", data={"consultation_notes": "y" * 5_000_000}).status_code == 413


@pytest.mark.usefixtures("agency")
def test_nothing_typed_becomes_markup(owner: Browser) -> None:
    made = make.start()
    make.answer(made, business_name=HOSTILE, website="javascript:alert(1)", consultation_notes=HOSTILE)
    make.answer(made, consultation_notes=f"{HOSTILE} and more")
    paths = ("", *(f"/{key}" for key in KEYS), "/versions", "/versions/2", "/compare?from=1&to=3")
    for path in paths:
        text = owner.get(f"{BASE}/{made}{path}").text
        assert "<script>alert" not in text and "<img src=x" not in text, path
        assert 'href="javascript:' not in text and 'href="https://javascript:' not in text, path
    assert HOSTILE not in owner.get(f"{BASE}/").text


@pytest.mark.usefixtures("agency")
def test_what_is_missing_is_named_and_linked(owner: Browser) -> None:
    made = make.draft(**(NEEDED | {"email": "davide@", "industry": ""}))
    answer = owner.post(f"{BASE}/{made}/preferences", data={**opened(owner, made, "preferences"), "go": "complete"})
    assert answer.status_code == 422
    link = f"{BASE}/{made}/business?check=1#f-industry"
    assert link in answer.text and "2 answers are needed" in answer.text
    checked = owner.get(link.split("#")[0]).text
    assert "Please fill this in." in checked and "not an e-mail address" in checked
    assert owner.get(f"{BASE}/{made}").text.count("check=1#f-") == 2
    assert owner.post(f"{BASE}/{made}/complete").status_code == 422


@pytest.mark.usefixtures("agency")
def test_two_clicks_make_one_client(owner: Browser) -> None:
    made, other = make.draft(), make.draft()
    for consultation in (made, made, other):
        assert owner.post(f"{BASE}/{consultation}/complete").status_code == 303
    assert owner.get("/northwind/clients").text.count(">Lario Cicli<") == 1
    assert service.get(made).client_id == service.get(other).client_id


@pytest.mark.usefixtures("agency")
def test_a_version_comes_back(owner: Browser) -> None:
    made = make.draft(consultation_notes="First")
    make.answer(made, consultation_notes="Second")
    compared = owner.get(f"{BASE}/{made}/compare").text
    assert re.search(r"<del[^>]*>.*First</del>", compared) and re.search(r"<ins[^>]*>.*Second</ins>", compared)
    owner.post(f"{BASE}/{made}/versions/2/restore")
    assert service.get(made).answers["consultation_notes"] == "First"
    assert "Version 2 brought back" in owner.get(f"{BASE}/{made}/versions").text


@pytest.mark.usefixtures("agency")
def test_states_have_their_buttons(owner: Browser) -> None:
    made = make.completed()
    for act, state in (
        ("reopen", "draft"),
        ("complete", "completed"),
        ("archive", "archived"),
        ("unarchive", "completed"),
    ):
        assert owner.post(f"{BASE}/{made}/{act}").status_code == 303
        assert service.get(made).state == state
        assert owner.get(f"{BASE}/{made}").status_code == 200
    assert "Lario Cicli" in owner.get(f"{BASE}/?state=completed").text
    assert "Nothing found" in owner.get(f"{BASE}/?state=archived").text


@pytest.mark.usefixtures("agency")
def test_the_list_teaches_and_pages(owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Begin your first consultation" in owner.get(f"{BASE}/").text
    monkeypatch.setattr("webkit.consultations.routes.PAGE", 2)
    for number in range(3):
        make.draft(business_name=f"Business {number}")
    first = owner.get(f"{BASE}/?q=business").text
    assert "Business 2" in first and "Business 0" not in first
    older = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert older is not None
    assert "Business 0" in owner.get(older[1].replace("&amp;", "&")).text


@pytest.mark.usefixtures("agency")
def test_versions_go_on(owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webkit.consultations.routes.VERSIONS", 2)
    made = make.draft()
    make.answer(made, phone="0341 99999")
    first = owner.get(f"{BASE}/{made}/versions").text
    assert "Version 3" in first and ">Version 1<" not in first
    assert ">Version 1<" in owner.get(f"{BASE}/{made}/versions?before=2").text


@pytest.mark.usefixtures("agency")
def test_a_client_shows_its_consultations(owner: Browser) -> None:
    client = make_clients.make_client("Lario Cicli", email="davide@lario.example")
    begin = owner.get(f"{BASE}/new?client={client}").text
    assert f'<option value="{client}" selected>' in begin and "There is a draft" not in begin
    made = make.start(client)
    assert "There is a draft with this client" in owner.get(f"{BASE}/new?client={client}").text
    hub = owner.get(f"/northwind/clients/{client}").text
    assert f"{BASE}/{made}" in hub and f"{BASE}/new?client={client}" in hub
    service.archive(made, AUTHOR)
    assert service.page(Filter(client_id=client), 5) == []
