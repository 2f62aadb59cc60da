"""An agency's own accounts: the pages, who may, what is never shown, what is written down."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.factories import people
from tests.factories.people import Person
from webkit.accounts.models import Role
from webkit.core.capabilities.email import EMAIL
from webkit.core.kernel import db, runtime, tenancy, vendors
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.vendors import ProviderAccount
from webkit.core.providers import ProviderRegistry
from webkit.sdk.testing.doubles.resend import Resend

KEY = "re_northwind_0123456789_wxyz"
SENDER = {"account_sender": "mail@northwind.example"}
BASE = "/northwind/settings/services"
FORM = f"{BASE}/email/resend"


@pytest.fixture
def post(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resend]:
    """Resend, where operators have pointed all accounts to."""
    here = runtime.of(app)
    with Resend({KEY: "full"}) as double:
        environ = {"WEBKIT_DATA": str(here.settings.data), "RESEND_API_URL": double.url}
        registry = ProviderRegistry(environ, here.plugins.providers, in_transaction=db.in_transaction)
        monkeypatch.setattr(here, "registry", registry)
        yield double


def _account() -> ProviderAccount:
    db.release()
    return db.session().scalars(sa.select(ProviderAccount).where(ProviderAccount.chosen_for == "email")).one()


def _log() -> list[tuple[str, dict[str, object]]]:
    db.release()
    with tenancy.platform("test") as unit:
        rows = unit.scalars(sa.select(AuditEntry).where(AuditEntry.action.startswith("provider.")))
        return [(row.action, row.detail) for row in rows.all()]


def _save(owner: Browser, post: Resend, **more: str) -> None:
    db.release()
    assert owner.post(FORM, data={"api_key": KEY, **SENDER, **more}).status_code == 303


def test_owners_and_admins_only(agency: AgencyView, owner: Browser, member: Browser, stranger: Browser) -> None:
    for url in (BASE, FORM):
        assert owner.get(url).status_code == 200
        assert member.get(url).status_code == 403
        assert stranger.get(url).status_code == 404
    for url in (FORM, f"{FORM}/test", f"{BASE}/email", f"{BASE}/email/again/{agency.id}"):
        assert member.post(url, data={}).status_code == 403
        assert stranger.post(url, data={}).status_code == 404


def test_admins_may(agency: AgencyView, browser_of: object, app: Flask) -> None:
    admin = people.make_person("Ann Admin", "ann@northwind.example")
    people.join(agency, admin, Role.ADMIN)
    db.release()
    assert callable(browser_of) and browser_of(admin).get(BASE).status_code == 200


@pytest.mark.parametrize("path", ["email/outbox", "email/nobody", "pdf/gotenberg", "storage/local", "nothing/resend"])
def test_what_is_not_for_agencies_is_not_there(agency: AgencyView, owner: Browser, path: str) -> None:
    assert owner.get(f"{BASE}/{path}").status_code == 404
    assert owner.post(f"{BASE}/{path}", data={"folder": "/etc"}).status_code == 404


def test_chosen_sealed_and_never_sent_back(agency: AgencyView, owner: Browser, post: Resend) -> None:
    _save(owner, post, webhook_secret="whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODk=")
    account = _account()
    assert KEY not in account.sealed and account.sealed.startswith("3.")
    page = owner.get(FORM).text
    assert KEY not in page and "whsec_" not in page.replace("whsec_…", "") and "mail@northwind.example" in page
    assert KEY not in owner.get(BASE).text
    vendor = vendors.chosen(EMAIL)
    assert (vendor.name, vendor.account_id, KEY in repr(vendor)) == ("resend", account.id, False)
    ((action, detail),) = _log()
    assert action == "provider.chosen" and KEY not in str(detail)
    assert detail["fields"] == ["api_key", "webhook_secret"]


def test_a_new_key_is_the_same_account_and_a_wish_makes_another(
    agency: AgencyView, owner: Browser, post: Resend
) -> None:
    _save(owner, post)
    first, one = _account().id, vendors.chosen(EMAIL).connect()
    assert vendors.chosen(EMAIL).connect() is one
    _save(owner, post, api_key="re_another_key_of_the_same_account")
    assert (_account().id, _account().version) == (first, 2)
    assert vendors.chosen(EMAIL).connect() is not one
    _save(owner, post, other_account="1")
    assert _account().id != first
    assert vendors.keeper(EMAIL, first).account_id == first
    assert [action for action, _detail in _log()] == ["provider.chosen", "provider.changed", "provider.chosen"]


def test_an_empty_secret_stays(agency: AgencyView, owner: Browser, post: Resend) -> None:
    _save(owner, post)
    _save(owner, post, api_key="", account_sender="other@northwind.example")
    account = vendors.own(EMAIL)
    assert account is not None and account.values() == {"api_key": KEY}
    assert account.sender == "other@northwind.example"


def test_back_to_the_platform_and_again(agency: AgencyView, owner: Browser, post: Resend) -> None:
    _save(owner, post)
    former = _account().id
    db.release()
    assert owner.post(f"{BASE}/email").status_code == 303
    db.release()
    assert vendors.chosen(EMAIL).name == "outbox"
    assert owner.post(f"{BASE}/email").status_code == 409
    assert owner.post(f"{BASE}/email/again/{former}").status_code == 303
    assert _account().id == former
    assert [action for action, _detail in _log()] == ["provider.chosen", "provider.left", "provider.chosen"]


def test_a_foreign_account_is_not_there(
    agency: AgencyView, other_agency: AgencyView, owner: Browser, stranger: Browser, post: Resend
) -> None:
    _save(owner, post)
    account: UUID = _account().id
    db.release()
    assert stranger.post(f"/harbour-pine/settings/services/email/again/{account}").status_code == 404
    with tenancy.tenant(other_agency.id):
        assert vendors.find_keeper(EMAIL, account) is None
        assert vendors.chosen(EMAIL).name == "outbox"


def test_the_connection_is_tested_with_what_was_typed(agency: AgencyView, owner: Browser, post: Resend) -> None:
    swap = {"HX-Request": "true"}
    db.release()
    good = owner.post(f"{FORM}/test", data={"api_key": KEY, **SENDER}, headers=swap)
    assert "The connection works." in good.text and "<html" not in good.text and KEY not in good.text
    bad = owner.post(f"{FORM}/test", data={"api_key": "re_wrong_key_0000000000", **SENDER})
    assert "It does not work" in bad.text and "<html" in bad.text and "re_wrong_key" not in bad.text
    db.release()
    assert db.session().scalars(sa.select(ProviderAccount)).all() == []
    assert [detail["health"] for _action, detail in _log()] == ["ok", "down"]


def test_a_test_of_what_is_in_use_is_remembered(agency: AgencyView, owner: Browser, post: Resend) -> None:
    _save(owner, post)
    db.release()
    assert owner.post(f"{FORM}/test", data=SENDER).status_code == 200
    assert (_account().health, _account().checked_at is not None) == ("ok", True)
    db.release()
    assert "Works" in owner.get(BASE).text


def test_wrong_input_is_said_and_nothing_kept(agency: AgencyView, owner: Browser) -> None:
    db.release()
    answer = owner.post(FORM, data={"api_key": KEY, "account_sender": "nobody"})
    assert answer.status_code == 422 and "not an e-mail address" in answer.text and KEY not in answer.text
    answer = owner.post(f"{BASE}/ai_text/claude", data={"api_key": KEY, "base_url": "http://169.254.169.254/"})
    assert answer.status_code == 422 and "private network" in answer.text and KEY not in answer.text


def test_the_webhooks_address_is_known_before_and_stays(agency: AgencyView, owner: Browser) -> None:
    db.release()
    before = owner.get(f"{BASE}/payments/stripe").text
    address = before.partition("/webhooks/payments/stripe/")[2].partition("<")[0]
    assert len(address) == 32
    form = {"secret_key": "sk_test_northwind_1234567890", "webhook_secret": "whsec_northwind_1234567890"}
    assert owner.post(f"{BASE}/payments/stripe", data=form).status_code == 303
    assert f"/webhooks/payments/stripe/{address}<" in owner.get(f"{BASE}/payments/stripe").text


def test_an_uninstalled_provider_sends_nothing_by_another_account(
    agency: AgencyView, owner: Browser, post: Resend, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _save(owner, post)
    here = runtime.of(app)
    others = [spec for spec in here.plugins.providers if spec.name != "resend"]
    monkeypatch.setattr(here, "registry", ProviderRegistry({"WEBKIT_DATA": str(here.settings.data)}, others))
    db.release()
    assert vendors.chosen_name(EMAIL) == ""
    assert "not installed any more" in owner.get(BASE).text


def test_nobody_signed_in_sees_anything(agency: AgencyView, anonymous: Browser, ada: Person) -> None:
    assert anonymous.get(BASE).status_code in (302, 303)
