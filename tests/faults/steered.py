"""Deals on the shortest honest way, each steered to an end of its own, and whoever makes trouble meanwhile."""

from __future__ import annotations

import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import ClassVar
from uuid import UUID

from tests.faults.vendors import VendorDeal
from tests.journeys.conftest import another
from tests.journeys.deal import TITLE, Deal, Steps
from tests.journeys.stack import Stack, parsed, until
from tests.journeys.web import Page, Visitor
from webkit.runtime import processes
from webkit.sdk.testing.doubles.anthropic import Behaviour, Mode
from webkit.sdk.testing.doubles.stripe import BAD_IBAN, GOOD_IBAN

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
USUAL = Behaviour(Mode.SLOW, first=0.02, pause=0.002)
MOODS = (
    Behaviour(Mode.SLOW, first=1.0, pause=0.02),
    Behaviour(Mode.BREAKS_OFF, after=0),
    Behaviour(Mode.BREAKS_OFF, after=7),
    Behaviour(Mode.OVERLOADED),
    Behaviour(Mode.RATE_LIMITED, retry_after=1),
    Behaviour(Mode.TRUNCATES, after=7),
    Behaviour(Mode.HOSTILE),
    Behaviour(Mode.FAILS),
    Behaviour(Mode.GARBAGE),
)
"""How the model treats the first request of a deal; of two deals with texts one has bad luck."""
VICTIMS = ("web", "worker-now", "worker-now", "worker-long", "worker-ai", "scheduler", "renderer", "valkey")


@dataclass
class Steered(VendorDeal):
    """A deal in which every form is one that was served, but nobody reads what others test."""

    end: str = "paid"
    intent: str = ""
    mood: Behaviour = USUAL
    insists: bool = True
    before_each: Callable[[], None] = lambda: None

    @property
    def hostile(self) -> bool:
        """Whether its text says what nobody knows."""
        return bool(self.sections) and self.mood.mode is Mode.HOSTILE

    def do(self, step: Callable[[], None], tries: int = 12) -> None:
        self.before_each()
        super().do(step, tries)

    # ---- the offer

    def add_client(self) -> None:
        """Nobody looks for a client whom nobody can have added."""
        if self.deaths:
            super().add_client()
            return
        form = self.staff.get(f"/{self.agency}/clients/new").form("/clients/new")
        address = {"street": "14 Mill Lane", "postcode": "BS1 4ST", "city": "Bristol", "country": "IT"}
        form.fill(address, name=self.client_name, contact_name="Amelia Ross", email=self.client_email)
        self.client_page = form.fill(tax_id="IT98765430214").submit("Add client").ok().path

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
        """Whatever failed is asked for again, until it is there, unless nobody minds."""
        if not self.insists:
            super().written()
            return
        until(self._written, 120, f"for the texts of {self.client_name}")

    def _written(self) -> bool:
        rows = self.texts()
        for row in rows:
            if row["state"] == "failed":
                self.staff.post(f"/{self.agency}/ai-runs/{UUID(row['id'])}/retry")
        return all(row["state"] == "done" for row in rows)

    def check(self) -> None:
        """A hostile model leaves gaps. Somebody fills them."""
        form = self.staff.get(f"{self.proposal_page}/edit").ok().form(has="summary") if self.hostile else None
        if form and any("[?]" in value for _name, value in form.values):
            form.values = [(name, value.replace("[?]", "nobody")) for name, value in form.values]
            form.submit("Save").ok()

    def send(self) -> None:
        """Freeze it and mail it; figures that have no source go only when somebody says so. The link stands there."""
        page = self.staff.get(f"{self.proposal_page}/send" if not self.deaths else self.proposal_page).ok()
        if page.path.endswith("/edit"):
            page = self.staff.get(f"{self.proposal_page}/send").ok()
        if any("Send the proposal" in button.text for form in page.forms for button in form.buttons):
            page = page.form("/send").submit("Send the proposal").ok()
            if self.hostile:
                page = page.says("have no source").form("/send").submit("Send it with these figures").ok()
        self.proposal = page.link("Open client's page")

    # ---- the client

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
        """Only the newest code that was sent to this client is opened."""
        sent = "SELECT vendor_id FROM mails WHERE to_email = :to AND state = 'accepted' AND template = 'signing_code'"
        rows = self.stack.rows(f"{sent} ORDER BY id DESC LIMIT 1", to=self.client_email)
        return parsed(self.stack.data / "outbox" / f"{rows[0]['vendor_id']}.eml") if rows else None

    # ---- the money

    def pay(self) -> None:
        if self.invoice_row()["state"] == "issued" and not self.intent:
            self.go_and_pay(self.client.get(self.invoice).ok())

    def pay_there(self) -> str:
        """By card, perhaps after one that is declined, or by debit."""
        stripe, session = self.vendors.stripe, self.checkout.rpartition("/")[2]
        there = Visitor(stripe.url).get(self.checkout).ok()
        if "This checkout is complete" in there.text:
            self.intent = str(stripe.session(session)["payment_intent"])
            return ""
        if self.end == "paid after a declined card":
            there = there.form(has="number").fill(number="4000000000000002").submit("Pay").ok(402)
        there = self._paid_by(there)
        self.intent = str(stripe.session(session)["payment_intent"])
        return str(there.headers["Location"])

    def _paid_by(self, there: Page) -> Page:
        if "debit" in self.end:
            iban = BAD_IBAN if self.end == "debit bounced" else GOOD_IBAN
            return there.form(has="iban").fill(iban=iban).submit("Pay by debit").ok(303)
        return there.form(has="number").fill(number="4242424242424242").submit("Pay").ok(303)

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
        *(add_client, VendorDeal.consult, write, VendorDeal.ask_for_texts, VendorDeal.apply_texts, check),
        *(send, answer),
    )
    CLOSE: ClassVar[Steps] = (ask_for_code, Deal.sign, pay)

    def through(self) -> None:
        """All of it, to the end it is steered to."""
        self.STEPS = self.OFFER if self.end == "declined" else (*self.OFFER, *self.CLOSE)  # type: ignore[misc]
        self.close()
        if self.end != "declined":
            self.later()


def lean(first: VendorDeal) -> Steered:
    """A further deal of the same agency."""
    known = another(first)
    deal = Steered(
        known.stack, _like(first.staff), known.agency, known.client_name, known.client_email, vendors=first.vendors
    )
    deal.client.patient = True
    return deal


def steered(first: VendorDeal, number: int, seed: int) -> Steered:
    """Where a deal is to go, and what the model thinks of it, follow from the seed and its number."""
    dice, deal = random.Random(f"{seed}/{number}"), lean(first)
    deal.sections = ("opportunity",) if dice.random() < 0.25 else ()
    deal.comes_back = dice.random() < 0.5
    deal.end = dice.choices(tuple(ENDS), WEIGHTS)[0]
    if deal.sections and dice.random() < 0.5:
        deal.mood = dice.choice(MOODS)
        deal.vendors.ai.when(deal.client_name, deal.mood, times=0 if deal.hostile else 1)
    return deal


def _like(staff: Visitor) -> Visitor:
    """The same person in another window."""
    window = Visitor(staff.base)
    window.cookies, window.patient = dict(staff.cookies), True
    return window


class Trouble:
    """Kills parts while deals go on; whom, and after how many steps of all of them, follows from the seed."""

    def __init__(self, stack: Stack, seed: int, every: float) -> None:
        self._stack, self._every = stack, every
        self._dice, self._lock = random.Random(seed), threading.Lock()
        self._waiting: list[str] = []
        self._steps, self._next = 0, every
        self.killed: Counter[str] = Counter()

    def step(self) -> None:
        """Somebody does something: perhaps it is time."""
        with self._lock:
            self._steps += 1
            if self._steps >= self._next and self._kill():
                self._next += self._every * self._dice.uniform(0.5, 1.5)

    def _kill(self) -> bool:
        """Everybody as often as everybody else, in an order of their own; whoever is dead just now, a step later."""
        if not self._waiting:
            self._waiting = self._dice.sample(VICTIMS, len(VICTIMS))
        index = f".{self._stack.parts.index(self._waiting[-1]):02}"
        alive = [process for process in self._stack.living() if process.mark.endswith(index)]
        if alive:
            processes.send(self._dice.choice(alive).pid, signal.SIGKILL)
            self.killed[self._waiting.pop()] += 1
        return bool(alive)
