"""Quotations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.api.operations import Call, Operation
from webkit.api.paging import of_list
from webkit.api.resources.shared import Link, Reason, SendIn, history, pdf, slashed
from webkit.api.shapes import Currency, Input, View, strictly
from webkit.core.kernel import permissions
from webkit.core.kernel.forms import Line, Text
from webkit.quotations import service
from webkit.quotations.models import State
from webkit.quotations.offer import Offer
from webkit.quotations.views import Author, Delivery, Draft, QuotationCard, QuotationView

OfferIn: Any = strictly(Offer)


class QuotationNew(Input):
    """A quotation to be written; with a template it begins with what that says."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    template_id: UUID | None = None


class QuotationIn(Input):
    """A draft. Prices of lines are in the currency itself, with as many places as they need."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    site: Line(200) = ""  # type: ignore[valid-type]
    offer: OfferIn
    memo: Text(5000) = ""  # type: ignore[valid-type]
    valid_until: date | None = None

    def read(self) -> Draft:
        """As the service takes it."""
        offer = Offer.from_dict(self.offer.model_dump(mode="json"))
        return Draft(
            client_id=self.client_id, title=self.title, site=self.site, offer=offer, memo=self.memo,
            valid_until=self.valid_until,
        )  # fmt: skip


class QuotationSend(SendIn):
    """As any mail with a link; and whether to remind before validity ends."""

    remind: bool = True

    def read(self) -> Delivery | None:
        """As the service takes it."""
        return Delivery(self.to_name, self.to_email, self.message, self.remind) if self.to_email else None


class QuotationLine(View):
    """A quotation in a list. `became` is what it was turned into."""

    id: UUID
    client_id: UUID
    number: str
    title: str
    state: State
    expired: bool
    version: int
    currency: Currency
    total_minor: int | None
    valid_until: date | None
    author_id: UUID
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    became: str | None
    became_id: UUID | None


class Quotation(QuotationLine):
    """A quotation."""

    site: str
    offer: Offer
    memo: str
    language: str
    to_name: str
    to_email: str
    answer: str
    revision: int


def _cards(rows: Sequence[Any]) -> list[QuotationCard]:
    today = agencies.today()
    return [QuotationCard.of(each, today) for each in rows]


def _id(call: Call) -> UUID:
    return call.id("quotation_id")


def _get(call: Call) -> QuotationView:
    return service.get(_id(call))


def _author(call: Call) -> Author:
    return Author(call.user_id, call.name, call.email)


def _create(call: Call) -> QuotationView:
    given = call.body
    made = service.create(given.client_id, given.title, _author(call), template_id=given.template_id, key=call.key)
    return service.get(made)


def _replace(call: Call) -> QuotationView:
    with slashed("/offer"):
        service.save(_id(call), _get(call).revision, call.body.read())
    return _get(call)


def _delete(call: Call) -> None:
    service.delete(_id(call))


def _duplicate(call: Call) -> QuotationView:
    permissions.demand("quotations.create")
    return service.get(service.duplicate(_id(call), _author(call), key=call.key))


def _send(call: Call) -> QuotationView:
    with slashed("/offer"):
        service.send(_id(call), _get(call).revision, call.body.read(), call.actor)
    return _get(call)


def _mail(call: Call) -> QuotationView:
    quotation = _get(call)
    delivery = call.body.read() or Delivery(quotation.to_name, quotation.to_email, call.body.message)
    service.mail_again(quotation.id, replace(delivery, to_name=delivery.to_name or quotation.to_name), call.actor)
    return _get(call)


def _remind(call: Call) -> QuotationView:
    service.remind(_id(call), call.actor, key=call.key)
    return _get(call)


def _withdraw(call: Call) -> QuotationView:
    service.withdraw(_id(call), call.body.reason, call.actor)
    return _get(call)


def _revise(call: Call) -> QuotationView:
    service.revise(_id(call), call.actor)
    return _get(call)


def _link(call: Call) -> dict[str, str | None]:
    return {"url": service.link(_id(call))}


def _renew_link(call: Call) -> dict[str, str | None]:
    service.renew_link(_id(call), call.actor)
    return _link(call)


def _revoke_link(call: Call) -> None:
    service.revoke_link(_id(call), call.actor)


ALL, ONE = "/quotations", "/quotations/{quotation_id}"
VIEW, EDIT, SEND = "quotations.view", "quotations.edit", "quotations.send"
OPERATIONS = (
    Operation("quotations.list", "GET", ALL, VIEW, "List quotations", of_list("quotations", _cards),
              listed="quotations", answer=QuotationLine),
    Operation("quotations.create", "POST", ALL, "quotations.create", "Begin a quotation", _create,
              body=QuotationNew, answer=Quotation, code=201),
    Operation("quotations.get", "GET", ONE, VIEW, "Read a quotation", _get, answer=Quotation),
    Operation("quotations.replace", "PUT", ONE, EDIT, "Change a draft", _replace, body=QuotationIn, answer=Quotation),
    Operation("quotations.delete", "DELETE", ONE, "quotations.delete", "Delete a draft", _delete, code=204),
    Operation("quotations.duplicate", "POST", f"{ONE}/duplicate", VIEW, "Make a copy", _duplicate, answer=Quotation,
              code=201),
    Operation("quotations.send", "POST", f"{ONE}/send", SEND, "Send a quotation", _send, body=QuotationSend,
              answer=Quotation, about="It gets its number and is frozen; its link is open from then on."),
    Operation("quotations.mail", "POST", f"{ONE}/mail", SEND, "Mail its link once more", _mail, body=QuotationSend,
              answer=Quotation),
    Operation("quotations.remind", "POST", f"{ONE}/remind", SEND, "Remind the client", _remind, answer=Quotation),
    Operation("quotations.withdraw", "POST", f"{ONE}/withdraw", EDIT, "Withdraw it", _withdraw, body=Reason,
              answer=Quotation),
    Operation("quotations.revise", "POST", f"{ONE}/revise", EDIT, "Write the next version", _revise, answer=Quotation),
    Operation("quotations.link", "GET", f"{ONE}/link", VIEW, "Where the client reads it", _link, answer=Link),
    Operation("quotations.renew_link", "POST", f"{ONE}/link", EDIT, "Open a new link", _renew_link, answer=Link),
    Operation("quotations.revoke_link", "DELETE", f"{ONE}/link", EDIT, "Close its link", _revoke_link, code=204),
    history("quotation", VIEW),
    pdf("quotation", VIEW),
)  # fmt: skip
