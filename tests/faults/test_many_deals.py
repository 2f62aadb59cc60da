"""Many deals at once on one running installation, while processes die, the model fails and webhooks get lost.

WEBKIT_SEED settles who is hit by what and is printed; WEBKIT_DEALS says how many deals there are. At the end our books
and the vendor's say the same.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest

from tests.faults.vendors import VendorDeal, Vendors
from tests.faults.wounded import SEED
from tests.journeys.conftest import another
from tests.journeys.deal import AMOUNTS, TITLE, Deal, Steps
from tests.journeys.facts import Row, numbers, quiet
from tests.journeys.stack import Stack, is_for, postgres, until
from tests.journeys.web import Died, Visitor
from webkit.runtime import processes
from webkit.sdk.testing.doubles.anthropic import Behaviour, Mode
from webkit.sdk.testing.doubles.stripe import BAD_IBAN, GOOD_IBAN

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

MANY = int(os.environ.get("WEBKIT_DEALS", "24"))
CLIENTS = 6
VICTIMS = ("web", "worker-now", "worker-now", "worker-long", "worker-ai", "scheduler", "renderer", "valkey")
ENDS = {
    "paid": ("paid", "succeeded"),
    "paid after a declined card": ("paid", "succeeded"),
    "paid by debit": ("paid", "succeeded"),
    "debit bounced": ("issued", "bounced"),
    "part given back": ("paid", "succeeded"),
    "given back at Stripe": ("refunded", "refunded"),
    "disputed": ("disputed", "disputed"),
    "dispute won": ("paid", "succeeded"),
    "dispute lost": ("charged_back", "charged_back"),
    "declined": ("", ""),
}
"""Where deals are steered to: how the invoice and the payment stand in the end."""
WEIGHTS = (50, 6, 6, 4, 8, 6, 4, 4, 4, 8)
MOODS = (
    Behaviour(Mode.OVERLOADED),
    Behaviour(Mode.RATE_LIMITED, retry_after=1),
    Behaviour(Mode.BREAKS_OFF, after=0),
    Behaviour(Mode.BREAKS_OFF, after=7),
    Behaviour(Mode.TRUNCATES, after=7),
    Behaviour(Mode.FAILS),
    Behaviour(Mode.GARBAGE),
    Behaviour(Mode.SLOW, first=1.0, pause=0.02),
)


@dataclass
class Steered(VendorDeal):
    """A deal on the shortest honest way: every form is one that was served, but nobody reads what others test."""

    end: str = "paid"
    intent: str = ""

    def write(self) -> None:
        """One line with a price, a first payment, the standard contract."""
        if self.proposal_page:
            return
        new = self.staff.get(f"/{self.agency}/proposals/new?client={self.client_page.rpartition('/')[2]}")
        page = new.form(has="client_id").choose("client_id", self.client_name).fill(title=TITLE).submit().ok()
        form = page.form(has="summary").fill({"summary": "A shop people find.", "deposit_percent": "30"})
        form.put("lines-0-name", "Shop").put("lines-0-price", "5448.76")
        form.choose("contract_template_id", "Standard contract")
        self.proposal_page = form.submit("Save").ok().path.split("/edit")[0].split("?")[0]

    def written(self) -> None:
        """Whatever failed is asked for again, until it is there."""
        until(self._written, 120, f"for the texts of {self.client_name}")

    def _written(self) -> bool:
        rows = self.texts()
        for row in rows:
            if row["state"] == "failed":
                self.staff.post(f"/{self.agency}/ai-runs/{UUID(row['id'])}/retry")
        return all(row["state"] == "done" for row in rows)

    def read_mail(self) -> None:
        """The link stands on the page of staff, too."""
        self.proposal = self.staff.get(self.proposal_page).ok().link("Open client's page")

    def answer(self) -> None:
        """Accept it, or say no."""
        page = self.client.get(self.proposal).ok()
        if self.end == "declined":
            if any(form.action.endswith("/decline") for form in page.forms):
                page.form("/decline").submit().ok()
            return
        if "Go on to sign" not in page.text:
            page = page.form("/accept").fill(name="Amelia Ross", consent="yes").submit("Accept for").ok()
        self.contract = page.link("Go on to sign")

    def ask_for_code(self) -> None:
        page = self.client.get(self.contract).ok()
        if any("Send me a code" in button.text for form in page.forms for button in form.buttons):
            page.form("/code").submit("Send me a code").ok()

    def _arrived(self, words: tuple[str, ...]) -> EmailMessage | None:
        """Only what was sent to this client is opened."""
        sent = "SELECT vendor_id FROM mails WHERE to_email = :to AND state = 'accepted' ORDER BY id DESC"
        folder = self.stack.data / "outbox"
        for row in self.stack.rows(sent, to=self.client_email):
            found = message_from_bytes((folder / f"{row['vendor_id']}.eml").read_bytes(), policy=default)
            assert isinstance(found, EmailMessage)
            if is_for(found, self.client_email, *words):
                return found
        return None

    def pay(self) -> None:
        if self.invoice_row()["state"] == "issued" and not self.intent:
            page = self.client.get(self.invoice).ok()
            if any(form.action.endswith("/pay") for form in page.forms):
                page = page.form("/pay").submit("Pay").ok(303)
                self.checkout = str(page.headers["Location"])
                back = self.pay_there()
                if back and self.comes_back:
                    self.client.get(back)

    def pay_there(self) -> str:
        """By card, perhaps after one that is declined, or by debit."""
        stripe, session = self.vendors.stripe, self.checkout.rpartition("/")[2]
        there = Visitor(stripe.url).get(self.checkout).ok()
        if "This checkout is complete" in there.text:
            self.intent = str(stripe.session(session)["payment_intent"])
            return ""
        if self.end == "paid after a declined card":
            there = there.form(has="number").fill(number="4000000000000002").submit("Pay").ok(402)
        if "debit" in self.end:
            iban = BAD_IBAN if self.end == "debit bounced" else GOOD_IBAN
            there = there.form(has="iban").fill(iban=iban).submit("Pay by debit").ok(303)
        else:
            there = there.form(has="number").fill(number="4242424242424242").submit("Pay").ok(303)
        self.intent = str(stripe.session(session)["payment_intent"])
        return str(there.headers["Location"])

    def later(self) -> None:
        """What happens to the money afterwards, at Stripe."""
        stripe = self.vendors.stripe
        if "debit" in self.end:
            if next(i["status"] for i in stripe.all("payment_intent") if i["id"] == self.intent) == "processing":
                stripe.settle(self.intent, ok=self.end == "paid by debit")
        elif self.end == "given back at Stripe":
            stripe.refund(self.intent)
        elif self.end.startswith("dispute"):
            made = stripe.dispute(self.intent)
            if self.end != "disputed":
                stripe.close_dispute(str(made["id"]), won=self.end == "dispute won")
        elif self.end == "part given back":
            until(lambda: self.invoice_row()["state"] == "paid", 120, "for the payment")
            self.do(self._ask_back)

    def _ask_back(self) -> None:
        place = f"/{self.agency}/invoices/{UUID(self.invoice_row()['id'])}"
        if not self.reversals():
            page = self.staff.get(place).follow("Give money back").ok()
            page.form("/refund").fill(amount=f"{self.given_back / 100:.2f}").submit("Give money back").ok()

    OFFER: ClassVar[Steps] = (
        *(Deal.add_client, VendorDeal.consult, write, VendorDeal.ask_for_texts, VendorDeal.apply_texts),
        *(Deal.send, read_mail, answer),
    )
    CLOSE: ClassVar[Steps] = (ask_for_code, Deal.sign, pay)

    def through(self) -> None:
        """All of it, to the end it is steered to."""
        self.STEPS = self.OFFER if self.end == "declined" else (*self.OFFER, *self.CLOSE)  # type: ignore[misc]
        self.close()
        if self.end != "declined":
            self.later()


class Trouble:
    """Kills parts, one after the other, and orders moods of the model; what and when follows from the seed."""

    def __init__(self, stack: Stack, vendors: Vendors, pause: float) -> None:
        self._stack, self._vendors, self._pause = stack, vendors, pause
        self._dice, self._over = random.Random(SEED), threading.Event()
        self.killed: list[str] = []

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._pause * self._dice.uniform(0.5, 1.5)):
            self._vendors.ai.next(self._dice.choice(MOODS))
            victim = self._dice.choice(VICTIMS)
            index = f".{self._stack.parts.index(victim):02}"
            alive = [p for p in self._stack.living() if p.mark.endswith(index)]
            if alive:
                processes.send(self._dice.choice(alive).pid, signal.SIGKILL)
                self.killed.append(victim)


@pytest.mark.parametrize(("how_many", "database"), [(MANY, "sqlite"), (max(1, MANY // 4), "postgres")])
def test_every_deal_ends_where_it_was_steered_to(how_many: int, database: str) -> None:
    print(f"WEBKIT_SEED={SEED}")
    with tempfile.TemporaryDirectory(prefix="wk-") as folder, Vendors().open() as vendors:
        if database == "sqlite":
            _run(Path(folder), vendors, how_many)
        else:
            with postgres() as owner:
                _run(Path(folder), vendors, how_many, owner=owner)


def _run(folder: Path, vendors: Vendors, how_many: int, **options: str) -> None:
    stack = Stack(folder, factory="tests.faults.launch:create", **options, **vendors.environment(pull=15))
    try:
        first = vendors.people(stack.start())
        for step in first.BEFORE:
            step(first)
        deals = [_steered(first, number) for number in range(how_many)]
        vendors.stripe.chaos(lose=0.2, double=0.2, late=1.5, seed=SEED)
        vendors.ai.usual = Behaviour(Mode.SLOW, first=0.02, pause=0.002)
        trouble, began = Trouble(stack, vendors, 8), time.monotonic()
        with trouble.going_on(), ThreadPoolExecutor(CLIENTS) as people:
            list(people.map(_person, deals))
        print(f"{how_many} deals in {time.monotonic() - began:.0f} s; killed: {Counter(trouble.killed)}")
        vendors.ai.usual = Behaviour()
        vendors.stripe.calm()
        _settled(stack, deals)
        _holds(stack, vendors, deals)
    except BaseException:
        print("\n".join(stack.errors()[-5:]))
        raise
    finally:
        stack.kill()


def _steered(first: VendorDeal, number: int) -> Steered:
    """Where a deal is to go follows from the seed and its number."""
    dice = random.Random(f"{SEED}/{number}")
    known = another(first)
    return Steered(
        known.stack, _like(first.staff), known.agency, known.client_name, known.client_email,
        vendors=first.vendors,
        sections=("opportunity",) if dice.random() < 0.25 else (),
        comes_back=dice.random() < 0.5,
        end=dice.choices(tuple(ENDS), WEIGHTS)[0],
    )  # fmt: skip


def _like(staff: Visitor) -> Visitor:
    """The same person in another window."""
    window = Visitor(staff.base)
    window.cookies = dict(staff.cookies)
    return window


def _person(deal: Steered) -> None:
    try:
        deal.through()
    except (AssertionError, Died, OSError, KeyError, IndexError) as error:
        raise AssertionError(f"{deal.client_name}, to be {deal.end} (WEBKIT_SEED={SEED}): {error}") from error


def _settled(stack: Stack, deals: list[Steered]) -> None:
    """Webhooks that were lost are pulled: in the end every invoice stands where its deal was steered to."""
    wanted = sorted(ENDS[deal.end][0] for deal in deals if ENDS[deal.end][0])
    query = "SELECT i.state FROM invoices i"

    def there() -> bool:
        return sorted(row["state"] for row in stack.rows(query)) == wanted

    until(there, 150, "for the ledger")
    for deal in deals:
        if deal.end == "part given back":
            until(lambda deal=deal: [row["state"] for row in deal.reversals()] == ["done"], 60, "for a refund")  # type: ignore[misc]


def _holds(stack: Stack, vendors: Vendors, deals: list[Steered]) -> None:
    """Everything that must be true afterwards."""
    quiet(stack, 120)
    numbers(stack)
    assert stack.verify()["ok"]
    invoices = {row["client_id"]: row for row in stack.rows("SELECT * FROM invoices")}
    payments = {row["id"]: row for row in stack.rows("SELECT * FROM payments")}
    for deal in deals:
        invoice = invoices.get(UUID(deal.client_page.rpartition("/")[2]).hex)
        if invoice is not None:
            mine = [row for row in payments.values() if row["reference"] == f"invoice:{UUID(invoice['id'])}"]
            assert ((invoice["state"], mine[-1]["state"]), len(mine)) == (ENDS[deal.end], 1), deal.client_name
            assert invoice["total_minor"] == mine[0]["amount_minor"] == AMOUNTS.deposit_minor
    assert len(invoices) == sum(deal.end != "declined" for deal in deals)
    _same_books(stack, vendors, payments)
    _once(stack)
    _tallies(stack)
    _texts(stack, deals)
    codes = Counter(code for deal in deals for _method, _path, code in (*deal.client.seen, *deal.staff.seen))
    assert max(codes) < 500, codes


def _same_books(stack: Stack, vendors: Vendors, payments: dict[str, Row]) -> None:
    """To the cent, what came and what went back."""
    books = vendors.stripe
    came = {i["id"]: i["amount_received"] for i in books.all("payment_intent") if i["status"] == "succeeded"}
    gone: Counter[str] = Counter()
    for refund in books.all("refund"):
        gone[refund["payment_intent"]] += refund["amount"] * (refund["status"] == "succeeded")
    for dispute in books.all("dispute"):
        gone[dispute["payment_intent"]] += dispute["amount"] * (dispute["status"] == "lost")
    arrived = [row for row in payments.values() if row["state"] != "bounced"]
    assert {row["vendor_id"]: row["amount_minor"] for row in arrived} == came
    assert {row["vendor_id"]: row["returned_minor"] for row in arrived} == {id: gone[id] for id in came}
    assert {row["reference"] for row in payments.values()} == {
        s["client_reference_id"] for s in books.all("checkout.session")
    }
    assert stack.rows("SELECT * FROM payment_strays") == []


def _once(stack: Stack) -> None:
    """No mail, event, contract, signature, payment or generation twice."""
    mails = stack.rows("SELECT template, to_email, subject, state, vendor_id FROM mails")
    assert {row["state"] for row in mails} <= {"accepted", "uncertain"}
    to_clients = [row for row in mails if row["to_email"].endswith("@kestrel.example")]
    twice = Counter((row["template"], row["to_email"]) for row in to_clients if row["template"] != "signing_code")
    assert set(twice.values()) == {1}, twice.most_common(3)
    for row in mails:
        assert row["state"] == "uncertain" or (stack.data / "outbox" / f"{row['vendor_id']}.json").exists()
    weighty = ("proposal.accepted", "contract.signed", "contract.sealed", "invoice.issued", "invoice.paid")
    events = Counter((row["kind"], row["subject"]) for row in stack.rows("SELECT kind, subject FROM events"))
    assert {count for (kind, _subject), count in events.items() if kind in weighty} == {1}
    for table, one in (("signatures", "contract_id"), ("contracts", "proposal_id"), ("invoices", "contract_id")):
        assert stack.rows(f"SELECT {one} FROM {table} GROUP BY {one} HAVING COUNT(*) > 1") == []


def _tallies(stack: Stack) -> None:
    """What is kept as sums is the sum of what is there."""
    kept = {
        (row["kind"], row["place"]): (row["count"], row["total_minor"])
        for row in stack.rows("SELECT * FROM tallies WHERE kind IN ('invoice', 'invoice.due')")
    }
    counted: dict[tuple[str, str], tuple[int, int]] = {}
    for row in stack.rows("SELECT * FROM invoices WHERE state <> 'draft'"):
        _add(counted, ("invoice", row["state"]), row["total_minor"] - row["returned_minor"])
        if row["state"] == "issued" and row["due_date"] and not row["pending_at"]:
            _add(counted, ("invoice.due", str(date.fromisoformat(str(row["due_date"])))), row["total_minor"])
    assert kept == counted


def _add(counted: dict[tuple[str, str], tuple[int, int]], place: tuple[str, str], amount: int) -> None:
    count, total = counted.get(place, (0, 0))
    counted[place] = (count + 1, total + amount)


def _texts(stack: Stack, deals: list[Steered]) -> None:
    """Each text that was asked for is whole and in its proposal, and no generation is open."""
    said: dict[str, Any] = {}
    for deal in deals:
        for row in deal.texts() if deal.sections else ():
            assert (row["state"], row["fate"]) == ("done", "applied"), (deal.client_name, row["error_code"])
            said[row["id"]] = row["text"]
    assert len(said) == sum(bool(deal.sections) for deal in deals)
    whole = {deals[0].vendors.ai.text(call.body, Behaviour()) for call in deals[0].vendors.ai.calls}
    assert set(said.values()) <= whole
    assert stack.rows("SELECT id FROM ai_generations WHERE state = 'reserved'") == []
