"""What an address asks of a list. Everything is in it, so a filtered list can be kept, sent and shared.

What makes no sense is left out and said: an address somebody changed by hand shows a list all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from webkit.core.kernel import currencies, i18n, money
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.lists.spec import Filter, Here, Kind, ListSpec, Sort
from webkit.core.values import dataclass

SEARCH, SORT, AFTER, BEFORE, VIEW = "q", "sort", "after", "before", "view"
OURS = frozenset({SEARCH, SORT, AFTER, BEFORE, VIEW, "agency"})
LONGEST, MOST_VALUES = 100, 20
CURRENCY = "currency"
FIRST_DAY = date(1900, 1, 1)
_CANONICAL = re.compile(r"-?\d{1,15}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as it is wanted. `values` are the texts of the address, checked; `problems` says what was left out.

    `view` is the view whose name is marked, `after` and `before` the row from which to read on or back.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    words: str = ""
    sort: str = ""
    view: str = ""
    after: UUID | None = None
    before: UUID | None = None
    problems: tuple[str, ...] = ()

    @property
    def filtered(self) -> bool:
        """Whether it is less than everything."""
        return bool(self.values or self.words)

    @property
    def refs(self) -> set[UUID]:
        """Ids that stand in filters, which people want to see as names."""
        return {UUID(value) for texts in self.values.values() for value in texts if len(value) == 36}

    def one(self, name: str) -> str:
        """The only value of a filter; empty when there is none."""
        return next(iter(self.values.get(name, ())), "")


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, in words, and the address without it."""

    label: str
    text: str
    remove: dict[str, Any]


def parse(spec: ListSpec, given: MultiDict[str, str], here: Here) -> Asked:
    """Read an address. It never fails; what could not be read is in `problems`."""
    problems: list[str] = []
    values: dict[str, tuple[str, ...]] = {}
    given = _of_older_days(spec, given)
    known = {key for each in spec.filters for key in each.keys}
    problems += [
        _("This list has no filter “%(name)s”; it was left out.", name=_short(name))
        for name in given
        if name not in known and name not in OURS
    ]
    # The currency comes first: amounts are read in it.
    for each in sorted(spec.filters, key=lambda found: found.kind is not Kind.CURRENCY):
        values |= _read(each, given, values.get(CURRENCY, (here.currency,))[0], problems)
    if any(each.kind is Kind.AMOUNT and values.keys() & set(each.keys) for each in spec.filters):
        values.setdefault(CURRENCY, (here.currency,))
    ordered = {key: values[key] for each in spec.filters for key in each.keys if key in values}
    return Asked(
        values=ordered,
        words=_clean(given.get(SEARCH, "")),
        sort=_sort(spec, given.get(SORT, ""), ordered, problems),
        view=_clean(given.get(VIEW, "")),
        after=_place(given.get(AFTER)),
        before=None if _place(given.get(AFTER)) else _place(given.get(BEFORE)),
        problems=tuple(problems),
    )


def args(asked: Asked, *, without: Iterable[str] = (), **changes: Any) -> dict[str, Any]:
    """What goes into the address of the same list from its beginning; `changes` replace, None leaves out."""
    left = set(without)
    kept: dict[str, Any] = {
        name: list(texts) if len(texts) > 1 else texts[0] for name, texts in asked.values.items() if name not in left
    }
    kept |= {SEARCH: asked.words, SORT: asked.sort, VIEW: asked.view}
    return {name: value for name, value in {**kept, **changes}.items() if value and name not in left}


def chips(spec: ListSpec, asked: Asked, names: Mapping[UUID, str]) -> list[Chip]:
    """The filters that are on. Without its currency an amount means nothing, so it goes with it."""
    found = []
    amounts = [key for each in spec.filters if each.kind is Kind.AMOUNT for key in each.keys]
    for each in spec.filters:
        if asked.values.keys() & set(each.keys):
            gone = [*each.keys, *(amounts if each.kind is Kind.CURRENCY else ())]
            found.append(Chip(str(each.label), _text(each, asked, names), args(asked, without=gone)))
    return found


def order(spec: ListSpec, asked: Asked) -> tuple[Sort, bool]:
    """By what the list is sorted, and whether downwards."""
    sort = spec.sort(asked.sort.removeprefix("-"))
    return (sort, asked.sort.startswith("-")) if sort else (spec.sorts[0], spec.descending)


def pairs(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Arguments of an address one by one."""
    found: list[tuple[str, str]] = []
    for name, value in given.items():
        found += [(name, text) for text in value] if isinstance(value, list) else [(name, str(value))]
    return found


def _of_older_days(spec: ListSpec, given: MultiDict[str, str]) -> MultiDict[str, str]:
    """Once a view was a state: addresses that people have kept go on working."""
    state = spec.filter("state")
    if state is None or (view := given.get(VIEW, "")) not in state.options:
        return given
    kept = [(name, text) for name, text in given.items(multi=True) if name != VIEW]
    return MultiDict([*kept, *(() if state.name in given else ((state.name, view),))])


# --- reading ----------------------------------------------------------------------------------------------------


def _read(each: Filter, given: MultiDict[str, str], currency: str, problems: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key in each.keys:
        texts: list[str] = []
        for raw in given.getlist(key)[:MOST_VALUES]:
            text = _clean(raw)
            try:
                read = _READ[each.kind](each, text, currency) if text else ""
            except ValueError as error:
                problems.append(str(error))
                continue
            if read and read not in texts:
                texts.append(read)
        if texts:
            found[key] = tuple(sorted(texts)) if each.kind is Kind.CHOICE else (texts[-1],)
    return _in_order(each, found, problems)


def _in_order(each: Filter, found: dict[str, tuple[str, ...]], problems: list[str]) -> dict[str, tuple[str, ...]]:
    """A range that ends before it begins would be empty, and nobody wants that."""
    if len(each.keys) == 2 and len(found) == 2:
        low, high = (found[key][0] for key in each.keys)
        backwards = Decimal(low) > Decimal(high) if each.kind is Kind.AMOUNT else low > high
        if backwards:
            said = {"name": str(each.label), "low": low, "high": high}
            problems.append(_("%(name)s: %(low)s is after %(high)s, so the range was left out.", **said))
            return {}
    return found


def _choice(each: Filter, text: str, _currency: str) -> str:
    if text not in each.options:
        raise ValueError(
            _("%(name)s: “%(value)s” is not one of the choices.", name=str(each.label), value=_short(text))
        )
    return text


def _ref(each: Filter, text: str, _currency: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError(_("%(name)s: “%(value)s” is nobody here.", name=str(each.label), value=_short(text))) from None


def _money(each: Filter, text: str, _currency: str) -> str:
    code = text.upper()
    try:
        currencies.exponent(code)
    except ValueError:
        said = {"name": str(each.label), "value": _short(text)}
        raise ValueError(_("%(name)s: “%(value)s” is not a currency. It looks like EUR.", **said)) from None
    return code


def _day(each: Filter, text: str, _currency: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day < FIRST_DAY:
        said = {"name": str(each.label), "value": _short(text)}
        raise ValueError(_("%(name)s: “%(value)s” is not a day. It looks like 2026-03-31.", **said))
    return day.isoformat()


def _amount(each: Filter, text: str, currency: str) -> str:
    """Kept with a point and all the places of its currency, whoever reads the address in which language."""
    digits = currencies.exponent(currency)
    point = f"{Decimal(text):f}" if _CANONICAL.fullmatch(text) else ""
    if point and len(point.partition(".")[2]) == digits:
        minor = int(Decimal(point).scaleb(digits))
    else:
        try:
            minor = money.parse_money(text, currency)
        except ValueError as error:
            raise ValueError(f"{each.label}: {error}") from None
    if abs(minor) > currencies.MAX_MINOR:
        raise ValueError(_("%(name)s: this amount is too large to be true.", name=str(each.label)))
    return f"{Decimal(minor).scaleb(-digits):f}"


_READ: dict[Kind, Callable[[Filter, str, str], str]] = {
    Kind.CHOICE: _choice,
    Kind.REF: _ref,
    Kind.CURRENCY: _money,
    Kind.DAY: _day,
    Kind.MOMENT: _day,
    Kind.AMOUNT: _amount,
}


def _sort(spec: ListSpec, text: str, values: Mapping[str, tuple[str, ...]], problems: list[str]) -> str:
    text = _clean(text)
    sort = spec.sort(text.removeprefix("-"))
    if text and sort is None:
        problems.append(_("This list cannot be sorted by “%(name)s”.", name=_short(text)))
        return ""
    if sort is not None and sort.in_currency and CURRENCY not in values:
        problems.append(_("Amounts have an order within one currency. Choose one to sort by them."))
        return ""
    usual = ("-" if spec.descending else "") + spec.sorts[0].name
    return "" if text == usual else text


def _place(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _clean(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable()).strip()[:LONGEST].strip()


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


# --- saying -----------------------------------------------------------------------------------------------------


def _text(each: Filter, asked: Asked, names: Mapping[UUID, str]) -> str:
    if each.kind is Kind.CHOICE:
        return ", ".join(str(each.options[value].label) for value in asked.values[each.name])
    if each.kind is Kind.REF:
        return names.get(UUID(asked.one(each.name)), _("nobody here"))
    if each.kind is Kind.CURRENCY:
        return asked.one(each.name)
    low, high = (_said(each.kind, asked.one(key), asked.one(CURRENCY)) for key in each.keys)
    if low and high:
        return f"{low} – {high}" if low != high else low
    return _("from %(low)s", low=low) if low else _("up to %(high)s", high=high)


def _said(kind: Kind, text: str, currency: str) -> str:
    if not text:
        return ""
    if kind is Kind.AMOUNT:
        return money.format_money(minor(text, currency), currency, i18n.current_locale())
    return i18n.format_date(date.fromisoformat(text), "d MMM y")


def minor(text: str, currency: str) -> int:
    """An amount of an address in minor units."""
    return int(Decimal(text).scaleb(currencies.exponent(currency)))
