"""An agency's own lists of choices."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.client import Browser
from tests.factories import consultations as make
from webkit.consultations import service
from webkit.consultations.fields import FIELDS
from webkit.consultations.presets import PRESETS
from webkit.core.kernel import tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Invalid

pytestmark = pytest.mark.usefixtures("agency")
BASE = "/northwind/consultations/choices"


def offered(name: str = "timeline") -> list[tuple[str, str]]:
    return service.lists().offered(name)


def test_a_list_replaces_the_preset_and_known_words_keep_their_value() -> None:
    service.set_choices("timeline", "In spring\nas soon as possible\n\nIn spring!\n")
    assert offered() == [("in-spring", "In spring"), ("asap", "as soon as possible"), ("in-spring-2", "In spring!")]
    assert offered("urgency_level")[0] == ("low", "No hurry")
    service.reset_choices("timeline")
    assert len(offered()) == 4


def test_the_same_list_stays_the_preset() -> None:
    service.set_choices("timeline", "\r\n".join(words for _value, words in offered()))
    assert service.lists().own == {}


def test_old_answers_stay_readable() -> None:
    service.set_choices("industry", "Boats\nBicycles")
    made = make.draft(**(make.NEEDED | {"industry": "boats"}))
    service.set_choices("industry", "Bicycles")
    service.complete(made, make.AUTHOR)
    told = {line["id"]: line["value"] for line in service.answers_snapshot(service.get(made))}
    assert told["answer.industry"] == "Boats"
    service.set_choices("industry", "BOATS\nBicycles")
    assert offered("industry")[0] == ("boats", "BOATS")
    service.set_choices("industry", "日本語\n中文")
    assert [value for value, _words in offered("industry")] == ["choice", "choice-2"]


def test_defaults_are_offered_or_left_out() -> None:
    service.set_choices("urgency_level", "Whenever")
    assert "urgency_level" not in service.get(make.start()).answers


@pytest.mark.parametrize("text", ["", "\n \n", "A\na", "x" * 101, "tab\x07", "\n".join(map(str, range(41)))])
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        service.set_choices("timeline", text)
    assert refused.value.errors.keys() == {"timeline"}


def test_another_agency_has_its_own(other_agency: AgencyView) -> None:
    service.set_choices("timeline", "In spring")
    with tenancy.tenant(other_agency.id):
        assert len(offered()) == 4


def test_the_page(owner: Browser, member: Browser, stranger: Browser, anonymous: Browser) -> None:
    shown = owner.get(BASE).text
    assert all(str(FIELDS[name].label) in shown for name in PRESETS)
    saved = owner.post(f"{BASE}/timeline", data={"timeline": "In spring\n<script>alert(1)</script>"})
    assert saved.headers["Location"].endswith("/choices#list-timeline")
    shown = owner.get(BASE).text
    assert "your own list" in shown and "<script>alert" not in shown
    made: UUID = make.start()
    form = owner.get(f"/northwind/consultations/{made}/goals").text
    assert "In spring" in form and "As soon as possible" not in form and "<script>alert" not in form
    wrong = owner.post(f"{BASE}/timeline", data={"timeline": "A\na"})
    assert wrong.status_code == 422 and "Each choice once" in wrong.text and "A\na</textarea>" in wrong.text
    assert owner.post(f"{BASE}/timeline", data={"reset": "1"}).status_code == 303
    assert service.lists().own == {}
    assert owner.post(f"{BASE}/nonsense", data={"nonsense": "A"}).status_code == 404
    assert member.get(BASE).status_code == 403
    assert member.post(f"{BASE}/timeline", data={"timeline": "A"}).status_code == 403
    assert "/choices" not in member.get("/northwind/consultations/").text
    assert stranger.get(BASE).status_code == 404 and anonymous.get(BASE).status_code == 303
    assert stranger.post(f"{BASE}/timeline", data={"timeline": "A"}).status_code == 404
