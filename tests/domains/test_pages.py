"""The page of the domain: what the owner does there, what it says, who may not."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from tests.client import Browser
from tests.domains.conftest import HOST, write_record
from tests.domains.dns import NameServer
from webkit.core.kernel import db, stepup, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.audit import AuditEntry
from webkit.core.kernel.db import session
from webkit.core.kernel.directory import AgencyView
from webkit.domains import names, service

ADDRESS = "/northwind/settings/domain"


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2]).replace("&#39;", "'").split())


def test_the_owner_names_proves_and_removes_it(
    owner: Browser, agency: AgencyView, dns: NameServer, leads: dict[str, bool], fresh: None
) -> None:
    assert "for example docs.northwind.example" in words(owner.get(ADDRESS).text)
    assert owner.post(ADDRESS, data={"host": "DOCS.northwind.example"}).location == ADDRESS
    page = words(owner.get(ADDRESS).text)
    shown = service.shown()
    assert shown is not None and f"_webkit.{HOST}" in page and shown.value in page
    assert "Waiting for your record" in page and "CNAME" in page
    assert owner.post(f"{ADDRESS}/look").location == ADDRESS
    assert "The TXT record is not there" in words(owner.get(ADDRESS).text)
    write_record(dns)
    owner.post(f"{ADDRESS}/look")
    assert "Yours, but it does not lead here" in words(owner.get(ADDRESS).text)
    leads[HOST] = True
    owner.post(f"{ADDRESS}/look")
    assert f"Links for your clients are written with https://{HOST}." in words(owner.get(ADDRESS).text)
    dns.texts.pop(names.record(HOST))
    owner.post(f"{ADDRESS}/look")
    assert "Lost" in words(owner.get(ADDRESS).text)
    assert owner.post(f"{ADDRESS}/remove").location == ADDRESS
    assert HOST not in words(owner.get(ADDRESS).text).replace(f"example {HOST}", "")
    db.release()
    said = session().scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))
    done = [action for action in said if action.startswith("domain.")]
    assert done == ["domain.named", "domain.active", "domain.leads_here", "domain.lost", "domain.removed"]


@pytest.mark.parametrize("typed", ["https://docs.northwind.example/", "studio.example", "a b", "127.0.0.1"])
def test_what_is_no_domain_stays_in_the_form(
    owner: Browser, agency: AgencyView, dns: NameServer, fresh: None, typed: str
) -> None:
    answer = owner.post(ADDRESS, data={"host": typed})
    assert (
        400 <= answer.status_code < 500 and f'value="{typed}"' in answer.text and 'aria-invalid="true"' in answer.text
    )
    assert service.shown() is None


def test_who_one_is_has_to_be_shown_first(owner: Browser, agency: AgencyView, dns: NameServer, app: Flask) -> None:
    runtime = runtimes.of(app)
    asked: list[str] = []
    before = runtime.prove

    def prove() -> object:
        asked.append("who")
        return before()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stepup, "is_fresh", lambda: False)
        patch.setattr(runtime, "prove", prove)
        owner.post(ADDRESS, data={"host": HOST})
        owner.post(f"{ADDRESS}/remove")
    assert len(asked) == 2 and service.shown() is None


def test_nobody_else_decides(member: Browser, stranger: Browser, anonymous: Browser, fresh: None, domain: str) -> None:
    for browser, code in ((member, 403), (stranger, 404), (anonymous, 303)):
        assert browser.get(ADDRESS).status_code == code
        for path in ("", "/look", "/remove"):
            assert browser.post(ADDRESS + path, data={"host": "x.example"}).status_code == code
    assert service.shown() is not None


def test_another_agency_is_not_named(
    domain: str, stranger: Browser, other_agency: AgencyView, dns: NameServer, fresh: None
) -> None:
    there = "/harbour-pine/settings/domain"
    assert stranger.post(there, data={"host": HOST}).status_code == 303, "to claim it tells nothing"
    db.release()
    with tenancy.tenant(other_agency.id):
        shown = service.shown()
        assert shown is not None
        dns.texts[names.record(HOST)].append(shown.value)
    stranger.post(f"{there}/look")
    page = words(stranger.get(there).text)
    assert "Another agency of this platform has proven this domain" in page and "Northwind Studio" not in page


def test_a_tier_without_it(
    owner: Browser, domain: str, app: Flask, fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = runtimes.of(app)
    billing = runtime.settings.model_copy(update={"billing": True, "trial_days": 0})
    monkeypatch.setattr(runtime, "settings", billing)
    page = words(owner.get(ADDRESS).text)
    assert "Your tier does not have a domain of your own" in page and "written with the platform's name" in page
    refused = owner.post(ADDRESS, data={"host": "new.northwind.example"})
    assert refused.status_code == 403 and "Your own domain for what clients see" in refused.text
    assert owner.post(f"{ADDRESS}/remove").status_code == 303


def test_a_silent_name_server_is_said(owner: Browser, domain: str, dns: NameServer) -> None:
    dns.mood = "silent"
    owner.post(f"{ADDRESS}/look")
    page = words(owner.get(ADDRESS).text)
    assert "did not answer" in page and "Active" in page
