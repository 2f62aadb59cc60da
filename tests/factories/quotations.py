"""Quotations as the services make them: a client, a draft that says something, one that was sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.factories import documents
from webkit.core.kernel import db, links
from webkit.quotations import answers, service
from webkit.quotations.offer import Choice, Discount, DiscountKind, Offer, QuoteLine, Section, Term
from webkit.quotations.views import Author, Delivery, Signer, Visitor

AUTHOR = Author(UUID(int=1), "Ada Brandt", "ada@northwind.example")
ACTOR = "user:test"
VISITOR = Visitor("192.0.2.7", "Firefox")
DELIVERY = Delivery("Davide Ratti", "davide@lario.example", "Ciao Davide.")
SIGNER = Signer("Davide Ratti", "Owner")
TITLE = "Photo studio in the back room"
SITE = "Via Lungo Lario 8\n22100 Como"


def line(line_id: str, section: str, price: str, **values: Any) -> QuoteLine:
    """A line of one piece, named after its id."""
    return QuoteLine(**{"id": line_id, "section": section, "name": line_id.title(), "price": Decimal(price), **values})


LINES = (
    line("plaster", "walls", "42.5", name="Plaster and paint", quantity=Decimal(38), unit="m²", text="Two coats"),
    line("backdrop", "walls", "310", name="Backdrop rail"),
    line("lamps", "light", "189.125", name="Daylight lamps", quantity=Decimal(6)),
    line("dimmer", "light", "240", name="Dimmers", choice=Choice.PICKED),
    line("blinds", "light", "95", name="Blinds", quantity=Decimal(3), choice=Choice.OFFERED),
)
OFFER = Offer(
    sections=(
        Section(id="walls", title="Walls and floor", text="The floor is covered first.\n\n- Fill the cracks\n- Paint"),
        Section(id="light", title="Light", text="Evenly, without a shadow."),
    ),
    lines=LINES,
    discount=Discount(kind=DiscountKind.PERCENT, percent=Decimal(5), note="First order"),
    terms=(
        Term(title="Payment", text="Half at the start, half at the end."),
        Term(title="Warranty", text="Two years."),
    ),
    notes="We need one free parking place.",
)


def client(email: str = "davide@lario.example", **values: str) -> UUID:
    """Lario Cicli."""
    return documents.client("Lario Cicli", email, contact_name="Davide Ratti", **values)


def draft(client_id: UUID | None = None, *, title: str = TITLE, author: Author = AUTHOR, **changes: Any) -> UUID:
    """A draft with everything in it; `changes` are fields of `views.Draft`."""
    made = service.create(client_id or client(), title, author)
    view = service.get(made)
    values = {"offer": OFFER, "site": SITE, "memo": "They pay late.", **changes}
    service.save(made, view.revision, replace(view.draft, **values))
    return made


def send(quotation_id: UUID, delivery: Delivery | None = DELIVERY) -> UUID:
    """Send a draft as it is."""
    service.send(quotation_id, service.get(quotation_id).revision, delivery, ACTOR)
    return quotation_id


def sent(**changes: Any) -> UUID:
    """A quotation that waits for its answer."""
    return send(draft(**changes))


def seen(quotation_id: UUID) -> UUID:
    """The frozen version the client would answer."""
    frozen_id = service.get(quotation_id).frozen_id
    assert frozen_id is not None
    return frozen_id


def accept(quotation_id: UUID, *chosen: str, signer: Signer = SIGNER) -> UUID:
    """Accept as a client does."""
    answers.accept(quotation_id, seen(quotation_id), signer, chosen, VISITOR)
    return quotation_id


def accepted(*chosen: str, **changes: Any) -> UUID:
    """A quotation the client said yes to."""
    return accept(sent(**changes), *chosen)


def path(quotation_id: UUID) -> str:
    """The client's address."""
    token = links.token_for(service.LINK, quotation_id)
    db.release()
    assert token is not None
    return f"/q/{token}"
