"""What the holder of a link does: read, accept, decline, ask for changes. Nobody is signed in here.

Every answer is one conditional update that names the frozen version it answers: of two at once one wins, and an
answer to a version that is no longer the current one is refused with words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import audit, clock, events, frozen, i18n, links, signals
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.proposals import mails, models, snapshot
from webkit.proposals.events import ProposalAccepted
from webkit.proposals.models import EXPIRED, Proposal, State
from webkit.proposals.views import Delivery, Shown, Visitor

CONTRACT = "c"


def shown(proposal_id: UUID) -> Shown:
    """What the link shows now. Raises NotFound for what was never sent."""
    row = models.by_id(proposal_id)
    if row is None or row.frozen_id is None:
        raise NotFound(_("There is no such proposal."))
    document = frozen.get(row.accepted_id or row.frozen_id)
    return Shown(row.id, _word(row, document), document, row.answered_at, row.contract_id)


@writes
def count_view(proposal_id: UUID) -> None:
    """A client has read it: a write of its own, after the page was made."""
    models.count_view(proposal_id, clock.now())
    audit.log("proposal.viewed", subject=events.ref("proposal", proposal_id))


@writes
def accept(proposal_id: UUID, seen: UUID, name: str, chosen: Sequence[str], visitor: Visitor) -> None:
    """Accept the version `seen` with these options. The same acceptance twice is one; another one is refused."""
    row = _readable(proposal_id)
    if row.accepted_id and _is_same(row.accepted_id, name, chosen):
        return
    document = _answerable(row, seen)
    doc = _settled(document, name, chosen)
    totals = {f"{part}_minor": doc["prices"]["chosen"][part]["totals"]["gross"] for part in ("once", "monthly")}
    if not _answer(row.id, seen, State.ACCEPTED, "", **totals):
        row = _fresh(proposal_id)
        if row.accepted_id and _is_same(row.accepted_id, name, chosen):
            return
        raise _too_late(row)
    final = frozen.freeze(
        snapshot.ACCEPTED,
        proposal_id,
        number=document.number,
        template=snapshot.TEMPLATE,
        snapshot=doc,
        version=document.version,
        locale=document.locale,
    )
    models.update(proposal_id, accepted_id=final.id)
    _record_acceptance(row, document, final, visitor)
    told = signals.publish(ProposalAccepted(proposal_id))
    contract_id = signals.continuation(told, CONTRACT)
    models.update(proposal_id, contract_id=contract_id)
    _mail_acceptance(_fresh(proposal_id), final, contract_id)


@writes
def decline(proposal_id: UUID, seen: UUID, reason: str, visitor: Visitor, page: str) -> None:
    """Say no to the version `seen`; saying it twice is saying it once."""
    if _say(proposal_id, seen, State.DECLINED, reason, visitor):
        row = _fresh(proposal_id)
        mails.declined(frozen.get(seen), _agency_email(row), reason, row.to_email, page)


@writes
def ask_for_changes(proposal_id: UUID, seen: UUID, notes: str, visitor: Visitor, page: str) -> None:
    """Say what should be different about the version `seen`."""
    if _say(proposal_id, seen, State.CHANGES_REQUESTED, notes, visitor):
        row = _fresh(proposal_id)
        mails.changes_requested(frozen.get(seen), _agency_email(row), notes, row.to_email, page)


def contract_link(contract_id: UUID | None) -> str | None:
    """Where the same visit goes on to sign, while that link is open."""
    token = links.token_for(CONTRACT, contract_id) if contract_id else None
    return links.url(CONTRACT, token) if token else None


def _say(proposal_id: UUID, seen: UUID, target: State, text: str, visitor: Visitor) -> bool:
    """Record a no or a wish; False when exactly this was said already."""
    row = _readable(proposal_id)
    if _was_said(row, seen, target, text):
        return False
    document = _answerable(row, seen)
    client_id = row.client_id
    if not _answer(proposal_id, seen, target, text):
        row = _fresh(proposal_id)
        if _was_said(row, seen, target, text):
            return False
        raise _too_late(row)
    facts = {"actor": "client", **_named(document)}
    personal = {"text": text, "address": visitor.address, "agent": visitor.agent}
    subject, about = events.ref("proposal", proposal_id), (events.ref("client", client_id),)
    events.record(f"proposal.{target.value}", subject, facts, personal=personal, about=about)
    return True


def _was_said(row: Proposal, seen: UUID, target: State, text: str) -> bool:
    return (row.state, row.frozen_id, row.answer) == (target, seen, text)


def _answer(proposal_id: UUID, seen: UUID, target: State, text: str, **values: Any) -> bool:
    moment = clock.now()
    return models.move(proposal_id, (State.SENT,), target, seen_frozen=seen, answered_at=moment, answer=text, **values)


def _readable(proposal_id: UUID) -> Proposal:
    row = models.by_id(proposal_id)
    if row is None or row.frozen_id is None:
        raise NotFound(_("There is no such proposal."))
    return row


def _fresh(proposal_id: UUID) -> Proposal:
    row = models.fresh(proposal_id)
    if row is None:
        raise NotFound(_("There is no such proposal."))
    return row


def _word(row: Proposal, document: frozen.Frozen) -> str:
    last = snapshot.valid_until(document.snapshot)
    today = clock.today(document.snapshot["agency"]["timezone"])
    if row.state is State.SENT and last is not None and last < today:
        return EXPIRED
    return row.state.value


def _answerable(row: Proposal, seen: UUID) -> frozen.Frozen:
    """The version that is answered, if it is the current one and waits for an answer."""
    if row.state is not State.SENT:
        raise _too_late(row)
    if row.frozen_id != seen:
        raise Conflict(_("The proposal was changed since you opened it. Please read the new version first."))
    document = frozen.get(seen)
    if _word(row, document) == EXPIRED:
        raise Conflict(_("This proposal is no longer valid. Please ask for a new one; nothing was sent."))
    return document


def _too_late(row: Proposal) -> Conflict:
    words = {
        State.ACCEPTED: _("This proposal has already been accepted. Nothing was changed."),
        State.DECLINED: _("This proposal has already been declined. Nothing was changed."),
        State.CHANGES_REQUESTED: _("Changes have already been asked for. A new version follows."),
        State.DRAFT: _("This proposal is being changed right now. A new version follows."),
        State.SENT: _("The proposal was changed since you opened it. Please read the new version first."),
    }
    return Conflict(words[row.state])


def _settled(document: frozen.Frozen, name: str, chosen: Sequence[str]) -> snapshot.Doc:
    """The document with the client's choice and the acceptance in it."""
    doc = document.snapshot
    if set(chosen) - {option["id"] for option in doc["options"]}:
        raise Invalid({"option": _("One of these options does not belong to this proposal. Choose again, please.")})
    with i18n.use_locale(document.locale, doc["agency"]["timezone"]):
        settled = snapshot.settle(doc, chosen)
        sentence = snapshot.consent(doc)
        amount = snapshot.amount_text(snapshot.choice_of(doc, chosen), doc["currency"])
    acceptance = {
        "name": name,
        "at": clock.now().isoformat(),
        "consent": sentence,
        "amount": amount,
        "shown": str(document.id),
        "shown_hash": document.snapshot_hash,
    }
    return {**settled, "acceptance": acceptance}


def _is_same(accepted_id: UUID, name: str, chosen: Sequence[str]) -> bool:
    doc = frozen.get(accepted_id).snapshot
    return bool(doc["acceptance"]["name"] == name and set(doc["chosen"]) == set(chosen))


def _record_acceptance(row: Proposal, shown: frozen.Frozen, final: frozen.Frozen, visitor: Visitor) -> None:
    doc = final.snapshot
    chosen = doc["prices"]["chosen"]
    facts = {
        "actor": "client",
        **_named(shown),
        "currency": doc["currency"],
        "options": doc["chosen"],
        "once": chosen["once"]["totals"],
        "monthly": chosen["monthly"]["totals"],
        "shown": str(shown.id),
        "shown_hash": shown.snapshot_hash,
        "frozen": str(final.id),
        "snapshot_hash": final.snapshot_hash,
    }
    personal = {"name": doc["acceptance"]["name"], "address": visitor.address, "agent": visitor.agent}
    about = (events.ref("client", row.client_id),)
    events.record("proposal.accepted", events.ref("proposal", row.id), facts, personal=personal, about=about)


def _named(document: frozen.Frozen) -> dict[str, Any]:
    return {"number": document.number, "version": document.version}


def _mail_acceptance(row: Proposal, final: frozen.Frozen, contract_id: UUID | None) -> None:
    token = links.token_for("p", row.id)
    url = links.url("p", token) if token else ""
    known = final.snapshot["client"]
    client = Delivery(row.to_name or known["contact_name"], row.to_email or known["email"])
    mails.accepted(final, client, _agency_email(row), url, contract_link(contract_id) or "")


def _agency_email(row: Proposal) -> str:
    return agencies.profile().email or row.author_email
