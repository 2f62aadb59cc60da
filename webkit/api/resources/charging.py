"""Saved payment methods, and what is charged to them: now, or by itself when it falls due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from webkit.api.operations import Call, Operation
from webkit.api.paging import of_all
from webkit.api.shapes import Currency, Input, View
from webkit.charges import charging, collecting
from webkit.charges.charging import ChargeShown
from webkit.charges.models import ChargeWord, CollectionState
from webkit.charges.schedule import MOST_AFTER, MOST_LEAD, MOST_TRIES, Schedule
from webkit.clients import service as clients
from webkit.core.capabilities.charging import MethodKind
from webkit.invoices import service as invoices
from webkit.payments.service import MethodState, methods

MOST = 1000


class ChargeIn(Input):
    """Which method is charged; `whole`: all that is open, not only what is due."""

    method_id: UUID
    whole: bool = False


class ScheduleIn(Input):
    """When invoices are charged by themselves: the first time at least `lead` days after the client was told, again so
    many days `after` it, at an `hour` of the agency's clock."""

    lead: int = Field(ge=0, le=MOST_LEAD)
    after: list[Annotated[int, Field(ge=1, le=MOST_AFTER)]] = Field(max_length=MOST_TRIES - 1)
    hour: int = Field(ge=0, le=23)

    def read(self) -> Schedule:
        """As the service takes it."""
        return Schedule(self.lead, tuple(sorted(set(self.after))), self.hour)


class ScheduleView(View):
    """The same as it is."""

    lead: int
    after: list[int]
    hour: int


class Method(View):
    """A saved payment method; `usable` where it can be charged now."""

    id: UUID
    client_id: UUID
    kind: MethodKind
    name: str
    last_day: date | None
    state: MethodState
    usable: bool
    added_at: datetime
    agreed_at: datetime
    ended_at: datetime | None


class Charge(View):
    """A charge of an invoice. `why` is a sentence where it took no money."""

    id: UUID
    invoice_id: UUID
    attempt: int
    method_id: UUID
    method: str
    amount_minor: int
    currency: Currency
    state: ChargeWord = Field(validation_alias="word")
    reason: str
    why: str
    at: datetime
    changed_at: datetime


class Collection(View):
    """When an invoice is charged by itself; `state` is null where it never was to be."""

    invoice_id: UUID
    state: CollectionState | None
    planned: list[datetime]
    look_at: datetime | None


def _schedule(_call: Call) -> Schedule:
    return collecting.schedule()


def _save_schedule(call: Call) -> Schedule:
    collecting.save(call.body.read())
    return collecting.schedule()


def _methods(call: Call) -> Sequence[Any]:
    return methods.of_client(clients.get(call.id("client_id")).id)


def _every_method(_call: Call) -> Sequence[Any]:
    return methods.of_agency(MOST)


def _waiting(_call: Call) -> Sequence[Any]:
    return collecting.waiting(MOST)


def _invite(call: Call) -> None:
    charging.invite(call.id("client_id"))


def _method(call: Call) -> Any:
    return methods.get(call.id("method_id"))


def _remove(call: Call) -> None:
    methods.remove(call.id("method_id"), call.actor)


def _charges(call: Call) -> Sequence[ChargeShown]:
    return charging.of_invoice(invoices.get(call.id("invoice_id")).id)


def _charge(call: Call) -> ChargeShown:
    invoice_id = invoices.get(call.id("invoice_id")).id
    attempt = len(charging.of_invoice(invoice_id)) + 1
    given: ChargeIn = call.body
    return charging.get(charging.ask(invoice_id, given.method_id, attempt, call.actor, whole=given.whole))


def _one(call: Call) -> ChargeShown:
    return charging.get(call.id("charge_id"))


def _call_off(call: Call) -> ChargeShown:
    charging.call_off(call.id("charge_id"), call.actor)
    return _one(call)


def _collection(call: Call) -> Any:
    invoice_id = invoices.get(call.id("invoice_id")).id
    nothing: dict[str, Any] = {"invoice_id": invoice_id, "state": None, "planned": [], "look_at": None}
    return collecting.of_invoice(invoice_id) or nothing


def _collect(call: Call) -> Any:
    collecting.collect(call.id("invoice_id"), call.actor)
    return _collection(call)


def _stop(call: Call) -> Any:
    collecting.stop(invoices.get(call.id("invoice_id")).id, call.actor)
    return _collection(call)


OF, INVOICE, SEE, CHARGE = "/clients/{client_id}", "/invoices/{invoice_id}", "charges.view", "charges.charge"
PLAN, METHOD = "/settings/charges", "/payment-methods/{method_id}"
OPERATIONS = (
    Operation("charges.schedule", "GET", PLAN, SEE, "Read when invoices are charged by themselves", _schedule,
              answer=ScheduleView),
    Operation("charges.change_schedule", "PUT", PLAN, CHARGE, "Say when invoices are charged by themselves",
              _save_schedule, body=ScheduleIn, answer=ScheduleView),
    Operation("charges.every_method", "GET", "/payment-methods", SEE, "List saved payment methods",
              of_all(_every_method), paged=True, answer=Method, about="The latest thousand."),
    Operation("charges.waiting", "GET", "/collections", SEE, "List invoices that are charged by themselves",
              of_all(_waiting), paged=True, answer=Collection, about="The next thousand."),
    Operation("charges.methods", "GET", f"{OF}/payment-methods", SEE, "List a client's payment methods",
              of_all(_methods), paged=True, answer=Method),
    Operation("charges.invite", "POST", f"{OF}/payment-methods/invite", CHARGE,
              "Ask a client by mail to leave a payment method", _invite, code=204),
    Operation("charges.method", "GET", METHOD, SEE, "Read a payment method", _method, answer=Method),
    Operation("charges.remove_method", "DELETE", METHOD, CHARGE, "Use a payment method no more", _remove, code=204),
    Operation("charges.list", "GET", f"{INVOICE}/charges", SEE, "List charges of an invoice", of_all(_charges),
              paged=True, answer=Charge),
    Operation("charges.create", "POST", f"{INVOICE}/charges", CHARGE, "Charge an invoice now", _charge,
              body=ChargeIn, answer=Charge, code=201, about="A job asks the payment service; read on how it went."),
    Operation("charges.get", "GET", "/charges/{charge_id}", SEE, "Read a charge", _one, answer=Charge),
    Operation("charges.call_off", "POST", "/charges/{charge_id}/call-off", CHARGE, "Wait for the client no more",
              _call_off, answer=Charge),
    Operation("charges.collection", "GET", f"{INVOICE}/collection", SEE, "Read when it is charged by itself",
              _collection, answer=Collection),
    Operation("charges.collect", "POST", f"{INVOICE}/collection", CHARGE, "Have it charged by itself", _collect,
              answer=Collection),
    Operation("charges.stop", "DELETE", f"{INVOICE}/collection", CHARGE, "Have it charged by itself no more", _stop,
              answer=Collection),
)  # fmt: skip
