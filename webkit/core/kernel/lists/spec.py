"""What a list is: its rows, what they can be filtered and sorted by, what is added up, and what can be done with them.

A feature describes its list with columns of its own tables; everything that asks the database is made from that.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import Any
from uuid import UUID

from flask import Flask

from webkit.core.extensions import ROLES, LazyText
from webkit.core.kernel import permissions, search
from webkit.core.kernel.errors import Forbidden, NotFound
from webkit.core.kernel.frozen import Frozen
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.permissions import Grant
from webkit.core.kernel.runtime import current, of
from webkit.core.kernel.sheets import Column
from webkit.core.values import dataclass


class Kind(enum.StrEnum):
    """How a filter is asked for: words to choose from, one id, a currency, or a range of days or amounts."""

    CHOICE = "choice"
    REF = "ref"
    CURRENCY = "currency"
    DAY = "day"
    MOMENT = "moment"
    AMOUNT = "amount"


RANGES = frozenset({Kind.DAY, Kind.MOMENT, Kind.AMOUNT})
FROM, TO = "_from", "_to"


@dataclass(frozen=True, slots=True)
class Option:
    """A word that can be chosen, and which rows it means. The condition may use the parameter `today`."""

    label: LazyText
    condition: Any


@dataclass(frozen=True, eq=False, slots=True)
class Filter:
    """Something rows can be chosen by. `name` stands in addresses; a range has two, with `_from` and `_to`.

    Amounts are in minor units of one currency, so they need the list's filter `currency`.
    """

    name: str
    label: LazyText
    kind: Kind
    column: Any = None
    options: Mapping[str, Option] = field(default_factory=dict)
    unless: Any = None
    """Which rows are shown while nobody asks for this filter."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Its names in an address."""
        return (self.name + FROM, self.name + TO) if self.kind in RANGES else (self.name,)


@dataclass(frozen=True, eq=False, slots=True)
class Sort:
    """An order that an index holds: by the column, then by id. Without a column it is the order of making.

    Rows without a value come last, either way. What is `in_currency` has an order within one currency alone.
    """

    name: str
    label: LazyText
    column: Any = None
    nullable: bool = False
    in_currency: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Summed:
    """A sum of a column of minor units."""

    name: str
    label: LazyText
    column: Any


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """The index of words that a search asks: which row each word leads to, of what kind the list's rows are, and how
    what somebody looks for is taken apart."""

    table: Any
    owner: Any
    kind: str = ""
    terms: Callable[[str], list[str]] = search.terms


@dataclass(frozen=True, slots=True)
class Tab:
    """A way to look at the list that everybody has: a name and the filters it stands for."""

    label: LazyText
    args: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts on many rows: as events name them, with their role, and what they `said` where an action asks."""

    user_id: UUID
    name: str
    role: str
    said: str = ""
    grant: Grant | None = None
    """What they may do now; without one nothing that needs a permission."""

    @property
    def ref(self) -> str:
        return f"user:{self.user_id}"

    def may(self, action: Action) -> bool:
        """Whether an action is for them."""
        needs = not action.needs or (self.grant is not None and self.grant.can(action.needs))
        return self.role in action.roles and needs

    def demand(self, permission: str, author: UUID | None) -> None:
        """Raise Forbidden unless they may do this to what is the author's."""
        if self.grant is None or not self.grant.can(permission, author, whose=True):
            raise Forbidden(permissions.refusal(permission))


@dataclass(frozen=True, eq=False, slots=True)
class Action:
    """Something that is done with each of many rows, each in a write of its own.

    `run` says in a word what was done; a DomainError it raises is why this one was left as it is.
    What it `asks` for is a line that somebody has to write before, such as a reason: `Actor.said`.
    """

    name: str
    label: LazyText
    icon: str
    run: Callable[[UUID, Actor], str]
    question: LazyText
    roles: frozenset[str] = ROLES
    needs: str = ""
    """The permission it takes; whether it reaches a row is asked for each."""
    danger: bool = False
    asks: LazyText | str = ""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class ListSpec:
    """One list. `row` names the columns that are read; `shape` makes of rows what is shown and exported.

    The first of `sorts` is the usual one, with `descending` or not. `pdf` is the document a row stands for.
    """

    name: str
    title: LazyText
    noun: LazyText
    endpoint: str
    show: tuple[str, str]
    table: Any
    row: type[Any]
    filters: tuple[Filter, ...]
    sorts: tuple[Sort, ...]
    descending: bool = True
    words: Words
    placeholder: LazyText
    tabs: tuple[Tab, ...]
    currency: Any = None
    sums: tuple[Summed, ...] = ()
    columns: tuple[Column, ...]
    shape: Callable[[Sequence[Any], Here], Iterable[Sequence[Any]]]
    refs: Callable[[Iterable[UUID]], Mapping[UUID, str]]
    ref_choices: Callable[[], Sequence[tuple[UUID, str]]]
    currencies: Callable[[], Iterable[str]] = tuple
    """Those in use, to choose from."""
    actions: tuple[Action, ...] = ()
    pdf: Callable[[UUID], Frozen | None] | None = None

    def filter(self, name: str) -> Filter | None:
        """The filter of that name."""
        return next((each for each in self.filters if each.name == name), None)

    def sort(self, name: str) -> Sort | None:
        """The order of that name."""
        return next((each for each in self.sorts if each.name == name), None)

    def action(self, name: str, actor: Actor) -> Action:
        """An action that is for somebody. Raises NotFound."""
        for each in self.actions:
            if each.name == name and actor.may(each):
                return each
        raise NotFound(_("There is no such action here."))


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when a list is read: an agency's day, time zone and currency."""

    today: date
    timezone: str
    currency: str


def register(app: Flask, spec: ListSpec) -> None:
    """Make a list known under its name; call from `webkit_startup`."""
    if of(app).lists.setdefault(spec.name, spec) is not spec:
        raise ValueError(f"there are two lists called {spec.name}")


def find(name: str) -> ListSpec:
    """The list of that name. Raises NotFound."""
    found: ListSpec | None = current().lists.get(name)
    if found is None:
        raise NotFound(_("There is no such list."))
    return found
