"""Keys: what opens, for whom, how far, and when no longer."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from tests.client import Browser
from tests.factories.people import Person
from tests.threads import at_once
from webkit.accounts import seats
from webkit.accounts import service as accounts
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.extensions import Job
from webkit.core.kernel import bearers, clock, db, permissions, ratelimit, tenancy
from webkit.core.kernel.bearers import Unauthorized
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.logging import scrub
from webkit.tokens import bearer, models, secrets, service
from webkit.tokens.views import NewKey


def own(person: Person, *scopes: str, days: int = 90) -> NewKey:
    return service.create_own(person.id, "Laptop", scopes or ("write",), days)


def shows(key: str) -> bearers.Bearer:
    return bearer.authenticate(f"Bearer {key}")


def opens(key: str) -> bool:
    try:
        shows(key)
    except Unauthorized:
        return False
    return True


def test_a_key_is_recognised_by_scanners_and_by_its_checksum() -> None:
    key = secrets.draw(secrets.AGENCY)
    assert re.fullmatch(r"wk[apr]_[0-9A-Za-z]{46}", key)
    assert secrets.is_whole(key)
    for at in range(len(key)):
        wrong = key[:at] + ("a" if key[at] != "a" else "b") + key[at + 1 :]
        assert not secrets.is_whole(wrong), at
    assert (
        not secrets.is_whole(key[:-1]) and not secrets.is_whole(key + "a") and not secrets.is_whole("wka_é" + key[5:])
    )


def test_a_persons_key_knows_whose_it_is(agency: AgencyView, ada: Person) -> None:
    made = own(ada, "read", "invoices:write", "invoices:read")
    found = shows(made.key)
    assert (found.user_id, found.agency_id, found.token_id, found.kind) == (ada.id, None, made.id, "personal")
    assert found.scopes == {"read", "invoices:write"}, "what a wider scope holds is not kept twice"
    assert made.key not in repr(models.key(made.id).__dict__)


def test_what_opens_nothing(agency: AgencyView, ada: Person) -> None:
    made = own(ada)
    refused = [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {made.key}",
        "Bearer x",
        f"Bearer {made.key[:-1]}",
        "Bearer " + "a" * 9000,
    ]
    refused += [f"Bearer {secrets.draw(prefix)}" for prefix in secrets.PREFIXES]
    for header in refused:
        with pytest.raises(Unauthorized) as refusal:
            bearer.authenticate(header)
        assert made.key not in refusal.value.message
    assert shows(made.key)


@pytest.mark.parametrize(
    "scopes", [(), ("everything",), ("invoices",), ("invoices:delete",), ("x" * 99,), ("ownership:write",)]
)
def test_only_scopes_that_exist(agency: AgencyView, ada: Person, scopes: tuple[str, ...]) -> None:
    with pytest.raises(DomainError):
        service.create_own(ada.id, "Laptop", scopes, 90)


@pytest.mark.parametrize("days", [0, 31, 3650])
def test_no_key_is_good_for_ever(agency: AgencyView, ada: Person, days: int) -> None:
    with pytest.raises(DomainError):
        own(ada, days=days)


def test_it_ends_in_time_and_when_it_is_revoked(agency: AgencyView, ada: Person, max_: Person) -> None:
    first, second = own(ada, days=30), own(ada)
    with pytest.raises(DomainError):
        service.revoke_own(max_.id, second.id)
    service.revoke_own(ada.id, second.id)
    assert opens(first.key) and not opens(second.key)
    with pytest.raises(DomainError):
        service.revoke_own(ada.id, second.id)
    with clock.frozen(clock.now() + timedelta(days=30)):
        assert not opens(first.key)


def test_who_is_suspended_calls_no_longer(agency: AgencyView, ada: Person) -> None:
    key = own(ada).key
    accounts.suspend(ada.id, "unpaid")
    assert not opens(key)
    accounts.unsuspend(ada.id)
    assert opens(key)


def test_a_key_does_what_its_maker_may_do_now(agency: AgencyView, ada: Person, max_: Person) -> None:
    mine, his = shows(own(ada, "read", "invoices:write").key), shows(own(max_, "write").key)
    entrance, grant = bearers.entrance(mine, agency.slug)
    assert entrance.agency.id == agency.id and grant.role == ""
    assert grant.can("invoices.refund") and grant.can("proposals.view") and not grant.can("proposals.edit")
    assert not grant.can("ownership.offer") and not grant.can(permissions.UNDECLARED) and grant.can("home.view")
    _entrance, narrow = bearers.entrance(his, agency.slug)
    assert not narrow.can("invoices.refund") and narrow.own == permissions.grant(max_.id, "member").own
    seats.take(max_.id)
    with pytest.raises(DomainError) as refused:
        bearers.entrance(his, agency.slug)
    assert refused.value.code == 404


def test_an_agencys_key_knows_no_other_agency(
    agency: AgencyView, other_agency: AgencyView, ada: Person, max_: Person
) -> None:
    made = service.create_for_agency(max_.id, "Shop", ["read"], 90)
    found = shows(made.key)
    assert (found.agency_id, found.kind) == (agency.id, "agency")
    assert bearers.entrance(found)[0].agency.id == bearers.entrance(found, agency.slug)[0].agency.id == agency.id
    for slug in (other_agency.slug, "nowhere"):
        with pytest.raises(DomainError):
            bearers.entrance(found, slug)
    seats.take(max_.id)
    with pytest.raises(Unauthorized):
        bearers.entrance(found)
    assert [(each.state, each.name) for each in service.of_agency()] == [("stopped", "Shop")]
    service.revoke_in_agency(made.id, ada.id)
    assert service.of_agency()[0].state == "ended"


def test_a_persons_key_opens_no_agency_of_others(agency: AgencyView, other_agency: AgencyView, ada: Person) -> None:
    found = shows(own(ada).key)
    for slug in (other_agency.slug, "", "nowhere"):
        with pytest.raises(DomainError):
            bearers.entrance(found, slug)


def test_when_it_was_used_is_written_once_a_minute(app: Flask, agency: AgencyView, ada: Person) -> None:
    made, client = own(ada), app.test_client()

    def call() -> None:
        with client.get("/api/v1/nothing-here", headers={"Authorization": f"Bearer {made.key}"}) as response:
            assert response.headers["RateLimit-Limit"] == "300"

    with clock.frozen(clock.now()):
        call()
        first = _used(made.id)
        assert first == clock.now()
    with clock.frozen(first + timedelta(seconds=59)):
        call()
        assert _used(made.id) == first
    with clock.frozen(first + timedelta(seconds=60)):
        call()
        assert _used(made.id) == clock.now()


def _used(key_id: UUID) -> datetime:
    row = models.key(key_id)
    assert row is not None and row.used_at is not None
    return row.used_at


def test_a_key_has_a_limit_wherever_it_is_used(
    app: Flask, agency: AgencyView, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = app.extensions["webkit"]
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"rate_bearer": 2}))
    header = {"Authorization": f"Bearer {own(ada).key}"}
    answers = [app.test_client().get("/api/v1/nothing-here", headers=header) for _ in range(3)]
    assert [each.headers["RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]
    assert answers[2].status_code == 429 and 1 <= int(answers[2].headers["Retry-After"]) <= 60
    other = {"Authorization": f"Bearer {own(ada).key}"}
    assert app.test_client().get("/api/v1/nothing-here", headers=other).status_code == 404


def test_counting_writes_seldom_and_gives_no_more_than_the_limit(
    app: Flask, agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, count = [0], ratelimit._count

    def noted(*args: Any) -> Any:
        counts[0] += 1
        return count(*args)

    monkeypatch.setattr(ratelimit, "_count", noted)
    db.release()
    assert [ratelimit.draw("a", 20, 60)[0] for _ in range(21)] == [*range(19, -1, -1), -1]
    assert counts == [10]
    for _ in range(5):
        assert ratelimit.draw("a", 20, 60)[0] < 0
    assert counts == [10], "what is over is over until the window is"
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert ratelimit.draw("a", 20, 60)[0] == 19
        app.extensions["webkit"].remembered.clear()  # another process
        given = sum(ratelimit.draw("a", 20, 60)[0] >= 0 for _ in range(30))
        assert given == 18, "two were taken by the first"


def test_guesses_are_not_looked_up_for_ever(
    app: Flask, agency: AgencyView, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, looked = app.extensions["webkit"], [0]
    monkeypatch.setattr(runtime, "settings", runtime.settings.model_copy(update={"rate_per_minute": 3}))
    find = models.key_by_hash

    def noted(key_hash: str) -> Any:
        looked[0] += 1
        return find(key_hash)

    monkeypatch.setattr(models, "key_by_hash", noted)
    db.release()
    early, late = own(ada).key, own(ada).key

    def asked(key: str) -> Any:
        return app.test_client().get("/api/v1/nothing-here", headers={"Authorization": f"Bearer {key}"})

    assert asked(early).status_code == 404
    guesses = [asked(secrets.draw(secrets.PERSONAL)) for _ in range(6)]
    assert [each.status_code for each in guesses] == [401, 401, 401, 429, 429, 429]
    assert 1 <= int(guesses[5].headers["Retry-After"]) <= 60 and guesses[5].headers["RateLimit-Remaining"] == "0"
    assert looked == [5], "one was good, four were looked up"
    assert asked(early).status_code == 404, "a key that was good a moment ago is no guess"
    assert asked(late).status_code == 429
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert asked(late).status_code == 404


def test_two_clicks_make_no_key_too_many(
    app: Flask, agency: AgencyView, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST", 1)
    db.release()

    def make() -> Any:
        with db.unit(db.Scope()):
            return own(ada)

    made: list[Any] = at_once(app, make, make, make)
    assert sorted(type(each).__name__ for each in made) == ["Conflict", "Conflict", "NewKey"]


def test_a_wrong_key_is_told_so_and_pages_know_none(app: Flask, agency: AgencyView, ada: Person) -> None:
    key, client = own(ada).key, app.test_client()
    refused = client.get("/api/v1/x", headers={"Authorization": "Bearer wkp_x"})
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    page = client.get(f"/{agency.slug}/", headers={"Authorization": f"Bearer {key}"})
    assert page.status_code == 303 and page.location.startswith("/sign-in")


def test_logs_never_hold_one() -> None:
    key = secrets.draw(secrets.PERSONAL)
    token = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0xxxxx.c2lnbmF0dXJl"
    assert key not in scrub(f"said {key}!") and token not in scrub(f"got {token}")


# --- pages ------------------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once(owner: Browser, ada: Person) -> None:
    made = owner.post(
        "/account/keys/new", data={"name": "Laptop", "days": "30", "all": "none", "scope:invoices": "read"}
    )
    assert made.status_code == 200 and made.headers["Cache-Control"] == "no-store"
    key = re.search(r"wkp_[0-9A-Za-z]{46}", made.text)
    assert key and shows(key[0]).scopes == {"invoices:read"}
    listed = owner.get("/account/keys").text
    assert "Laptop" in listed and key[0] not in listed and key[0][:8] in listed


@pytest.mark.parametrize("path", ["/account/keys/new", "/northwind/settings/keys/new"])
def test_what_is_wrong_stands_at_its_field(owner: Browser, agency: AgencyView, path: str) -> None:
    path = path.replace("northwind", agency.slug)
    refused = owner.post(path, data={"name": "Kept", "days": "30", "all": "none"})
    assert (
        refused.status_code == 422 and "Please choose what the key may do." in refused.text and "Kept" in refused.text
    )
    assert owner.post(path, data={"name": "", "days": "30", "all": "read"}).status_code == 422
    assert owner.post(path, data={"name": "Kept", "days": "12", "all": "read"}).status_code == 422


def test_an_agencys_keys_are_for_those_who_may(owner: Browser, member: Browser, agency: AgencyView) -> None:
    path = f"/{agency.slug}/settings/keys"
    made = owner.post(f"{path}/new", data={"name": "Shop", "days": "30", "all": "write"})
    assert re.search(r"wka_[0-9A-Za-z]{46}", made.text)
    assert member.get(path).status_code == member.post(f"{path}/new", data={}).status_code == 403
    key = service.of_agency()[0]
    assert owner.post(f"/account/keys/{key.id}/revoke").status_code == 404, "that is not one's own"
    assert owner.post(f"{path}/{key.id}/revoke").status_code == 303
    assert (
        owner.post(f"{path}/{key.id}/revoke").status_code == owner.post(f"{path}/{uuid4()}/revoke").status_code == 404
    )


def test_whoever_makes_a_key_shows_who_they_are(owner: Browser, agency: AgencyView) -> None:
    with clock.frozen(clock.now() + timedelta(hours=1)):
        for path in ("/account/keys/new", f"/{agency.slug}/settings/keys/new"):
            asked = owner.post(path, data={"name": "Shop", "days": "30", "all": "write"})
            assert "Is it you?" in asked.text and not re.search(r"wk[ap]_\w{20}", asked.text)


def test_making_one_is_told_by_mail(
    owner: Browser, agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[object]]
) -> None:
    owner.post("/account/keys/new", data={"name": "Laptop", "days": "30", "all": "read"})
    run_jobs()
    assert "Laptop" in str(outbox_mails()[0]) and "wkp_" not in str(outbox_mails()[0])


def test_a_week_before_its_end_its_person_hears_of_it_once(
    agency: AgencyView, ada: Person, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made, gone = own(ada, days=30), own(ada, days=30)
    service.revoke_own(ada.id, gone.id)
    run_jobs()
    before = len(outbox_mails())
    for day in (22, 24, 25, 31):
        with clock.frozen(clock.now() + timedelta(days=day)):
            with tenancy.platform("a test of keys"):
                service.warn(Job(made.id, None, {}, 1, ""))
            run_jobs()
        assert len(outbox_mails()) == before + (day >= 24), day
    assert "“Laptop” ends on" in outbox_mails()[0].text
