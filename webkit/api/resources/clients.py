"""Clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation
from webkit.api.paging import of_list
from webkit.api.shapes import Nullable, View, strictly
from webkit.clients import service
from webkit.clients.forms import ClientForm


class Client(View):
    """A client. `revision` counts changes."""

    id: UUID
    name: str
    contact_name: str
    email: Nullable
    phone: str
    website: Nullable
    street: str
    postcode: str
    city: str
    region: str
    country: str
    tax_id: str
    locale: Nullable = Field(validation_alias="own_locale")
    payment_rule: Literal["", "net", "month_end", "receipt"]
    payment_days: int | None
    notes: str
    active: bool
    revision: int
    created_at: datetime


def _views(rows: Sequence[Any]) -> list[service.ClientView]:
    found = service.several([row.id for row in rows])
    return [found[row.id] for row in rows if row.id in found]


def _get(call: Call) -> service.ClientView:
    return service.get(call.id("client_id"))


def _create(call: Call) -> service.ClientView:
    return service.get(service.create(call.body.values(), call.actor, call.key))


def _change(call: Call) -> service.ClientView:
    service.change(call.id("client_id"), call.body.values(), None, call.actor)
    return _get(call)


def _archive(call: Call) -> service.ClientView:
    service.archive(call.id("client_id"), call.actor)
    return _get(call)


def _restore(call: Call) -> service.ClientView:
    service.restore(call.id("client_id"), call.actor)
    return _get(call)


ClientIn = strictly(ClientForm)
ONE = "/clients/{client_id}"
EDIT, ARCHIVE = "clients.edit", "clients.archive"
OPERATIONS = (
    Operation(
        "clients.list", "GET", "/clients", "clients.view", "List clients",
        of_list("clients", _views), listed="clients", answer=Client,
    ),
    Operation(
        "clients.create", "POST", "/clients", EDIT, "Add a client",
        _create, body=ClientIn, answer=Client, code=201,
    ),
    Operation("clients.get", "GET", ONE, "clients.view", "Read a client", _get, answer=Client),
    Operation("clients.replace", "PUT", ONE, EDIT, "Change a client", _change, body=ClientIn, answer=Client),
    Operation("clients.archive", "POST", f"{ONE}/archive", ARCHIVE, "Archive a client", _archive, answer=Client),
    Operation("clients.restore", "POST", f"{ONE}/restore", ARCHIVE, "Restore a client", _restore, answer=Client),
)  # fmt: skip
