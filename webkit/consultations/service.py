"""What can be done with consultations: typed by people, saved by itself, completed, turned into a proposal.

Every save that changes something is a version of its own. Two who type at once: what they answered differently is
joined; where both answered the same page of questions, the later one is kept aside as a version and told so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.consultations import answers as said
from webkit.consultations import choices, events, models
from webkit.consultations.answers import Answers
from webkit.consultations.fields import FIELDS
from webkit.consultations.models import Consultation, ConsultationVersion, Why
from webkit.consultations.models import Filter as Filter
from webkit.consultations.models import State as State
from webkit.consultations.presets import Lists, Option
from webkit.consultations.views import (
    Author,
    ConsultationCard,
    ConsultationView,
    Saved,
    Seen,
    VersionCard,
    VersionView,
)
from webkit.core.kernel import audit, clock, entitlements, i18n, locks, once
from webkit.core.kernel import events as chain
from webkit.core.kernel.db import asked_once, writes
from webkit.core.kernel.entitlements import Limit
from webkit.core.kernel.errors import Conflict, Invalid, NotFound
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _


def get(consultation_id: UUID) -> ConsultationView:
    """One consultation of the agency. Raises NotFound."""
    return ConsultationView.of(_row(consultation_id))


def page(which: Filter, limit: int) -> list[ConsultationCard]:
    """A page of the list, newest first."""
    return [ConsultationCard.of(row) for row in models.listed(which, limit)]


def of_client(client_id: UUID) -> list[ConsultationCard]:
    """A client's consultations, newest first."""
    return page(Filter(client_id=client_id), 100)


def latest_for(client_id: UUID) -> ConsultationView | None:
    """A client's newest consultation that is not archived."""
    row = models.latest_for(client_id)
    return ConsultationView.of(row) if row else None


def has_any() -> bool:
    """Whether the agency ever began one."""
    return models.any_consultation()


def begun_this_month() -> int:
    """How many were begun in the current month of the agency's calendar."""
    return models.begun_since(clock.month_start(agencies.profile().timezone))


@asked_once
def lists() -> Lists:
    """What can be chosen in the current agency."""
    own = {row.name: tuple(Option(**option) for option in row.options) for row in models.own_lists()}
    return Lists(agencies.profile().currency, own)


def answers_snapshot(view: ConsultationView) -> list[dict[str, str]]:
    """What was answered, for documents and for whoever writes them: `{"id": "answer.<question>", "label", "value"}`.

    In the agency's language, choices as their words; questions without an answer are left out.
    """
    with i18n.use_locale(agencies.profile().locale):
        return said.snapshot(view.answers, lists())


def choice_words(view: ConsultationView, name: str, locale: str) -> list[str]:
    """What was chosen in one question, in the words of `locale`."""
    with i18n.use_locale(locale):
        return said.words(FIELDS[name], view.answers.get(name, ""), lists())


def versions(consultation_id: UUID, before: int | None, limit: int) -> list[VersionCard]:
    """Versions, newest first."""
    return [VersionCard.of(row) for row in models.versions(consultation_id, before, limit)]


def version(consultation_id: UUID, number: int) -> VersionView:
    """One version and what it says. Raises NotFound."""
    _row(consultation_id)
    if (row := models.version(consultation_id, number)) is None:
        raise NotFound(_("There is no such version."))
    return VersionView.saying(row, _answers_at(consultation_id, number))


@writes
def start(client_id: UUID | None, author: Author, *, key: str = "") -> UUID:
    """Begin a consultation, with what is known of the client. The same `key` answers with the first result."""
    if made := once.result(key):
        return UUID(made)
    entitlements.within(Limit.CONSULTATIONS)
    answers = said.defaults(lists()) | (_known_of(clients.get(client_id)) if client_id else {})
    row = Consultation(client_id=client_id, author_id=author.id, author_name=author.name, updated_by=author.name)
    _put(row, answers)
    models.add(row)
    _add_version(row, Why.STARTED, 1, 0, {}, answers, author)
    once.keep(key, str(row.id))
    return row.id


@writes
def save(consultation_id: UUID, typed: Answers, seen: Seen, author: Author) -> Saved:
    """Keep what was typed into a form opened on `seen`: as the next version, or aside where somebody was faster.

    `typed` has every question the form asked, also those left empty.
    """
    row = _held(consultation_id)
    if seen.opened:
        before = _answers_at(consultation_id, min(seen.opened, row.current))
        typed = {name: value for name, value in typed.items() if value != before.get(name, "")}
    mine = said.merged(row.answers, typed)
    changed = said.changed(row.answers, mine)
    others = models.since(consultation_id, min(seen.version, row.current), seen.tab)
    if not changed:
        return _saved(row, others)
    if row.state is not State.DRAFT or {name for other in others for name in other.changed} & typed.keys():
        return _keep_aside(row, typed, seen, author, others)
    _next(row, Why.SAVED, mine, author, tab=seen.tab)
    return _saved(row, others)


@writes
def restore(consultation_id: UUID, number: int, author: Author) -> int:
    """Bring an earlier version back, as a new one; returns its number."""
    row = _held(consultation_id)
    if row.state is not State.DRAFT:
        raise Conflict(_("This consultation is no draft. Open it again before you bring a version back."))
    old = version(consultation_id, number)
    if said.changed(row.answers, old.answers):
        _next(row, Why.RESTORED, dict(old.answers), author, source=number)
    return row.current


@writes
def complete(consultation_id: UUID, author: Author) -> None:
    """Say that everything is known; without a client it is found or made by e-mail. Done twice it is done once."""
    row = _held(consultation_id)
    if row.state in (State.COMPLETED, State.CONVERTED):
        return
    answers = said.from_stored(row.answers)
    if problems := said.problems(answers):
        raise Invalid(problems)
    _move(row, State.COMPLETED)
    row.completed_at = clock.now()
    row.client_id = row.client_id or _client_of(answers, author)
    _record(events.COMPLETED, row, author.actor, percent=row.percent, version=row.current)


@writes
def reopen(consultation_id: UUID, author: Author) -> None:
    """Make a completed consultation a draft again."""
    row = _held(consultation_id)
    if row.state is not State.DRAFT:
        _move(row, State.DRAFT)
        row.completed_at = None
        _record(events.REOPENED, row, author.actor)


@writes
def archive(consultation_id: UUID, author: Author) -> None:
    """Take it out of the lists."""
    row = _held(consultation_id)
    if row.state is not State.ARCHIVED:
        _move(row, State.ARCHIVED)
        _record(events.ARCHIVED, row, author.actor)


@writes
def unarchive(consultation_id: UUID, author: Author) -> None:
    """Bring it back as it was."""
    row = _held(consultation_id)
    if row.state is State.ARCHIVED:
        _move(row, State.COMPLETED if row.completed_at else State.DRAFT)
        _record(events.UNARCHIVED, row, author.actor)


@writes
def for_proposal(consultation_id: UUID) -> ConsultationView:
    """The consultation a proposal is about to be made from; until the write ends nobody else makes one.

    Raises Conflict unless it is completed. If it has a proposal already, `proposal_id` says which.
    """
    row = _held(consultation_id)
    if row.state not in (State.COMPLETED, State.CONVERTED):
        raise Conflict(_("Only a completed consultation becomes a proposal."))
    return ConsultationView.of(row)


@writes
def mark_converted(consultation_id: UUID, proposal_id: UUID, actor: str) -> None:
    """Note the proposal it became, in the write that makes the proposal."""
    row = _held(consultation_id)
    _move(row, State.CONVERTED)
    row.proposal_id = proposal_id
    _record(events.CONVERTED, row, actor, proposal=str(proposal_id))


@writes
def release(consultation_id: UUID, proposal_id: UUID, actor: str) -> None:
    """The proposal it became was thrown away: it can become another one."""
    row = _held(consultation_id)
    if row.proposal_id == proposal_id:
        _move(row, State.COMPLETED)
        row.proposal_id = None
        _record(events.RELEASED, row, actor)


@writes
def set_choices(name: str, text: str) -> None:
    """Keep an agency's own list for a question, one choice a line. Raises Invalid."""
    before = lists()
    lines = choices.read(name, text)
    if lines == [words for _value, words in before.offered(name)]:
        return
    options = choices.merge(name, lines, before)
    models.put_list(name, [asdict(option) for option in options])
    audit.log("consultations.choices", detail={"question": name, "choices": len(lines)})


@writes
def reset_choices(name: str) -> None:
    """Offer the preset list of a question again."""
    models.drop_list(name)
    audit.log("consultations.choices", detail={"question": name, "choices": 0})


def _row(consultation_id: UUID) -> Consultation:
    return _there(models.by_id(consultation_id))


def _held(consultation_id: UUID) -> Consultation:
    return _there(models.held(consultation_id))


def _there(row: Consultation | None) -> Consultation:
    if row is None:
        raise NotFound(_("There is no such consultation."))
    return row


def _move(row: Consultation, target: State) -> None:
    if target not in models.TRANSITIONS[row.state]:
        raise Conflict(_("This consultation has moved on meanwhile. Look at it again."))
    row.state = target


def _put(row: Consultation, answers: dict[str, Any]) -> None:
    """Store what counts now, and what lists and searches show of it."""
    row.answers, row.percent = answers, said.percent(answers)
    row.name = str(answers.get("business_name") or answers.get("contact_person") or answers.get("email") or "")
    texts = (answers.get(name) for name in ("business_name", "contact_person", "email", "phone", "website"))
    row.search = "\n".join(str(text).casefold() for text in texts if text)


def _next(
    row: Consultation, why: Why, answers: dict[str, Any], author: Author, *, tab: str = "", source: int = 0
) -> None:
    before, parent = said.from_stored(row.answers), row.current
    row.current = row.last = row.last + 1
    row.updated_at, row.updated_by = clock.now(), author.name
    _put(row, answers)
    _add_version(row, why, row.current, parent, before, answers, author, tab, source)


def _keep_aside(
    row: Consultation, typed: Answers, seen: Seen, author: Author, others: Iterable[ConsultationVersion]
) -> Saved:
    """Keep what was typed over something newer; the same text sent again stays one version."""
    parent = max(1, min(seen.opened or seen.version, row.current))
    before = _answers_at(row.id, parent)
    mine = said.merged(before, typed)
    kept = models.last_aside(row.id, seen.tab)
    if kept is not None and _answers_at(row.id, kept.number) == mine:
        return _saved(row, others, kept.number)
    row.last += 1
    _add_version(row, Why.ASIDE, row.last, parent, before, mine, author, seen.tab)
    return _saved(row, others, row.last)


def _answers_at(consultation_id: UUID, number: int) -> dict[str, said.Answer]:
    return said.from_stored(models.answers_at(consultation_id, number))


def _add_version(
    row: Consultation,
    why: Why,
    number: int,
    parent: int,
    before: Answers,
    answers: Answers,
    author: Author,
    tab: str = "",
    source: int = 0,
) -> None:
    changed = said.changed(before, answers)
    models.add_version(
        ConsultationVersion(
            consultation_id=row.id,
            number=number,
            why=why,
            parent=parent,
            source=source,
            answers={name: answers.get(name, "") for name in changed},
            changed=changed,
            percent=said.percent(answers),
            author_id=author.id,
            author_name=author.name,
            tab=tab[:64],
        )
    )


def _saved(row: Consultation, others: Iterable[ConsultationVersion], aside: int = 0) -> Saved:
    names = ", ".join(sorted({other.author_name for other in others}))
    return Saved(row.current, row.percent, row.updated_at, aside, names)


def _known_of(client: clients.ClientView) -> dict[str, Any]:
    known = {
        "business_name": client.name,
        "contact_person": client.contact_name,
        "email": client.email,
        "phone": client.phone,
        "website": client.website,
    }
    return {name: value for name, value in known.items() if value}


def _client_of(answers: Answers, author: Author) -> UUID:
    """The client with that address of mail; a new one where there is none, also for two who complete at once."""
    email = str(answers["email"])
    locks.hold(f"client-email/{email}")
    if found := clients.by_email(email):
        return found.id
    values = {
        "name": answers["business_name"],
        "contact_name": answers["contact_person"],
        "email": email,
        "phone": answers.get("phone", ""),
        "website": answers.get("website", ""),
        "country": agencies.profile().country,
    }
    return clients.create(values, author.actor)


def _record(kind: str, row: Consultation, actor: str, **facts: Any) -> None:
    about = (ref("client", row.client_id),) if row.client_id else ()
    subject = ref("consultation", row.id)
    chain.record(kind, subject, {"actor": actor, **facts}, personal={"name": row.name or "–"}, about=about)
