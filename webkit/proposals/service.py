"""What staff do with proposals, and what other features may know of them.

A draft is saved under an optimistic check. Sending is one short transaction: evaluate, move, number, freeze, mail.
What was sent stays as it was; revising makes the next version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.consultations import service as consultations
from webkit.core.kernel import clock, counters, entitlements, events, frozen, i18n, links, merging, once, tallies
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.entitlements import Feature
from webkit.core.kernel.errors import Conflict, DomainError, Invalid, NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.extras import service as extras
from webkit.pricing import Priced, PricingError, find
from webkit.proposals import doubts, mails, models, origins, sections, snapshot
from webkit.proposals.contents import Contents
from webkit.proposals.doubts import Unconfirmed
from webkit.proposals.models import Filter as Filter
from webkit.proposals.models import Proposal, State
from webkit.proposals.models import became as became
from webkit.proposals.models import took as took
from webkit.proposals.offer import Choice, Offer, Prices, Terms, full_prices, problems
from webkit.proposals.views import (
    AcceptedProposal,
    Author,
    Delivery,
    Draft,
    Evaluation,
    Pipeline,
    ProposalCard,
    ProposalView,
)
from webkit.website_audits import service as website_audits

LINK = "p"


def get(proposal_id: UUID) -> ProposalView:
    """One proposal of the agency. Raises NotFound."""
    return ProposalView.of(_row(proposal_id), today())


def page(which: Filter, limit: int) -> list[ProposalCard]:
    """So many of them, newest first."""
    day = today()
    return [ProposalCard.of(row, day) for row in models.listed(which, day, limit)]


def of_client(client_id: UUID) -> list[ProposalCard]:
    """A client's proposals, newest first."""
    return page(Filter(client_id=client_id), 100)


def kept_sums() -> tuple[tallies.Question, ...]:
    """What `pipeline` asks of the kept sums, for pages that ask for more at once."""
    return (tallies.days_since(today(), *models.KEPT),)


def pipeline() -> list[Pipeline]:
    """What is open and what was won, one for each currency in use."""
    return [Pipeline(**sums) for sums in models.sums(today())]


def today() -> date:
    """The agency's calendar date: a proposal is valid until the end of its last day there."""
    return agencies.today()


@writes
def create(client_id: UUID, title: str, author: Author, *, key: str = "") -> UUID:
    """Begin a proposal for a client. The same `key` answers with the first result."""
    if made := once.result(key):
        return UUID(made)
    profile = agencies.profile()
    draft = Draft(client_id=client_id, title=title, offer=_begun(profile), valid_until=_default_validity(profile))
    audit = website_audits.latest(client_id)
    proposal_id = _add(draft, author, profile, audit_id=audit.id if audit else None)
    once.keep(key, str(proposal_id))
    return proposal_id


@writes
def create_from_consultation(consultation_id: UUID, author: Author, title: str = "") -> UUID:
    """Begin the proposal a completed consultation leads to, with everything that was said; asked again, the same one.

    Raises Conflict when the consultation is not complete.
    """
    consultation = consultations.for_proposal(consultation_id)
    if consultation.proposal_id:
        return consultation.proposal_id
    assert consultation.client_id is not None  # a completed one has a client
    profile, client = agencies.profile(), clients.get(consultation.client_id)
    draft = Draft(
        client_id=client.id,
        title=title or origins.title(consultation, client),
        contents=origins.contents(consultation, client),
        offer=_begun(profile),
        valid_until=_default_validity(profile),
    )
    audit = website_audits.latest(client.id)
    answers = consultations.answers_snapshot(consultation)
    origin: dict[str, Any] = {
        "consultation_id": consultation_id,
        "audit_id": audit.id if audit else None,
        "answers": answers,
    }
    proposal_id = _add(draft, author, profile, **origin)
    consultations.mark_converted(consultation_id, proposal_id, events.ref("user", author.id))
    return proposal_id


@writes
def duplicate(proposal_id: UUID, author: Author, *, key: str = "") -> UUID:
    """A new draft with everything the other one says: client, texts, prices, terms. Only its dates are new."""
    if made := once.result(key):
        return UUID(made)
    profile, source = agencies.profile(), get(proposal_id)
    title = _("%(title)s (Copy)", title=source.title[:180])
    draft = replace(source.draft, title=title, valid_until=_default_validity(profile))
    origin = {"consultation_id": source.consultation_id, "audit_id": source.audit_id, "answers": list(source.answers)}
    copied = _add(draft, author, profile, currency=source.currency, **origin, doubts=doubts.stored(source.doubts))
    once.keep(key, str(copied))
    return copied


@writes
def save(proposal_id: UUID, revision: int, draft: Draft) -> int:
    """Keep a draft that is still at `revision`; returns its next revision. Raises Conflict when somebody was faster."""
    row = _row(proposal_id)
    _must_be_draft(row)
    columns = _columns(draft, row)
    if not models.save(proposal_id, revision, **columns):
        raise Conflict(
            _("Somebody else changed this proposal since you opened it. Your text is still here, not saved.")
        )
    return revision + 1


@writes
def set_audit(proposal_id: UUID, audit_id: UUID | None) -> None:
    """Put what was measured on the client's site into a draft, another measurement in its place, or take it out."""
    row = _row(proposal_id)
    _must_be_draft(row)
    if audit_id is not None:
        audit = website_audits.get(audit_id)
        if not audit.done or audit.client_id != row.client_id:
            raise NotFound(_("There is no such audit of this client."))
    if audit_id != row.audit_id and not models.save(proposal_id, row.revision, audit_id=audit_id):
        raise Conflict(_("Somebody else changed this proposal just now. Try again."))


@writes
def delete(proposal_id: UUID, actor: str = "system") -> None:
    """Throw away a draft that was never sent; the consultation it was made from can become another one."""
    origin = _row(proposal_id).consultation_id
    if not models.delete_draft(proposal_id):
        raise Conflict(_("Only drafts that were never sent can be deleted. This proposal is part of your history."))
    if origin:
        consultations.release(origin, proposal_id, actor)


def evaluate(proposal: ProposalView, draft: Draft | None = None) -> Evaluation:
    """The document as it would be sent now, and what is still missing."""
    draft = draft or proposal.draft
    try:
        doc = snapshot.compose(_source(proposal, draft, number=proposal.number))
    except Invalid as error:
        return Evaluation(None, error.errors)
    except PricingError as error:
        return Evaluation(None, {"discount-value": error.message})
    return Evaluation(doc, _missing(draft, doc), moved=_has_moved(proposal, doc))


@writes
def send(proposal_id: UUID, revision: int, delivery: Delivery | None, actor: str, *, marked: str = "") -> None:
    """Freeze the draft as it is at `revision` and give the client the link. Sent twice it does nothing more.

    Raises Unconfirmed while figures without a source stand in it, unless `marked` is the seal of exactly these.
    """
    row = _row(proposal_id)
    if row.state is State.SENT:
        return
    _must_be_draft(row)
    view = ProposalView.of(row, today())
    evaluation = evaluate(view)
    if evaluation.problems or evaluation.doc is None:
        raise Invalid(evaluation.problems)
    if doubts.seal(view.standing) != marked:
        raise Unconfirmed(
            _("Figures without a source stand in this proposal. Look at them, then say whether it goes out with them.")
        )
    sent: dict[str, Any] = {"sent_at": clock.now(), "answered_at": None, "answer": ""}
    if not models.move(proposal_id, (State.DRAFT,), State.SENT, seen_revision=revision, **sent):
        raise Conflict(_("This proposal was changed since you opened it. Look at it again before you send it."))
    profile = agencies.profile()
    token = links.token_for(LINK, proposal_id) or links.create(LINK, proposal_id)
    # The number comes last: its row stays locked until the commit.
    number = view.number or _next_number(profile, view.client_name)
    doc = snapshot.compose(_source(view, view.draft, number=number))
    document = _freeze(view, doc, number)
    noted = {"frozen_id": document.id, "number": number, "language": doc["language"], **_amounts(doc)}
    models.update(proposal_id, **noted, search=_search(view.title, view.client_name, number))
    _record_sent(view, document, delivery, actor)
    if delivery:
        models.update(proposal_id, to_name=delivery.to_name, to_email=delivery.to_email)
        mails.sent(document, delivery, links.url(LINK, token), profile.email or row.author_email)


def _next_number(profile: agencies.AgencyProfile, client: str) -> str:
    return counters.take_today("proposal", profile.patterns["proposal"], profile.timezone, client=client)[0]


def told(proposal_id: UUID) -> dict[str, str] | None:
    """What plugins are told about a proposal. Its number is known once it was sent."""
    row = models.by_id(proposal_id)
    if row is None:
        return None
    profile = agencies.profile()
    return {
        **clients.told(clients.get(row.client_id)),
        "agency.name": profile.name,
        "proposal.title": row.title,
        "proposal.state": ProposalView.of(row, today()).word,
        "proposal.currency": row.currency,
        **({"proposal.number": row.number} if row.number else {}),
    }


def words(proposal_id: UUID, message: str) -> str:
    """The sender's message with its fields filled in. Raises DomainError, after having plugins asked if that helps."""
    if not merging.tags((message,)) and merging.OPEN not in message:
        return message
    row, known = _row(proposal_id), told(proposal_id) or {}
    filled = extras.fill(snapshot.KIND, proposal_id, merging.tags((message,)), known, row.language)
    done = merging.resolve(message, {**known, **filled.values})
    if not (done.unknown or done.empty):
        return done.text
    if filled.wanted:
        release()
        extras.ask(snapshot.KIND, proposal_id, filled.wanted, known, row.language)
    unknown = [_("There is no field {{%(field)s}}.", field=name) for name in done.unknown]
    empty = [filled.reasons.get(name) or _("The field {{%(field)s}} has no value.", field=name) for name in done.empty]
    raise DomainError(" ".join((*unknown, *empty)), "message")


@writes
def mail_again(proposal_id: UUID, delivery: Delivery, actor: str) -> None:
    """Send the mail of a sent proposal once more, perhaps to somebody else."""
    row = _row(proposal_id)
    token = links.token_for(LINK, proposal_id)
    if row.state is not State.SENT or row.frozen_id is None or token is None:
        raise Conflict(_("Only a proposal that waits for its answer, with an open link, can be mailed again."))
    document, reply_to = frozen.get(row.frozen_id), agencies.profile().email or row.author_email
    models.update(proposal_id, to_name=delivery.to_name, to_email=delivery.to_email)
    mails.sent(document, delivery, links.url(LINK, token), reply_to)


@writes
def revise(proposal_id: UUID, actor: str) -> None:
    """Begin the next version. The client still sees the one before, and can no longer answer it."""
    row = _row(proposal_id)
    if row.state is State.DRAFT:
        return
    validity = _default_validity(agencies.profile())
    keep = row.valid_until if row.valid_until and row.valid_until >= today() else validity
    sources = (State.SENT, State.CHANGES_REQUESTED, State.DECLINED)
    version, client_id = row.version + 1, row.client_id
    changes: dict[str, Any] = {
        "version": version,
        "revision": row.revision + 1,
        "valid_until": keep,
        "updated_at": clock.now(),
    }
    if not models.move(proposal_id, sources, State.DRAFT, **changes):
        if (now := models.fresh(proposal_id)) and now.state is State.DRAFT:
            return
        raise Conflict(_("An accepted proposal cannot be changed any more. Duplicate it to offer something else."))
    facts = {"actor": actor, "version": version}
    events.record("proposal.revised", events.ref("proposal", proposal_id), facts, about=_about(client_id))


def link(proposal_id: UUID) -> str | None:
    """The address under which the client reads it; None before it was sent and after the link was revoked."""
    token = links.token_for(LINK, proposal_id)
    return links.url(LINK, token) if token else None


@writes
def revoke_link(proposal_id: UUID, actor: str) -> None:
    """Close every link the client may hold."""
    row = _row(proposal_id)
    if links.revoke(LINK, proposal_id):
        _record_link("proposal.link_revoked", row, actor)


@writes
def renew_link(proposal_id: UUID, actor: str) -> None:
    """A new link after the old one was revoked; one that is open stays."""
    row = _row(proposal_id)
    if row.frozen_id is None:
        raise Conflict(_("The link is made when the proposal is sent."))
    if links.token_for(LINK, proposal_id) is None:
        links.create(LINK, proposal_id)
        _record_link("proposal.link_renewed", row, actor)


def accepted(proposal_id: UUID) -> AcceptedProposal:
    """What the client accepted, exactly as it was frozen. Raises Conflict for a proposal that is not accepted."""
    row = _row(proposal_id)
    if row.accepted_id is None:
        raise Conflict(_("This proposal has not been accepted."))
    document = frozen.get(row.accepted_id)
    doc, acceptance = document.snapshot, document.snapshot["acceptance"]
    chosen = set(doc["chosen"])
    offered = Offer.from_dict(doc["offer"]).lines
    template = doc["contract_template"]
    return AcceptedProposal(
        id=proposal_id,
        client_id=row.client_id,
        client=doc["client"],
        title=doc["title"],
        number=doc["number"],
        version=doc["version"],
        language=doc["language"],
        currency=doc["currency"],
        summary=doc["contents"]["summary"],
        offered=tuple(line for line in offered if line.choice is Choice.REQUIRED or line.id in chosen),
        once=Priced.from_dict(doc["prices"]["chosen"]["once"]),
        monthly=Priced.from_dict(doc["prices"]["chosen"]["monthly"]),
        deposit_percent=snapshot.deposit_percent(doc),
        contract_template_id=UUID(template) if template else None,
        frozen_id=document.id,
        accepted_by=acceptance["name"],
        accepted_at=datetime.fromisoformat(acceptance["at"]),
    )


def _row(proposal_id: UUID) -> Proposal:
    if (row := models.by_id(proposal_id)) is None:
        raise NotFound(_("There is no such proposal."))
    return row


def _must_be_draft(row: Proposal) -> None:
    if row.state is not State.DRAFT:
        raise Conflict(_("This proposal has been sent and cannot be changed. Revise it to make the next version."))


def _add(draft: Draft, author: Author, profile: agencies.AgencyProfile, *, currency: str = "", **origin: Any) -> UUID:
    """A new row; a copy keeps the currency in which its prices were written."""
    entitlements.require(Feature.PROPOSALS)
    client = clients.get(draft.client_id)
    row = Proposal(
        author_id=author.id,
        author_name=author.name,
        author_email=author.email,
        language=client.locale or profile.locale,
        currency=currency or profile.currency,
        **_said(draft, client.name, ""),
        **origin,
    )
    models.add(row)
    models.update(row.id, **_totals(row.id, draft))
    return row.id


def _columns(draft: Draft, row: Proposal) -> dict[str, Any]:
    profile, client = agencies.profile(), clients.get(draft.client_id)
    said = _said(draft, client.name, row.number or "")
    language = client.locale or profile.locale
    # Another client's site says nothing here.
    audit_id = row.audit_id if draft.client_id == row.client_id else None
    return {**said, "language": language, **_totals(row.id, draft), "audit_id": audit_id}


def _said(draft: Draft, client_name: str, number: str) -> dict[str, Any]:
    return {
        "client_id": draft.client_id,
        "client_name": client_name,
        "title": draft.title,
        "search": _search(draft.title, client_name, number),
        "contents": draft.contents.to_dict(),
        "offer": draft.offer.to_dict(),
        "valid_until": draft.valid_until,
        "deposit_percent": draft.deposit_percent,
        "contract_template_id": draft.contract_template_id,
    }


def _search(title: str, client_name: str, number: str) -> str:
    return models.search_text(title, client_name, number)


def _totals(proposal_id: UUID, draft: Draft) -> dict[str, int | None]:
    """Totals for lists; unknown while the figures of a draft do not work out."""
    doc = evaluate(get(proposal_id), draft).doc
    return _amounts(doc) if doc else {"once_minor": None, "monthly_minor": None}


def _has_moved(view: ProposalView, doc: snapshot.Doc) -> bool:
    """Whether a draft that has waited comes to something else than when it was saved."""
    kept = {"once_minor": view.once_minor, "monthly_minor": view.monthly_minor}
    return view.state is State.DRAFT and None not in kept.values() and kept != _amounts(doc)


def _amounts(doc: snapshot.Doc) -> dict[str, int | None]:
    chosen = doc["prices"]["chosen"]
    return {f"{name}_minor": chosen[name]["totals"]["gross"] for name in ("once", "monthly")}


def _missing(draft: Draft, doc: snapshot.Doc) -> dict[str, str]:
    wrong = {section: sections.gap(section) for section in doubts.gaps(Contents.from_dict(doc["contents"]))}
    if draft.valid_until and draft.valid_until < today():
        wrong["valid_until"] = _("This day has passed. Choose a later one.")
    return wrong | problems(draft.offer, Prices.from_dict(doc["prices"]["all"]))


def _begun(profile: agencies.AgencyProfile) -> Offer:
    return Offer(prices=profile.habits.written(profile.tax_scheme, profile.currency))


def _terms(currency: str) -> Terms:
    """Today's rates, for a draft in the currency it was begun in."""
    profile = agencies.profile()
    funds = profile.habits.contribution(profile.tax_scheme, currency)
    return Terms(currency, find(profile.tax_scheme), profile.tax_rate, clock.today(profile.timezone), funds)


def _source(view: ProposalView, draft: Draft, *, number: str) -> snapshot.Source:
    profile, client, terms = agencies.profile(), clients.get(draft.client_id), _terms(view.currency)
    language = client.locale or profile.locale
    return snapshot.Source(
        id=view.id,
        title=draft.title,
        number=number,
        version=view.version,
        language=language,
        author=view.author_name,
        written=terms.on,
        valid_until=draft.valid_until,
        contents=draft.contents,
        offer=draft.offer,
        full=full_prices(draft.offer, terms),
        deposit_percent=draft.deposit_percent,
        contract_template_id=draft.contract_template_id,
        agency=agencies.agency_snapshot(profile, with_bank=False),
        client=clients.client_snapshot(client),
        audit=_measured(view.audit_id, draft.client_id, language, profile.timezone),
    )


def _measured(audit_id: UUID | None, client_id: UUID, language: str, timezone: str) -> dict[str, Any] | None:
    """What was measured on the client's site, in the words and with the figures of the document's language."""
    if audit_id is None:
        return None
    with i18n.use_locale(language, timezone):
        audit = website_audits.get(audit_id)
        return website_audits.audit_snapshot(audit) if audit.client_id == client_id else None


def _freeze(view: ProposalView, doc: snapshot.Doc, number: str) -> frozen.Frozen:
    return frozen.freeze(
        snapshot.KIND,
        view.id,
        number=number,
        template=snapshot.TEMPLATE,
        snapshot=doc,
        version=view.version,
        locale=doc["language"],
    )


def _record_sent(view: ProposalView, document: frozen.Frozen, delivery: Delivery | None, actor: str) -> None:
    doc = document.snapshot
    totals = doc["prices"]["chosen"]
    facts = {
        "actor": actor,
        "number": document.number,
        "version": document.version,
        "currency": doc["currency"],
        "once_minor": totals["once"]["totals"]["gross"],
        "monthly_minor": totals["monthly"]["totals"]["gross"],
        "valid_until": doc["valid_until"],
        "frozen": str(document.id),
        "snapshot_hash": document.snapshot_hash,
        "by_mail": delivery is not None,
    }
    if view.standing:
        facts["unproven"] = [f"{each.section}: {each.figure}" for each in view.standing]
    personal = {"to_name": delivery.to_name, "to_email": delivery.to_email} if delivery else None
    subject = events.ref("proposal", view.id)
    events.record("proposal.sent", subject, facts, personal=personal, about=_about(view.client_id))


def _record_link(kind: str, row: Proposal, actor: str) -> None:
    facts = {"actor": actor, "number": row.number}
    events.record(kind, events.ref("proposal", row.id), facts, about=_about(row.client_id))


def _about(client_id: UUID) -> Sequence[str]:
    return (events.ref("client", client_id),)


def _default_validity(profile: agencies.AgencyProfile) -> date:
    return clock.today(profile.timezone) + timedelta(days=profile.proposal_days)
