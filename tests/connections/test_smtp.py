"""A mail server of an agency's own: what it types becomes the account, and no server of the house can be named."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from plugins.email_smtp.plugin import webkit_register_providers
from tests.client import Browser
from webkit.connections import fields
from webkit.core.kernel import db, outbound, sealed, vendors
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.vendors import ProviderAccount

FORM = "/northwind/settings/services/email/smtp"
SERVER = {"host": "mail.example", "port": "587", "security": "", "username": "northwind", "password": "a-password"}
SENDER = {"account_sender": "mail@northwind.example"}


def test_the_form_asks_for_all_but_files() -> None:
    settings = {setting.name: setting for setting in fields.of(webkit_register_providers()[0])}
    assert [*settings] == ["host", "port", "security", "username", "password"]
    assert [value for value, _label in settings["security"].options] == ["", "starttls", "tls", "none"]


def test_what_was_typed_is_sealed_and_used(agency: AgencyView, owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "check_url", lambda _url: None)
    assert owner.post(FORM, data={**SERVER, **SENDER}).status_code == 303
    db.release()
    row = db.session().scalars(sa.select(ProviderAccount).where(ProviderAccount.chosen_for == "email")).one()
    assert (row.provider, row.sender) == ("smtp", "mail@northwind.example") and "a-password" not in row.sealed
    kept = json.loads(sealed.unseal(vendors.SEALED, agency.id, row.sealed))
    assert (kept["host"], kept["port"], kept["password"]) == ("mail.example", "587", "a-password")
    assert "a-password" not in owner.get(FORM).text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.7", "169.254.169.254", "[::1]"])
def test_no_server_of_the_house_is_asked(agency: AgencyView, owner: Browser, host: str) -> None:
    for url in (FORM, f"{FORM}/test"):
        answer = owner.post(url, data={**SERVER, **SENDER, "host": host})
        assert answer.status_code == 422 and "a-password" not in answer.text
    db.release()
    assert db.session().scalars(sa.select(ProviderAccount)).all() == []
