"""Drafts, sending, versions, reminders, withdrawing, and what an accepted quotation becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from tests.factories import listed
from tests.factories import quotations as make
from tests.threads import at_once
from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.contracts import service as contracts
from webkit.core.capabilities.email import OutboxMessage
from webkit.core.kernel import clock, db, events, evidence, frozen, ids, outbox, tenancy
from webkit.core.kernel.db import writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.lists import sums
from webkit.invoices import service as invoices
from webkit.invoices.service import InvoiceInput
from webkit.pricing import Priced
from webkit.quotations import answers, jobs, models, service
from webkit.quotations.listing import QUOTATIONS
from webkit.quotations.models import TRANSITIONS, Filter, State
from webkit.quotations.offer import Discount, DiscountKind, Offer, Section
from webkit.quotations.views import Signer

pytestmark = pytest.mark.usefixtures("agency")
WITH_DIMMER, WITH_ALL, WITH_NONE = 382_441, 415_472, 354_625


def kinds(quotation_id: UUID) -> list[str]:
    told = [entry.kind for entry in events.timeline(events.ref("quotation", quotation_id))]
    return [kind for kind in told[::-1] if kind.startswith("quotation.")]


def priced(quotation_id: UUID) -> Priced:
    return service.accepted(quotation_id).priced


def test_the_same_form_makes_one_quotation() -> None:
    client = make.client()
    first = service.create(client, "Studio", make.AUTHOR, key="k1")
    assert service.create(client, "Studio", make.AUTHOR, key="k1") == first
    view = service.get(first)
    assert (view.word, view.number, view.client_name, view.currency) == ("draft", "", "Lario Cicli", "EUR")
    assert view.valid_until == service.today() + timedelta(days=30) and len(view.offer.sections) == 1


def test_a_quotation_needs_a_client_of_the_agency(other_agency: AgencyView) -> None:
    with pytest.raises(NotFound):
        service.create(ids.uuid7(), "Studio", make.AUTHOR)
    with tenancy.tenant(other_agency.id):
        theirs = make.draft(make.client("somebody@else.example"))
    for forbidden in (service.get, service.accepted, service.delete):
        with pytest.raises(NotFound):
            forbidden(theirs)


def test_of_two_who_save_the_second_is_told() -> None:
    made = make.draft()
    view = service.get(made)
    revision = service.save(made, view.revision, replace(view.draft, title="First"))
    with pytest.raises(Conflict, match="Somebody else changed"):
        service.save(made, view.revision, replace(view.draft, title="Second"))
    assert service.save(made, revision, replace(view.draft, title="Second")) == revision + 1


def test_sending_numbers_freezes_and_mails_once(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    first, other = make.draft(), make.draft(make.client("b@lario.example"))
    make.send(first)
    revision = service.get(first).revision
    service.send(first, revision, make.DELIVERY, make.ACTOR)
    view = service.get(first)
    assert (view.word, view.number, view.total_minor) == ("sent", f"QUO-{service.today().year}-001", WITH_DIMMER)
    make.send(other)
    assert service.get(other).number.endswith("-002")
    doc = frozen.get(make.seen(first)).snapshot
    assert "They pay late" not in str(doc) and doc["site"] == make.SITE
    assert kinds(first) == ["quotation.sent"]
    with pytest.raises(Conflict, match="has been sent"):
        service.save(first, revision, view.draft)
    with pytest.raises(Conflict, match="never sent"):
        service.delete(first)
    run_jobs()
    [mail] = [each for each in outbox_mails() if each.entry.subject.endswith(view.number)]
    assert "Ciao Davide." in mail.text and "€3,824.41" in mail.text and "/q/" in mail.text
    assert mail.attachments[0].content.startswith(b"%PDF")


def test_settings_that_changed_meanwhile_count_when_it_is_sent_and_never_after() -> None:
    made = make.draft()
    agencies.change({"currency": "CHF", "tax_scheme": "none"})
    make.send(made)
    view = service.get(made)
    assert (view.currency, view.total_minor) == ("EUR", 313_476)
    agencies.change({"currency": "EUR", "tax_scheme": "it-vat"})
    make.accept(made, "dimmer")
    got = service.accepted(made)
    assert (got.currency, got.priced.totals.payable) == ("EUR", 313_476)
    assert invoices.get(invoices.create_from_quotation(made, make.ACTOR)).total == 313_476


def test_what_cannot_be_sent_says_why() -> None:
    offer = Offer(sections=(Section(id="a"),), lines=(make.line("x", "a", "10"),))
    too_much = Discount(kind=DiscountKind.AMOUNT, amount=1001)
    for changes, field in (
        ({"offer": Offer()}, "scope"),
        ({"offer": offer}, "sections-0-title"),
        ({"offer": offer.model_copy(update={"discount": too_much})}, "discount-value"),
        ({"valid_until": date(2020, 1, 1)}, "valid_until"),
    ):
        made = make.draft(make.client(f"{field}@lario.example"), **changes)
        with pytest.raises(Invalid) as refused:
            make.send(made)
        assert field in refused.value.errors, (field, refused.value.errors)
        assert service.get(made).number == ""


def test_absurd_amounts_are_refused_in_words() -> None:
    lines = tuple(make.line(f"l{n}", "a", "1e12", quantity=Decimal(1_000_000)) for n in range(2))
    made = make.draft(offer=Offer(sections=(Section(id="a", title="All"),), lines=lines))
    problems = service.evaluate(service.get(made)).problems
    assert "too large" in problems["lines-0-price"] and service.get(made).total_minor is None
    with pytest.raises(Invalid):
        make.send(made)


@pytest.mark.parametrize(
    ("chosen", "total"), [((), WITH_NONE), (("dimmer",), WITH_DIMMER), (("blinds", "dimmer"), WITH_ALL)]
)
def test_accepting_freezes_exactly_the_choice(chosen: tuple[str, ...], total: int) -> None:
    made = make.accepted(*chosen)
    got = service.accepted(made)
    assert got.priced.totals.payable == total == service.get(made).total_minor
    assert (got.accepted_by, got.accepted_title, got.site) == ("Davide Ratti", "Owner", make.SITE)
    optional = {line.id for line in got.priced.lines} & {"dimmer", "blinds"}
    assert optional == set(chosen)
    entry = events.timeline(events.ref("quotation", made))[0]
    assert entry.kind == "quotation.accepted" and entry.facts["totals"]["payable"] == total
    assert entry.personal == {"name": "Davide Ratti", "title": "Owner", "address": "192.0.2.7", "agent": "Firefox"}
    assert entry.facts["shown_hash"] == frozen.get(make.seen(made)).snapshot_hash


def test_the_same_acceptance_twice_is_one_and_another_is_refused() -> None:
    made = make.accepted("dimmer")
    first = service.get(made).accepted_id
    make.accept(made, "dimmer")
    assert service.get(made).accepted_id == first and kinds(made).count("quotation.accepted") == 1
    with pytest.raises(Conflict, match="already been accepted"):
        make.accept(made, "blinds")
    with pytest.raises(Conflict, match="already been accepted"):
        make.accept(made, "dimmer", signer=Signer("Somebody Else"))
    with pytest.raises(Conflict, match="already been accepted"):
        answers.decline(made, make.seen(made), "No", make.VISITOR, "")
    with pytest.raises(Conflict, match="cannot be changed any more"):
        service.revise(made, make.ACTOR)
    with pytest.raises(Conflict, match="withdrawn"):
        service.withdraw(made, "", make.ACTOR)


def test_options_that_are_none_are_refused_and_nothing_is_accepted() -> None:
    made = make.sent()
    with pytest.raises(Invalid):
        make.accept(made, "dimmer", "lamps")
    assert service.get(made).state is State.SENT
    only_options = Offer(
        sections=(Section(id="a", title="Extras"),), lines=(make.line("x", "a", "10", choice="offered"),)
    )
    bare = make.sent(client_id=make.client("c@lario.example"), offer=only_options)
    with pytest.raises(Invalid):
        make.accept(bare)
    assert make.accept(bare, "x") == bare


def test_an_old_version_cannot_be_answered() -> None:
    made = make.sent()
    old = make.seen(made)
    answers.ask_for_changes(made, old, "Without the lamps, please.", make.VISITOR, "")
    assert service.get(made).word == "changes_requested"
    service.revise(made, make.ACTOR)
    with pytest.raises(Conflict, match="being changed"):
        answers.accept(made, old, make.SIGNER, [], make.VISITOR)
    make.send(made)
    view = service.get(made)
    assert (view.version, view.number[-4:], view.answer) == (2, "-001", "")
    with pytest.raises(Conflict, match="read the new version"):
        answers.accept(made, old, make.SIGNER, [], make.VISITOR)
    make.accept(made)
    assert kinds(made) == [f"quotation.{kind}" for kind in ("sent", "changes_requested", "revised", "sent", "accepted")]


def test_expired_is_a_fact_of_the_clock_at_the_agencys_place() -> None:
    with clock.frozen(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        made = make.sent(valid_until=date(2026, 3, 10))
    with clock.frozen(datetime(2026, 3, 10, 22, 30, tzinfo=UTC)):  # 23:30 in Rome: still the day
        assert service.get(made).word == "sent" == answers.shown(made).word
    with clock.frozen(datetime(2026, 3, 10, 23, 1, tzinfo=UTC)):
        assert service.get(made).word == "expired" == answers.shown(made).word
        with pytest.raises(Conflict, match="no longer valid"):
            make.accept(made)
        with pytest.raises(Conflict, match="waits for its answer"):
            service.remind(made, make.ACTOR)
        assert [each.id for each in service.page(Filter(state="expired"), 5)] == [made]
        assert service.page(Filter(state="sent"), 5) == []


def test_withdrawn_closes_the_answer_and_tells_the_client(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    made = make.sent()
    service.withdraw(made, "The room is let.", make.ACTOR)
    service.withdraw(made, "The room is let.", make.ACTOR)
    with pytest.raises(Conflict, match="was withdrawn"):
        make.accept(made)
    assert kinds(made) == ["quotation.sent", "quotation.withdrawn"]
    run_jobs()
    assert [mail for mail in outbox_mails() if "withdrawn" in mail.entry.subject and "room is let" in mail.text]
    service.revise(made, make.ACTOR)
    assert service.get(make.send(made)).version == 2


def test_a_link_is_revoked_and_renewed() -> None:
    made = make.sent()
    first = service.link(made)
    service.revoke_link(made, make.ACTOR)
    assert service.link(made) is None
    with pytest.raises(Conflict, match="link"):
        service.remind(made, make.ACTOR)
    assert service.get(made).reminded_at is None  # the refusal undid it
    service.renew_link(made, make.ACTOR)
    assert service.link(made) not in (None, first)


@pytest.mark.parametrize(
    ("sent", "ends", "expected"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 28)),
        (date(2026, 3, 1), date(2026, 3, 6), date(2026, 3, 3)),
        (date(2026, 3, 1), date(2026, 3, 5), None),
        (date(2026, 3, 1), None, None),
    ],
)
def test_the_day_of_the_reminder(sent: date, ends: date | None, expected: date | None) -> None:
    assert service.remind_on(sent, ends) == expected


def _tick(run_jobs: Callable[[], int]) -> None:
    """The schedule's job, as the clock adds it."""
    db.release()
    with tenancy.platform("the schedule's job"), writing():
        outbox.add(jobs.REMIND)
    run_jobs()


def reminders(mails: list[OutboxMessage]) -> int:
    return sum("valid until" in mail.entry.subject for mail in mails)


def test_the_reminder_goes_out_by_itself_once(
    agency: AgencyView, run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    with clock.frozen(datetime(2026, 3, 1, 9, tzinfo=UTC)):
        made = make.sent(valid_until=date(2026, 3, 31))
        quiet = make.send(
            make.draft(make.client("q@lario.example"), valid_until=date(2026, 3, 31)),
            replace(make.DELIVERY, remind=False),
        )
    seen = []
    for moment in ("2026-03-27T12:00", "2026-03-28T05:00", "2026-03-28T07:30", "2026-03-28T08:00", "2026-03-30T09:00"):
        with clock.frozen(datetime.fromisoformat(f"{moment}+00:00")):
            _tick(run_jobs)
            seen.append(reminders(outbox_mails()))
    assert seen == [0, 0, 1, 1, 1]
    with tenancy.tenant(agency.id):
        assert service.get(made).reminded_at and not service.get(quiet).reminded_at
        assert kinds(made) == ["quotation.sent", "quotation.reminded"]


def test_two_workers_remind_once(app: Flask, agency: AgencyView) -> None:
    with clock.frozen(datetime(2026, 3, 1, 9, tzinfo=UTC)):
        made = make.sent(valid_until=date(2026, 3, 31))
    db.release()

    def remind() -> None:
        with tenancy.tenant(agency.id):
            service.remind_if_due(made)

    with clock.frozen(datetime(2026, 3, 29, 9, tzinfo=UTC)):
        assert at_once(app, remind, remind, remind) == [None] * 3
    with tenancy.tenant(agency.id):
        assert kinds(made).count("quotation.reminded") == 1


def test_reminding_by_hand_takes_the_place_of_the_one_by_itself(
    run_jobs: Callable[[], int], outbox_mails: Callable[[], list[OutboxMessage]]
) -> None:
    with clock.frozen(datetime(2026, 3, 1, 9, tzinfo=UTC)):
        made = make.sent(valid_until=date(2026, 3, 31))
    with clock.frozen(datetime(2026, 3, 20, 9, tzinfo=UTC)):
        service.remind(made, make.ACTOR, key="one")
        service.remind(made, make.ACTOR, key="one")
    with clock.frozen(datetime(2026, 3, 29, 9, tzinfo=UTC)):
        _tick(run_jobs)
        assert reminders(outbox_mails()) == 1
    by_link = make.send(make.draft(make.client("l@lario.example")), None)
    with pytest.raises(Conflict, match="went out as a link"):
        service.remind(by_link, make.ACTOR)


def test_an_accepted_quotation_becomes_one_contract_with_its_totals() -> None:
    made = make.accepted("dimmer")
    first = contracts.create_from_quotation(made, actor=make.ACTOR, creator="Ada Brandt")
    assert contracts.create_from_quotation(made, actor=make.ACTOR) == first
    contract = contracts.get(first)
    number = service.get(made).number
    assert (contract.total_minor, contract.monthly_minor, contract.deposit_minor) == (WITH_DIMMER, 0, 0)
    assert (contract.proposal_id, contract.quotation_id, contract.proposal_number) == (None, made, number)
    assert (contract.signer_name, contract.signer_title, contract.signer_email) == (
        "Davide Ratti", "Owner", "davide@lario.example",
    )  # fmt: skip
    assert contracts.draft(first).problems == () and contracts.draft(first).facts.once == priced(made)
    with pytest.raises(Conflict, match="turned into"):
        invoices.create_from_quotation(made, make.ACTOR)
    contracts.send(first, actor=make.ACTOR)
    assert frozen.latest("contract", first).snapshot["once"] == priced(made).to_dict()  # type: ignore[union-attr]
    contracts.cancel(first, "Another one", actor=make.ACTOR)
    assert service.get(made).became is None
    second = contracts.create_from_quotation(made, actor=make.ACTOR)
    assert second != first and kinds(made)[-3:] == [
        "quotation.became_contract", "quotation.released", "quotation.became_contract",
    ]  # fmt: skip


def test_an_accepted_quotation_becomes_one_invoice_with_its_totals() -> None:
    made = make.accepted("blinds")
    first = invoices.create_from_quotation(made, make.ACTOR)
    assert invoices.create_from_quotation(made, make.ACTOR) == first
    draft = invoices.get(first)
    assert draft.priced == priced(made) and draft.total == service.get(made).total_minor
    head = InvoiceInput(make.client("x@lario.example"), "Studio, finished", (), payment_days=7, note="Thank you.")
    invoices.save_draft(first, draft.revision, head)
    kept = invoices.get(first)
    assert (kept.priced, kept.client_id, kept.title) == (draft.priced, draft.client_id, "Studio, finished")
    with pytest.raises(Conflict):
        contracts.create_from_quotation(made, actor=make.ACTOR)
    invoices.delete_draft(first, make.ACTOR)
    again = invoices.create_from_quotation(made, make.ACTOR)
    invoices.issue(again, make.ACTOR)
    assert frozen.latest("invoice", again).snapshot["priced"] == priced(made).to_dict()  # type: ignore[union-attr]


def test_a_double_click_converts_once(app: Flask, agency: AgencyView) -> None:
    made = make.accepted()
    db.release()

    def bill() -> UUID:
        with tenancy.tenant(agency.id):
            return invoices.create_from_quotation(made, make.ACTOR)

    def contract() -> UUID:
        with tenancy.tenant(agency.id):
            return contracts.create_from_quotation(made, actor=make.ACTOR)

    got = at_once(app, bill, contract, bill, contract)
    ids_made = {each for each in got if isinstance(each, UUID)}
    assert len(ids_made) == 1 and all(isinstance(each, UUID | Conflict) for each in got)
    with tenancy.tenant(agency.id):
        assert service.get(made).became_id in ids_made
        assert sum(kind.startswith("quotation.became") for kind in kinds(made)) == 1


def test_only_an_accepted_quotation_becomes_something() -> None:
    made = make.sent()
    with pytest.raises(Conflict, match="has not been accepted"):
        invoices.create_from_quotation(made, make.ACTOR)
    with pytest.raises(Conflict, match="has not been accepted"):
        contracts.create_from_quotation(made, actor=make.ACTOR)
    with pytest.raises(NotFound):
        contracts.create_from_quotation(ids.uuid7(), actor=make.ACTOR)


def test_of_two_answers_at_once_one_wins(app: Flask, agency: AgencyView) -> None:
    made = make.sent()
    seen = make.seen(made)
    db.release()

    def accept(option: str) -> Callable[[], None]:
        def act() -> None:
            with tenancy.tenant(agency.id):
                answers.accept(made, seen, make.SIGNER, [option], make.VISITOR)

        return act

    got = at_once(app, accept("dimmer"), accept("blinds"))
    assert sorted(type(each).__name__ for each in got) == ["Conflict", "NoneType"]


def test_a_client_who_was_put_away_keeps_the_quotation() -> None:
    client = make.client()
    made = make.sent(client_id=client)
    clients.archive(client, make.ACTOR)
    assert service.keeps(client)
    make.accept(made, "dimmer")
    assert contracts.get(contracts.create_from_quotation(made, actor=make.ACTOR)).total_minor == WITH_DIMMER


def test_lists_are_filtered_and_summed() -> None:
    client = make.client()
    first, second = make.sent(client_id=client), make.draft(client, title="Stand at the fair")
    assert [each.id for each in service.page(Filter(), 5)] == [second, first]
    assert [each.id for each in listed.rows(QUOTATIONS, q="COMO studio")] == [first]
    assert [each.id for each in listed.rows(QUOTATIONS, after=second)] == [first]
    [every] = sums(QUOTATIONS, listed.asked(QUOTATIONS), listed.here())[0]
    assert (every.count, every.totals) == (2, (2 * WITH_DIMMER,))
    [waiting] = service.pipeline()
    assert (waiting.open_count, waiting.open) == (1, WITH_DIMMER)
    assert [each.id for each in service.of_client(client)] == [second, first]


def test_a_copy_says_the_same_and_is_a_draft() -> None:
    made = make.accepted("dimmer")
    copied = service.get(service.duplicate(made, make.AUTHOR, key="c"))
    assert service.duplicate(made, make.AUTHOR, key="c") == copied.id
    assert (copied.word, copied.number, copied.became) == ("draft", "", None)
    assert copied.offer == make.OFFER and copied.site == make.SITE and copied.title.endswith("(Copy)")


def test_no_state_is_reached_but_by_its_way() -> None:
    made = make.sent()
    with pytest.raises(ValueError, match="no way"), writing():
        models.move(made, (State.ACCEPTED,), State.DRAFT)
    assert TRANSITIONS[State.ACCEPTED] == frozenset()


def test_what_was_frozen_is_witnessed(agency: AgencyView) -> None:
    made = make.accepted("dimmer")
    assert evidence.examine(agency.slug, frozenset()).ok
    with writing():
        models.update(made, total_minor=1)
    problems = [finding.problem for finding in evidence.examine(agency.slug, frozenset()).findings]
    assert any("the total is another one now" in problem for problem in problems)
