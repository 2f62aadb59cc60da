"""An agency ends: 30 days, then everything goes but for what a law keeps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from plugins.payments_local import courier
from tests.client import Browser
from tests.factories import people
from tests.factories.documents import client, draft, issued
from tests.factories.people import Person
from tests.portability.moving import agency_at, outside, verified
from tests.privacy import planting
from tests.privacy.planting import MARK
from webkit.accounts import service as accounts
from webkit.agencies import service as agencies
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.capabilities.errors import CredentialsRejected
from webkit.core.capabilities.storage import STORAGE
from webkit.core.kernel import clock, jobs, runtime, sealed, streams, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.outbox import PutBack
from webkit.core.kernel.runtime import current
from webkit.core.retention import Retention, until
from webkit.demo import service as demo
from webkit.portability import deleting, deleting_models, models, personal, personal_models, row_models
from webkit.portability.models import DeletionState
from webkit.privacy import outside as outside_things
from webkit.privacy import service as privacy
from webkit.privacy.erasing_models import Things
from webkit.receipts import service as receipts
from webkit.receipts.service import Method
from webkit.statements import service as statements
from webkit.tokens import service as tokens

Mails = Callable[[], list[OutboxMessage]]

MONTH = timedelta(days=31)
SOMEBODY = UUID(int=7)


def counts(agency: UUID) -> dict[str, int]:
    """How many rows there are of each table."""
    with tenancy.platform("count rows"), sealed.belonging_to(agency):
        found = {name: sum(1 for _ in row_models.rows(name, agency, clock.now())) for name in row_models.owned()}
    return {name: count for name, count in found.items() if count}


def begin_due() -> None:
    """What the schedule does every night."""
    for look in (deleting.look_for_due, personal.look_for_due):
        with tenancy.platform("what is due"):
            look(None)  # type: ignore[arg-type]
    jobs.run_waiting()


@pytest.mark.slow
def test_the_demo_agency_is_deleted(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "start", lambda *_args: None)
    slug = outside(app, demo.load).agency
    outside(app, delete_with_interruptions, agency_at(slug), monkeypatch)


def delete_with_interruptions(agency: AgencyView, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter(range(10_000))

    def die(_self: deleting.Deletion) -> None:
        if next(steps) in (2, 9, 21):
            raise PutBack

    monkeypatch.setattr(deleting_models, "BATCH", 20)
    monkeypatch.setattr(deleting.Deletion, "_pause", die)
    keys = files_of(agency.id)
    with tenancy.tenant(agency.id):
        deleting.ask(agency, f" {agency.name.upper()} ", SOMEBODY, "Anna", "anna@example.org", "en")
    with clock.frozen(clock.now() + MONTH):
        begin_due()
        begin_due()
        after, gone = counts(agency.id), f"gone-{agency.id.hex}"
        report = verified(gone)
    assert report.ok, report.findings
    assert after.keys() - {"outbox"} == {
        "agency_deletions", "agency_profiles", "clients", "contract_templates", "contracts", "counters",
        "event_details", "event_heads", "event_subjects", "events", "frozen_documents", "invoices", "ledger_entries",
        "payments", "proposals", "quotations", "signatures", "signed_heads",
    }  # fmt: skip
    left = files_of(agency.id)
    storage = runtime.current().registry.get(STORAGE)
    assert left < keys and all(storage.exists(key) for key in left)
    assert not any(storage.exists(key) for key in keys - left)
    said = report_of(agency.id)
    assert said["Invoices"]["count"] == after["invoices"] and said["Invoices"]["until"] > "2030"


def files_of(agency: UUID) -> set[str]:
    with tenancy.platform("which files there are"):
        return {row["pdf_key"] for row in row_models.rows("frozen_documents", agency, clock.now()) if row["pdf_key"]}


def report_of(agency: UUID) -> dict[str, dict[str, Any]]:
    """What the deletion has kept."""
    with tenancy.platform("the report"):
        (row,) = row_models.rows("agency_deletions", agency, clock.now())
    return {each["what"]: each for each in row["report"]}


def with_a_key(app: Flask, person: Person) -> None:
    """A key of the agency that was exchanged for tokens, which name no agency themselves."""
    key = tokens.create_for_agency(person.id, "Books", ["read"], 30).key
    tenancy.session().rollback()
    headers = {"Authorization": f"Bearer {key}"}
    asked = app.test_client().post("/api/v1/auth/token", json={"grant_type": "api_key"}, headers=headers)
    assert asked.status_code == 200, asked.text


def test_an_agency_of_which_nothing_has_to_be_kept_goes_whole(
    app: Flask,
    agency: AgencyView,
    ada: Person,
    run_jobs: Callable[[], int],
    outbox_mails: Callable[[], list[OutboxMessage]],
) -> None:
    draft("7.00", client_id=client())
    with_a_key(app, ada)
    deleting.ask(agency, agency.name, SOMEBODY, "Ada", "ada@northwind.example", "en")
    tenancy.session().rollback()
    run_jobs()
    assert {to for mail in outbox_mails() for to in mail.entry.to} >= {"ada@northwind.example", "max@northwind.example"}
    outside(app, begin_due)
    assert "clients" in outside(app, counts, agency.id)  # its days of grace are not over
    with clock.frozen(clock.now() + MONTH):
        outside(app, begin_due)
        after = outside(app, counts, agency.id)
    kept = {"agency_deletions", "agency_profiles", "event_heads", "events", "event_subjects"}
    assert after.keys() - {"outbox", "counters", "signed_heads"} == kept
    gone = outside(app, agency_at, f"gone-{agency.id.hex}")
    assert gone.closed and not gone.goes_on
    assert any("was deleted" in mail.entry.subject for mail in outbox_mails())


def test_what_lies_outside_of_the_database_goes_too(
    app: Flask, agency: AgencyView, run_jobs: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files, mails as they were sent, and the streams of texts: of all of it nothing is left."""
    thrown: list[str] = []
    monkeypatch.setattr(streams, "forget", thrown.extend)
    client_id = client(MARK, f"{MARK}@x.example")
    statements.send(client_id, None, agencies.today(), "user:test")
    run_jobs()
    planting.everywhere(client_id)
    planting.store_files()
    data = current().settings.data
    assert {path.suffix for path in planting.files_saying(data)} > {".eml", ".json"}
    deleting.ask(agency, agency.name, SOMEBODY, "Ada", "ada@northwind.example", "en")
    tenancy.session().rollback()
    with clock.frozen(clock.now() + MONTH):
        outside(app, begin_due)
    assert [*planting.files_saying(data)] == [] and planting.says() == {}
    assert len(thrown) == 1


def test_keys_that_were_revoked_hold_up_no_deletion(app: Flask, agency: AgencyView) -> None:
    """Of the agency's own account alone: an operator whose own keys are wrong has to see to it."""

    class Shut:
        def delete(self, _key: str) -> None:
            raise CredentialsRejected("no", provider="s3")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outside_things, "_keepers", lambda *_args: defaultdict(Shut))
        theirs, ours = Things(files=(("a", SOMEBODY),)), Things(files=(("a", None),))
        privacy.throw_away(theirs, whatever_keys=True)
        for things, whatever in ((theirs, False), (ours, True)):
            with pytest.raises(CredentialsRejected):
                privacy.throw_away(things, whatever_keys=whatever)


def test_what_is_taken_back_is_not_deleted(app: Flask, agency: AgencyView) -> None:
    deleting.ask(agency, agency.name, SOMEBODY, "Ada", "ada@northwind.example", "en")
    assert agencies.by_id(agency.id).goes_on  # type: ignore[union-attr]
    deleting.cancel(agency, SOMEBODY, "Ada")
    tenancy.session().rollback()
    with clock.frozen(clock.now() + MONTH):
        outside(app, begin_due)
    assert "memberships" in outside(app, counts, agency.id)
    assert not outside(app, agency_at, agency.slug).goes_on


def test_the_owner_asks_and_everybody_sees_it(agency: AgencyView, owner: Browser, member: Browser) -> None:
    address = f"/{agency.slug}/settings/data"
    assert member.get(address).status_code == 403
    assert "Delete the agency" in owner.get(address).text
    refused = owner.post(f"{address}/deletion", data={"name": "Somebody else"})
    assert refused.status_code in (400, 422) and "Somebody else" in refused.text
    assert owner.post(f"{address}/deletion", data={"name": agency.name}).status_code == 303
    assert "will be deleted on" in member.get(f"/{agency.slug}/clients").text
    assert member.post(f"{address}/deletion/cancel").status_code == 403
    assert owner.post(f"{address}/deletion/cancel").status_code == 303
    assert "will be deleted on" not in member.get(f"/{agency.slug}/clients").text


def test_an_account_goes_and_leaves_its_agencies(
    app: Flask, agency: AgencyView, member: Browser, max_: Person, owner: Browser, run_jobs: Callable[[], int]
) -> None:
    assert "You own" in owner.get("/account/data").text
    assert owner.post("/account/data/deletion", data={"email": "ada@northwind.example"}).status_code == 409
    assert member.post("/account/data/deletion", data={"email": "other@x.example"}).status_code in (400, 422)
    assert member.post("/account/data/deletion", data={"email": max_.email}).status_code == 303
    run_jobs()
    tenancy.session().rollback()
    with clock.frozen(clock.now() + MONTH):
        outside(app, begin_due)
    assert outside(app, rows_about, max_.id) == {"audit_log", "account_deletions"}
    assert outside(app, name_of, max_.id) == ("Deleted account", None)
    assert member.get("/account/data").status_code in (302, 303)


def rows_about(user_id: UUID) -> set[str]:
    with tenancy.platform("what is left"):
        return {name for name in personal_models.tables() if list(personal_models.rows(name, user_id))}


def name_of(user_id: UUID) -> tuple[str, UUID | None]:
    with tenancy.platform("who that was"):
        return personal_models.account(user_id)["name"], accounts.user_id_of("max@northwind.example")


def test_an_account_that_is_taken_back_stays(app: Flask, agency: AgencyView, member: Browser, max_: Person) -> None:
    member.post("/account/data/deletion", data={"email": max_.email})
    assert member.post("/account/data/deletion/cancel").status_code == 303
    with clock.frozen(clock.now() + MONTH):
        outside(app, begin_due)
    assert outside(app, name_of, max_.id)[1] == people.id_of(max_.email)
    assert DeletionState.CANCELLED.value == "cancelled"


def test_what_a_law_kept_goes_when_its_years_are_over(app: Flask, agency: AgencyView) -> None:
    olmo, made = client(), clock.now()
    issued("100.00", client_id=olmo)
    money = receipts.RecordInput(olmo, Method.BANK, agencies.today(), "EUR", 500, "From Giulia Olmo", "Called her")
    receipts.record(money, "system")
    deleting.ask(agency, agency.name, SOMEBODY, "Ada", "ada@northwind.example", "en")
    tenancy.session().rollback()
    with clock.frozen(made + MONTH):
        outside(app, begin_due)
    last = until(Retention.ACCOUNTING, made, agency.country)
    assert last is not None

    def night(day: date) -> set[str]:
        with clock.frozen(datetime.combine(day, time(3, 40), UTC)):
            outside(app, sweep_over)
            return set(outside(app, counts, agency.id))

    assert {"invoices", "clients", "frozen_documents"} <= night(last)
    assert outside(app, words_of_receipts, agency.id) == [("From Giulia Olmo", "Called her")]
    assert outside(app, client_names, agency.id)[0][0]
    over = night(last + timedelta(days=2))
    assert not over & {"invoices", "frozen_documents", "event_details"}
    assert outside(app, client_names, agency.id) == [("", "", "")]  # the books point to nobody
    assert {"events", "event_heads", "agency_deletions"} <= over
    assert "Invoices" not in outside(app, report_of, agency.id)
    assert outside(app, words_of_receipts, agency.id) == [("", "")]
    assert outside(app, verified, f"gone-{agency.id.hex}").ok
    assert outside(app, unswept, last + timedelta(days=3)) == []


def words_of_receipts(agency: UUID) -> list[tuple[str, str]]:
    with tenancy.platform("what receipts say"):
        found = row_models.rows("ledger_receipts", agency, clock.now())
        return [(row["reference"], row["note"]) for row in found]


def client_names(agency: UUID) -> list[tuple[str, str, str]]:
    with tenancy.platform("who clients are"):
        found = row_models.rows("clients", agency, clock.now())
        return [(row["name"], row["street"], row["tax_id"]) for row in found]


def sweep_over() -> None:
    with tenancy.platform("what a law kept"):
        deleting.look_for_over(None)  # type: ignore[arg-type]
    jobs.run_waiting()


def unswept(day: date) -> list[tuple[UUID, UUID]]:
    with tenancy.platform("what is looked at"):
        return models.unswept(datetime(day.year, 1, 2, tzinfo=UTC), 10)
