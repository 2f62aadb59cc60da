"""What every template may use: components, assets, formats, the menu."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import FunctionType
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from jinja2 import FileSystemBytecodeCache, StrictUndefined, pass_eval_context
from jinja2.bccache import Bucket
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Macro
from markupsafe import Markup

from webkit.core import assets
from webkit.core.kernel import clock, i18n, iban, money, once, permissions, security, switches
from webkit.core.kernel.components import Components, fixed
from webkit.core.kernel.runtime import current, of
from webkit.core.values import dataclass

OPERATOR = "operator"
"""The role of menu entries on the operators' side."""
PLATFORM = "platform"
"""The same on the side of those who look after agencies and people."""


EVAL_CONTEXT = vars(pass_eval_context(lambda context: context))["jinja_pass_arg"]
"""How Jinja marks what wants to know whether its answer will be escaped."""


@dataclass(frozen=True, slots=True)
class MenuLine:
    """A line of the staff menu, ready to show."""

    label: str
    icon: str
    url: str
    group: str
    current: bool
    count: int | None = None


@fixed
class Menu(tuple[MenuLine, ...]):
    """The lines of a menu, made once for all who have the same: what was drawn with it is found by itself alone."""

    __slots__ = ()
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:  # a tuple has one of its own
        return self is not other


def init_app(app: Flask) -> None:
    env = app.jinja_env
    env.undefined = StrictUndefined
    env.trim_blocks = env.lstrip_blocks = True
    env.auto_reload = not of(app).settings.production
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(i18n.gettext, i18n.template_ngettext, newstyle=True)  # type: ignore[attr-defined]
    env.globals["_"] = env.globals["gettext"] = _translator()
    env.context_class = PageContext
    env.globals.update(
        ui=Components(env),
        asset=asset,
        lines=lines,
        url_of=url_of,
        may=permissions.may,
        may_open=permissions.may_open,
        csp_nonce=security.nonce,
        menu=_remembered_menu(),
        once_key=once.key,
        now=clock.now,
        locale=i18n.current_locale,
        event_sentence=lambda entry: sentence(entry.kind, entry.facts, entry.personal),
        event_tone=lambda entry: tone(entry.kind),
    )
    env.filters.update(
        money=lambda minor, currency: money.format_money(minor, currency, i18n.current_locale()),
        date=_date,
        datetime=i18n.format_datetime,
        ago=lambda moment: i18n.format_ago(moment, clock.now()),
        decimal=i18n.format_decimal,
        iban=iban.grouped,
    )
    app.context_processor(lambda: {"current_user": current_user})


class PageContext(Context):
    """Calls functions and macros, nearly all that templates call, without asking first what else they might be."""

    def call(self, called: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        kind: type = type(called)
        if kind is not FunctionType and kind is not Macro:
            return super().call(called, *args, **kwargs)
        wanted = EVAL_CONTEXT if kind is Macro else getattr(called, "jinja_pass_arg", None)
        if wanted is EVAL_CONTEXT:
            args = (self.eval_ctx, *args)
        elif wanted is not None:
            return super().call(called, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return called(*args, **kwargs)


def _translator() -> Callable[..., str]:
    """What Jinja makes of gettext, but a text without values is made once in each language: pages consist of them."""

    def fresh(message: str, safe: bool, values: dict[str, Any]) -> str:
        text = i18n.gettext(message)
        return (Markup(text) if safe else text) % values  # noqa: S704 - our own texts; values are escaped

    @functools.lru_cache(8192)
    def plain(_locale: str, message: str, safe: bool) -> str:
        return fresh(message, safe, {})

    @pass_eval_context
    def translate(context: EvalContext, message: str, /, **values: Any) -> str:
        if values:
            return fresh(message, context.autoescape, values)
        return plain(i18n.current_locale(), message, context.autoescape)

    return translate


def keep_compiled(app: Flask, folder: Path) -> None:
    """Keep compiled templates in a folder: each process, each fork for a job, would compile the same ones again."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    app.jinja_env.bytecode_cache = _Compiled(str(folder))


class _Compiled(FileSystemBytecodeCache):
    """A folder that somebody empties or fills to the brim costs time, never a page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def asset(name: str) -> str:
    """The address of a built front-end file, with its content in the name."""
    return f"{request.script_root}{current_app.static_url_path}/{assets.manifest()[name]}"


def lines(line: Callable[..., str], rows: Iterable[tuple[Any, ...]]) -> Markup:
    """The lines of a list, one after the other; `rows` are what a macro of `rows.html` is given for each."""
    return Markup("\n".join([line(*row) for row in rows]))  # noqa: S704 - macros escape what they are given


def url_of(endpoint: str, argument: str) -> Callable[[UUID | str], str]:
    """Makes the addresses of many rows, which differ in one id alone: a list asks once how they are built."""
    values: dict[str, Any] = {argument: UUID(int=0)}
    before, _nobody, after = url_for(endpoint, **values).partition(str(values[argument]))
    return lambda one: f"{before}{one}{after}"


def _remembered_menu() -> Callable[[], Menu]:
    """The menu for the current role: of the agency, or of the operators' side.

    An application makes the addresses and labels of a role in an agency once for each language, and the menu of a page
    once for each entry it may belong to.
    """

    @functools.lru_cache(256)
    def entries(_site: str, agency: str | None, role: str, _may: str, _locale: str) -> dict[str, MenuLine]:
        listed = (entry for entry in sorted(current().menu, key=lambda entry: entry.order) if role in entry.roles)
        chosen = [entry for entry in listed if agency is None or permissions.may_open(entry.endpoint)]
        return {
            entry.endpoint: MenuLine(str(entry.label), entry.icon, url_for(entry.endpoint), entry.group, False)
            for entry in chosen
        }

    @functools.lru_cache(1024)
    def made(whose: tuple[str, str | None, str, str, str], here: str, off: frozenset[str]) -> Menu:
        owners = current().owners
        shown = {name: line for name, line in entries(*whose).items() if owners.get(name, "") not in off}
        return Menu(replace(line, current=True) if name == here else line for name, line in shown.items())

    def menu() -> Menu:
        if "menu" not in g:  # a page shows it in two places
            slug = g.agency.slug if "agency" in g else None
            held = permissions.here()
            whose = (request.script_root, slug, _role(), held.key if held else "", i18n.current_locale())
            here = _place({endpoint: line.url for endpoint, line in entries(*whose).items()})
            g.menu = made(whose, here, switches.off() if current().owners else frozenset())
        found: Menu = g.menu
        return found

    return menu


def _place(urls: dict[str, str]) -> str:
    """The endpoint of the one entry this page belongs to: its feature's only one, else the nearest above it."""
    feature = request.blueprint
    siblings = [endpoint for endpoint in urls if endpoint.rpartition(".")[0] == feature]
    if len(siblings) == 1:
        return siblings[0]
    here, home = request.path.rstrip("/"), f"/{g.agency.slug}" if "agency" in g else None
    above = [endpoint for endpoint, url in urls.items() if _is_here(here, url.rstrip("/"), home)]
    return max(above, key=lambda endpoint: len(urls[endpoint]), default="")


def _role() -> str:
    if "agency" in g:
        return str(g.get("role", ""))
    if g.get("platform_role"):
        return PLATFORM
    signed_in = bool(current_user) and current_user.is_authenticated
    return OPERATOR if signed_in and current_user.is_operator else ""


def _is_here(here: str, place: str, home: str | None) -> bool:
    return here == place or (place != home and here.startswith(place + "/"))


def _date(value: date | str, format: str = "long") -> str:
    """A calendar date, also as the ISO text of a snapshot."""
    return i18n.format_date(date.fromisoformat(value[:10]) if isinstance(value, str) else value, format)


def sentence(kind: str, facts: dict[str, Any], personal: dict[str, Any]) -> str:
    """An event as a sentence in the reader's language; unknown kinds show their name."""
    known = current().event_kinds.get(kind)
    if known is None:
        return kind
    words = _Missing({**facts, **personal})
    return str(known.sentence) % words


class _Missing(dict[str, Any]):
    """Facts that were erased or never given read as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"


def tone(kind: str) -> str:
    """ok, wait, bad or info: how an event is marked."""
    known = current().event_kinds.get(kind)
    return known.tone if known else "info"
