"""A trial is had once: by a person, however the address is spelt, whatever becomes of the agency."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import people
from webkit.accounts.events import AgencyFounded
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel import signals, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.ids import uuid7
from webkit.subscriptions import models, service, trials


@pytest.fixture
def trying(app: Flask, billing: None) -> Iterator[None]:
    """A new agency tries growth for two weeks."""
    runtime = runtimes.of(app)
    runtime.settings = runtime.settings.model_copy(update={"trial_days": 14})
    yield


def tried(agency: AgencyView) -> bool:
    with tenancy.tenant(agency.id):
        return service.own().standing.why is service.Why.TRIAL


def again(user_id: UUID, email: str) -> bool:
    """Somebody founds one more agency; whether it has a trial."""
    made = uuid7()
    with tenancy.platform("test"), writing():
        signals.publish(AgencyFounded(made, user_id, email))
    with tenancy.platform("test"):
        return models.has_trial(made)


def test_the_second_agency_of_a_person_has_none(trying: None, app: Flask) -> None:
    mira = people.make_person("Mira Holt", "mira@harbour.example")
    first = people.make_agency(mira, name="Harbour", slug="harbour", email="a@harbour.example")
    second = people.make_agency(mira, name="Pine", slug="pine", email="b@harbour.example")
    other = people.make_agency(people.make_person("Ida Lund", "ida@lund.example"), name="Lund", slug="lund")
    assert (tried(first), tried(second), tried(other)) == (True, False, True)
    with tenancy.tenant(second.id):
        assert service.own().tier == "free"


def test_who_comes_back_is_known_by_account_and_address(trying: None, app: Flask) -> None:
    person = uuid7()
    assert again(person, "Kim@North.example")
    assert not again(person, "new@address.example")  # the same account under another address
    assert not again(uuid7(), "kim+2@north.EXAMPLE")  # a new account under the old address
    assert not again(uuid7(), "new@address.example")  # who was refused does not get it by a detour
    assert again(uuid7(), "sam@north.example")


def test_what_is_kept_goes_with_no_agency_and_names_no_address(trying: None, app: Flask) -> None:
    again(uuid7(), "kim@north.example")
    columns = models.Trial.__table__.columns
    assert "agency_id" not in columns and not models.Trial.__table__.foreign_keys
    with tenancy.platform("test") as unit:
        assert not any("kim" in row.person for row in unit.query(models.Trial))


@pytest.mark.parametrize(("spelt", "plain"), [(" Kim@A.example", "kim@a.example"), ("k+x+y@a.example", "k@a.example")])
def test_an_address_is_the_same_however_it_is_spelt(spelt: str, plain: str) -> None:
    assert trials.plain(spelt) == plain
