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
from webkit.core.kernel.money import format_money
from webkit.quotations import mails, models, snapshot
from webkit.quotations.events import QuotationAccepted
from webkit.quotations.models import EXPIRED, Quotation, State
from webkit.quotations.views import Delivery, Shown, Signer, Visitor


def shown(quotation_id: UUID) -> Shown:
    """What the link shows now. Raises NotFound for what was never sent."""
    row = _readable(quotation_id)
    assert row.frozen_id is not None  # readable
    document = frozen.get(row.accepted_id or row.frozen_id)
    return Shown(row.id, _word(row, document), document, row.answered_at)


@writes
def count_view(quotation_id: UUID) -> None:
    """A client has read it: a write of its own, after the page was made."""
    models.count_view(quotation_id, clock.now())
    audit.log("quotation.viewed", subject=events.ref("quotation", quotation_id))


@writes
def accept(
    quotation_id: UUID, seen: UUID, signer: Signer, chosen: Sequence[str], visitor: Visitor, page: str = ""
) -> None:
    """Accept the version `seen` with these options. The same acceptance twice is one; another one is refused."""
    row = _readable(quotation_id)
    if row.accepted_id and _is_same(row.accepted_id, signer, chosen):
        return
    document = _answerable(row, seen)
    doc = _settled(document, signer, chosen)
    total = doc["priced"]["totals"]["payable"]
    if not _answer(quotation_id, seen, State.ACCEPTED, "", total_minor=total, remind_on=None):
        row = _readable(quotation_id)
        if row.accepted_id and _is_same(row.accepted_id, signer, chosen):
            return
        raise _too_late(row)
    final = frozen.freeze(
        snapshot.ACCEPTED,
        quotation_id,
        number=document.number,
        template=snapshot.TEMPLATE,
        snapshot=doc,
        version=document.version,
        locale=document.locale,
    )
    models.update(quotation_id, accepted_id=final.id)
    _record_acceptance(document, final, visitor)
    signals.publish(QuotationAccepted(quotation_id))
    _mail_acceptance(_readable(quotation_id), final, page)


@writes
def decline(quotation_id: UUID, seen: UUID, reason: str, visitor: Visitor, page: str) -> None:
    """Say no to the version `seen`; saying it twice is saying it once."""
    if _say(quotation_id, seen, State.DECLINED, reason, visitor):
        row = _readable(quotation_id)
        mails.declined(frozen.get(seen), _agency_email(row), reason, row.to_email, page)


@writes
def ask_for_changes(quotation_id: UUID, seen: UUID, notes: str, visitor: Visitor, page: str) -> None:
    """Say what should be different about the version `seen`."""
    if _say(quotation_id, seen, State.CHANGES_REQUESTED, notes, visitor):
        row = _readable(quotation_id)
        mails.changes_requested(frozen.get(seen), _agency_email(row), notes, row.to_email, page)


def _say(quotation_id: UUID, seen: UUID, target: State, text: str, visitor: Visitor) -> bool:
    """Record a no or a wish; False when exactly this was said already."""
    row = _readable(quotation_id)
    if _was_said(row, seen, target, text):
        return False
    document = _answerable(row, seen)
    if not _answer(quotation_id, seen, target, text):
        row = _readable(quotation_id)
        if _was_said(row, seen, target, text):
            return False
        raise _too_late(row)
    facts = {"actor": "client", "number": document.number, "version": document.version}
    personal = {"text": text, "address": visitor.address, "agent": visitor.agent}
    about = (events.ref("client", document.snapshot["client"]["id"]),)
    subject = events.ref("quotation", quotation_id)
    events.record(f"quotation.{target.value}", subject, facts, personal=personal, about=about)
    return True


def _was_said(row: Quotation, seen: UUID, target: State, text: str) -> bool:
    return (row.state, row.frozen_id, row.answer) == (target, seen, text)


def _answer(quotation_id: UUID, seen: UUID, target: State, text: str, **values: Any) -> bool:
    moment = clock.now()
    return models.move(quotation_id, (State.SENT,), target, seen_frozen=seen, answered_at=moment, answer=text, **values)


def _readable(quotation_id: UUID) -> Quotation:
    row = models.fresh(quotation_id)
    if row is None or row.frozen_id is None:
        raise NotFound(_("There is no such quotation."))
    return row


def _word(row: Quotation, document: frozen.Frozen) -> str:
    last = snapshot.valid_until(document.snapshot)
    today = clock.today(document.snapshot["agency"]["timezone"])
    if row.state is State.SENT and last is not None and last < today:
        return EXPIRED
    return row.state.value


def _answerable(row: Quotation, seen: UUID) -> frozen.Frozen:
    """The version that is answered, if it is the current one and waits for an answer."""
    if row.state is not State.SENT:
        raise _too_late(row)
    if row.frozen_id != seen:
        raise Conflict(_("The quotation was changed since you opened it. Please read the new version first."))
    document = frozen.get(seen)
    if _word(row, document) == EXPIRED:
        raise Conflict(_("This quotation is no longer valid. Please ask for a new one; nothing was sent."))
    return document


def _too_late(row: Quotation) -> Conflict:
    words = {
        State.ACCEPTED: _("This quotation has already been accepted. Nothing was changed."),
        State.DECLINED: _("This quotation has already been declined. Nothing was changed."),
        State.CHANGES_REQUESTED: _("Changes have already been asked for. A new version follows."),
        State.WITHDRAWN: _("This quotation was withdrawn and cannot be answered any more. Nothing was changed."),
        State.DRAFT: _("This quotation is being changed right now. A new version follows."),
        State.SENT: _("The quotation was changed since you opened it. Please read the new version first."),
    }
    return Conflict(words[row.state])


def _settled(document: frozen.Frozen, signer: Signer, chosen: Sequence[str]) -> snapshot.Doc:
    """The document with the client's choice and the acceptance in it."""
    doc = document.snapshot
    if set(chosen) - {option["id"] for option in doc["options"]}:
        raise Invalid({"option": _("One of these options does not belong to this quotation. Choose again, please.")})
    with i18n.use_locale(document.locale, doc["agency"]["timezone"]):
        settled = snapshot.settle(doc, chosen)
        sentence = snapshot.consent(doc)
        amount = format_money(settled["priced"]["totals"]["payable"], doc["currency"])
    if not settled["priced"]["lines"]:
        raise Invalid({"option": _("Choose at least one of the options: without any there is nothing to accept.")})
    acceptance = {
        "name": signer.name,
        "title": signer.title,
        "at": clock.now().isoformat(),
        "consent": sentence,
        "amount": amount,
        "shown": str(document.id),
        "shown_hash": document.snapshot_hash,
    }
    return {**settled, "acceptance": acceptance}


def _is_same(accepted_id: UUID, signer: Signer, chosen: Sequence[str]) -> bool:
    doc = frozen.get(accepted_id).snapshot
    said = doc["acceptance"]
    return (said["name"], said["title"], set(doc["chosen"])) == (signer.name, signer.title, set(chosen))


def _record_acceptance(shown: frozen.Frozen, final: frozen.Frozen, visitor: Visitor) -> None:
    doc = final.snapshot
    facts = {
        "actor": "client",
        "number": shown.number,
        "version": shown.version,
        "currency": doc["currency"],
        "options": doc["chosen"],
        "totals": doc["priced"]["totals"],
        "consent": doc["acceptance"]["consent"],
        "shown": str(shown.id),
        "shown_hash": shown.snapshot_hash,
        "frozen": str(final.id),
        "snapshot_hash": final.snapshot_hash,
    }
    said = doc["acceptance"]
    who = {"name": said["name"], "title": said["title"], "address": visitor.address, "agent": visitor.agent}
    about = (events.ref("client", doc["client"]["id"]),)
    events.record("quotation.accepted", events.ref("quotation", final.document_id), facts, personal=who, about=about)


def _mail_acceptance(row: Quotation, final: frozen.Frozen, page: str) -> None:
    token = links.token_for("q", row.id)
    url = links.url("q", token) if token else ""
    known = final.snapshot["client"]
    client = Delivery(row.to_name or known["contact_name"], row.to_email or known["email"] or "")
    mails.accepted(final, client, _agency_email(row), url, page)


def _agency_email(row: Quotation) -> str:
    return agencies.profile().email or row.author_email
