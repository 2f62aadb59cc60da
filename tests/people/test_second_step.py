"""An agency that demands a second factor: who is let in, who is led to setting one up, who cannot demand it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.client import Browser
from tests.factories.people import Person
from webkit.accounts import factor_models
from webkit.accounts.factor_models import Passkey
from webkit.agencies import service as agencies
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import bearers, clock
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.people import second_step
from webkit.tokens import bearer, service


def equip(person: Person) -> None:
    """Give somebody a passkey."""
    with writing():
        key = {"credential": person.email, "public_key": "k", "sign_count": 0, "transports": []}
        session().add(Passkey(user_id=person.id, name="Laptop", **key))
        session().flush()


def test_who_has_none_is_led_to_setting_one_up(
    agency: AgencyView, owner: Browser, member: Browser, ada: Person, max_: Person
) -> None:
    home, path = f"/{agency.slug}/", f"/{agency.slug}/settings/members/second-step"
    refused = owner.post(path, data={"days": "7"})
    assert refused.status_code == 422 and "for yourself first" in refused.text
    equip(ada)
    assert "Max Ferri" in owner.get(path).text
    assert owner.post(path, data={"days": "8"}).status_code == 422
    assert owner.post(path, data={"days": "7"}).status_code == 303
    assert member.get(home).status_code == 200, "there are some days yet"
    key = service.create_own(max_.id, "Laptop", ["read"], 30)
    program = bearer.authenticate(f"Bearer {key.key}")
    assert bearers.entrance(program, agency.slug)
    agencies.demand_second(clock.today(agency.timezone))
    led = member.get(home)
    assert led.status_code == 303 and led.location == "/account/security"
    assert "lets in only people who have a second step" in member.get(led.location).text
    assert member.post(f"/{agency.slug}/clients/new", data={}).status_code == 303
    with pytest.raises(DomainError):
        bearers.entrance(program, agency.slug)
    assert owner.get(home).status_code == 200
    equip(max_)
    assert member.get(home).status_code == 200 and bearers.entrance(program, agency.slug)


def test_it_can_be_ended(agency: AgencyView, owner: Browser, member: Browser, ada: Person) -> None:
    equip(ada)
    path = f"/{agency.slug}/settings/members/second-step"
    owner.post(path, data={"days": "0"})
    assert member.get(f"/{agency.slug}/").status_code == 303
    assert owner.post(f"{path}/end").status_code == 303
    assert member.get(f"/{agency.slug}/").status_code == 200 and second_step.demand().day is None
    assert member.get(path).status_code == member.post(path, data={"days": "0"}).status_code == 403


def test_those_who_have_none_are_told(
    agency: AgencyView, ada: Person, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    equip(ada)
    second_step.begin(14, ada.id)
    run_jobs()
    assert [each.entry.to for each in outbox_mails()] == [("max@northwind.example",)]
    assert factor_models.with_second([ada.id]) == {ada.id}
