"""Whether a client of a file is one who is here: by e-mail, else by tax number, else by name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from webkit.clients import service as clients
from webkit.clients.service import Known
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.i18n import gettext as _


@dataclass(slots=True)
class Index:
    """Everybody who is here, and who of the file is going to be: for those `planned` holds the line.

    Made once for a job, which tells it of every client it adds.
    """

    everybody: dict[UUID, Known] = field(default_factory=dict)
    planned: dict[UUID, int] = field(default_factory=dict)
    _emails: dict[str, UUID] = field(default_factory=dict)
    _numbers: defaultdict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    _names: defaultdict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, known: Iterable[Known]) -> Index:
        """An index of these."""
        index = cls()
        for each in known:
            index.add(each)
        return index

    def add(self, each: Known, line: int | None = None) -> None:
        """Somebody more; `line` is where the file says so."""
        self.everybody[each.id] = each
        if line is not None:
            self.planned[each.id] = line
        if each.email:
            self._emails[each.email] = each.id
        if number := bare(each.tax_id, each.country):
            self._numbers[number].append(each.id)
        self._names[clients.folded(each.name)].append(each.id)

    def moved(self, each: Known, email: str) -> None:
        """Somebody who is here has another address of mail from now on."""
        if self._emails.get(each.email) == each.id:
            del self._emails[each.email]
        self.everybody[each.id] = each._replace(email=email)
        if email:
            self._emails[email] = each.id

    def find(self, told: Mapping[str, str], country: str) -> Known | None:
        """Who that is. Raises DomainError when it may be one or another."""
        email, number = told.get("email", "").lower(), bare(told.get("tax_id", ""), country)
        by_email, by_number = self._emails.get(email), self._numbers.get(number, []) if number else []
        if by_email and by_number and by_email not in by_number:
            names = {"one": self._name(by_email), "other": self._name(by_number[0])}
            raise DomainError(_("The e-mail address is that of %(one)s, the tax number that of %(other)s.", **names))
        if by_email:
            return self.everybody[by_email]
        by_name = self._names.get(clients.folded(told.get("name", "")), [])
        if number:
            # A namesake with another tax number is somebody else.
            by_name = [each for each in by_name if self._number(each) in ("", number)]
        return self._only([each for each in by_number if each in by_name] or by_number or by_name)

    def _only(self, found: list[UUID]) -> Known | None:
        if len(found) > 1:
            said = {"n": len(found), "name": self._name(found[0])}
            raise DomainError(
                _(
                    "There are %(n)s clients like %(name)s. Add an e-mail address or a tax number that only one has.",
                    **said,
                )
            )
        return self.everybody[found[0]] if found else None

    def _name(self, client_id: UUID) -> str:
        return self.everybody[client_id].name

    def _number(self, client_id: UUID) -> str:
        return bare(self.everybody[client_id].tax_id, self.everybody[client_id].country)


def bare(tax_id: str, country: str) -> str:
    """A tax number for comparing: letters and digits, without its country in front."""
    plain = re.sub(r"[^A-Z0-9]", "", tax_id.upper())
    prefix = "EL" if country == "GR" else country
    return plain[2:] if prefix and plain.startswith(prefix) and len(plain) > 4 else plain
