"""What a record is to us: the same question before anything is stored and again when it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.agencies import service as agencies
from webkit.clients import service as clients
from webkit.clients.service import Known
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.ids import uuid7
from webkit.core.kernel.money import format_money
from webkit.core.values import dataclass
from webkit.imports import fields
from webkit.imports.matching import Index
from webkit.imports.models import Kind, Outcome
from webkit.imports.settings import Reading
from webkit.invoices import service as invoices
from webkit.invoices.service import Numbered


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a record is, and why. `client` is who it is about; where it `adds` that one, nobody is here yet.
    `changes` is what is to be changed about a client or an invoice that is here."""

    outcome: Outcome
    reason: str = ""
    client: Known | None = None
    adds: bool = False
    target: UUID | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Judge:
    """Knows who is here; `begin` tells it what of the next records is."""

    kind: Kind
    reading: Reading
    index: Index
    scheme: str
    known: dict[str, Numbered] = field(default_factory=dict)
    stored: dict[UUID, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: Kind, reading: Reading) -> Judge:
        """A judge who has looked at everybody of the agency."""
        return cls(kind, reading, Index.of(clients.known()), agencies.profile().tax_scheme)

    def begin(self, contents: Sequence[dict[str, Any]]) -> None:
        """Look at what is here of these records, in one step."""
        if self.kind is Kind.INVOICES:
            self.known = invoices.by_numbers([content["number"] for content in contents])
            return
        found = [self._found(content["values"]) for content in contents]
        names = sorted({name for content in contents for name in content["told"]})
        self.stored = clients.stored([each.id for each in found if each], names) if names else {}

    def _found(self, told: dict[str, Any]) -> Known | None:
        try:
            return self.index.find(_words(told), told["country"])
        except DomainError:
            return None

    def verdict(self, line: int, content: dict[str, Any]) -> Verdict:
        """What this record is. Whoever it adds is known from then on."""
        try:
            return self._client(line, content) if self.kind is Kind.CLIENTS else self._invoice(line, content)
        except DomainError as error:
            return Verdict(Outcome.REFUSED, error.message)

    def _client(self, line: int, content: dict[str, Any]) -> Verdict:
        told = content["values"]
        found = self.index.find(_words(told), told["country"])
        if found is None:
            return Verdict(Outcome.NEW, client=self._plan(told, line), adds=True)
        if (other := self.index.planned.get(found.id)) is not None and other != line:
            return Verdict(Outcome.REFUSED, _("Line %(line)s is about the same client.", line=other))
        stored = self.stored.get(found.id) or clients.stored([found.id], content["told"]).get(found.id, {})
        changes = {name: told[name] for name in content["told"] if (told[name] or "") != stored.get(name, "")}
        if not changes:
            return Verdict(Outcome.SAME, client=found, target=found.id)
        self._demand_free(told.get("email"), found)
        wanted = changes if self.reading.update else {}
        if "email" in wanted:
            self.index.moved(found, told["email"] or "")
        return Verdict(Outcome.CHANGED, self._say(changes), found, target=found.id, changes=wanted)

    def _demand_free(self, email: str | None, found: Known) -> None:
        other = self.index.find({"email": email}, "") if email else None
        if other is not None and other.id != found.id:
            raise DomainError(_("%(name)s has this address already.", name=other.name))

    def _say(self, changes: Mapping[str, Any]) -> str:
        labels = ", ".join(str(fields.of(Kind.CLIENTS, name).label) for name in changes)
        if self.reading.update:
            return _("Will be changed: %(fields)s.", fields=labels)
        return _("The file says something else, the client stays as it is: %(fields)s.", fields=labels)

    def _invoice(self, line: int, content: dict[str, Any]) -> Verdict:
        whose, told = content["client"]["values"], content["client"]["told"]
        country = whose["country"] if whose else agencies.country_code(told["country"]) or self.reading.country
        found = self.index.find(told, country)
        if (known := self.known.get(content["number"])) is not None:
            return self._known(known, content, found)
        # Cannot it be? Say it now.
        invoices.stored(lines(content), content["currency"], self.scheme, content.get("paid", 0))
        if found is None and whose is None:
            raise DomainError(_("No client here is meant, and without a name none can be added."))
        if found is not None:
            return Verdict(Outcome.NEW, client=found)
        added = self._plan(whose, line)
        return Verdict(Outcome.NEW, _("Adds %(name)s as a client.", name=added.name), added, adds=True)

    def _known(self, known: Numbered, content: dict[str, Any], found: Known | None) -> Verdict:
        same = (known.currency, known.total_minor) == (content["currency"], content["total"])
        day = known.issue_date.isoformat() if known.issue_date else ""
        if same and day == content["issue_date"] and found is not None and found.id == known.client_id:
            if known.is_open and content["state"] == "paid" and content["paid_on"]:
                changes = {"paid_on": content["paid_on"]}
                return Verdict(Outcome.CHANGED, _("Has been paid since."), found, target=known.id, changes=changes)
            return Verdict(Outcome.SAME, client=found, target=known.id)
        total = format_money(known.total_minor, known.currency)
        return Verdict(Outcome.REFUSED, _("There is another invoice with this number, of %(total)s.", total=total))

    def _plan(self, told: dict[str, Any], line: int) -> Known:
        known = Known(uuid7(), told["name"], told["email"] or "", told["tax_id"], told["country"])
        self.index.add(known, line)
        return known


def lines(content: Mapping[str, Any]) -> tuple[invoices.ImportedLine, ...]:
    """The lines of a kept invoice."""
    return tuple(
        invoices.ImportedLine(text, Decimal(quantity), Decimal(price), Decimal(percent), net, tax)
        for text, quantity, price, percent, net, tax in content["lines"]
    )


def _words(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: told.get(name) or "" for name in ("name", "email", "tax_id")}
