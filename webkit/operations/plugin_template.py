"""A new plugin's package, written from the example that is shipped along."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from webkit.core.capabilities import ALL
from webkit.core.capabilities.base import Capability
from webkit.core.paths import PLUGIN_TEMPLATE
from webkit.core.plugins import load_plugins

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40
_TAKEN = {"conftest", "plugins", "src", "test", "tests", "vendor", "webkit"}
_OVERLAYS = "capabilities"
_EXAMPLE = "EMAIL_PROVIDER"  # the example itself is a package for mail
_DOTTED = {"gitignore": ".gitignore"}  # under its own name it would be obeyed where the example is kept
_WITHOUT = {"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"}


class NotWritten(Exception):
    """The package was not written; the sentence says why."""


def capabilities() -> list[str]:
    """Those that a package can be written for."""
    return [each.key for each in ALL if each.env == _EXAMPLE or (PLUGIN_TEMPLATE / _OVERLAYS / each.key).is_dir()]


def write(name: str, capability: str, into: Path) -> Path:
    """Write the package `into/<name with dashes>` and return its folder. Raises NotWritten."""
    found = next((each for each in ALL if each.key == capability and capability in capabilities()), None)
    if found is None:
        raise NotWritten(f"There is no capability {capability!r}. Choose among: {', '.join(capabilities())}.")
    if problem := problem_with(name, found):
        raise NotWritten(problem)
    folder = into / name.replace("_", "-")
    if folder.exists():
        raise NotWritten(f"{folder} exists. Remove it, or choose another name.")
    words = _words(name, found)
    for target, source in _files(found.key).items():
        place = folder / _put(_DOTTED.get(target, target), words)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_put(source.read_text("utf-8"), words), "utf-8")
    return folder


def problem_with(name: str, capability: Capability[Any]) -> str:
    """Why a plugin cannot have this name; "" if it can."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return f"{name!r} is not a name like acme_mail: small letters, digits and single _, at most {_LONGEST}."
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in sys.stdlib_module_names or name in _TAKEN:
        return f"{name!r} means something already. Choose a name like acme_mail."
    plugins = load_plugins()
    if name in {plugin.name for plugin in plugins.loaded}:
        return f"A plugin named {name!r} is installed already."
    if name in {spec.name for spec in plugins.providers if spec.capability is capability}:
        return f"{capability.env}={name} is taken by an installed provider."
    if find_spec(name) is not None:
        return f"A package named {name!r} is installed already; yours would hide it."
    return ""


def _files(capability: str) -> dict[str, Path]:
    """Every file of the example, those made for the capability in place of the others."""
    files = dict(_below(PLUGIN_TEMPLATE))
    overlays = {path: source for path, source in files.items() if path.startswith(f"{_OVERLAYS}/")}
    files = {path: source for path, source in files.items() if path not in overlays}
    return files | dict(_below(PLUGIN_TEMPLATE / _OVERLAYS / capability))


def _below(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not _WITHOUT & set(relative.parts):
            yield relative.as_posix(), path


def _words(name: str, capability: Capability[Any]) -> dict[str, str]:
    """What the example says, and what this package says instead."""
    major, minor, *_ = metadata.version("webkit").split(".")
    return {
        "acme_mail": name,
        "acme-mail": name.replace("_", "-"),
        "ACME_MAIL": name.upper(),
        "AcmeMail": "".join(part.capitalize() for part in name.split("_")),
        "Acme mail": name.replace("_", " ").capitalize(),
        _EXAMPLE: capability.env,
        "webkit>=0.1,<0.3": f"webkit>={major}.{minor},<{major}.{int(minor) + 2}",
    }


def _put(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], text)
