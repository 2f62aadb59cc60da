"""What `webkit.sdk` consists of, as a text; and whether a change of it keeps what was promised.

python -m tests.sdk.surface             # print it
python -m tests.sdk.surface --write     # into docs/plugins/sdk.txt
python -m tests.sdk.surface --release   # the same, and it is what a release promises from now on
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import pkgutil
import re
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel

import webkit.sdk
from webkit.core.capabilities.base import Capability

ROOT = Path(__file__).resolve().parents[2]
NOW, RELEASED = ROOT / "docs/plugins/sdk.txt", Path(__file__).with_name("released.txt")
# `webkit plugin check` uses the first, S3 the second.
PRIVATE = {f"webkit.sdk.testing.{name}" for name in ("report", "doubles.sigv4")}
INSIDE = re.compile(r"webkit\.sdk\.testing\.doubles\.\w+\.\w+")
DEPRECATED = "  # deprecated"


def text() -> str:
    """The whole surface: a heading for each module, a line for each name and each member."""
    version = ".".join(metadata.version("webkit").split(".")[:2])
    parts = [f"# webkit {version}: every public name of webkit.sdk. Written by `python -m tests.sdk.surface --write`."]
    for module in modules():
        lines = list(_module(module))
        if lines:
            parts += ["", module.__name__, *(f"  {line}" for line in lines)]
    return "\n".join(parts) + "\n"


def modules() -> list[types.ModuleType]:
    """`webkit.sdk` and everything below it that a plugin may import."""
    found = pkgutil.walk_packages(webkit.sdk.__path__, "webkit.sdk.")
    names = sorted(name for _, name, _ in found if name not in PRIVATE and not INSIDE.fullmatch(name))
    return [webkit.sdk, *(importlib.import_module(name) for name in names)]


def _module(module: types.ModuleType) -> Iterator[str]:
    listed = getattr(module, "__all__", None)
    names = listed if listed is not None else [name for name in vars(module) if _is_own(module, name)]
    for name in sorted(names, key=lambda name: (name.lower(), name)):
        yield from _thing(name, getattr(module, name))


def _is_own(module: types.ModuleType, name: str) -> bool:
    thing = vars(module)[name]
    if name.startswith("_") or name == "main" or isinstance(thing, types.ModuleType | str | int | re.Pattern):
        return False
    fixture = hasattr(thing, "_fixture_function")
    return fixture or (getattr(thing, "__module__", module.__name__) == module.__name__ and callable(thing))


def _thing(name: str, thing: Any) -> Iterator[str]:
    mark = DEPRECATED if getattr(thing, "webkit_deprecated", None) else ""
    if isinstance(thing, Capability):
        spoken = [
            f"{version} until {thing.retiring[version]}" if version in thing.retiring else str(version)
            for version in sorted(thing.api_versions)
        ]
        yield f"{name}: capability {thing.key} of {thing.protocol.__name__}, {thing.env}, versions {', '.join(spoken)}"
    elif hasattr(thing, "_fixture_function"):
        yield f"{name}: fixture"
    elif get_origin(thing) is not None:
        yield f"{name} = {_type(thing)}"
    elif isinstance(thing, type) and issubclass(thing, enum.Enum):
        yield f"{name}: one of {' '.join(str(member.value) for member in thing)}{mark}"
    elif isinstance(thing, type):
        yield f"{_class(name, thing)}{mark}"
        yield from _members(name, thing)
    elif callable(thing):
        yield f"{name}{_signature(thing)}{mark}"
    elif isinstance(thing, str | int | float | frozenset):
        yield f"{name} = {sorted(thing) if isinstance(thing, frozenset) else thing!r}"
    else:
        yield f"{name}: {type(thing).__name__}"


def _class(name: str, thing: type) -> str:
    if getattr(thing, "_is_protocol", False):
        return f"{name}: protocol"
    if issubclass(thing, BaseModel):
        thing.model_rebuild()  # settings are built with their first use; until then they have no fields to show
    bases = [base.__name__ for base in thing.__bases__ if base is not object]
    return f"{name}{_signature(thing)}" + (f": {', '.join(bases)}" if bases else "")


def _members(name: str, thing: type) -> Iterator[str]:
    for member, value in sorted(vars(thing).items()):
        if member.startswith(("_", "test_", "model_")):
            continue
        if isinstance(value, property):
            yield f"{name}.{member}: property"
        elif isinstance(value, staticmethod | classmethod | types.FunctionType):
            function = getattr(value, "__func__", value)
            mark = DEPRECATED if hasattr(function, "webkit_deprecated") else ""
            yield f"{name}.{member}{_signature(function, skip_self=not isinstance(value, staticmethod))}{mark}"
        elif hasattr(value, "_fixture_function"):
            yield f"{name}.{member}: fixture"


def _signature(thing: Any, *, skip_self: bool = False) -> str:
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return "(*args, **kwargs)"
    given = list(found.parameters.values())[1 if skip_self else 0 :]
    words, star = [], False
    for parameter in given:
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            words.append("*")
        star = star or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        words.append(_parameter(parameter))
    back = "" if isinstance(thing, type) or found.return_annotation is found.empty else _type(found.return_annotation)
    return f"({', '.join(words)})" + (f" -> {back}" if back else "")


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
    stars = "**" if parameter.kind is parameter.VAR_KEYWORD else stars
    kind = "" if parameter.annotation is parameter.empty else f": {_type(parameter.annotation)}"
    default = "" if parameter.default is parameter.empty else f" = {_default(parameter.default)}"
    return f"{stars}{parameter.name}{kind}{default}"


def _type(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"\b(typing|collections\.abc|datetime|pathlib|webkit(\.\w+)*)\.(?=[A-Za-z])", "", text)


def _default(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, frozenset):
        return f"frozenset({sorted(map(str, value))})" if value else "frozenset()"
    return repr(value) if isinstance(value, str | int | float | tuple | bytes | None) else "..."


# --- what a change may do -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Surface:
    """A text of it, read."""

    version: str
    lines: Mapping[str, str]
    """What was said of each qualified name."""

    @classmethod
    def read(cls, content: str) -> Surface:
        module, lines = "", {}
        for line in content.splitlines():
            if line and not line.startswith((" ", "#")):
                module = line
            elif line.startswith("  "):
                lines[f"{module}.{_name(line.strip())}"] = line.strip()
        found = re.match(r"# webkit (\d+\.\d+)", content)
        return cls(found[1] if found else "0.0", lines)

    def protocols(self) -> dict[str, str]:
        """The line of the capability by the name of its protocol."""
        found = (re.search(r": capability \w+ of (\w+),", line) for line in self.lines.values())
        return {match[1]: match.string for match in found if match}


def broken_promises(before: Surface, now: Surface, changelog: str) -> list[str]:
    """Sentences for everything that a plugin's author was promised otherwise."""
    newest, first = _newest(changelog)
    touched = {name for name in {*before.lines, *now.lines} if before.lines.get(name) != now.lines.get(name)}
    said = [
        f"{name} is {_what(name, before, now)}: name `{_shown(name)}` in the newest section of CHANGELOG.md"
        for name in sorted(touched)
        if not _is_named(name, newest, touched)
    ]
    if first:  # nothing has been released: nothing was promised
        return said
    breaks = [sentence for name in sorted(touched) if (sentence := _break(name, before, now))]
    if breaks and now.version == before.version:
        breaks.append(f"raise the minor version: {now.version} has been released with the former names")
    return said + breaks


def _break(name: str, before: Surface, now: Surface) -> str:
    old, new = before.lines.get(name, ""), now.lines.get(name, "")
    owner = name.split(".")[-2] if name.split(".")[-2][:1].isupper() else ""
    contract = before.protocols().get(owner, "")
    if contract:
        raised = now.protocols().get(owner, "") != contract
        return "" if raised else f"{name} changes the contract {owner}: give its capability a new version"
    if old and DEPRECATED in old:
        return ""
    if old and not new:
        return f"{name} is gone: deprecate it for a minor release first"
    if old and not compatible(old, new):
        return f"{name} changes so that calls break: deprecate it for a minor release first"
    return ""


def compatible(old: str, new: str) -> bool:
    """Whether who uses `old` may go on with `new`."""
    new = new.removesuffix(DEPRECATED)
    if ": one of " in old:
        return set(old.split(": one of ")[1].split()) <= set(new.partition(": one of ")[2].split())
    if ": capability " in old:
        (what, versions), (still, later) = old.split(", versions "), new.split(", versions ")
        staying = {version for version in versions.split(", ") if " until " not in version}
        return what == still and staying <= {version.partition(" ")[0] for version in later.split(", ")}
    was, now = _parsed(old), _parsed(new)
    if was is None or now is None:
        return old == new
    (before, result), (after, later) = was, now
    same = [after[at] == parameter for at, parameter in enumerate(before) if at < len(after)]
    return result == later and len(same) == len(before) and all(same) and all(p[2] for p in after[len(before) :])


def _parsed(line: str) -> tuple[list[tuple[str, str, bool]], str] | None:
    """Parameters (kind and name, type, whether it may be left out) and what comes back."""
    found = re.match(r"[\w.]+(\(.*\))(.*)", line)
    if found is None:
        return None
    try:
        tree = ast.parse(f"def f{found[1]}: pass").body[0]
    except SyntaxError:
        return None
    assert isinstance(tree, ast.FunctionDef)
    given = tree.args
    plain = [*given.posonlyargs, *given.args]
    free = len(plain) - len(given.defaults)
    rows = [(f"+{a.arg}", _words(a.annotation), at >= free) for at, a in enumerate(plain)]
    named = zip(given.kwonlyargs, given.kw_defaults, strict=True)
    rows += [(f"*{a.arg}", _words(a.annotation), default is not None) for a, default in named]
    return rows, found[2]


def _words(annotation: ast.expr | None) -> str:
    return ast.unparse(annotation) if annotation else ""


def _name(line: str) -> str:
    found = re.match(r"[\w.]+", line)
    assert found, line
    return found[0].rstrip(".")


def _shown(name: str) -> str:
    return name.rpartition(".")[2]


def _what(name: str, before: Surface, now: Surface) -> str:
    return "new" if name not in before.lines else "gone" if name not in now.lines else "changed"


def _is_named(name: str, text: str, touched: set[str]) -> bool:
    """A member is named by its class where that is new or gone as a whole."""
    owner = name.rpartition(".")[0]
    if owner in touched and _is_named(owner, text, set()):
        return True
    words = (_shown(name), owner) if owner.startswith("webkit.sdk.") else (_shown(name),)
    return any(re.search(rf"`[^`]*\b{re.escape(word)}\b[^`]*`", text) for word in words)


def _newest(changelog: str) -> tuple[str, bool]:
    """The newest section, and whether it is the only one."""
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    return sections[0] if sections else "", len(sections) < 2


if __name__ == "__main__":
    places = {"--write": (NOW,), "--release": (NOW, RELEASED)}
    wanted = next((places[word] for word in sys.argv[1:] if word in places), ())
    for place in wanted:
        place.write_text(text(), "utf-8")
    if not wanted:
        print(text(), end="")
