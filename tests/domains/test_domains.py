"""A domain is named, proven, used, lost and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.domains.conftest import BASE, HOST, OWN, write_record
from tests.domains.dns import NameServer
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, entitlements, hosts, links, outbox, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import DomainError, TooMany
from webkit.domains import checking, jobs, models, names, service
from webkit.domains.models import DomainState, Problem
from webkit.domains.views import DomainView

Run = Callable[[], int]
Mails = Callable[[], list[OutboxMessage]]


def now() -> DomainView:
    shown = service.shown()
    assert shown is not None
    return shown


def link() -> str:
    return links.url("i", "token")


FORMS = {
    " Docs.Northwind.Example. ": HOST,
    "münchen.example": "xn--mnchen-3ya.example",
    "xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
    "\uff44\uff4f\uff43\uff53.northwind.example": HOST,
    "a.b-c.d0.example": "a.b-c.d0.example",
    "1.example": "1.example",
}
NO_NAMES = (
    *(
        "",
        ".",
        "northwind",
        "https://docs.northwind.example",
        "docs.northwind.example/x",
        "docs.northwind.example:8443",
    ),
    *("192.0.2.1", "[2001:db8::1]", "2001:db8::1", "0x7f.1", "1.2.3", "*.northwind.example", "docs_.example"),
    *("-docs.example", "docs-.example", "docs..example", f"{'a' * 64}.example", ".".join(["abcd"] * 60), "a@b.example"),
    *("studio.example", "STUDIO.example", "www.studio.example", "localhost", "a.localhost", "docs.local", "x.arpa"),
    *("docs.example\n.evil", "docs example.org", "xn--a.example", "docs.example%00", "\u202edocs.example", "."),
)


def test_names_have_one_form(dns: NameServer) -> None:
    assert {typed: names.normal(typed) for typed in FORMS} == FORMS


def test_what_is_no_name_of_an_agency(dns: NameServer) -> None:
    for typed in NO_NAMES:
        with pytest.raises(DomainError) as refused:
            names.normal(typed)
        assert refused.value.field == "host", typed


def test_the_way_of_a_domain(agency: AgencyView, dns: NameServer, leads: dict[str, bool]) -> None:
    assert service.shown() is None and link() == f"{BASE}/i/token"
    service.name("Docs.Northwind.Example")
    assert (now().state, now().host, now().record) == (DomainState.WAITING, HOST, f"_webkit.{HOST}")
    service.look()
    assert (now().state, now().problem) == (DomainState.WAITING, Problem.MISSING)
    write_record(dns)
    service.look()
    assert (now().state, now().problem, now().in_use) == (DomainState.ACTIVE, Problem.ASTRAY, False)
    assert link() == f"{BASE}/i/token", "nobody would arrive there yet"
    leads[HOST] = True
    service.look()
    assert (now().problem, now().in_use) == (Problem.NONE, True)
    assert link() == f"{OWN}/i/token" and links.staff_url("i", "token") == f"{BASE}/i/token"
    leads[HOST] = False
    service.look()
    assert link() == f"{BASE}/i/token" and now().state == DomainState.ACTIVE
    service.remove()
    assert service.shown() is None


def test_the_record_of_another_agency_proves_nothing(agency: AgencyView, dns: NameServer) -> None:
    service.name(HOST)
    before = now().value
    write_record(dns)
    service.name("other.northwind.example")
    service.name(HOST)
    assert now().value != before
    service.look()
    assert now().state == DomainState.WAITING


def test_a_lost_domain_is_told_and_comes_back(domain: str, dns: NameServer, run_jobs: Run, outbox_mails: Mails) -> None:
    kept = dns.texts.pop(names.record(HOST))
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        _sweep(run_jobs)
        assert (now().state, now().problem, now().in_use) == (DomainState.LOST, Problem.MISSING, False)
        assert link() == f"{BASE}/i/token"
        mails = outbox_mails()
        assert [each.entry.subject for each in mails] == [f"{HOST} no longer shows your clients' pages"]
        assert f"{BASE}/northwind/settings/domain" in mails[0].text
        _sweep(run_jobs)
    dns.texts[names.record(HOST)] = kept
    with clock.frozen(clock.now() + timedelta(days=1, minutes=12)):
        _sweep(run_jobs)
        assert now().in_use and link() == f"{OWN}/i/token"
        assert len(outbox_mails()) == 1


def _sweep(run_jobs: Run) -> None:
    """What the scheduler does each minute."""
    db.release()
    with tenancy.platform("a test is the scheduler"):
        if jobs.is_wanted():
            with db.writing():
                outbox.add(jobs.SWEEP)
    run_jobs()


def test_a_name_server_that_is_down_loses_nothing_for_a_week(domain: str, dns: NameServer) -> None:
    dns.mood = "silent"
    service.look()
    assert (now().state, now().problem, now().in_use) == (DomainState.ACTIVE, Problem.SILENT, True)
    with clock.frozen(clock.now() + timedelta(days=8)):
        service.look()
        assert (now().state, now().problem) == (DomainState.LOST, Problem.SILENT)


def test_each_is_looked_at_daily_and_more_often_while_something_is_missing(
    agency: AgencyView, dns: NameServer, leads: dict[str, bool]
) -> None:
    def next_in() -> timedelta:
        row = models.own()
        assert row is not None and row.checked_at is not None
        return row.next_at - row.checked_at

    service.name(HOST)
    service.look()
    assert next_in() < timedelta(minutes=11)
    with clock.frozen(clock.now() + timedelta(days=4)):
        service.look()
        assert next_in() > timedelta(hours=23)
    write_record(dns)
    service.look()
    assert next_in() < timedelta(minutes=11)
    leads[HOST] = True
    service.look()
    assert next_in() > timedelta(hours=23)


def test_one_domain_belongs_to_one_agency(
    domain: str, dns: NameServer, agency: AgencyView, other_agency: AgencyView, leads: dict[str, bool]
) -> None:
    """Both can write its records: who was first keeps it, until its record is gone."""
    first = dns.texts[names.record(HOST)]
    db.release()
    with tenancy.tenant(other_agency.id):
        service.name(HOST)
        mine = [now().value]
        dns.texts[names.record(HOST)] = first + mine
        service.look()
        assert (now().state, now().problem) == (DomainState.WAITING, Problem.TAKEN)
        assert link() == f"{BASE}/i/token"
    row = models.own()
    assert row is not None and row.next_at <= clock.now(), "whoever has it is looked at at once"
    dns.texts[names.record(HOST)] = mine
    service.look()
    assert now().state == DomainState.LOST
    db.release()
    with tenancy.tenant(other_agency.id):
        service.look()
        assert now().in_use and link() == f"{OWN}/i/token"


def test_two_who_prove_it_at_the_same_moment(
    agency: AgencyView,
    other_agency: AgencyView,
    dns: NameServer,
    leads: dict[str, bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The database decides, whatever both have seen before."""
    service.name(HOST)
    write_record(dns)
    service.look()
    monkeypatch.setattr(models, "is_taken", lambda _host: False)
    db.release()
    with tenancy.tenant(other_agency.id):
        service.name(HOST)
        dns.texts[names.record(HOST)].append(now().value)
        service.look()
        assert (now().state, now().problem) == (DomainState.WAITING, Problem.TAKEN)


def test_a_name_that_changes_while_it_is_looked_at(agency: AgencyView, dns: NameServer, leads: dict[str, bool]) -> None:
    service.name(HOST)
    value = now().value

    def meanwhile(_name: str, _seconds: float) -> frozenset[str]:
        service.name("new.northwind.example")
        return frozenset({value})

    checking.check(meanwhile)
    assert (now().host, now().state, now().checked_at) == ("new.northwind.example", DomainState.WAITING, None)


def test_without_the_tier(domain: str, monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    """What is there stays, but is not used; when the tier comes back it is used again."""
    runtime = runtimes.of(app)
    sold = runtime.settings
    monkeypatch.setattr(runtime, "settings", sold.model_copy(update={"billing": True, "trial_days": 0}))
    db.release()
    assert link() == f"{BASE}/i/token" and not now().in_use
    with pytest.raises(entitlements.NotInTier):
        service.name("new.northwind.example")
    monkeypatch.setattr(runtime, "settings", sold)
    db.release()
    assert link() == f"{OWN}/i/token"


def test_looking_is_counted(domain: str) -> None:
    for _time in range(service.LOOKS - 1):
        service.look()
    with pytest.raises(TooMany):
        service.look()


def test_no_domain_is_nothing_to_look_at(agency: AgencyView, dns: NameServer) -> None:
    service.look()
    service.remove()
    assert dns.asked == [] and hosts.address() == BASE
