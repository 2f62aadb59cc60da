"""Deals with the vendors' doubles at the other end: Claude writes, Stripe takes the money; all of it over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from tests.factories.consultations import ANSWERS
from tests.faults.launch import PULL
from tests.journeys.deal import PATIENCE, Deal, Steps
from tests.journeys.facts import Facts, Row
from tests.journeys.stack import Stack, until
from tests.journeys.web import Page, Visitor
from tests.payments.stripe import PATH, SECRET, TYPES
from webkit.sdk.testing.doubles.anthropic import AnthropicDouble, Behaviour, Mode
from webkit.sdk.testing.doubles.stripe import StripeDouble

Told = dict[str, str | int]

PACE = Behaviour(Mode.SLOW, first=0.05, pause=0.012)
"""Long enough that a text is kept in between."""
SECTIONS = ("opportunity", "issues")
GIVEN_BACK = 5_000


class Vendors:
    """Both doubles, and what an installation has to know to find them."""

    def __init__(self) -> None:
        self.ai = AnthropicDouble()
        self.stripe = StripeDouble(pauses=(0.2, 0.5, *[1.0] * 60))

    @contextmanager
    def open(self) -> Iterator[Vendors]:
        with self.ai, self.stripe:
            self.ai.usual = PACE
            yield self

    def environment(self, pull: int = 3) -> dict[str, str]:
        return {
            "AI_PROVIDER": "claude",
            "ANTHROPIC_API_KEY": self.ai.key,
            "ANTHROPIC_BASE_URL": self.ai.url,
            "WEBKIT_AI_RUNS_PER_DAY": "10000",
            "PAYMENTS_PROVIDER": "stripe",
            "STRIPE_SECRET_KEY": self.stripe.key,
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": self.stripe.url,
            "STRIPE_CHECKOUT_ORIGIN": self.stripe.url,
            PULL: str(pull),
        }

    def people(self, stack: Stack) -> VendorDeal:
        """The first of an installation's people; from now on Stripe reports there."""
        self.stripe.post.endpoints.clear()
        self.stripe.subscribe(f"{stack.url}{PATH}", TYPES, secret=SECRET)
        return VendorDeal(stack, stack.visitor(), vendors=self)


@dataclass
class VendorDeal(Deal):
    """A deal in which the AI writes `sections` and the client pays at Stripe; `comes_back` from there, or does not."""

    vendors: Vendors = field(default_factory=Vendors)
    sections: tuple[str, ...] = SECTIONS
    given_back: int = GIVEN_BACK
    comes_back: bool = True
    consultation: str = ""

    # ---- the AI writes

    def consult(self) -> None:
        """Without a consultation too little is known to write."""
        if not self.sections:
            return
        if not self.consultation:
            client = self.client_page.rpartition("/")[2]
            page = self.staff.get(f"/{self.agency}/consultations/new?client={client}")
            page = page.form(has="client_id").submit("Begin").ok()
            self.consultation = page.path.rpartition("/")[0]
        for step in ("business", "situation", "goals"):
            form = self.staff.get(f"{self.consultation}/{step}").form(f"/{step}")
            form.fill({name: value for name, value in self.told().items() if name in form.names}).submit().ok()

    def told(self) -> dict[str, str | list[str]]:
        """What the client answers."""
        return {**ANSWERS, "business_name": self.client_name, "email": self.client_email}

    def ask_for_texts(self) -> None:
        """Tick the sections, press Write."""
        if self.sections and not self.texts():
            page = self.staff.get(f"{self.proposal_page}/edit").ok()
            page.form("/writing").put("section", list(self.sections)).submit("Write").ok()

    def texts(self) -> list[Row]:
        """The sections as the database has them."""
        if not self.proposal_page:
            return []
        subject = f"proposal:{UUID(self.proposal_page.rsplit('/', 1)[-1])}"
        return self.stack.rows("SELECT * FROM ai_runs WHERE subject = :subject ORDER BY id", subject=subject)

    def apply_texts(self) -> None:
        """Wait until everything is written, then put it into the proposal, one after the other."""
        self.written()
        for _ in self.texts():
            page = self.staff.get(f"{self.proposal_page}/edit").ok()
            if any(form.action.endswith("/apply") for form in page.forms):
                page = page.form("/apply").submit("Apply").ok()
                if "Choose what becomes of it" in page.text:
                    page.form("/apply").submit("Replace what stands there").ok()

    def written(self) -> None:
        """Every text is over, one way or another."""
        # Whoever writes may be killed again and again, and is started again less and less soon.
        written = ("done", "failed", "stopped")
        until(lambda: all(row["state"] in written for row in self.texts()), 4 * PATIENCE, "for the texts")

    # ---- the client pays at Stripe

    def pay(self) -> None:
        """Go to Stripe's page, pay there, and perhaps come back: faster than the webhook, so that Stripe is asked."""
        self.vendors.stripe.hold(self.comes_back)
        page = self.client.get(self.invoice).ok()
        if "Paid. Thank you." not in page.text:
            self.go_and_pay(page)
            self.paid()
        self.vendors.stripe.hold(False)

    def go_and_pay(self, page: Page) -> None:
        """Press Pay, unless there is nothing to press, and pay there."""
        if not any(form.action.endswith("/pay") for form in page.forms):
            return
        answer = page.form("/pay").submit("Pay")
        if answer.status != 303:  # it was paid before somebody was killed, and the webhook comes just now
            answer.says("This has been paid already." if answer.status == 409 else "Paid. Thank you.")
            return
        self.checkout = str(answer.headers["Location"])
        back = self.pay_there()
        if back and self.comes_back:
            self.client.get(back)

    def pay_there(self) -> str:
        """Stripe's own page; where it sends the payer afterwards."""
        there = Visitor(self.vendors.stripe.url).get(self.checkout).ok()
        if "This checkout is complete" in there.text:
            return ""
        return str(there.form(has="number").submit("Pay").ok(303).headers["Location"])

    def paid(self) -> None:
        if self.comes_back:
            super().paid()
        else:
            until(lambda: self.invoice_row()["state"] == "paid", PATIENCE, "for the payment")

    def invoice_row(self) -> Row:
        proposal = UUID(self.proposal_page.rsplit("/", 1)[-1]).hex
        wanted = "SELECT i.* FROM invoices i JOIN contracts c ON c.id = i.contract_id WHERE c.proposal_id = :id"
        return self.stack.rows(wanted, id=proposal)[0]

    def payment_row(self) -> Row:
        """The attempt that was paid."""
        return self.stack.rows("SELECT * FROM payments WHERE id = :id", id=self.invoice_row()["payment_id"])[0]

    # ---- and gets a part of it back

    def give_back(self) -> None:
        """Staff press the button; Stripe is told, and says that it is done."""
        if not self.given_back:
            return
        place = f"/{self.agency}/invoices/{UUID(self.invoice_row()['id'])}"
        if not self.reversals():
            page = self.staff.get(place).follow("Give money back").ok()
            page.form("/refund").fill(amount=f"{self.given_back / 100:.2f}").submit("Give money back").ok()
        until(lambda: [row["state"] for row in self.reversals()] == ["done"], PATIENCE, "for the refund")
        self.staff.get(place).ok().says("given back")

    def reversals(self) -> list[Row]:
        """Refunds and disputes of the payment."""
        payment = self.payment_row()["id"]
        return self.stack.rows("SELECT * FROM payment_reversals WHERE payment_id = :id", id=payment)

    STEPS: ClassVar[Steps] = (
        *(Deal.add_client, consult, Deal.write, ask_for_texts, apply_texts, Deal.send, Deal.read_mail, Deal.accept),
        *(Deal.ask_for_code, Deal.sign, pay, give_back, Deal.sealed),
    )


class VendorFacts(Facts):
    """The rows of a deal with vendors, compared with what the vendors have."""

    deal: VendorDeal

    def of_the_deal(self) -> None:
        super().of_the_deal()
        self.texts()

    def books(self) -> None:
        """Stripe has one payment of this sum, and what went back."""
        reference = self.payment["reference"]
        books = self.deal.vendors.stripe
        sessions = [s for s in books.all("checkout.session") if s["client_reference_id"] == reference]
        assert [s["id"] for s in sessions if s["payment_status"] == "paid"] == [self.payment["checkout_id"]]
        (intent,) = [i for i in books.all("payment_intent") if i["id"] == self.payment["vendor_id"]]
        assert (intent["status"], intent["amount_received"]) == ("succeeded", self.payment["amount_minor"])
        refunds = [r["amount"] for r in books.all("refund") if r["payment_intent"] == intent["id"]]
        assert refunds == [row["amount_minor"] for row in self.deal.reversals()]
        assert sum(refunds) == self.payment["returned_minor"] == self.invoice["returned_minor"] == self.deal.given_back

    def texts(self) -> None:
        """Each text whole, as the model said it, in the proposal; one generation; each attempt that ended is paid."""
        rows = self.deal.texts()
        assert sorted(row["section"] for row in rows) == sorted(self.deal.sections)
        if not rows:
            return
        assert {(row["state"], row["fate"]) for row in rows} == {("done", "applied")}
        said = {self.deal.vendors.ai.text(call.body, PACE) for call in self.deal.vendors.ai.calls}
        assert all(row["text"] in said for row in rows), [row["text"] for row in rows]
        generations = {row["generation_id"] for row in rows}
        (generation,) = [r for r in self.stack.rows("SELECT * FROM ai_generations") if r["id"] in generations]
        assert generation["state"] == "used"
        ids = {row["id"]: row["attempt"] for row in rows}
        spent = [row for row in self.stack.rows("SELECT * FROM ai_spendings") if row["run_id"] in ids]
        assert max(Counter((row["run_id"], row["attempt"]) for row in spent).values()) == 1
        assert {row["run_id"] for row in spent if row["attempt"] == ids[row["run_id"]]} == set(ids)

    def wanted_mails(self) -> list[tuple[str, str]]:
        more = [("payment_refunded", self.deal.client_email)] if self.deal.given_back else []
        return [*super().wanted_mails(), *more]

    def history(self) -> None:
        super().history()
        if self.deal.given_back:
            rows = self.stack.rows("SELECT kind, subject FROM events WHERE kind LIKE 'payment.refund%'")
            found = Counter(row["kind"] for row in rows if row["subject"] in self.subjects)
            assert found == {"payment.refund_asked": 1, "payment.refunded": 1}
