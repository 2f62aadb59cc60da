"""The reference of the extension API as Markdown, made from the code: hooks, contracts, settings.

`webkit plugin reference` prints it; docs/plugins/reference.md is that output.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator
from typing import Any

from webkit import sdk
from webkit.core import hookspecs
from webkit.core.capabilities import ALL
from webkit.core.capabilities.base import Capability
from webkit.core.kernel.switches import MOST_FAILURES, WINDOW
from webkit.core.providers import SettingDescription

HEAD = """\
# Reference: hooks, contracts, settings

Made by `webkit plugin reference` from the code of this version. How to use it: [hooks](hooks.md) and
[tutorial](tutorial.md)."""
MODULES = (
    "webkit.sdk.store", "webkit.sdk.web", "webkit.sdk.files", "webkit.sdk.i18n", "webkit.sdk.http", "webkit.sdk.mime",
    "webkit.sdk.tags",
)  # fmt: skip
FEATURES_ONLY = "For features only"


def text(settings: Iterable[SettingDescription]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *_hooks(), *_answers(), *_contracts(), *_modules(), *_settings(settings)]) + "\n"


def hooks() -> list[tuple[str, Any]]:
    """Every hook as its file lists it."""
    return [(name, hook) for name, hook in vars(hookspecs).items() if name.startswith("webkit_")]


def _hooks() -> Iterator[str]:
    minutes = int(WINDOW.total_seconds() // 60)
    yield from ("", "## Hooks", "")
    yield "Functions of the module that the entry point names, marked with `@hookimpl`. A plugin of others that fails"
    yield f"{MOST_FAILURES} times within {minutes} minutes is switched off until an operator says otherwise."
    for name, hook in hooks():
        if FEATURES_ONLY not in _doc(hook):
            yield from (
                "",
                f"### `{name}`",
                "",
                "```python",
                f"def {name}{_signature(hook)}: ...",
                "```",
                "",
                _doc(hook),
            )
    yield from ("", "Only features of the platform may implement these:", "")
    for name, hook in hooks():
        if FEATURES_ONLY in _doc(hook):
            yield f"- `{name}`"


def _answers() -> Iterator[str]:
    """The dataclasses and lists of words that hooks answer with and functions of plugins get."""
    yield from ("", "## What hooks answer with")
    yield from _classes("webkit.core.extensions")


def _classes(module: str, level: str = "###") -> Iterator[str]:
    """What the SDK shows of a module."""
    for name in sorted(sdk.__all__):
        thing = getattr(sdk, name)
        if isinstance(thing, type) and thing.__module__ == module:
            yield from _thing(name, thing, level)


def _contracts() -> Iterator[str]:
    yield from ("", "## Providers and their errors")
    yield from _classes("webkit.core.capabilities.base")
    yield from _classes("webkit.core.capabilities.errors")
    yield from ("", "## Contracts")
    for capability in ALL:
        yield from _contract(capability)


def _contract(capability: Capability[Any]) -> Iterator[str]:
    module = importlib.import_module(capability.protocol.__module__)
    constant = next(name for name, thing in vars(module).items() if thing is capability)
    versions = ", ".join(str(version) for version in sorted(capability.api_versions))
    chosen = f"Chosen by `{capability.env}`, `{capability.default}` unless it is set" if capability.default else ""
    yield from ("", f"### `{constant}`", "")
    yield f"{chosen or f'Chosen by `{capability.env}`'}. Versions of the contract: {versions}."
    yield from _classes(module.__name__, "####")


def _modules() -> Iterator[str]:
    yield from ("", "## The rest of the SDK")
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        yield from ("", f"### `{module_name}`", "", _first(_doc(module)), "")
        for name in module.__all__:
            yield f"- `{name}`{_said(getattr(module, name))}"


def _settings(settings: Iterable[SettingDescription]) -> Iterator[str]:
    yield from ("", "## Settings of the bundled providers", "")
    yield "`webkit settings` prints them with those of what is installed beside; `.env.example` has the platform's own."
    yield from ("", "| group | variables | type | default | |", "|---|---|---|---|---|")
    for each in settings:
        names = ", ".join(f"`{name}`" for name in each.names)
        default = "required" if each.required else f"`{each.default}`" if each.default else ""
        yield f"| {each.group} | {names} | {each.kind} | {default} | {_cell(each.description)} |"


def _thing(name: str, thing: Any, level: str = "###") -> Iterator[str]:
    yield from ("", f"{level} `{name}`", "")
    if issubclass(thing, enum.Enum):
        yield from (_first(_doc(thing)), "")
        yield from (f"- `{member.name}` = `{member.value}`" for member in thing)
        return
    yield from ("```python", *_body(name, thing), "```", "")
    if _own_doc(thing):
        yield _doc(thing)


def _body(name: str, thing: Any) -> Iterator[str]:
    """A class as somebody would write it: its fields, or its methods."""
    base = "(Protocol)" if getattr(thing, "_is_protocol", False) else ""
    bases = ", ".join(parent.__name__ for parent in thing.__bases__ if parent is not object)
    yield f"class {name}{base or (f'({bases})' if bases else '')}:"
    lines = [f"    {line}" for line in (*_fields(thing), *_methods(thing))]
    yield from lines or ["    ..."]


def _fields(thing: Any) -> Iterator[str]:
    if dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield f"{field.name}: {_type(field.type)}{_default(field)}"


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f" = {_value(field.default)}"
    return (
        ""
        if field.default_factory is dataclasses.MISSING
        else f" = {getattr(field.default_factory, '__name__', '...')}()"
    )


def _value(default: object) -> str:
    """As somebody would write it, in the same order each time."""
    if isinstance(default, frozenset):
        return f"frozenset({{{', '.join(sorted(map(_value, default)))}}})" if default else "frozenset()"
    if isinstance(default, enum.Enum):
        return f"{type(default).__name__}.{default.name}"
    return "..." if callable(default) else repr(default)


def _methods(thing: Any) -> Iterator[str]:
    if dataclasses.is_dataclass(thing):
        return
    for name, member in vars(thing).items():
        if not name.startswith("_") and inspect.isfunction(member) and member.__module__ == thing.__module__:
            note = f"  # {_first(_doc(member))}" if member.__doc__ else ""
            line = f"def {name}{_signature(member)}: ..."
            yield from ([f"{note.strip()}", line] if note else [line])


def _signature(function: Any) -> str:
    """As it is written in the source, where every annotation is a text."""
    signature = inspect.signature(function)
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(signature))


def _type(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _said(thing: Any) -> str:
    if callable(thing) and _own_doc(thing):
        return f": {_first(_doc(thing))}"
    return f" = {thing!r}" if isinstance(thing, int | str) else ""


def _own_doc(thing: Any) -> bool:
    """Not what dataclasses and enums write for those who write nothing."""
    return bool(thing.__doc__) and not thing.__doc__.startswith(f"{getattr(thing, '__name__', '')}(")


def _doc(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__ or "")


def _first(words: str) -> str:
    return " ".join(words.split("\n\n")[0].split())


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")
