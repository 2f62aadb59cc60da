"""Proposals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from webkit.agencies import service as agencies
from webkit.api.operations import Call, Operation
from webkit.api.paging import of_list
from webkit.api.resources.shared import Link, SendIn, history, pdf, slashed
from webkit.api.shapes import Currency, Exact, Input, Number, View, strictly
from webkit.core.kernel import permissions
from webkit.core.kernel.forms import Line
from webkit.proposals import doubts, service
from webkit.proposals.contents import Contents
from webkit.proposals.models import State
from webkit.proposals.offer import Offer
from webkit.proposals.views import Author, Delivery, Draft, ProposalCard, ProposalView

OfferIn: Any = strictly(Offer)
ContentsIn: Any = strictly(Contents)


class ProposalNew(Input):
    """A proposal to be written."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]


class FromConsultation(Input):
    """What it is called; without a title it is called after the client."""

    title: Line(200) = ""  # type: ignore[valid-type]


class ProposalIn(Input):
    """A draft. Prices of lines are in minor units for one unit."""

    client_id: UUID
    title: Line(200, 1)  # type: ignore[valid-type]
    contents: ContentsIn
    offer: OfferIn
    valid_until: date | None = None
    deposit_percent: Number | None = Field(None, ge=0, le=100)
    contract_template_id: UUID | None = None

    def read(self) -> Draft:
        """As the service takes it."""
        return Draft(
            client_id=self.client_id,
            title=self.title,
            contents=Contents.from_dict(self.contents.model_dump(mode="json")),
            offer=Offer.from_dict(self.offer.model_dump(mode="json")),
            valid_until=self.valid_until,
            deposit_percent=self.deposit_percent,
            contract_template_id=self.contract_template_id,
        )


class ProposalMail(SendIn):
    """As any mail with a link."""

    def read(self) -> Delivery | None:
        """As the service takes it."""
        return Delivery(self.to_name, self.to_email, self.message) if self.to_email else None


class ProposalSend(ProposalMail):
    """`unproven`: the ids of all figures without a source that stand in it, to send it with them."""

    unproven: list[Line(40)] = Field(default=[], max_length=200)  # type: ignore[valid-type]


class Doubt(View):
    """A figure in a section that nobody gave."""

    id: str
    section: str
    figure: str
    sentence: str


class ProposalLine(View):
    """A proposal in a list. What is paid once and what is paid monthly are never added up."""

    id: UUID
    client_id: UUID
    number: str
    title: str
    state: State
    expired: bool
    version: int
    currency: Currency
    once_minor: int | None
    monthly_minor: int | None
    valid_until: date | None
    author_id: UUID
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None


class Proposal(ProposalLine):
    """A proposal. `unproven` are figures without a source that nobody has vouched for."""

    contents: Contents
    offer: Offer
    language: str
    deposit_percent: Exact | None
    contract_template_id: UUID | None
    contract_id: UUID | None
    consultation_id: UUID | None
    to_name: str
    to_email: str
    answer: str
    unproven: list[Doubt] = Field(validation_alias="standing")
    revision: int


def _cards(rows: Sequence[Any]) -> list[ProposalCard]:
    today = agencies.today()
    return [ProposalCard.of(each, today) for each in rows]


def _id(call: Call) -> UUID:
    return call.id("proposal_id")


def _get(call: Call) -> ProposalView:
    return service.get(_id(call))


def _author(call: Call) -> Author:
    return Author(call.user_id, call.name, call.email)


def _create(call: Call) -> ProposalView:
    return service.get(service.create(call.body.client_id, call.body.title, _author(call), key=call.key))


def _from_consultation(call: Call) -> ProposalView:
    made = service.create_from_consultation(call.id("consultation_id"), _author(call), call.body.title)
    return service.get(made)


def _replace(call: Call) -> ProposalView:
    with slashed("/offer"):
        service.save(_id(call), _get(call).revision, call.body.read())
    return _get(call)


def _delete(call: Call) -> None:
    service.delete(_id(call), call.actor)


def _duplicate(call: Call) -> ProposalView:
    permissions.demand("proposals.create")
    return service.get(service.duplicate(_id(call), _author(call), key=call.key))


def _send(call: Call) -> ProposalView:
    proposal = _get(call)
    marked = doubts.seal([each for each in proposal.standing if each.id in call.body.unproven])
    with slashed("/offer"):
        service.send(proposal.id, proposal.revision, _delivery(call), call.actor, marked=marked)
    return _get(call)


def _delivery(call: Call) -> Delivery | None:
    delivery: Delivery | None = call.body.read()
    if delivery is None:
        return None
    return Delivery(delivery.to_name, delivery.to_email, service.words(_id(call), delivery.message))


def _mail(call: Call) -> ProposalView:
    proposal = _get(call)
    service.mail_again(
        proposal.id, _delivery(call) or Delivery(proposal.to_name, proposal.to_email, call.body.message), call.actor
    )
    return _get(call)


def _revise(call: Call) -> ProposalView:
    service.revise(_id(call), call.actor)
    return _get(call)


def _link(call: Call) -> dict[str, str | None]:
    return {"url": service.link(_id(call))}


def _renew_link(call: Call) -> dict[str, str | None]:
    service.renew_link(_id(call), call.actor)
    return _link(call)


def _revoke_link(call: Call) -> None:
    service.revoke_link(_id(call), call.actor)


ALL, ONE = "/proposals", "/proposals/{proposal_id}"
VIEW, EDIT, SEND = "proposals.view", "proposals.edit", "proposals.send"
OPERATIONS = (
    Operation("proposals.list", "GET", ALL, VIEW, "List proposals", of_list("proposals", _cards), listed="proposals",
              answer=ProposalLine),
    Operation("proposals.create", "POST", ALL, "proposals.create", "Begin a proposal", _create, body=ProposalNew,
              answer=Proposal, code=201),
    Operation("proposals.from_consultation", "POST", "/consultations/{consultation_id}/proposal", "proposals.create",
              "Write a proposal from a consultation", _from_consultation, body=FromConsultation, answer=Proposal,
              code=201),
    Operation("proposals.get", "GET", ONE, VIEW, "Read a proposal", _get, answer=Proposal),
    Operation("proposals.replace", "PUT", ONE, EDIT, "Change a draft", _replace, body=ProposalIn, answer=Proposal),
    Operation("proposals.delete", "DELETE", ONE, "proposals.delete", "Delete a draft", _delete, code=204),
    Operation("proposals.duplicate", "POST", f"{ONE}/duplicate", VIEW, "Make a copy", _duplicate, answer=Proposal,
              code=201),
    Operation("proposals.send", "POST", f"{ONE}/send", SEND, "Send a proposal", _send, body=ProposalSend,
              answer=Proposal, about="It gets its number and is frozen; its link is open from then on."),
    Operation("proposals.mail", "POST", f"{ONE}/mail", SEND, "Mail its link once more", _mail, body=ProposalMail,
              answer=Proposal),
    Operation("proposals.revise", "POST", f"{ONE}/revise", EDIT, "Write the next version", _revise, answer=Proposal),
    Operation("proposals.link", "GET", f"{ONE}/link", VIEW, "Where the client reads it", _link, answer=Link),
    Operation("proposals.renew_link", "POST", f"{ONE}/link", EDIT, "Open a new link", _renew_link, answer=Link),
    Operation("proposals.revoke_link", "DELETE", f"{ONE}/link", EDIT, "Close its link", _revoke_link, code=204),
    history("proposal", VIEW),
    pdf("proposal", VIEW),
)  # fmt: skip
