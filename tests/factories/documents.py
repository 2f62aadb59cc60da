"""Clients and invoices as the services make them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.clients import service as clients
from webkit.invoices import service as invoices
from webkit.invoices.service import InvoiceInput, LineInput

ACTOR = "user:test"


def client(name: str = "Caffè Olmo S.r.l.", email: str = "giulia@caffeolmo.example", **values: Any) -> UUID:
    """A client of the agency whose door is open."""
    given = {"name": name, "email": email or None, "contact_name": "Giulia Ferrante", "country": "IT", **values}
    return clients.create(given, ACTOR)


def invoice_input(client_id: UUID, *prices: str, title: str = "Online shop", note: str = "") -> InvoiceInput:
    """Lines of one piece each at these prices."""
    lines = tuple(LineInput(f"Part {n}", Decimal(1), Decimal(price)) for n, price in enumerate(prices or ("100",), 1))
    return InvoiceInput(client_id, title, lines, payment_days=14, note=note)


def draft(*prices: str, client_id: UUID | None = None) -> UUID:
    """A draft invoice."""
    return invoices.create_draft(invoice_input(client_id or client(), *prices))


def issued(*prices: str, client_id: UUID | None = None) -> UUID:
    """An invoice that was issued and sent."""
    invoice_id = draft(*prices, client_id=client_id)
    invoices.issue(invoice_id, ACTOR)
    return invoice_id
