"""What plugins say about a client or a document: asked in jobs, kept for a while, never waited for.

A page shows what is known and asks for what is not. An answer belongs to everything it may depend on: when the facts of
a contract change, what was answered before is not used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from webkit.core.capabilities.errors import ProviderError
from webkit.core.extensions import Card, Job, MergeField, Place
from webkit.core.kernel import clock, drawing, i18n, isolation, outbox, switches, tenancy
from webkit.core.kernel.crypto import canonical, digest
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.isolation import PluginFailed, PluginOff
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.extras import models
from webkit.extras.models import PluginAnswer

ANSWER, TIDY = "extras.answer", "extras.tidy"
PATIENCE = timedelta(seconds=20)
"""How long an answer may be on its way before the page says that there is none; asking again waits as long."""
FIELD_FRESH = timedelta(days=1)
KEEP = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as a page draws it. `state` is ready, waiting or failed; an older content stays while a newer is made."""

    name: str
    title: str
    plugin: str
    state: str
    content: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Filled:
    """Values of plugins' merge fields by name, empty where there is none; why; and what is to be asked for."""

    values: Mapping[str, str]
    reasons: Mapping[str, str]
    wanted: tuple[str, ...] = ()


def cards(slot: str, role: str) -> list[Card]:
    """The cards that stand in a slot for somebody of this role, without those of plugins that are switched off."""
    found = [card for guest in current().guests.values() for card in guest.cards if card.slot == slot]
    return sorted((c for c in found if role in c.roles and not _is_off(c.name)), key=lambda c: (c.order, c.name))


def show(slot: str, subject_id: UUID, role: str) -> list[ShownCard] | None:
    """Every card of a slot as it is known now, after asking for those that are due. None: no such subject."""
    wanted = cards(slot, role)
    facts = current().slots[slot].facts(subject_id) if slot in current().slots else None
    if facts is None:
        return None
    subject, question = models.subject(slot, subject_id), _question({})
    known = models.answers(subject, [card.name for card in wanted], question)
    shown = [_shown(card, known.get(card.name)) for card in wanted]
    due = [card.name for card in wanted if _is_due(known.get(card.name), timedelta(seconds=card.fresh))]
    if due:
        release()
        ask(slot, subject_id, due)
    return [card for card in shown if card.state != "nothing"]


def fields() -> list[MergeField]:
    """Every plugin's merge fields, for editors."""
    found = [each for guest in current().guests.values() for each in guest.fields]
    return sorted((each for each in found if not _is_off(each.name)), key=lambda each: each.name)


def fill(slot: str, subject_id: UUID, names: Collection[str], facts: Mapping[str, str], locale: str) -> Filled:
    """What plugins' fields stand for in a document that says `facts`. Of `names`, ours are left out."""
    known_fields = {each.name: each for guest in current().guests.values() for each in guest.fields}
    mine = [name for name in dict.fromkeys(names) if name in known_fields]
    if not mine:
        return Filled({}, {})
    known = models.answers(models.subject(slot, subject_id), mine, _question(facts, locale))
    values, reasons, wanted = {}, {}, []
    for name in mine:
        answer = known.get(name)
        values[name] = _value(answer)
        if not values[name]:
            reasons[name] = _reason(name, known_fields[name], answer)
        if not _is_off(name) and _is_due(answer, FIELD_FRESH):
            wanted.append(name)
    return Filled(values, reasons, tuple(wanted))


@writes
def ask(
    slot: str, subject_id: UUID, names: Iterable[str], facts: Mapping[str, str] | None = None, locale: str = ""
) -> None:
    """Have plugins asked, unless they have just been."""
    moment = clock.now()
    told, language = facts or {}, locale or i18n.current_locale()
    question, subject = _question(told, language), models.subject(slot, subject_id)
    for name in names:
        if models.asked(subject, name, question, moment, moment - PATIENCE):
            args = {"slot": slot, "subject": str(subject_id), "name": name, "question": question, "locale": language}
            outbox.add(ANSWER, **args)


def answer(job: Job) -> None:
    """Ask one plugin one thing, and keep what it says. Nothing is tried again by itself: the next look asks."""
    name, slot, subject_id = job.args["name"], job.args["slot"], UUID(job.args["subject"])
    found = _found(name)
    facts = current().slots[slot].facts(subject_id) if slot in current().slots else None
    release()
    if found is None or facts is None:
        return
    place = Place(slot, subject_id, tenancy.agency_id(), job.args["locale"], facts)
    about_facts = facts if isinstance(found, MergeField) else {}
    if _question(about_facts, place.locale) != job.args["question"]:
        return  # the document has changed since; whoever looks at it asks again
    content, problem = _asked(current().owners[name], found, place)
    _keep(models.subject(slot, subject_id), name, job.args["question"], content, problem)


def tidy(_job: Job) -> None:
    """Forget answers that nobody has asked about for a month."""
    for agency in current().directory.all_ids():
        with tenancy.tenant(agency):
            _forget()


@writes
def _forget() -> None:
    models.forget(clock.now() - KEEP)


def known_of(plugin: str) -> int:
    """How many answers of a plugin are kept, in the whole installation; needs the door of the platform."""
    return models.of_plugin(_beginning(plugin))


@writes
def forget(plugin: str) -> int:
    """Remove all of them: how many there were. Needs the platform's door."""
    return models.forget_plugin(_beginning(plugin))


def _beginning(plugin: str) -> str:
    """What the names of all its cards and fields begin with."""
    return f"{plugin.replace('-', '_')}."


def _asked(plugin: str, found: Card | MergeField, place: Place) -> tuple[dict[str, Any] | None, str]:
    """What the plugin says, or what went wrong in words for staff."""
    folder = current().guests[plugin].folder

    def draw(asked: Place) -> dict[str, Any] | None:
        if isinstance(found, Card):
            return drawing.card(found.draw(asked), folder, asked)
        return drawing.field(found.value(asked))

    what = f"card {found.name}" if isinstance(found, Card) else f"merge field {found.name}"
    try:
        with i18n.use_locale(place.locale, "UTC"):
            return isolation.call(plugin, what, isolation.ANSWER_SECONDS, draw, place), ""
    except PluginOff:
        return None, "off"
    except PluginFailed as error:
        return None, str(error)[:500]
    except ProviderError as error:
        return None, f"{plugin}: {error}"[:500]


@writes
def _keep(subject: str, name: str, question: str, content: dict[str, Any] | None, problem: str) -> None:
    models.keep(subject, name, question, content, problem)


def _question(facts: Mapping[str, str], locale: str = "") -> str:
    return digest(canonical({"facts": dict(facts), "locale": locale or i18n.current_locale()}).encode())


def _found(name: str) -> Card | MergeField | None:
    guest = current().guests.get(current().owners.get(name, ""))
    everything: tuple[Card | MergeField, ...] = (*guest.cards, *guest.fields) if guest else ()
    return next((each for each in everything if each.name == name), None)


def _is_off(name: str) -> bool:
    return switches.is_off(current().owners.get(name, ""))


def _waits(answer: PluginAnswer) -> bool:
    return answer.made_at is None or answer.made_at < answer.asked_at


def _is_due(answer: PluginAnswer | None, fresh: timedelta) -> bool:
    """Not known, older than it may be, or failed or lost long enough ago to be asked again."""
    if answer is None:
        return True
    patience = PATIENCE if answer.problem or _waits(answer) else fresh
    return clock.now() - answer.asked_at > patience


def _shown(card: Card, answer: PluginAnswer | None) -> ShownCard:
    plugin = current().owners[card.name]
    content = answer.content if answer else None
    if answer is None or (_waits(answer) and clock.now() - answer.asked_at <= PATIENCE):
        state = "ready" if content else "waiting"
    elif answer.problem or _waits(answer):
        state = "failed"
    else:
        state = "ready" if content else "nothing"
    return ShownCard(card.name, str(card.title), plugin, state, content if state == "ready" else None)


def _value(answer: PluginAnswer | None) -> str:
    if answer is None or answer.content is None or answer.made_at is None:
        return ""
    return str(answer.content.get("value", "")) if clock.now() - answer.made_at <= FIELD_FRESH else ""


def _reason(name: str, each: MergeField, answer: PluginAnswer | None) -> str:
    plugin = current().owners[name]
    tag = "{{" + name + "}}"
    if _is_off(name):
        return _("The field %(tag)s has no value: the plugin %(plugin)s is switched off.", tag=tag, plugin=plugin)
    if answer is None or (_waits(answer) and clock.now() - answer.asked_at <= PATIENCE):
        return _("The field %(tag)s is being looked up. Open this page again in a moment.", tag=tag)
    if answer.problem or _waits(answer):
        return _("The field %(tag)s could not be looked up by %(plugin)s. It is tried again.", tag=tag, plugin=plugin)
    return _("The field %(tag)s has no value: %(label)s is not known.", tag=tag, label=each.label)
