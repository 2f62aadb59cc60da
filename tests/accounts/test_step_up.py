"""Which addresses ask again who somebody is, and that nothing is lost or done by asking."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.accounts.conftest import App, enter_code, enter_password
from tests.accounts.device import Device
from tests.client import Browser
from tests.factories.people import PASSWORD, Person, make_agency, make_person
from webkit.accounts.models import SignInSession
from webkit.core.kernel import clock, db, stepup
from webkit.core.kernel.db import session

GUARDED = {
    "agency_data.delete": "the end of the agency",
    "agency_data.export": "everything of the agency",
    "agency_data.file": "everything of the agency",
    "agency_issuer.save": "how people come in",
    "agency_issuer.remove": "how people come in",
    "arrivals.index": "administration, before a long upload",
    "arrivals.upload": "administration",
    "agency_keys.create_of_agency": "keys of programs",
    "agency_keys.new_of_agency": "keys of programs",
    "endpoints.create": "who is told",
    "endpoints.rotate": "keys of programs",
    "endpoints.save": "who is told",
    "own_data.delete_account": "the end of one's account",
    "own_data.take_along": "everything about somebody",
    "own_domain.save": "where clients are led",
    "own_domain.remove": "where clients are led",
    "own_keys.create": "keys of programs",
    "own_keys.new": "keys of programs",
    "privacy.erase": "what nobody brings back",
    "team.demand_second_step": "how everybody comes in",
    "team.end_second_step": "how everybody comes in",
    "connections.save": "keys of vendors",
    "connections.step_back": "keys of vendors",
    "connections.take_up": "keys of vendors",
    "payment_accounts.open": "where payouts go",
    "payment_accounts.join": "where payouts go",
    "payment_accounts.use": "where payouts go",
    "payment_accounts.leave": "where payouts go",
    "platform.close": "administration",
    "platform.set_role": "administration",
    "platform.sit_in": "acting for somebody else",
    "platform.suspend": "administration",
    "ownership.offer": "whose the agency is",
    "linked.link": "one's own sign-in",
    "linked.unlink": "one's own sign-in",
    "security.change_email": "one's own sign-in",
    "security.end_session": "a thief would sign the owner out",
    "security.end_other_sessions": "a thief would sign the owner out",
    "security.begin_app": "one's own sign-in",
    "security.app": "one's own sign-in",
    "security.confirm_app": "one's own sign-in",
    "security.remove_app": "one's own sign-in",
    "security.new_passkey": "one's own sign-in",
    "security.add_passkey": "one's own sign-in",
    "security.remove_passkey": "one's own sign-in",
    "security.begin_phone": "one's own sign-in",
    "security.confirm_phone": "one's own sign-in",
    "security.remove_phone": "one's own sign-in",
    "security.new_codes": "one's own sign-in",
}
IN_THE_VIEW = {
    "agency_door.link": "only where an issuer of its own is",
    "agencies.save_settings": "only where the bank account changes",
    "security.change_password": "only where there is no password to ask for",
    "security.passkey_options": "answers a script, which has no page to show",
}
WITHOUT = {
    "connections.test": "changes nothing",
    "payment_accounts.check": "changes nothing",
    "ownership.cancel": "takes back what was shown for",
    "ownership.accept": "was agreed to by who gives it",
    "ownership.decline": "changes nothing",
    "security.confirm_email": "sends a link to the address that is known",
    "agency_data.drop": "takes back what was shown for",
    "agency_data.keep": "takes back what was shown for",
    "agency_keys.revoke_of_agency": "takes back what was shown for",
    "own_data.drop_own": "takes back what was shown for",
    "own_data.keep_account": "takes back what was shown for",
    "own_domain.look": "changes nothing",
    "own_keys.revoke": "takes back what was shown for",
    "endpoints.delete": "tells nobody else",
    "endpoints.end_overlap": "tells nobody else",
    "endpoints.pause": "tells nobody else",
    "endpoints.replay": "tells nobody else",
    "endpoints.replay_range": "tells nobody else",
    "endpoints.resume": "tells nobody else",
    "endpoints.test": "tells nobody else",
    "team.cancel_invitation": "is asked of roles",
    "team.change_role": "is asked of roles",
    "team.invite": "is asked of roles",
    "team.invite_again": "is asked of roles",
    "team.leave": "is asked of roles",
    "team.remove": "is asked of roles",
}
LATER = timedelta(hours=1)


def marked(app: Flask) -> set[str]:
    return {name for name, view in app.view_functions.items() if getattr(view, stepup.MARK, False)}


def test_every_address_that_asks_is_in_the_list(app: Flask) -> None:
    assert marked(app) == set(GUARDED)


def test_whatever_writes_beside_them_has_a_reason_not_to(app: Flask) -> None:
    writes = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    beside = {name for name in writes if name.split(".")[0] in _rooms()}
    assert beside - marked(app) - set(IN_THE_VIEW) == set(WITHOUT)


def _rooms() -> set[str]:
    """Where whatever writes is worth a second look; administration decides for each address."""
    return {name.split(".")[0] for name in GUARDED} - {"platform"}


@pytest.fixture
def browser(app: Flask, person: Person) -> Browser:
    """Ada, who signed in an hour ago and has an agency."""
    make_agency(person)
    client: Browser = app.test_client()
    with clock.frozen(clock.now() - LATER):
        enter_password(client)
    return client


def test_each_asks_and_does_nothing(browser: Browser, app: Flask) -> None:
    one = "01890a5d-ac96-774b-bcce-b302099a8057"
    given = {"agency": "northwind", "capability": "email", "provider": "resend", "account_id": one, "passkey_id": one}
    given |= {
        "session_id": one,
        "name": "oidc",
        "identity_id": one,
        "endpoint_id": one,
        "client_id": one,
        "export_id": one,
    }
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint in GUARDED]
    assert len(rules) == len(GUARDED)
    rules = [
        rule for rule in rules if not rule.endpoint.startswith(("platform.", "arrivals."))
    ]  # who may not, is not even asked
    for rule in rules:
        path = rule.build({name: given[name] for name in rule.arguments}, append_unknown=False)
        assert path is not None
        if "POST" not in (rule.methods or ()):
            assert browser.get(path[1]).location.startswith("/account/prove?next=")
            continue
        asked = browser.post(path[1], data={"name": "what I typed", "secret": 'quo"ted'})
        assert asked.status_code == 403 and "Is it you?" in asked.text, rule
        assert 'name="name" value="what I typed"' in asked.text and 'value="quo&#34;ted"' in asked.text


def test_the_password_goes_on_with_what_was_sent(browser: Browser, app: Flask) -> None:
    path, data = "/account/email", {"new_email": "ada@elsewhere.example"}
    before = token_of(browser)
    wrong = browser.post(path, data={**data, "_proof_password": "three wrong words"})
    assert wrong.status_code == 422 and 'value="ada@elsewhere.example"' in wrong.text
    assert "three wrong words" not in wrong.text and token_of(browser) == before
    done = browser.post(path, data={**data, "_proof_password": PASSWORD})
    assert done.location == "/account/security"
    assert token_of(browser) != before, "the former token shows nothing"
    old: Browser = app.test_client()
    assert old.sign_in(before).get("/account").status_code == 303
    assert browser.post("/account/security/app").location == "/account/security/app", "once is enough for a while"


def test_a_code_or_a_passkey_shows_it_too(browser: Browser, authenticator: App, person: Person) -> None:
    assert 'name="_proof_code"' in browser.get("/account/prove").text
    done = browser.post("/account/prove?next=/account", data={"_proof_code": authenticator.code()})
    assert done.location == "/account"
    assert browser.get("/account/prove?next=/account").location == "/account"


def test_a_passkey_shows_it(app: Flask, person: Person) -> None:
    device, browser = Device(), app.test_client()
    begun = clock.now()
    with clock.frozen(begun):
        enter_password(browser)
        asked = browser.post("/account/security/passkeys/options").text
        browser.post("/account/security/passkeys", data={"name": "Laptop", "passkey": device.make(asked)})
    with clock.frozen(begun + LATER):
        answer = device.show(browser.post("/account/prove/passkey/options").text)
        data = {"new_email": "ada@elsewhere.example", "_proof_passkey": answer}
        assert browser.post("/account/email", data=data).location == "/account/security"
        again = browser.post("/account/prove", data={"_proof_passkey": answer})
        assert again.status_code == 410, "an answer counts once"


def test_guesses_are_limited(browser: Browser) -> None:
    tries = [browser.post("/account/prove", data={"_proof_password": "three wrong words"}) for _ in range(6)]
    assert [each.status_code for each in tries] == [422] * 5 + [429]
    assert 0 < int(tries[5].headers["Retry-After"]) <= 900


def test_whoever_has_no_password_is_sent_a_link(app: Flask, browser_of: Callable[[Person], Browser]) -> None:
    person = make_person(email="link@northwind.example")
    browser = browser_of(person)
    with clock.frozen(clock.now() + LATER):
        page = browser.post("/account/email", data={"new_email": "new@northwind.example"}).text
        assert 'action="/sign-in/link"' in page and "_proof_password" not in page
        assert browser.post("/account/password", data={"new": "another four good words"}).status_code == 403


def test_bank_details_ask_other_settings_do_not(browser: Browser) -> None:
    page = browser.get("/northwind/settings").text
    form = dict(re.findall(r'<input[^>]* name="([a-z_]+)"[^>]* value="([^"]*)"', page))
    form |= dict(re.findall(r'<select[^>]* name="([a-z_]+)"[^>]*>.*?<option value="([^"]*)" selected', page, re.DOTALL))
    same = browser.post("/northwind/settings", data=form)
    assert same.status_code == 303, re.findall(r"invalid-feedback.*?</p>", same.text, re.DOTALL)
    asked = browser.post("/northwind/settings", data={**form, "bank_iban": "IT60X0542811101000000123456"})
    assert asked.status_code == 403 and "Is it you?" in asked.text
    assert "IT60" not in browser.get("/northwind/settings").text
    kept = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"', asked.text))
    assert browser.post("/northwind/settings", data={**kept, "_proof_password": PASSWORD}).status_code == 303
    assert "IT60" in browser.get("/northwind/settings").text


def test_a_form_opened_in_time_may_be_sent(app: Flask, person: Person) -> None:
    browser: Browser = app.test_client()
    begun = clock.now()
    with clock.frozen(begun):
        enter_password(browser)
    with clock.frozen(begun + timedelta(minutes=20)):
        assert browser.get("/account/security/passkeys/new").status_code == 303
        assert browser.post("/account/security/app").status_code == 303
    with clock.frozen(begun + timedelta(minutes=31)):
        assert browser.post("/account/security/app").status_code == 403


def test_a_half_begun_sign_in_is_no_proof(anonymous: Browser, authenticator: App) -> None:
    enter_password(anonymous)
    assert anonymous.get("/account/prove").location.startswith("/sign-in")
    enter_code(anonymous, authenticator.code())
    with db.unit(db.Scope()):
        (proven,) = session().scalars(sa.select(SignInSession.proven_at))
    assert proven is not None


def token_of(browser: Browser) -> str:
    with browser.session_transaction() as cookie:
        return str(cookie["_user_id"])
