"""Proposals as the services make them: a client, a draft that says something, one that was sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.factories import documents
from webkit.core.kernel import db, links
from webkit.pricing import Interval
from webkit.proposals import answers, service
from webkit.proposals.contents import Contents, Headings, Issue, Phase, PlannedPage, Step, Weight
from webkit.proposals.offer import Choice, Discount, DiscountKind, Offer, OfferLine
from webkit.proposals.views import Author, Delivery, Visitor

AUTHOR = Author(UUID(int=1), "Ada Brandt", "ada@northwind.example")
ACTOR = "user:test"
VISITOR = Visitor("192.0.2.7", "Firefox")
DELIVERY = Delivery("Davide Ratti", "davide@lario.example", "Ciao Davide.")
TITLE = "More test rides, fewer phone calls"

OFFER = Offer(
    lines=(
        OfferLine(id="design", name="Design", text="Phone first", price=360_000),
        OfferLine(id="build", name="Build", price=480_000),
        OfferLine(id="words", name="Two languages", price=190_000, choice=Choice.PICKED),
        OfferLine(id="photos", name="Photography", price=115_050, choice=Choice.OFFERED),
        OfferLine(id="care", name="Care plan", price=19_000, interval=Interval.MONTHLY),
        OfferLine(
            id="search", name="Search", price=2_990, quantity=Decimal("2.5"), unit="hours",
            interval=Interval.MONTHLY, choice=Choice.OFFERED,
        ),
    )
)  # fmt: skip
CONTENTS = Contents(
    subtitle="A new site before the season starts.",
    headings=Headings(summary="Riders look on the phone"),
    summary="Seven of ten visitors hold a phone.\n\nWe propose eight page types.",
    opportunity="Nine of ten calls ask for one of three services.",
    issues=(Issue(title="The first picture is late", text="5.8 seconds.", fix="One photograph.", weight=Weight.HIGH),),
    pages=(PlannedPage(name="Test ride", text="Pick a bike", features=("Day", "Hour")),),
    timeline=(Phase(name="Plan", start=1, weeks=2), Phase(name="Build", start=3, weeks=4, text="Every week a look")),
    investment="Prices hold until the day on the cover.",
    steps=(Step(title="You accept", text="Nothing is due yet."),),
    closing="We would love to build this.",
)


def client(email: str = "davide@lario.example", **values: str) -> UUID:
    """Lario Cicli."""
    return documents.client("Lario Cicli", email, contact_name="Davide Ratti", **values)


def draft(client_id: UUID | None = None, *, title: str = TITLE, author: Author = AUTHOR, **changes: Any) -> UUID:
    """A draft with everything in it; `changes` are fields of `views.Draft`."""
    made = service.create(client_id or client(), title, author)
    view = service.get(made)
    values = {"contents": CONTENTS, "offer": OFFER, "deposit_percent": Decimal(40), **changes}
    service.save(made, view.revision, replace(view.draft, **values))
    return made


def send(proposal_id: UUID, delivery: Delivery | None = DELIVERY) -> UUID:
    """Send a draft as it is."""
    service.send(proposal_id, service.get(proposal_id).revision, delivery, ACTOR)
    return proposal_id


def sent(**changes: Any) -> UUID:
    """A proposal that waits for its answer."""
    return send(draft(**changes))


def seen(proposal_id: UUID) -> UUID:
    """The frozen version the client would answer."""
    frozen_id = service.get(proposal_id).frozen_id
    assert frozen_id is not None
    return frozen_id


def accept(proposal_id: UUID, *chosen: str, name: str = "Davide Ratti") -> UUID:
    """Accept as a client does."""
    answers.accept(proposal_id, seen(proposal_id), name, chosen, VISITOR)
    return proposal_id


def path(proposal_id: UUID) -> str:
    """The client's address."""
    token = links.token_for(service.LINK, proposal_id)
    db.release()
    assert token is not None
    return f"/p/{token}"


def percent_off(percent: str, on: str = "once") -> Discount:
    """A discount in percent."""
    return Discount(kind=DiscountKind.PERCENT, percent=Decimal(percent), on=on)  # type: ignore[arg-type]


def amount_off(amount: int, on: str = "once") -> Discount:
    """A discount in minor units."""
    return Discount(kind=DiscountKind.AMOUNT, amount=amount, on=on)  # type: ignore[arg-type]
