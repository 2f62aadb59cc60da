"""Passkeys, with a device in software: as the only factor, as the second one, and every way to cheat."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.accounts.conftest import App, enter_password, is_in
from tests.accounts.device import Device
from tests.client import Browser
from tests.factories.people import PASSWORD, Person, make_person
from webkit.accounts.factor_models import Passkey
from webkit.core.kernel import clock, db
from webkit.core.kernel.db import session


def add(browser: Browser, device: Device, name: str = "Laptop", **options: Any) -> Any:
    asked = browser.post("/account/security/passkeys/options").text
    return browser.post("/account/security/passkeys", data={"name": name, "passkey": device.make(asked, **options)})


def show(browser: Browser, device: Device, **options: Any) -> Any:
    asked = browser.post("/sign-in/passkey/options").text
    return browser.post("/sign-in/passkey", data={"passkey": device.show(asked, **options), "next": "/account"})


@pytest.fixture
def device(anonymous: Browser, person: Person) -> Device:
    """A device that has a passkey of Ada's."""
    made = Device()
    enter_password(anonymous)
    assert len(re.findall(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}", add(anonymous, made).text)) == 10
    anonymous.post("/sign-out")
    return made


def test_a_passkey_alone_lets_in(anonymous: Browser, device: Device, person: Person) -> None:
    assert show(anonymous, device).location == "/account"
    assert is_in(anonymous)
    page = anonymous.get("/account/security").text
    assert "Laptop" in page and "last used" in page


def test_it_is_the_second_step_after_a_password(anonymous: Browser, device: Device) -> None:
    assert enter_password(anonymous, next="/account").location == "/sign-in/second"
    asked = anonymous.post("/sign-in/second/passkey/options").text
    assert [len(json.loads(asked)["allowCredentials"])] == [1]
    assert anonymous.post("/sign-in/second/passkey", data={"passkey": device.show(asked)}).location == "/account"
    assert is_in(anonymous)


def test_alone_it_must_ask_for_a_finger(anonymous: Browser, device: Device) -> None:
    device.verifies = False
    assert show(anonymous, device).status_code == 422
    enter_password(anonymous)
    asked = anonymous.post("/sign-in/second/passkey/options").text
    done = anonymous.post("/sign-in/second/passkey", data={"passkey": device.show(asked)})
    assert done.location == "/onward", "as a second step, having the key is enough"


def test_an_answer_counts_once(anonymous: Browser, device: Device, app: Flask) -> None:
    asked = anonymous.post("/sign-in/passkey/options").text
    answer = device.show(asked)
    with anonymous.session_transaction() as cookie:
        step = cookie["passkey_step"]
    assert anonymous.post("/sign-in/passkey", data={"passkey": answer}).location == "/onward"
    thief: Browser = app.test_client()
    with thief.session_transaction() as cookie:
        cookie["passkey_step"] = step
    assert thief.post("/sign-in/passkey", data={"passkey": answer}).status_code == 410
    assert not is_in(thief)


def test_an_answer_belongs_to_its_browser(anonymous: Browser, device: Device, app: Flask) -> None:
    answer = device.show(anonymous.post("/sign-in/passkey/options").text)
    other: Browser = app.test_client()
    assert other.post("/sign-in/passkey", data={"passkey": answer}).status_code == 410
    other.post("/sign-in/passkey/options")
    assert other.post("/sign-in/passkey", data={"passkey": answer}).status_code == 422, "another challenge"


def test_too_late(anonymous: Browser, device: Device) -> None:
    begun = clock.now()
    with clock.frozen(begun):
        answer = device.show(anonymous.post("/sign-in/passkey/options").text)
    with clock.frozen(begun + timedelta(minutes=10, seconds=1)):
        assert anonymous.post("/sign-in/passkey", data={"passkey": answer}).status_code == 410


CHEATS = [
    {"origin": "https://evil.example"},
    {"origin": "http://localhost:8001"},
    {"signature": "AAAA"},
    {"userHandle": "AAAA"},
    {"authenticatorData": "AAAA"},
    {"clientDataJSON": "e30"},
]
NONSENSE = ["", "{", "[]", "{}", '{"id": 7}', '{"id": "x", "response": []}', "x" * 20_000]


def test_what_was_signed_elsewhere_or_changed(anonymous: Browser, device: Device) -> None:
    for changes in CHEATS:
        assert show(anonymous, device, **changes).status_code == 422, changes
    for answer in NONSENSE:
        anonymous.post("/sign-in/passkey/options")
        assert anonymous.post("/sign-in/passkey", data={"passkey": answer}).status_code == 422, answer
    assert not is_in(anonymous)


def test_a_copy_of_a_key_is_found_by_its_counter(anonymous: Browser, device: Device) -> None:
    device.counter = 10
    assert show(anonymous, device).location == "/account"
    anonymous.post("/sign-out")
    device.counter = 3
    assert show(anonymous, device).status_code == 422


def test_a_device_that_does_not_count_is_fine(anonymous: Browser, device: Device) -> None:
    for _ in range(2):
        device.counter = -1  # the next use says 0
        assert show(anonymous, device).location == "/account"
        anonymous.post("/sign-out")


def test_nobody_finishes_with_anothers_key(anonymous: Browser, device: Device, app: Flask) -> None:
    make_person("Eve", "eve@northwind.example", password=PASSWORD)
    eve, own = app.test_client(), Device()
    eve.post("/sign-in", data={"email": "eve@northwind.example", "password": PASSWORD})
    add(eve, own, "Eve's")
    enter_password(anonymous)
    asked = json.loads(anonymous.post("/sign-in/second/passkey/options").text)
    asked["allowCredentials"] = []
    assert anonymous.post("/sign-in/second/passkey", data={"passkey": own.show(json.dumps(asked))}).status_code == 422
    assert not is_in(anonymous)


def test_a_key_is_added_once_and_by_its_owner(anonymous: Browser, person: Person, app: Flask) -> None:
    device = Device()
    enter_password(anonymous)
    asked = anonymous.post("/account/security/passkeys/options").text
    answer = device.make(asked)
    make_person("Eve", "eve@northwind.example", password=PASSWORD)
    eve: Browser = app.test_client()
    eve.post("/sign-in", data={"email": "eve@northwind.example", "password": PASSWORD})
    with anonymous.session_transaction() as cookie, eve.session_transaction() as others:
        others["passkey_step"] = cookie["passkey_step"]
    assert eve.post("/account/security/passkeys", data={"name": "Mine", "passkey": answer}).status_code == 410
    wrong = Device().make(asked, "https://evil.example")
    assert anonymous.post("/account/security/passkeys", data={"name": "", "passkey": wrong}).status_code == 422
    assert anonymous.post("/account/security/passkeys", data={"name": "Mine", "passkey": wrong}).status_code == 422
    with db.unit(db.Scope()):
        assert session().scalar(sa.select(sa.func.count()).select_from(Passkey)) == 0


def test_who_removes_a_key_cannot_use_it(anonymous: Browser, device: Device, app: Flask) -> None:
    show(anonymous, device)
    (path,) = re.findall(
        r'action="(/account/security/passkeys/[0-9a-f-]+/remove)"', anonymous.get("/account/security").text
    )
    make_person("Eve", "eve@northwind.example", password=PASSWORD)
    eve: Browser = app.test_client()
    eve.post("/sign-in", data={"email": "eve@northwind.example", "password": PASSWORD})
    eve.post(path)
    assert path in anonymous.get("/account/security").text, "nobody removes another one's"
    assert anonymous.post(path).location == "/account/security"
    anonymous.post("/sign-out")
    assert show(anonymous, device).status_code == 422
    assert enter_password(anonymous).location == "/onward", "that was the last second factor"


def test_a_passkey_beside_an_app_asks_for_no_code(anonymous: Browser, device: Device, authenticator: App) -> None:
    assert show(anonymous, device).location == "/account"


def test_nothing_tells_whether_an_account_exists(anonymous: Browser, device: Device) -> None:
    asked = json.loads(anonymous.post("/sign-in/passkey/options").text)
    assert asked["allowCredentials"] == [] and asked["userVerification"] == "required"


def test_addresses_without_a_name_are_told(anonymous: Browser, person: Person) -> None:
    base = {"base_url": "http://127.0.0.1"}
    anonymous.post("/sign-in", data={"email": person.email, "password": PASSWORD}, **base)
    assert "not at this address" in anonymous.get("/account/security", **base).text
    assert "Use a passkey" not in anonymous.get("/sign-in", **base).text
