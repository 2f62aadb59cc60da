"""A list on its page: everything around the rows, with addresses. What the rows show is the feature's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import g, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from webkit.core.kernel import clock, permissions
from webkit.core.kernel.lists import sql, views
from webkit.core.kernel.lists.asked import SORT, VIEW, Asked, Chip, args, chips, order, pairs, parse
from webkit.core.kernel.lists.spec import Action, Actor, Here, ListSpec, Tab
from webkit.core.kernel.lists.sql import Page, Sum
from webkit.core.kernel.lists.views import View
from webkit.core.values import dataclass

SIZE = 25
LOOKED_AT = 1_000
"""Rows added up while somebody waits for the page; of more the sums follow."""
PLAIN = "!$'()*,/:;?@"
"""What stands in addresses as it is."""
ALL = "all"
"""The view that is no view: for lists that open with another one."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What is filtered, added up; not yet known of a long list (`later` is where to ask)."""

    found: tuple[Sum, ...] = ()
    later: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the rows of a list; `place` is its plain address."""

    spec: ListSpec
    place: str
    asked: Asked
    tabs: tuple[tuple[str, str, bool], ...]
    chips: list[Chip]
    sums: Sums
    newer: str | None
    older: str | None
    sorted_by: str
    downwards: bool
    here: Here
    actor: Actor
    view: View | None

    def url(self, **changes: Any) -> str:
        """The list with some of what is asked changed."""
        return _address(self.place, args(self.asked, **changes))

    def address(self, given: Mapping[str, Any]) -> str:
        """The list as these arguments ask for it."""
        return _address(self.place, given)

    def to(self, endpoint: str, **more: Any) -> str:
        """Another page about this very list."""
        return url_for(endpoint, name=self.spec.name, **{**args(self.asked), **more})

    @property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """What is asked, as fields of a form that asks for something more."""
        return tuple(pairs(args(self.asked)))

    @property
    def actions(self) -> tuple[Action, ...]:
        """What this person may do with many rows."""
        return tuple(each for each in self.spec.actions if self.actor.may(each))

    def column(self, name: str, label: str, **look: Any) -> dict[str, Any]:
        """A head of the table by which the list can be sorted: once more turns it round."""
        now = self.sorted_by == name
        sort = self.spec.sort(name)
        fixed: dict[str, Any] = {}
        if sort is not None and sort.in_currency and not self.asked.one("currency"):
            fixed["currency"] = self.here.currency
        wanted = name if now and self.downwards else f"-{name}"
        arrow = ("descending" if self.downwards else "ascending") if now else ""
        return {"label": label, "url": self.url(**{SORT: wanted}, **fixed), "sorted": arrow, **look}


@dataclass(frozen=True, slots=True)
class Opened:
    """A list as the address of this request asks for it, and its rows; `elsewhere` is where to look instead."""

    spec: ListSpec
    asked: Asked
    here: Here
    actor: Actor
    views: list[View]
    page: Page
    elsewhere: str = ""

    def frame(self, names: Mapping[UUID, str], kept: Callable[[], Iterable[Sum]] | None = None) -> Frame:
        """All around the rows. `names` are those of ids in filters; `kept` the sums of everything, if they are kept."""
        sort, downwards = order(self.spec, self.asked)
        newer, older, place = self.page.newer, self.page.older, url_for(self.spec.endpoint)
        view = next((each for each in self.views if str(each.id) == self.asked.view), None)
        return Frame(
            spec=self.spec,
            place=place,
            asked=self.asked,
            tabs=_tabs(self.spec, place, self.asked, self.views),
            chips=chips(self.spec, self.asked, names),
            sums=self._sums(kept),
            newer=_address(place, args(self.asked, before=newer)) if newer else None,
            older=_address(place, args(self.asked, after=older)) if older else None,
            sorted_by=sort.name,
            downwards=downwards,
            here=self.here,
            actor=self.actor,
            view=view,
        )

    def _sums(self, kept: Callable[[], Iterable[Sum]] | None) -> Sums:
        if not self.asked.filtered and kept is not None and not permissions.is_narrow():
            return Sums(tuple(kept()))
        if not (self.page.rows and self.spec.sums):
            return Sums()
        later = url_for("lists.sums", name=self.spec.name, **args(self.asked, without=(VIEW, SORT)))
        if sql.leads_far(self.spec, self.asked):
            return Sums(later=later)
        found, whole = sql.sums(self.spec, self.asked, self.here, LOOKED_AT)
        return Sums(tuple(found)) if whole else Sums(later=later)


def here() -> Here:
    """Where this request is."""
    agency = g.agency
    return Here(clock.today(agency.timezone), agency.timezone, agency.currency)


def actor() -> Actor:
    """Who makes this request."""
    return Actor(current_user.id, current_user.name, g.role, grant=g.grant)


def open_list(spec: ListSpec, size: int = SIZE) -> Opened:
    """The list this request asks for. Whoever has chosen a view to begin with is sent to it."""
    place, who = here(), actor()
    known = views.of(spec.name, who.user_id)
    begin = next((view for view in known if view.is_default), None)
    asked = parse(spec, request.args, place)
    if begin is not None and not request.args:
        return Opened(spec, asked, place, who, known, Page([], None, None), url_for(spec.endpoint, **begin.address))
    return Opened(spec, asked, place, who, known, sql.page(spec, asked, place, size))


def _tabs(spec: ListSpec, place: str, asked: Asked, known: Sequence[View]) -> tuple[tuple[str, str, bool], ...]:
    """The views everybody has, and the saved ones. What is asked decides which one it is, a chosen name first."""
    plain = args(asked, without=(VIEW, SORT))
    chosen = next((view for view in known if str(view.id) == asked.view), None)
    begins_elsewhere = any(view.is_default for view in known)
    tabs = [
        (_tab(place, tab, begins_elsewhere), str(tab.label), chosen is None and dict(tab.args) == plain)
        for tab in spec.tabs
    ]
    return (*tabs, *((_address(place, view.address), view.name, view is chosen) for view in known))


def _tab(place: str, tab: Tab, begins_elsewhere: bool) -> str:
    return _address(place, {VIEW: ALL} if begins_elsewhere and not tab.args else tab.args)


def _address(place: str, given: Mapping[str, Any]) -> str:
    """What `url_for` would say: a list has a dozen addresses that differ in what is asked alone."""
    return f"{place}?{urlencode(pairs(given), safe=PLAIN)}" if given else place


def multi(given: Mapping[str, Any]) -> MultiDict[str, str]:
    """Kept arguments as an address has them."""
    return MultiDict(pairs(given))
