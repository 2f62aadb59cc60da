"""Deals as far as a contract: an accepted proposal, a draft, a sent and a signed contract, through the services."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from tests.factories import documents
from webkit.clients import service as clients
from webkit.contracts import service as contracts
from webkit.contracts import templates
from webkit.core.kernel import db, links
from webkit.pricing import Interval
from webkit.proposals import answers
from webkit.proposals import service as proposals
from webkit.proposals.models import State
from webkit.proposals.offer import Choice, Offer, OfferLine
from webkit.proposals.views import Author, Delivery, Visitor
from webkit.signing import service as signing
from webkit.signing.service import Given

ACTOR = "user:test"
EMAIL = "giulia@caffeolmo.example"
AUTHOR = Author(UUID(int=7), "Elena Marchetti", "elena@northwind.example")
VISITOR = Visitor("203.0.113.44", "Mozilla/5.0 (X11; Linux x86_64) Firefox/145.0")
OFFER = Offer(
    lines=(
        OfferLine(id="a", name="Design and build", price=480_000),
        OfferLine(id="b", name="Photography", price=115_050, choice=Choice.OFFERED),
        OfferLine(id="c", name="Care plan", price=19_000, interval=Interval.MONTHLY),
    )
)


def accepted(
    offer: Offer = OFFER,
    *,
    deposit: str | None = "50",
    with_contract: bool = False,
    template_id: UUID | None = None,
    chosen: tuple[str, ...] = (),
    client_id: UUID | None = None,
) -> UUID:
    """An accepted proposal; `with_contract` lets it carry a contract template."""
    known = clients.by_email(EMAIL)
    client = client_id or (known.id if known else documents.client(email=EMAIL))
    if with_contract and template_id is None:
        template_id = templates.choose(None, "en").id
    made = proposals.create(client, "Website and bookings", AUTHOR)
    view = proposals.get(made)
    draft = view.draft
    changed = type(draft)(
        client_id=client,
        title="Website and bookings",
        contents=draft.contents,
        offer=offer,
        valid_until=draft.valid_until,
        deposit_percent=Decimal(deposit) if deposit else None,
        contract_template_id=template_id,
    )
    revision = proposals.save(made, view.revision, changed)
    delivery = Delivery("Giulia Ferrante", EMAIL)
    proposals.send(made, revision, delivery, ACTOR)
    seen = proposals.get(made).frozen_id
    assert seen is not None
    answers.accept(made, seen, "Giulia Ferrante", chosen, VISITOR)
    assert proposals.get(made).state is State.ACCEPTED
    return made


def drafted(**values: object) -> UUID:
    """A draft contract."""
    return contracts.create_from_proposal(accepted(**values), creator="Ada Brandt")  # type: ignore[arg-type]


def sent(**values: object) -> UUID:
    """A contract the client can sign."""
    contract_id = drafted(**values)
    contracts.send(contract_id, actor=ACTOR)
    return contract_id


def given(code: str, **changes: str) -> Given:
    """What a client sends to sign."""
    values = {
        "name": "Giulia Ferrante",
        "title": "Owner",
        "typed": "Giulia Ferrante",
        "drawn": "",
        "address": VISITOR.address,
        "user_agent": VISITOR.agent,
    }
    return Given(code=code, **{**values, **changes})


def code_for(contract_id: UUID, run_jobs: Callable[[], int], mails: Callable[[], list[object]]) -> str:
    """Ask for a code, and read it in the mail."""
    signing.send_code(contract_id)
    run_jobs()
    return latest_code(mails)


def latest_code(mails: Callable[[], list[object]]) -> str:
    """The code in the newest mail that has one."""
    for mail in mails():
        if mail.entry.subject.startswith("Your code") and (found := re.search(r"^(\d{6})$", mail.text, re.M)):  # type: ignore[attr-defined]
            return found[1]
    raise AssertionError("no code was mailed")


def signed(run_jobs: Callable[[], int], mails: Callable[[], list[object]], **values: object) -> UUID:
    """A contract that was signed; its sealing waits."""
    contract_id = sent(**values)
    signing.sign(contract_id, given(code_for(contract_id, run_jobs, mails)))
    return contract_id


def path(contract_id: UUID) -> str:
    """The client's address of a contract."""
    token = links.token_for("c", contract_id)
    db.release()
    return f"/c/{token}"
