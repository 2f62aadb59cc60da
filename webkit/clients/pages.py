"""What the templates about clients receive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import url_for

from webkit.agencies import pages as agencies
from webkit.clients import service, vies
from webkit.clients.models import Listed
from webkit.clients.service import ClientView
from webkit.clients.vies import VatNumber
from webkit.core.extensions import DocumentCard
from webkit.core.kernel import events
from webkit.core.kernel.events import ref
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.i18n import ngettext
from webkit.core.kernel.runtime import current
from webkit.core.kernel.templating import sentence, tone
from webkit.core.values import dataclass

HISTORY = 30


def lines(rows: Iterable[Listed], url: Callable[[str], str]) -> list[tuple[str | None, ...]]:
    """What `client_row` is given for each client."""
    keyed = ((str(row.id), row) for row in rows)
    return [(key, url(key), row.name, row.contact_name, row.email, row.city) for key, row in keyed]


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one kind, newest first."""

    kind: str
    label: str
    cards: tuple[DocumentCard, ...]
    new_url: str
    in_deal: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A station of the deal: what stands there, and how long it took to the next."""

    name: str
    at: str
    card: DocumentCard | None
    passed: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history."""

    text: str
    at: datetime
    tone: str
    meta: str


@dataclass(frozen=True, slots=True)
class HubPage:
    """A client and everything that happened."""

    client: ClientView
    country: str
    language: str
    vat: VatNumber | None
    documents: tuple[Documents, ...]
    thread: tuple[Step, ...]
    history: tuple[Entry, ...]
    earlier_url: str


def hub(client: ClientView, people: Mapping[str, str], before: int | None) -> HubPage:
    """The page of a client; `people` are names by actor."""
    documents = tuple(_documents(client))
    entries = events.timeline(ref("client", client.id), limit=HISTORY + 1, before=before)
    shown = entries[:HISTORY]
    more = len(entries) > HISTORY
    choices = agencies.choices()
    return HubPage(
        client=client,
        country=dict(choices.countries).get(client.country, client.country),
        language=dict(choices.locales).get(client.locale, client.locale),
        vat=vies.known(client.tax_id, client.country),
        documents=documents,
        thread=thread(documents),
        history=tuple(
            Entry(sentence(e.kind, e.facts, e.personal), e.at, tone(e.kind), people.get(str(e.facts.get("actor")), ""))
            for e in shown
        ),
        earlier_url=url_for("clients.show", client_id=client.id, before=shown[-1].seq) if more else "",
    )


def thread(documents: tuple[Documents, ...]) -> tuple[Step, ...]:
    """The latest deal as one line: from the newest document of the first kind to whatever followed from there."""
    steps: list[Step] = []
    since: datetime | None = None
    waiting = False
    for group in (group for group in documents if group.in_deal):
        card = next((c for c in group.cards if since is None or c.at >= since), None)
        if card is None and not steps:
            continue
        if card is None:
            steps.append(Step(group.label, "ahead", None))
            continue
        steps = _with_time_passed(steps, card.at)
        steps.append(Step(group.label, "done" if card.tone == "ok" and not waiting else "now", card))
        waiting = waiting or card.tone != "ok"
        since = card.at
    return tuple(steps)


def _with_time_passed(steps: list[Step], at: datetime) -> list[Step]:
    last = steps[-1] if steps else None
    if last is None or last.card is None:
        return steps
    days = (at - last.card.at).days
    passed = ngettext("%(n)s day", "%(n)s days", days) if days else _("same day")
    return [*steps[:-1], Step(last.name, last.at, last.card, passed)]


def _documents(client: ClientView) -> list[Documents]:
    return [
        Documents(
            kind=source.kind,
            label=str(source.label),
            cards=tuple(sorted(source.of_client(client.id), key=lambda card: card.at, reverse=True)),
            new_url=url_for(source.new_endpoint, client=client.id) if source.new_endpoint and client.active else "",
            in_deal=source.in_deal,
        )
        for source in current().document_sources
    ]


def form_values(client: ClientView) -> dict[str, Any]:
    """A client as its form names it."""
    stored = {name: getattr(client, name) for name in service.FIELDS}
    return stored | {"locale": client.own_locale, "revision": client.revision}
