"""What staff do with quotations, and what other features may know of them.

A draft is saved under an optimistic check. Sending is one short transaction: evaluate, move, number, freeze, mail.
What was sent stays as it was; revising makes the next version. An accepted one becomes a contract or an invoice, once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.core.kernel import attachments, clock, counters, events, frozen, ids, links, once, tallies
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import Conflict, Invalid
from webkit.core.kernel.folders import as_sent, named
from webkit.core.kernel.i18n import gettext as _
from webkit.pricing import PricingError, find
from webkit.quotations import library, mails, models, rows, snapshot
from webkit.quotations.converting import accepted as accepted
from webkit.quotations.converting import mark_converted as mark_converted
from webkit.quotations.converting import release as release
from webkit.quotations.converting import to_convert as to_convert
from webkit.quotations.models import Filter as Filter
from webkit.quotations.models import Quotation, State
from webkit.quotations.models import became as became
from webkit.quotations.models import took as took
from webkit.quotations.offer import Offer, Rules, Section, full_price, problems
from webkit.quotations.rows import missing, row_of
from webkit.quotations.views import (
    Author,
    Delivery,
    Draft,
    Evaluation,
    Pipeline,
    QuotationCard,
    QuotationView,
)

LINK = "q"
REMIND_BEFORE, REMIND_AFTER = timedelta(days=3), timedelta(days=2)
"""The one reminder by itself: so long before validity ends, if the client has had it for so long by then."""


def get(quotation_id: UUID) -> QuotationView:
    """One quotation of the agency. Raises NotFound."""
    return QuotationView.of(row_of(quotation_id), today())


def page(which: Filter, limit: int) -> list[QuotationCard]:
    """So many of them, newest first."""
    day = today()
    return [QuotationCard.of(row, day) for row in models.listed(which, day, limit)]


def kept_sums() -> tuple[tallies.Question, ...]:
    """What `pipeline` asks of the kept sums, for pages that ask for more at once."""
    return (tallies.days_since(today(), *models.KEPT),)


def pipeline() -> list[Pipeline]:
    """What is open and what was won, one for each currency in use."""
    found: dict[str, dict[str, int]] = {}
    for which, currency, count, total in models.sums(today()):
        found.setdefault(currency, {}).update({which: total, f"{which}_count": count})
    return [Pipeline(currency, **sums) for currency, sums in sorted(found.items())]


def of_client(client_id: UUID) -> list[QuotationCard]:
    """A client's quotations, newest first."""
    return page(Filter(client_id=client_id), 100)


def keeps(client_id: UUID) -> bool:
    """Whether a quotation stands on this client, who then cannot be deleted."""
    return models.any_of_client(client_id)


def today() -> date:
    """The agency's calendar date: a quotation is valid until the end of its last day there."""
    return agencies.today()


@writes
def create(client_id: UUID, title: str, author: Author, *, template_id: UUID | None = None, key: str = "") -> UUID:
    """Begin a quotation for a client, with what a template says if one is given.

    The same `key` answers with the first result.
    """
    if made := once.result(key):
        return UUID(made)
    profile = agencies.profile()
    prices = profile.habits.written(profile.tax_scheme, profile.currency)
    offer, days = Offer(sections=(Section(id=ids.token()[:12]),), prices=prices), profile.proposal_days
    if template_id is not None:
        source = library.template(template_id)
        offer, days = library.resolved(source.offer), source.valid_days or days
    ends = clock.today(profile.timezone) + timedelta(days=days)
    quotation_id = _add(Draft(client_id=client_id, title=title, offer=offer, valid_until=ends), author)
    once.keep(key, str(quotation_id))
    return quotation_id


@writes
def duplicate(quotation_id: UUID, author: Author, *, key: str = "") -> UUID:
    """A new draft with everything the other one says. Only its dates are new."""
    if made := once.result(key):
        return UUID(made)
    source = get(quotation_id)
    title = _("%(title)s (Copy)", title=source.title[:180])
    copied = _add(replace(source.draft, title=title, valid_until=_default_validity()), author, source.currency)
    once.keep(key, str(copied))
    return copied


@writes
def save(quotation_id: UUID, revision: int, draft: Draft) -> int:
    """Keep a draft that is still at `revision`; returns its next revision. Raises Conflict when somebody was faster."""
    row = row_of(quotation_id)
    _must_be_draft(row)
    if not models.save(quotation_id, revision, **_columns(draft, row)):
        raise Conflict(
            _("Somebody else changed this quotation since you opened it. Your text is still here, not saved.")
        )
    return revision + 1


@writes
def delete(quotation_id: UUID) -> None:
    """Throw away a draft that was never sent."""
    if (row := models.locked(quotation_id)) is None:  # nobody attaches a file meanwhile
        raise missing()
    files = named(row.files)
    if not models.delete_draft(quotation_id):
        raise Conflict(_("Only drafts that were never sent can be deleted. This quotation is part of your history."))
    attachments.drop(files)


def evaluate(quotation: QuotationView, draft: Draft | None = None) -> Evaluation:
    """The document as it would be sent now, and what is still missing."""
    draft = draft or quotation.draft
    try:
        source = _source(quotation, draft, number=quotation.number)
        doc = snapshot.compose(source)
    except Invalid as error:
        return Evaluation(None, error.errors)
    except PricingError as error:
        return Evaluation(None, {"discount-value": error.message})
    wrong = problems(draft.offer, source.full)
    if draft.valid_until and draft.valid_until < today():
        wrong["valid_until"] = _("This day has passed. Choose a later one.")
    return Evaluation(doc, wrong, moved=_has_moved(quotation, doc))


@writes
def send(quotation_id: UUID, revision: int, delivery: Delivery | None, actor: str) -> None:
    """Freeze the draft as it is at `revision` and give the client the link. Sent twice it does nothing more."""
    row = row_of(quotation_id)
    if row.state is State.SENT:
        return
    _must_be_draft(row)
    view, author_email = QuotationView.of(row, today()), row.author_email
    evaluation = evaluate(view)
    if evaluation.problems or evaluation.doc is None:
        raise Invalid(evaluation.problems)
    moment = clock.now()
    sent: dict[str, Any] = {"sent_at": moment, "answered_at": None, "answer": "", "reminded_at": None}
    if not models.move(quotation_id, (State.DRAFT,), State.SENT, seen_revision=revision, **sent):
        raise Conflict(_("This quotation was changed since you opened it. Look at it again before you send it."))
    profile, files = agencies.profile(), models.files(quotation_id)
    view = replace(view, files=named(files))  # it is no draft any more: these are all that will be
    token = links.token_for(LINK, quotation_id) or links.create(LINK, quotation_id)
    # The number comes last: its row stays locked until the commit.
    number = view.number or _next_number(profile, view.client_name)
    document = _freeze(view, number)
    noted = {**_as_frozen(document), "search": _search(view.draft, view, number), "files": as_sent(files)}
    if delivery:
        noted |= {"to_name": delivery.to_name, "to_email": delivery.to_email}
    noted["remind_on"] = remind_on(today(), view.valid_until) if delivery and delivery.remind else None
    models.update(quotation_id, **noted)
    _record_sent(document, delivery, actor)
    if delivery:
        mails.sent(document, delivery, links.url(LINK, token), profile.email or author_email, view.files)


def _as_frozen(document: frozen.Frozen) -> dict[str, Any]:
    """What lists show is what was frozen, whatever the agency's settings were when the draft was last saved."""
    doc = document.snapshot
    return {
        "frozen_id": document.id,
        "number": document.number,
        "language": doc["language"],
        "currency": doc["currency"],
        "total_minor": doc["priced"]["totals"]["payable"],
    }


def _next_number(profile: agencies.AgencyProfile, client: str) -> str:
    return counters.take_today("quotation", profile.patterns["quotation"], profile.timezone, client=client)[0]


def remind_on(sent: date, ends: date | None) -> date | None:
    """The day of the one reminder that goes out by itself; None where validity is too short for it."""
    if ends is None or ends - REMIND_BEFORE < sent + REMIND_AFTER:
        return None
    return ends - REMIND_BEFORE


@writes
def remind(quotation_id: UUID, actor: str, *, key: str = "") -> None:
    """Send the client a word now. The same `key` sends one; whoever was reminded by hand is not reminded by itself."""
    if once.result(key):
        return
    view = get(quotation_id)
    if view.word != State.SENT.value or not models.remind(quotation_id, clock.now()):
        raise Conflict(_("Only a quotation that waits for its answer can be reminded of."))
    if not view.to_email:
        raise Conflict(_("Nobody knows where to send the reminder: this quotation went out as a link."))
    once.keep(key, str(quotation_id))
    _remind(view, actor)


@writes
def remind_if_due(quotation_id: UUID) -> None:
    """The reminder that goes out by itself: once, whoever asks how often."""
    view = get(quotation_id)
    if view.to_email and models.remind(quotation_id, clock.now(), today()):
        _remind(view, "system")


@writes
def mail_again(quotation_id: UUID, delivery: Delivery, actor: str) -> None:
    """Send the mail of a sent quotation once more, perhaps to somebody else."""
    row = row_of(quotation_id)
    token = links.token_for(LINK, quotation_id)
    if row.state is not State.SENT or row.frozen_id is None or token is None:
        raise Conflict(_("Only a quotation that waits for its answer, with an open link, can be mailed again."))
    document, reply_to = frozen.get(row.frozen_id), agencies.profile().email or row.author_email
    models.update(quotation_id, to_name=delivery.to_name, to_email=delivery.to_email)
    mails.sent(document, delivery, links.url(LINK, token), reply_to, named(row.files))


@writes
def revise(quotation_id: UUID, actor: str) -> None:
    """Begin the next version. The client still sees the one before, and can no longer answer it."""
    row = row_of(quotation_id)
    if row.state is State.DRAFT:
        return
    keep = row.valid_until if row.valid_until and row.valid_until >= today() else _default_validity()
    sources = (State.SENT, State.CHANGES_REQUESTED, State.DECLINED, State.WITHDRAWN)
    version, client_id = row.version + 1, row.client_id
    changes: dict[str, Any] = {
        "version": version,
        "revision": row.revision + 1,
        "valid_until": keep,
        "updated_at": clock.now(),
        "remind_on": None,
    }
    if not models.move(quotation_id, sources, State.DRAFT, **changes):
        if (now := models.fresh(quotation_id)) and now.state is State.DRAFT:
            return
        raise Conflict(_("An accepted quotation cannot be changed any more. Duplicate it to offer something else."))
    facts = {"actor": actor, "version": version}
    events.record("quotation.revised", events.ref("quotation", quotation_id), facts, about=rows.shown_under(client_id))


@writes
def withdraw(quotation_id: UUID, reason: str, actor: str) -> None:
    """Take back what the client has not answered yet. Its page then says so; the client gets a mail."""
    view = get(quotation_id)
    if view.state is State.WITHDRAWN:
        return
    sources = (State.SENT, State.CHANGES_REQUESTED)
    if not models.move(quotation_id, sources, State.WITHDRAWN, answered_at=clock.now(), answer=""):
        raise Conflict(_("Only a quotation that waits for its answer can be withdrawn."))
    assert view.frozen_id is not None  # it was sent
    facts = {"actor": actor, "number": view.number, "version": view.version}
    subject, about = events.ref("quotation", quotation_id), rows.shown_under(view.client_id)
    events.record("quotation.withdrawn", subject, facts, personal={"reason": reason}, about=about)
    reply_to = agencies.profile().email or row_of(quotation_id).author_email
    mails.withdrawn(frozen.get(view.frozen_id), Delivery(view.to_name, view.to_email), reply_to, reason)


def link(quotation_id: UUID) -> str | None:
    """The address under which the client reads it; None before it was sent and after the link was revoked."""
    token = links.token_for(LINK, quotation_id)
    return links.url(LINK, token) if token else None


@writes
def revoke_link(quotation_id: UUID, actor: str) -> None:
    """Close every link the client may hold."""
    row = row_of(quotation_id)
    if links.revoke(LINK, quotation_id):
        _record_link("quotation.link_revoked", row, actor)


@writes
def renew_link(quotation_id: UUID, actor: str) -> None:
    """A new link after the old one was revoked; one that is open stays."""
    row = row_of(quotation_id)
    if row.frozen_id is None:
        raise Conflict(_("The link is made when the quotation is sent."))
    if links.token_for(LINK, quotation_id) is None:
        links.create(LINK, quotation_id)
        _record_link("quotation.link_renewed", row, actor)


def _must_be_draft(row: Quotation) -> None:
    if row.state is not State.DRAFT:
        raise Conflict(_("This quotation has been sent and cannot be changed. Revise it to make the next version."))


def _add(draft: Draft, author: Author, currency: str = "") -> UUID:
    """A new row; a copy keeps the currency in which its prices were written."""
    profile, client = agencies.profile(), clients.get(draft.client_id)
    row = Quotation(
        author_id=author.id,
        author_name=author.name,
        author_email=author.email,
        language=client.locale or profile.locale,
        currency=currency or profile.currency,
        **_said(draft, client.name, ""),
    )
    models.add(row)
    models.update(row.id, total_minor=_total(row.id, draft))
    return row.id


def _columns(draft: Draft, row: Quotation) -> dict[str, Any]:
    profile, client = agencies.profile(), clients.get(draft.client_id)
    said = _said(draft, client.name, row.number or "")
    return {**said, "language": client.locale or profile.locale, "total_minor": _total(row.id, draft)}


def _said(draft: Draft, client_name: str, number: str) -> dict[str, Any]:
    return {
        "client_id": draft.client_id,
        "client_name": client_name,
        "title": draft.title,
        "site": draft.site,
        "search": models.search_text(draft.title, client_name, draft.site, number),
        "offer": draft.offer.to_dict(),
        "memo": draft.memo,
        "valid_until": draft.valid_until,
    }


def _search(draft: Draft, view: QuotationView, number: str) -> str:
    return models.search_text(draft.title, view.client_name, draft.site, number)


def _total(quotation_id: UUID, draft: Draft) -> int | None:
    """The total for lists; unknown while the figures of a draft do not work out."""
    doc = evaluate(get(quotation_id), draft).doc
    return _payable(doc) if doc else None


def _has_moved(view: QuotationView, doc: dict[str, Any]) -> bool:
    """Whether a draft that has waited comes to something else than when it was saved."""
    return view.state is State.DRAFT and view.total_minor not in (None, _payable(doc))


def _payable(doc: dict[str, Any]) -> int:
    return int(doc["priced"]["totals"]["payable"])


def _source(view: QuotationView, draft: Draft, *, number: str) -> snapshot.Source:
    profile, client = agencies.profile(), clients.get(draft.client_id)
    day = clock.today(profile.timezone)
    funds = profile.habits.contribution(profile.tax_scheme, view.currency)
    rules = Rules(view.currency, find(profile.tax_scheme), profile.tax_rate, day, funds)
    return snapshot.Source(
        id=view.id,
        title=draft.title,
        number=number,
        version=view.version,
        language=client.locale or profile.locale,
        author=view.author_name,
        site=draft.site,
        written=day,
        valid_until=draft.valid_until,
        offer=draft.offer,
        full=full_price(draft.offer, rules),
        agency=agencies.agency_snapshot(profile, with_bank=False),
        client=clients.client_snapshot(client),
        files=view.files,
    )


def _freeze(view: QuotationView, number: str) -> frozen.Frozen:
    doc = snapshot.compose(_source(view, view.draft, number=number))
    return frozen.freeze(
        snapshot.KIND,
        view.id,
        number=number,
        template=snapshot.TEMPLATE,
        snapshot=doc,
        version=view.version,
        locale=doc["language"],
    )


def _remind(view: QuotationView, actor: str) -> None:
    token = links.token_for(LINK, view.id)
    if token is None or view.frozen_id is None:
        raise Conflict(_("The link of this quotation is closed. Make a new one before you remind the client."))
    reply_to = agencies.profile().email or row_of(view.id).author_email
    mails.reminder(frozen.get(view.frozen_id), Delivery(view.to_name, view.to_email), links.url(LINK, token), reply_to)
    facts = {"actor": actor, "number": view.number, "version": view.version}
    events.record("quotation.reminded", events.ref("quotation", view.id), facts, about=rows.shown_under(view.client_id))


def _record_sent(document: frozen.Frozen, delivery: Delivery | None, actor: str) -> None:
    doc = document.snapshot
    facts = {
        "actor": actor,
        "number": document.number,
        "version": document.version,
        "currency": doc["currency"],
        "total_minor": doc["priced"]["totals"]["payable"],
        "valid_until": doc["valid_until"],
        "frozen": str(document.id),
        "snapshot_hash": document.snapshot_hash,
        "by_mail": delivery is not None,
    }
    personal = {"to_name": delivery.to_name, "to_email": delivery.to_email} if delivery else None
    about = (events.ref("client", doc["client"]["id"]),)
    subject = events.ref("quotation", document.document_id)
    events.record("quotation.sent", subject, facts, personal=personal, about=about)


def _record_link(kind: str, row: Quotation, actor: str) -> None:
    facts = {"actor": actor, "number": row.number}
    events.record(kind, events.ref("quotation", row.id), facts, about=rows.shown_under(row.client_id))


def _default_validity() -> date:
    return today() + timedelta(days=agencies.profile().proposal_days)
