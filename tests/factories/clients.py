"""Clients for tests."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID

from webkit.clients import service

_serial = count(1)


def make_client(name: str = "", **values: Any) -> UUID:
    """A client of the agency whose door is open."""
    given = {"name": name or f"Client {next(_serial)}", "country": "IT", **values}
    return service.create(given, "system")


def caffe_olmo() -> UUID:
    """A client with everything a document may ask for."""
    return make_client(
        "Caffè Olmo",
        contact_name="Giulia Ferrante",
        email="giulia@caffeolmo.example",
        street="Via Padova 41",
        postcode="20131",
        city="Milano",
        region="MI",
        tax_id="IT04127550962",
        locale="it-IT",
    )
