"""Archives that name what is somebody else's at a vendor."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from tests.factories.documents import client, issued
from tests.portability.moving import Parts, exported, outside, packed, unpacked
from webkit.core.capabilities.email import EMAIL, Address, EmailMessage
from webkit.core.capabilities.payments import PAYMENTS, PaymentEvent, PaymentEventKind
from webkit.core.extensions import Delivery
from webkit.core.kernel import clock, tenancy, vendors
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.runtime import current
from webkit.core.kernel.tables import Base
from webkit.core.kernel.vendors import ELSEWHERE
from webkit.messaging import service as messaging
from webkit.payments import method_models, models, service, tills
from webkit.payments.models import PaymentState
from webkit.portability import importing, plugs, row_models
from webkit.portability.archive import Broken
from webkit.privacy import service as privacy

Move = Callable[[], None]
ID = "01900000-0000-7000-8000-00000000000{}".format
STAMP = "2026-01-02T03:04:05+00:00"


@pytest.fixture
def parts(app: Flask, agency: AgencyView) -> Parts:
    """An archive with a client and an invoice."""
    issued("100.00", client_id=client())
    release()
    return unpacked(outside(app, exported, agency.slug))


def line(table: str, agency: AgencyView, number: int = 1, **values: Any) -> bytes:
    """A row somebody wrote by hand: what they did not think of is empty."""
    row: dict[str, Any] = {}
    for name in row_models.required(table):
        kind = Base.metadata.tables[table].c[name].type.python_type if name not in values else str
        row[name] = {int: 0, bool: False, list: [], dict: {}}.get(kind, STAMP if name.endswith("_at") else "")
    row |= {"id": ID(number), "created_at": STAMP, "agency_id": str(agency.id)} | values
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def payment(agency: AgencyView, **values: Any) -> bytes:
    given = {"reference": "invoice:x", "provider": "stripe", "amount_minor": 100, "currency": "EUR", "state": "open"}
    return line("payments", agency, **{**given, "checkout_id": "cs_others", "vendor_id": "pi_others", **values})


def told(kind: PaymentEventKind, **values: Any) -> Delivery:
    about: dict[str, Any] = {
        "checkout_id": "",
        "payment_id": "",
        "reference": "",
        "amount_minor": 100,
        "currency": "EUR",
    }
    event = PaymentEvent(id="evt_1", kind=kind, occurred_at=clock.now(), **about | values)
    return Delivery(PAYMENTS.key, "stripe", event, None)


def test_no_webhook_and_no_job_takes_them_for_this_installations(
    app: Flask, agency: AgencyView, parts: Parts, move: Move
) -> None:
    forged = {
        "payments": payment(agency),
        "connected_accounts": line(
            "connected_accounts", agency, 2, account_id=ID(9), provider="stripe", name="acct_others", kind="managed",
            since=STAMP, checked_at=STAMP, alive="acct_others", can_charge=True,
        ),
        "provider_accounts": line(
            "provider_accounts", agency, 9, capability="payments", provider="stripe", chosen_for="payments",
            connected="acct_others",
        ),
    }  # fmt: skip
    changed = {**parts, **{f"tables/{name}.jsonl": text for name, text in forged.items()}}
    move()
    outside(app, importing.bring_in, packed(changed))
    with tenancy.platform("who is meant"):
        by_checkout = told(PaymentEventKind.PAID, checkout_id="cs_others")
        by_payment = told(PaymentEventKind.DISPUTED, payment_id="pi_others")
        by_own_id = told(PaymentEventKind.PAID, metadata={"payment": ID(1)})
        by_account = told(PaymentEventKind.ACCOUNT_CHANGED, account="acct_others")
        for each in (by_checkout, by_payment, by_own_id, by_account):
            assert service.agency_of(each) is None
        assert tills.accounts_of("stripe", "acct_others") == [] and models.agencies_connected(clock.now()) == []
    with tenancy.tenant(agency.id):
        row = models.get(UUID(ID(1)))
        assert row is not None and row.state is PaymentState.OPEN and row.account_id == ELSEWHERE
        assert vendors.find_keeper(PAYMENTS, row.account_id, row.provider) is None
        assert models.leaving() == []
        assert vendors.find_keeper(PAYMENTS, UUID(ID(9))) is None and tills.till() is not None


def test_nobody_reads_or_erases_the_mails_of_others(app: Flask, agency: AgencyView, parts: Parts, move: Move) -> None:
    move()
    theirs = outside(app, kept_mail)
    forged = line(
        "mails", agency, template="invoice", to_name="A", to_email="a@x.example", locale="en", state="accepted",
        provider="outbox", vendor_id=theirs, subject="invoice:x", about=[], attach=[], sending=1, attempt=1,
    )  # fmt: skip
    outside(app, importing.bring_in, packed({**parts, "tables/mails.jsonl": forged}))
    with tenancy.tenant(agency.id):
        mail = UUID(ID(1))
        assert messaging.get(mail).to_email == "a@x.example" and messaging.content(mail) is None
        things = privacy.things("mails", [(mail,)])
        assert things.messages == ((theirs, ELSEWHERE, "outbox"),)
        privacy.throw_away(things)
    assert outside(app, outbox().read, theirs).entry.subject == "Secret"


def kept_mail() -> str:
    """A message of somebody else, in the folder where this installation keeps them."""
    to = (Address("b@x.example"),)
    letter = EmailMessage("x@x.example", "X", to, "Secret", "Text", key="theirs")
    return str(outbox().send(letter).id)


def outbox() -> Any:
    return current().registry.get(EMAIL)


def test_an_archive_goes_through_accounts_of_its_own_alone(app: Flask, agency: AgencyView, parts: Parts) -> None:
    """Nor is what it names a file of others."""
    key = f"attachments/{ID(7)}/x/y"
    attached = {"key": key, "account": "", "content_type": "application/pdf"}
    mail = line(
        "mails", agency, template="invoice", to_name="", to_email="", locale="en", state="accepted", subject="x:y",
        about=[], attach=[attached], sending=1, attempt=1,
    )  # fmt: skip
    account = line("provider_accounts", agency, capability="payments", provider="stripe", id=str(ELSEWHERE))
    for table, text, words in (
        ("payments", payment(agency, account_id=ID(9)), "an account that is not"),
        ("payments", payment(agency, account_id=str(ELSEWHERE)), "an account that is not"),
        ("provider_accounts", account, "nobody's account"),
        ("mails", mail, "not the agency's"),
    ):
        with pytest.raises(Broken, match=words):
            outside(app, importing.bring_in, packed({**parts, f"tables/{table}.jsonl": text}))


def test_what_went_through_an_installation_moves_on_as_it_was(
    app: Flask, agency: AgencyView, parts: Parts, move: Move
) -> None:
    """The next archive says of it what the first one said."""
    changed = packed({**parts, "tables/payments.jsonl": payment(agency)})
    move()
    outside(app, importing.bring_in, changed)
    again = outside(app, exported, agency.slug)
    assert json.loads(unpacked(again)["tables/payments.jsonl"])["account_id"] is None
    move()
    outside(app, importing.bring_in, io.BytesIO(again))
    assert outside(app, exported, agency.slug) == again
    with tenancy.platform("who is asked again"):
        assert method_models.agencies_with_stale(clock.now()) == []
    release()


def test_a_client_who_was_known_in_two_installations_moves_on(
    app: Flask, agency: AgencyView, parts: Parts, move: Move
) -> None:
    """The first platform's name for them, the second one's, and from both to a third."""
    someone = json.loads(parts["tables/clients.jsonl"].splitlines()[0])["id"]
    payer = line("payment_payers", agency, client_id=someone, provider="stripe", through="", vendor_id="cus_others")
    move()
    outside(app, importing.bring_in, packed({**parts, "tables/payment_payers.jsonl": payer}))
    outside(app, known_here, agency.id, UUID(someone))
    again = outside(app, exported, agency.slug)
    assert unpacked(again)["tables/payment_payers.jsonl"].count(b'"through":""') == 2
    move()
    outside(app, importing.bring_in, io.BytesIO(again))
    assert outside(app, exported, agency.slug) == again


def known_here(agency: UUID, client_id: UUID) -> None:
    with tenancy.tenant(agency), writing():
        assert method_models.payer(client_id, "stripe", "") == ""
        method_models.keep_payer(client_id=client_id, provider="stripe", through="", vendor_id="cus_here")


def test_no_column_that_names_an_account_is_forgotten() -> None:
    named = {
        name
        for name in row_models.tables()
        for column in row_models.columns(name)
        if column.name in ("account_id", "through")
        and not any(key.column.table.name == "provider_accounts" for key in column.foreign_keys)
    }
    assert named == plugs.THROUGH.keys()
