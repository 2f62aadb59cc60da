"""What must be true of a finished deal, whatever happened on the way: read from the tables and the folders."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any
from uuid import UUID

from tests.journeys.deal import AMOUNTS, STUDIO, Deal, pdf_text
from tests.journeys.stack import Stack, attachments, html_of, text_of, until

Row = dict[str, Any]

FROZEN = {"proposal": 1, "proposal_accepted": 1, "contract": 1, "contract_sealed": 1, "invoice": 1}
EVENTS = (
    "proposal.sent",
    "proposal.accepted",
    "contract.sent",
    "contract.code_sent",
    "contract.signed",
    "contract.sealed",
    "invoice.issued",
    "invoice.paid",
    "payment.received",
)
TO_CLIENT = (
    "proposal_sent",
    "proposal_accepted",
    "contract_sent",
    "signing_code",
    "contract_sealed",
    "invoice_sent",
    "receipt",
)
TO_STUDIO = ("proposal_accepted_agency", "contract_sealed_agency", "payment_received")


class Facts:
    """The rows of one deal."""

    def __init__(self, deal: Deal) -> None:
        self.deal, self.stack = deal, deal.stack
        proposal = deal.proposal_page.rsplit("/", 1)[-1]
        self.proposal = self.one("SELECT * FROM proposals WHERE id = :id", id=UUID(proposal).hex)
        self.contract = self.one("SELECT * FROM contracts WHERE proposal_id = :id", id=self.proposal["id"])
        self.signature = self.one("SELECT * FROM signatures WHERE contract_id = :id", id=self.contract["id"])
        self.invoice = self.one("SELECT * FROM invoices WHERE contract_id = :id", id=self.contract["id"])
        reference = f"invoice:{UUID(self.invoice['id'])}"
        self.payment = self.one("SELECT * FROM payments WHERE reference = :ref", ref=reference)
        self.subjects = {
            f"proposal:{UUID(self.proposal['id'])}",
            f"contract:{UUID(self.contract['id'])}",
            reference,
        }

    def one(self, statement: str, **values: object) -> Row:
        """The only row, as it must be."""
        (row,) = self.stack.rows(statement, **values)
        return row

    def of_the_deal(self) -> None:
        """Every invariant of a deal that is through."""
        self.states()
        self.money()
        self.documents()
        self.history()
        self.mails()

    def all_hold(self) -> None:
        """These, and those of the installation."""
        self.of_the_deal()
        quiet(self.stack)
        numbers(self.stack)
        assert self.stack.verify()["ok"]

    def states(self) -> None:
        """Each machine at its end, and the rows point at each other."""
        found = [self.proposal["state"], self.contract["state"], self.invoice["state"], self.payment["state"]]
        assert found == ["accepted", "sealed", "paid", "succeeded"]
        assert self.proposal["contract_id"] == self.contract["id"]
        assert self.contract["next_invoice_id"] == self.invoice["id"]
        assert self.invoice["payment_id"] == self.payment["id"]
        assert self.proposal["number"] and self.contract["number"] and self.invoice["number"]

    def money(self) -> None:
        """The same cents in every row and at the vendor."""
        assert (self.proposal["once_minor"], self.proposal["monthly_minor"]) == (
            AMOUNTS.total_minor,
            AMOUNTS.monthly_minor,
        )
        assert (self.contract["total_minor"], self.contract["monthly_minor"]) == (
            AMOUNTS.total_minor,
            AMOUNTS.monthly_minor,
        )
        assert self.contract["deposit_minor"] == AMOUNTS.deposit_minor
        assert self.invoice["total_minor"] == AMOUNTS.deposit_minor
        assert self.payment["amount_minor"] == AMOUNTS.deposit_minor
        self.books()

    def books(self) -> None:
        """The vendor has it once."""
        books = [json.loads(path.read_text()) for path in (self.stack.data / "payments_local").rglob("co_*.json")]
        (book,) = [book for book in books if book["order"]["reference"] == self.payment["reference"]]
        assert (book["state"], book["order"]["amount_minor"]) == ("paid", AMOUNTS.deposit_minor)

    def documents(self) -> None:
        """One frozen document of each kind; what is stored is what was hashed."""
        ids = {"a": self.proposal["id"], "b": self.contract["id"], "c": self.invoice["id"]}
        rows = self.stack.rows("SELECT * FROM frozen_documents WHERE document_id IN (:a, :b, :c)", **ids)
        assert Counter(row["kind"] for row in rows) == FROZEN
        for row in rows:
            assert hashlib.sha256(row["text"].encode()).hexdigest() == row["snapshot_hash"]
            if row["pdf_key"]:
                stored = (self.stack.data / "files" / row["pdf_key"]).read_bytes()
                assert hashlib.sha256(stored).hexdigest() == row["pdf_hash"]
        (sealed,) = [row for row in rows if row["kind"] == "contract_sealed"]
        assert sealed["pdf_hash"] and sealed["seal"]
        self.sealed_pdf = (self.stack.data / "files" / sealed["pdf_key"]).read_bytes()

    def history(self) -> None:
        """Each act of weight stands in the chain once."""
        rows = self.stack.rows("SELECT kind, subject FROM events")
        found = Counter(row["kind"] for row in rows if row["subject"] in self.subjects)
        assert {kind: found[kind] for kind in EVENTS} == dict.fromkeys(EVENTS, 1)

    def mails(self) -> None:
        """Each mail once: sent and in the folder, or shown as uncertain."""
        until(lambda: not self._on_their_way(), 60, "for all mails to leave")
        rows = self._mails()
        found = Counter((row["template"], row["to_email"]) for row in rows)
        assert found == Counter(self.wanted_mails())
        assert {row["state"] for row in rows} <= {"accepted", "uncertain"}
        for row in rows:
            if row["state"] == "accepted":
                assert (self.stack.data / "outbox" / f"{row['vendor_id']}.json").exists()

    def wanted_mails(self) -> list[tuple[str, str]]:
        """Template and receiver of every mail of the deal."""
        to_client = [(name, self.deal.client_email) for name in TO_CLIENT]
        return to_client + [(name, STUDIO) for name in TO_STUDIO]

    def uncertain(self) -> list[UUID]:
        """Mails of which nobody knows whether they arrived."""
        return [UUID(row["id"]) for row in self._mails() if row["state"] == "uncertain"]

    def _mails(self) -> list[Row]:
        return [row for row in self.stack.rows("SELECT * FROM mails") if row["subject"] in self.subjects]

    def _on_their_way(self) -> list[Row]:
        return [row for row in self._mails() if row["state"] in ("queued", "sending")]

    def written(self) -> None:
        """Every document and mail that names an amount names the same one."""
        stack, client = self.stack, self.deal.client_email
        contract, invoice = str(self.contract["number"]), str(self.invoice["number"])
        for words, amounts in (
            (("Accepted: ",), (AMOUNTS.total, AMOUNTS.monthly)),
            (("/i/", f"Invoice {invoice}"), (AMOUNTS.deposit,)),
        ):
            mail = stack.mail(client, *words)
            for amount in amounts:
                assert amount in text_of(mail), (words, amount, text_of(mail))
                assert amount in html_of(mail), (words, amount)
        sealed = pdf_text(self.sealed_pdf)
        for amount in (AMOUNTS.total, AMOUNTS.monthly, AMOUNTS.deposit):
            assert amount in sealed, sealed
        printed = (
            (f"{contract}.pdf", (AMOUNTS.total, AMOUNTS.monthly, AMOUNTS.deposit)),
            (f"{invoice}.pdf", (AMOUNTS.deposit,)),
            (f"{self.proposal['number']}.pdf", (AMOUNTS.total, AMOUNTS.monthly)),
        )
        for name, said in printed:
            read = [
                pdf_text(file) for mail in stack.mails() for known, file in attachments(mail).items() if known == name
            ]
            assert read and all(amount in read[-1] for amount in said), (name, said, read)
        assert AMOUNTS.deposit in text_of(stack.mail(client, "Receipt for", invoice))
        assert AMOUNTS.deposit in text_of(stack.mail(STUDIO, invoice))


def quiet(stack: Stack, seconds: float = 60) -> None:
    """Nothing waits, nothing gave up, every event of a vendor was applied."""
    waiting = "SELECT kind, state, attempt, error FROM outbox WHERE state = 'waiting'"
    until(lambda: not stack.rows(waiting), seconds, f"for {stack.rows(waiting)}")
    assert stack.rows("SELECT kind, state, attempt, error FROM outbox WHERE state <> 'done'") == []
    assert stack.rows("SELECT event_id, state FROM inbox WHERE state <> 'applied'") == []


def numbers(stack: Stack) -> None:
    """Every number that was taken stands on exactly one document, and none is missing."""
    for series, table in (("proposal", "proposals"), ("contract", "contracts"), ("invoice", "invoices")):
        taken = stack.rows("SELECT value FROM counters WHERE series = :s", s=series)
        used = [row["number"] for row in stack.rows(f"SELECT number FROM {table} WHERE number IS NOT NULL")]
        assert len(used) == len(set(used)) == sum(row["value"] for row in taken), (series, used, taken)
