"""The design system as one template global: every macro of ``templates/components/*.html`` is an attribute of ``ui``.

A macro imported at the top of a page is undefined when one of the page's blocks is rendered alone, as htmx asks for;
a global is always there. Files are compiled when one of their macros is first used, and again when they change while
somebody develops; whether they did is asked once a second, because a page uses hundreds of macros.

A feature whose lists many people wait for has its lines in ``templates/<feature>/rows.html``: macros of ``ui`` as well,
and remembered, so that a list renders the lines that have changed.
"""

from __future__ import annotations

import functools
import re
import time
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, TypeVar

from jinja2 import Environment, Template, TemplateNotFound, Undefined
from jinja2.runtime import Macro
from markupsafe import Markup, escape

from webkit.core.assets import icons
from webkit.core.kernel import i18n, money
from webkit.core.values import dataclass, is_frozen

FOLDER, ROWS = "components/", "/rows.html"
LOOK_EVERY = 1.0
LINES = 2048
"""How many lines of lists a process remembers of each kind, about a kilobyte each."""
PURE = {
    "agency_switcher": 256,
    "avatar": 1024,
    "button": 1024,
    "date": 1024,
    "datetime": 1024,
    "icon": 1024,
    "key": 64,
    "menu": 256,
    "money": 4096,
    "palette": 256,
    "priced_totals": 512,
    "shortcuts_help": 16,
    "state": 256,
    "time_entry": 1024,
}
"""Macros that depend on nothing but language, time zone and what they are given, and how many to keep."""
_FIXED: set[type[Any]] = {type(None), str, Markup, bool, int, Decimal, date, datetime}
HEAD = ("class", "right", "sorted", "pick")


def heads(columns: Iterable[Mapping[str, Any]]) -> tuple[tuple[Any, ...], ...]:
    """What a table says of its columns, as a value: the same heads are drawn once.

    Its texts are all markup, so that what is markup and what reads the same as a text are two values.
    """
    return tuple([(*_texts(column), *[column.get(name) for name in HEAD]) for column in columns])


def _texts(column: Mapping[str, Any]) -> Iterator[Markup | None]:
    for name in ("label", "url"):
        found = column.get(name)
        yield escape(found) if found else None


HELPERS = {
    "heads": heads,
    "icon_drawings": icons,
    "format_date": i18n.format_date,
    "format_datetime": i18n.format_datetime,
    "money_parts": money.money_parts,
}
_MACRO = re.compile(
    r"(?:\{#-?(?P<about>(?:(?!#\}).)*?)-?#\}\s*)?\{%-?\s*macro\s+(?P<name>\w+)\s*\((?P<arguments>.*?)\)\s*-?%\}",
    re.DOTALL,
)


Render = Callable[..., Any]
V = TypeVar("V", bound=type[Any])


def fixed(kind: V) -> V:
    """Mark a class whose instances never change, nor what they hold: what is drawn with them may be remembered."""
    _FIXED.add(kind)
    return kind


@dataclass(frozen=True, slots=True)
class Component:
    """One macro as the styleguide lists it."""

    name: str
    template: str
    arguments: str
    about: str


class Components:
    """Looks macros up by name. ``ui.icon("mail")`` renders the macro ``icon``, whichever file holds it."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._found: dict[str, Component] = {}
        self._macros: dict[str, Render] = {}
        self._templates: dict[str, Template] = {}
        self._looked = 0.0

    @cached_property
    def _own(self) -> Environment:
        """Pages are strict about what is missing; a component takes an object's absent attributes for "not given"."""
        own = self._env.overlay(undefined=Undefined)
        own.globals = ChainMap(dict(HELPERS), self._env.globals)  # type: ignore[assignment, misc]
        return own

    def __getattr__(self, name: str) -> Render:
        if name.startswith("_"):  # Jinja and copy ask for things like __html__
            raise AttributeError(name)
        if self._env.auto_reload and time.monotonic() - self._looked > LOOK_EVERY:
            self._look()
        macro = self._macros.get(name)
        return macro if macro is not None else self._load(name)

    def _look(self) -> None:
        """Forget all macros and what was rendered with them when any file has changed: they use each other."""
        self._looked = time.monotonic()
        if not all(template.is_up_to_date for template in list(self._templates.values())):  # others load meanwhile
            self._macros, self._templates = {}, {}

    def __iter__(self) -> Iterator[Component]:
        """Every component, by file and then as written."""
        self._index()
        return (found for found in list(self._found.values()) if found.template.startswith(FOLDER))

    def _load(self, name: str) -> Render:
        macro = self._compiled(name)
        if macro is None:  # new, or moved to another file since the files were last read
            self._index()
            macro = self._compiled(name)
        if macro is None:
            raise AttributeError(f"No component {name!r} in templates/{FOLDER}")
        size = LINES if self._found[name].template.endswith(ROWS) else PURE.get(name)
        self._macros[name] = render = _remembering(macro, size) if size else macro
        return render

    def _compiled(self, name: str) -> Macro | None:
        """The macro as its file says now, or None when it is not there."""
        if name not in self._found:
            return None
        try:
            template = self._own.get_template(self._found[name].template)
        except TemplateNotFound:
            return None
        macro: Macro | None = getattr(template.module, name, None)
        if macro is not None and template.name is not None:
            self._templates[template.name] = template
        return macro

    def _index(self) -> None:
        """Find which file defines which macro, without compiling any. A name may be taken once."""
        found: dict[str, Component] = {}
        for template in sorted(self._env.list_templates(filter_func=_is_component)):
            for component in read_components(template, self._source(template)):
                if other := found.get(component.name):
                    raise ValueError(f"Component {component.name!r} is in {other.template} and in {template}")
                found[component.name] = component
        self._found = found

    def _source(self, template: str) -> str:
        loader = self._env.loader
        return loader.get_source(self._env, template)[0] if loader else ""


def _remembering(macro: Macro, size: int) -> Render:
    """Renders each combination of what cannot change once in each language and zone; a lazy text may differ each time.

    Texts that are equal are not the same when one of them is markup and goes out as it is.
    """
    kept = functools.lru_cache(size, typed=True)(lambda _locale, _timezone, *args, **kwargs: macro(*args, **kwargs))

    def render(*args: Any, **kwargs: Any) -> Any:
        given = (*args, *kwargs.values())
        if _FIXED.issuperset(map(type, given)) or all(map(_is_fixed, given)):
            return kept(i18n.current_locale(), i18n.current_timezone(), *args, **kwargs)
        return macro(*args, **kwargs)

    return render


def _is_fixed(value: Any) -> bool:
    kind = type(value)
    if issubclass(kind, tuple):
        return all(map(_is_fixed, value))
    return kind in _FIXED or is_frozen(kind)


def read_components(template: str, source: str) -> list[Component]:
    """The public macros of one file, each with the comment that stands before it."""
    return [
        Component(
            found["name"], template, " ".join(found["arguments"].split()), " ".join((found["about"] or "").split())
        )
        for found in _MACRO.finditer(source)
        if not found["name"].startswith("_")
    ]


def load_components(env: Environment) -> Components:
    """Make the namespace and put it among the globals of ``env``, under the name every template knows."""
    ui = Components(env)
    env.globals["ui"] = ui
    return ui


def _is_component(template: str) -> bool:
    return (template.startswith(FOLDER) and template.endswith(".html")) or template.endswith(ROWS)
