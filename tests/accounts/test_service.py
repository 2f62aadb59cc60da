"""People and what lets them in, without HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask

from tests.factories.people import PASSWORD, Person, make_person, new_agency
from tests.threads import at_once
from webkit.accounts import mail_links, passwords, service, sessions
from webkit.accounts.models import Method, Role, SignInSession, SignInToken, User
from webkit.accounts.service import NewUser
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.extensions import Job
from webkit.core.kernel import clock, db, ratelimit, tenancy
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.db import session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, DomainError, Gone, TooMany
from webkit.core.kernel.ratelimit import RateLimit

HERE, THERE = "203.0.113.7", "203.0.113.8"


@pytest.fixture
def outside(app: Flask) -> Iterator[None]:
    """A unit without an agency, as requests before sign-in have one."""
    with db.unit(db.Scope()):
        yield


@pytest.fixture
def person(app: Flask) -> Person:
    return make_person(email="ada@northwind.example", password=PASSWORD)


def try_password(password: str, address: str = HERE, email: str = "ada@northwind.example") -> str | None:
    with db.unit(db.Scope()):
        entry = service.sign_in_with_password(email, password, address)
    return entry.token if entry else None


def audited() -> list[str]:
    with tenancy.platform("a test reads the log") as unit:
        return list(unit.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)))


def test_members_are_those_of_the_open_agency(agency: AgencyView, other_agency: AgencyView) -> None:
    assert [(m.name, m.role) for m in service.members()] == [("Ada Brandt", "owner"), ("Max Ferri", "member")]
    with tenancy.tenant(other_agency.id):
        assert [m.name for m in service.members()] == ["Mira Holt"]


def test_somebody_can_belong_to_several_agencies(agency: AgencyView, other_agency: AgencyView, ada: Person) -> None:
    with tenancy.tenant(other_agency.id):
        service.add_member(ada.id, Role.ADMIN)
    db.release()
    assert [(p.slug, p.role) for p in service.places_of(ada.id)] == [("harbour-pine", "admin"), ("northwind", "owner")]


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "12 characters"),
        ("x" * 201, "200 characters"),
        ("Ada@Northwind.Example", "guess"),
        ("north wind studio", "guess"),
        ("aaaaaaaaaaaaaa", "repeats"),
        ("ababababababab", "repeats"),
    ],
)
def test_weak_passwords(outside: None, password: str, why: str) -> None:
    with pytest.raises(DomainError, match=why) as refused:
        service.create_user(NewUser("ada@northwind.example", "Ada", password), "Northwind Studio")
    assert refused.value.field == "password"


def test_an_address_has_one_account(person: Person, outside: None) -> None:
    with pytest.raises(Conflict):
        service.create_user(NewUser("ADA@Northwind.example", "Another Ada"))


def test_right_wrong_and_unknown(person: Person) -> None:
    assert try_password(PASSWORD)
    assert try_password("three wrong words") is None
    assert try_password(PASSWORD, email="nobody@northwind.example") is None
    assert audited()[-3:] == ["sign_in", "sign_in.refused", "sign_in.refused"]


def test_an_account_without_a_password_has_none_that_fits(app: Flask) -> None:
    make_person(email="link@northwind.example")
    assert try_password("", email="link@northwind.example") is None
    assert try_password("no account has this password", email="link@northwind.example") is None


def test_an_unknown_address_costs_the_same_work(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Time tells nothing about an account: one verification of the same strength either way."""
    verified: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            verified.append(str(hash).split("$argon2id$")[-1].rpartition("$")[0].rpartition("$")[0])
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "hasher", Counting(time_cost=1, memory_cost=8, parallelism=1))
    passwords._nobody.cache_clear()
    stored = passwords.hashed(PASSWORD)
    assert not passwords.fits(stored, "three wrong words") and not passwords.fits(None, "three wrong words")
    passwords._nobody.cache_clear()
    assert len(verified) == 2 and verified[0] == verified[1] != ""


def test_five_wrong_passwords_then_a_pause(person: Person) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        for _ in range(5):
            assert try_password("three wrong words") is None
        with pytest.raises(TooMany) as refused:
            try_password(PASSWORD)
        assert 0 < refused.value.retry_after <= 900
        assert try_password(PASSWORD, THERE), "somebody at another address is not locked out"
    with clock.frozen(begun + timedelta(minutes=15, seconds=1)):
        assert try_password(PASSWORD)


def test_unknown_addresses_are_limited_alike(app: Flask) -> None:
    for _ in range(5):
        assert try_password("three wrong words", email="nobody@northwind.example") is None
    with pytest.raises(TooMany):
        try_password("three wrong words", email="nobody@northwind.example")


def test_a_right_password_starts_the_count_anew(person: Person) -> None:
    for _ in range(3):
        for _ in range(4):
            assert try_password("three wrong words") is None
        assert try_password(PASSWORD)


def test_guessing_at_once_guesses_no_more_often(app: Flask, person: Person) -> None:
    answers = at_once(app, *[lambda: try_password("three wrong words")] * 12)
    assert answers.count(None) == 5
    assert sum(isinstance(answer, TooMany) for answer in answers) == 7


def test_one_address_cannot_try_every_account(app: Flask) -> None:
    for number in range(service.TRIES_OF_ADDRESS):
        try_password("three wrong words", email=f"person{number}@northwind.example")
    with pytest.raises(TooMany):
        try_password("three wrong words", email="one.more@northwind.example")


def test_one_address_cannot_shut_an_account(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TRIES_OF_ACCOUNT", 6)
    for _ in range(5):
        assert try_password("three wrong words") is None
    for _ in range(5):
        with pytest.raises(TooMany):
            try_password("three wrong words")
    assert try_password(PASSWORD, THERE), "what was refused there counts nothing against the account"


def test_a_network_of_the_new_kind_is_one_address(person: Person) -> None:
    for number in range(5):
        assert try_password("three wrong words", f"2001:db8:1:2::{number}") is None
    with pytest.raises(TooMany):
        try_password("three wrong words", "2001:db8:1:2:ffff::1")
    assert ratelimit.home("::ffff:192.0.2.7") == "192.0.2.7", "and those of the old kind stay apart"


def test_an_old_hash_is_made_anew(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_person(email="ada@northwind.example", password=PASSWORD)
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    with db.unit(db.Scope()):
        before = session().scalars(sa.select(User.password_hash)).one()
    assert try_password(PASSWORD)
    with db.unit(db.Scope()):
        after = session().scalars(sa.select(User.password_hash)).one()
    assert before != after and after is not None and "t=2" in after
    assert try_password(PASSWORD)


Mails = Callable[[], list[OutboxMessage]]


def ask_for_link(email: str = "ada@northwind.example") -> None:
    with db.unit(db.Scope()):
        service.ask_for_link(email, HERE, "en")


def link_token(mails: Mails) -> str:
    return mails()[0].text.partition("/sign-in/link/")[2].split()[0]


def test_a_link_signs_in_once(person: Person, run_jobs: Callable[[], int], outbox_mails: Mails, outside: None) -> None:
    ask_for_link()
    run_jobs()
    token = link_token(outbox_mails)
    assert service.link_opens(token) and service.link_opens(token), "looking does not use it up"
    found = sessions.find(service.sign_in_with_link(token).token)
    assert found is not None and found.user.id == person.id and found.method == Method.LINK
    assert not service.link_opens(token)
    with pytest.raises(Gone):
        service.sign_in_with_link(token)
    stored = session().scalars(sa.select(SignInToken.token_hash)).one()
    assert token not in stored and len(stored) == 64


def test_a_link_lives_fifteen_minutes(
    person: Person, run_jobs: Callable[[], int], outbox_mails: Mails, outside: None
) -> None:
    ask_for_link()
    run_jobs()
    token = link_token(outbox_mails)
    with clock.frozen(clock.now() + timedelta(minutes=15, seconds=1)), pytest.raises(Gone):
        service.sign_in_with_link(token)


def test_a_link_fits_its_purpose_only(person: Person, outside: None) -> None:
    from webkit.accounts import models

    with writing():
        row = SignInToken(purpose="invitation", email=person.email, expires_at=clock.now() + timedelta(hours=1))
        row.token_hash = mail_links.hashed(mail_links.SIGN_IN, "a-token")
        models.add_token(row)
    assert not service.link_opens("a-token")
    with pytest.raises(Gone):
        service.sign_in_with_link("a-token")


def test_nobody_is_written_to_without_an_account(
    app: Flask, run_jobs: Callable[[], int], outbox_mails: Mails, outside: None
) -> None:
    ask_for_link("nobody@northwind.example")
    run_jobs()
    assert outbox_mails() == []


def test_two_clicks_on_a_link_are_one_sign_in(
    app: Flask, person: Person, run_jobs: Callable[[], int], outbox_mails: Mails
) -> None:
    ask_for_link()
    run_jobs()
    token = link_token(outbox_mails)

    def click() -> str:
        with db.unit(db.Scope()):
            return service.sign_in_with_link(token).token

    answers = at_once(app, click, click, click)
    assert sum(isinstance(answer, str) for answer in answers) == 1
    assert sum(isinstance(answer, Gone) for answer in answers) == 2


def test_links_are_limited_for_each_mailbox(person: Person) -> None:
    for _ in range(service.LINKS):
        ask_for_link()
    with pytest.raises(TooMany):
        ask_for_link()


def test_a_session_ends_when_it_is_not_used(app: Flask, person: Person, outside: None) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        token = sessions.begin(person.id, Method.PASSWORD)
    week = timedelta(seconds=604_800)
    with clock.frozen(begun + week - timedelta(seconds=1)):
        live = sessions.find(token)
        assert live is not None and sessions.keep_alive(token, live)
        db.release()
        again = sessions.find(token)
        assert again is not None and not sessions.keep_alive(token, again), "at most once a minute"
    with clock.frozen(begun + week + timedelta(days=1)):
        db.release()
        assert sessions.find(token) is not None
    with clock.frozen(begun + 2 * week + timedelta(seconds=1)):
        db.release()
        assert sessions.find(token) is None


def test_sessions_end_one_by_one_and_all(person: Person, outside: None) -> None:
    mine, phone, tablet = (sessions.begin(person.id, Method.PASSWORD) for _ in range(3))
    assert len(service.sessions_of(person.id, mine)) == 3
    stolen = next(view for view in service.sessions_of(person.id, phone) if view.is_this)
    service.end_session(person.id, stolen.id)
    assert sessions.find(phone) is None and sessions.find(tablet) is not None
    assert service.end_other_sessions(person.id, mine) == 1
    assert [view.is_this for view in service.sessions_of(person.id, mine)] == [True]
    service.sign_out(person.id, mine)
    assert sessions.find(mine) is None


def test_nobody_ends_anothers_session(person: Person, outside: None) -> None:
    token = sessions.begin(person.id, Method.PASSWORD)
    (view,) = service.sessions_of(person.id, token)
    service.end_session(make_person().id, view.id)
    db.release()
    assert sessions.find(token) is not None


def test_what_ended_is_deleted_after_a_day(person: Person, outside: None) -> None:
    old = clock.now() - timedelta(days=10)
    with clock.frozen(old):
        sessions.begin(person.id, Method.PASSWORD)
        try_password("three wrong words")
    kept = sessions.begin(person.id, Method.PASSWORD)
    try_password("three wrong words", THERE)
    service.forget_ended(Job(uuid4(), None, {}, 1, ""))
    assert sessions.find(kept) is not None
    assert session().scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 1
    assert session().scalar(sa.select(sa.func.count()).select_from(RateLimit)) == 3


def test_tokens_are_not_in_the_database(person: Person, outside: None) -> None:
    token = sessions.begin(person.id, Method.PASSWORD)
    assert token not in str(session().execute(sa.select(SignInSession.__table__)).all())


def test_a_password_change_needs_the_old_one_and_ends_other_sessions(person: Person, outside: None) -> None:
    mine, other = sessions.begin(person.id, Method.PASSWORD), sessions.begin(person.id, Method.PASSWORD)
    with pytest.raises(DomainError) as refused:
        service.change_password(person.id, mine, "three wrong words", "another four good words", HERE)
    assert refused.value.field == "old"
    with pytest.raises(DomainError) as refused:
        service.change_password(person.id, mine, PASSWORD, "short", HERE)
    assert refused.value.field == "new"
    service.change_password(person.id, mine, PASSWORD, "another four good words", HERE)
    assert sessions.find(mine) is not None and sessions.find(other) is None
    assert try_password(PASSWORD) is None
    assert try_password("another four good words")


def test_a_link_replaces_a_lost_password_for_a_while(person: Person, outside: None) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        token = sessions.begin(person.id, Method.LINK)
        assert not service.account(person.id, token).asks_for_old
    with clock.frozen(begun + timedelta(minutes=16)):
        assert service.account(person.id, token).asks_for_old
    with clock.frozen(begun):
        service.change_password(person.id, token, "", "another four good words", HERE)
    assert try_password("another four good words")


def test_of_two_who_set_up_at_once_one_is_the_owner(app: Flask) -> None:
    def set_up(number: int) -> Callable[[], object]:
        def run() -> object:
            person = NewUser(f"owner{number}@northwind.example", "Owner", PASSWORD)
            with db.unit(db.Scope()):
                return service.set_up(person, new_agency(slug=f"northwind-{number}"))

        return run

    answers = at_once(app, *map(set_up, range(4)))
    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    with db.unit(db.Scope()):
        assert session().scalar(sa.select(sa.func.count()).select_from(User)) == 1
        assert session().scalars(sa.select(User.is_operator)).all() == [True]
        assert not service.is_first_run()


def test_a_refused_agency_leaves_no_owner_behind(app: Flask, outside: None) -> None:
    with pytest.raises(DomainError) as refused:
        service.set_up(NewUser("ada@northwind.example", "Ada", PASSWORD), new_agency(slug="sign-in"))
    assert refused.value.field == "slug"
    assert service.is_first_run()
