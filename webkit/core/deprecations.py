"""What goes away. It is said one minor release before, by name of the plugin that still uses it.

A name deprecated since 0.4 works in every 0.4 and is gone in 0.5 (see docs/plugins/versions.md).
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T", bound=Callable[..., Any])

_BETWEEN = ("importlib", "functools")
_uses: dict[tuple[str, str], Deprecation] = {}
"""Of this process, because a module is imported once in it: (package, name) of who still uses what."""
_lock = Lock()
KNOWN: dict[str, Deprecation] = {}
"""Everything that is deprecated at the moment."""


class PluginDeprecationWarning(DeprecationWarning):
    """A plugin uses something of `webkit.sdk` that goes away."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A name that goes away: deprecated `since` a minor release ("0.4"), and what to do `instead`."""

    name: str
    since: str
    instead: str

    @property
    def gone(self) -> str:
        """The release that no longer has it: the next minor one."""
        major, minor = self.since.split(".")
        return f"{major}.{int(minor) + 1}"

    def __str__(self) -> str:
        return f"{self.name} is deprecated since {self.since} and gone in {self.gone}"


def deprecated(*, since: str, instead: str, name: str = "") -> Callable[[T], T]:
    """Mark a function, a method or a class: whoever calls it is warned, and its plugin named to the operator."""

    def mark(target: T) -> T:
        what = declare(name or f"{_public(target.__module__)}.{target.__qualname__}", since, instead)
        if isinstance(target, type):
            _mark_class(target, what)
            return target

        @functools.wraps(target)
        def call(*args: Any, **kwargs: Any) -> Any:
            note(what)
            return target(*args, **kwargs)

        vars(call)["webkit_deprecated"] = what
        return call  # type: ignore[return-value]

    return mark


def former_names(module: str, names: Mapping[str, tuple[object, str, str]]) -> Callable[[str], object]:
    """A module's `__getattr__` for names that are gone from it: name → (what it was, since, instead)."""
    known = {name: (value, declare(f"{module}.{name}", since, to)) for name, (value, since, to) in names.items()}

    def lookup(name: str) -> object:
        if name not in known:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        value, what = known[name]
        note(what)
        return value

    return lookup


def declare(name: str, since: str, instead: str) -> Deprecation:
    """Put a name on the list of what goes away."""
    what = KNOWN[name] = Deprecation(name, since, instead)
    return what


def note(what: Deprecation) -> None:
    """Remember and warn, once for each package, that whoever called uses it. Our own calls are no news."""
    frame, depth = _caller()
    if frame is None:
        return
    package = package_of(str(frame.f_globals.get("__name__", "")))
    with _lock:
        if (package, what.name) in _uses:
            return
        _uses[package, what.name] = what
    text = f"{package} uses {what.name}: {what}. {what.instead}"
    warnings.warn(text, PluginDeprecationWarning, stacklevel=depth)


def used_by(package: str) -> tuple[Deprecation, ...]:
    """What a package used in this process although it goes away."""
    with _lock:
        return tuple(what for (user, _), what in sorted(_uses.items()) if user == package)


def package_of(module: str) -> str:
    """The package that a module belongs to: each bundled plugin is one of its own."""
    parts = module.split(".")
    return ".".join(parts[:2] if parts[0] == "plugins" else parts[:1])


def _caller() -> tuple[FrameType | None, int]:
    """The frame that uses it and how far away it is; None where that is one of ours."""
    frame: FrameType | None = sys._getframe(1)
    depth = 1
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name != __name__ and name.partition(".")[0] not in _BETWEEN:
            return (None if name.partition(".")[0] == "webkit" else frame), depth
        frame, depth = frame.f_back, depth + 1
    return None, depth


def _mark_class(target: type, what: Deprecation) -> None:
    begin: Any = vars(target).get("__init__", target.__init__)  # type: ignore[misc]

    @functools.wraps(begin)
    def call(self: object, *args: Any, **kwargs: Any) -> None:
        note(what)
        begin(self, *args, **kwargs)

    type.__setattr__(target, "__init__", call)
    type.__setattr__(target, "webkit_deprecated", what)


def _public(module: str) -> str:
    """What is defined in the core is known to plugins by the SDK's name."""
    return module if module.startswith("webkit.sdk") else "webkit.sdk"
