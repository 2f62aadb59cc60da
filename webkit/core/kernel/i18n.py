"""Languages: gettext catalogues read from `webkit/locale`, dates and numbers by locale.

Which language: a person's own on staff screens, the document's on what clients see, else the browser's.
"""

from __future__ import annotations

import functools
import gettext as std
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, negotiate_locale, numbers
from babel.messages.pofile import read_po

from webkit.core.paths import PACKAGE

LOCALES = {"en": "English", "it": "Italiano"}
DEFAULT = "en"
MOST_LANGUAGES = 20
"""Of what a browser asks for: nobody speaks more."""
FOLDER = PACKAGE / "locale"

_locale: ContextVar[str] = ContextVar("locale", default=DEFAULT)
_timezone: ContextVar[str] = ContextVar("timezone", default="UTC")


class Catalogue(std.NullTranslations):
    """Translations read straight from a .po file, so nothing has to be compiled before a start."""

    def __init__(self, messages: dict[str, str | tuple[str, ...]], plural: Any) -> None:
        super().__init__()
        self._messages, self._plural = messages, plural

    def gettext(self, message: str) -> str:
        found = self._messages.get(message)
        return found if isinstance(found, str) else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        found = self._messages.get(msgid1)
        return found[self._plural(n)] if isinstance(found, tuple) else (msgid1 if n == 1 else msgid2)


@functools.cache
def catalogue(language: str) -> std.NullTranslations:
    """The catalogue of a language; English is the source and needs none."""
    path = FOLDER / language / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return std.NullTranslations()
    with path.open("rb") as file:
        read = read_po(file, locale=language)
    messages: dict[str, str | tuple[str, ...]] = {}
    for message in read:
        if not message.id or message.fuzzy or not message.string:
            continue
        if isinstance(message.id, tuple):
            if all(message.string):
                messages[message.id[0]] = tuple(message.string)
        else:
            messages[str(message.id)] = str(message.string)
    return Catalogue(messages, lambda n: Locale.parse(language).plural_form(n) != "one")


def current_locale() -> str:
    """The locale in use, like `en` or `it-IT`."""
    return _locale.get()


def current_timezone() -> str:
    """The IANA time zone that moments are shown in."""
    return _timezone.get()


@contextmanager
def use_locale(locale: str, timezone: str | None = None) -> Iterator[None]:
    """Speak `locale` inside the block, for a mail or a document."""
    marks = _locale.set(known(locale)), _timezone.set(timezone or _timezone.get())
    try:
        yield
    finally:
        _locale.reset(marks[0])
        _timezone.reset(marks[1])


def set_locale(locale: str, timezone: str = "UTC") -> None:
    """Speak `locale` for the rest of the request."""
    _locale.set(known(locale))
    _timezone.set(timezone)


@functools.lru_cache(512)
def known(locale: str) -> str:
    """`locale` when it can be used, else English."""
    try:
        return str(Locale.parse(locale.replace("_", "-"), sep="-")).replace("_", "-")
    except (ValueError, UnknownLocaleError):
        return DEFAULT


def negotiate(accepted: Sequence[str]) -> str:
    """The best language we speak for a browser's preferences."""
    return _best(tuple(accepted[:MOST_LANGUAGES]))


@functools.lru_cache(512)
def _best(accepted: tuple[str, ...]) -> str:
    best: str | None = negotiate_locale(accepted, list(LOCALES), sep="-")
    return best or DEFAULT


def _translations() -> std.NullTranslations:
    return catalogue(current_locale().partition("-")[0])


def gettext(message: str, **values: Any) -> str:
    """Translate; `%(name)s` placeholders are filled in when values are given."""
    text = _translations().gettext(message)
    return text % values if values else text


def ngettext(singular: str, plural: str, n: int, **values: Any) -> str:
    """Translate the form that fits `n`; `%(n)s` is filled in."""
    return _translations().ngettext(singular, plural, n) % {"n": n, **values}


def template_ngettext(singular: str, plural: str, n: int) -> str:
    """For Jinja, which fills in all other placeholders itself, after this."""
    return _translations().ngettext(singular, plural, n).replace("%(n)s", str(n))


class LazyString:
    """A text that is translated each time it is shown."""

    __slots__ = ("message", "values")

    def __init__(self, message: str, values: dict[str, Any]) -> None:
        self.message, self.values = message, values

    def __str__(self) -> str:
        return gettext(self.message, **self.values)

    def __mod__(self, values: Any) -> str:
        return str(gettext(self.message) % values)

    def __html__(self) -> str:
        from markupsafe import escape

        return str(escape(str(self)))


def lazy_gettext(message: str, **values: Any) -> LazyString:
    """For texts that are written down at import time and shown later."""
    return LazyString(message, values)


def _babel() -> Locale:
    return _parsed(current_locale())


@functools.lru_cache(256)
def _parsed(locale: str) -> Locale:
    """Plain English writes dates as most of its readers do, day first; en-US is there for those who don't."""
    return Locale.parse("en-GB" if locale == DEFAULT else locale, sep="-")


def group_symbol() -> str:
    """What stands between thousands in the current locale."""
    return numbers.get_group_symbol(_babel())


def format_date(day: date, format: str = "long") -> str:
    """A calendar date as people of this locale write it: 12 November 2026."""
    return _date(day, format, current_locale())


@functools.lru_cache(4096)
def _date(day: date, format: str, locale: str) -> str:
    return dates.format_date(day, format=format, locale=_parsed(locale))


def format_datetime(moment: datetime, format: str = "medium") -> str:
    """A moment in the current time zone; as people say it, without seconds, "medium" or "long".

    Evidence asks for "exact" or "full": they have the seconds, and name the zone.
    """
    return _moment(moment, format, current_timezone(), current_locale())


@functools.lru_cache(4096)
def _moment(moment: datetime, format: str, timezone: str, locale: str) -> str:
    zone, babel = ZoneInfo(timezone), _parsed(locale)
    if format in ("medium", "long"):
        joined, local = str(babel.datetime_formats["medium"]), moment.astimezone(zone).date()
        return joined.replace("{0}", format_time(moment)).replace("{1}", format_date(local, format))
    asked = "long" if format == "exact" else format
    return dates.format_datetime(moment, format=asked, tzinfo=zone, locale=babel)


def format_time(moment: datetime) -> str:
    """The hour and minute of a moment in the current time zone."""
    local = moment.astimezone(ZoneInfo(current_timezone()))
    return _time(local.time().replace(second=0, microsecond=0), current_locale())


@functools.lru_cache(4096)
def _time(at: time, locale: str) -> str:
    return dates.format_time(at, format="short", locale=_parsed(locale))


def format_ago(moment: datetime, now: datetime) -> str:
    """How long ago, in words; exact times belong into a title beside it."""
    return dates.format_timedelta(moment - now, add_direction=True, locale=_babel())


def format_rounded(number: Decimal, places: int) -> str:
    """A number as people of this locale write it, rounded to exactly so many places, half away from zero."""
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    pattern = "#,##0." + "0" * places if places else "#,##0"
    return numbers.format_decimal(rounded, format=pattern, locale=_babel())


def format_decimal(number: Decimal | int) -> str:
    """A number as people of this locale write it, with all its places."""
    return _decimal(str(number), current_locale())


@functools.lru_cache(4096)
def _decimal(number: str, locale: str) -> str:
    """By its text: 1.50 and 1.5 are equal, and not written alike."""
    return numbers.format_decimal(Decimal(number), decimal_quantization=False, locale=_parsed(locale))
