"""What must be true after many deals, however they went: our books and the vendor's say the same."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any
from uuid import UUID

from tests.faults.steered import ENDS, Steered
from tests.faults.vendors import Vendors
from tests.faults.wounded import serious
from tests.journeys.deal import AMOUNTS
from tests.journeys.facts import Row, numbers, quiet
from tests.journeys.stack import Stack, until
from webkit.sdk.testing.doubles.anthropic import Behaviour, Mode


def settled(stack: Stack, deals: list[Steered]) -> None:
    """Webhooks that were lost are pulled: in the end every invoice stands where its deal was steered to."""
    wanted = sorted(ENDS[deal.end][0] for deal in deals if ENDS[deal.end][0])
    query = "SELECT i.state FROM invoices i"

    def there() -> bool:
        return sorted(row["state"] for row in stack.rows(query)) == wanted

    until(there, 300, "for the ledger")
    for deal in deals:
        if deal.end == "part given back":
            until(lambda deal=deal: [row["state"] for row in deal.reversals()] == ["done"], 60, "for a refund")  # type: ignore[misc]


def holds(stack: Stack, vendors: Vendors, deals: list[Steered]) -> None:
    """Everything that must be true afterwards."""
    quiet(stack, 300)
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
    assert serious(deals) == {}


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
    ai = deals[0].vendors.ai
    ways = (Behaviour(), Behaviour(Mode.HOSTILE))
    assert set(said.values()) <= {ai.text(call.body, way) for call in ai.calls for way in ways}
    assert stack.rows("SELECT id FROM ai_generations WHERE state = 'reserved'") == []
