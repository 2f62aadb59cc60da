"""Whether a plugin's package is in order, and for everything that is not a sentence that says what to mend."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from webkit.core.capabilities.base import SECRET_WORDS
from webkit.core.plugins import GROUP

PATIENCE = 600
MOST_LINES = 5
_PYTEST = "import sys; sys.path.insert(0, sys.argv[1]); import pytest; sys.exit(pytest.main(sys.argv[2:]))"
_REACHES = {"URL", "URI", "ENDPOINT", "HOST", "SERVER", "ADDRESS", "PATH", "FILE", "FOLDER", "DIR", "SOCKET"}
"""What a setting reaches whose name ends so: nobody but the operator says where that is."""
_CONTRACTS = {
    "ai_text": "AITextContract",
    "pagespeed": "PageSpeedContract",
}


class NoPlugin(Exception):
    """What was given is no package of a plugin; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that was looked at: what to mend, or why it could not be looked at."""

    name: str
    mend: tuple[str, ...] = ()
    skipped: str = ""


@dataclass
class Package:
    """A package on disk, and what the probe says of it."""

    folder: Path
    project: dict[str, Any]
    entries: dict[str, str]
    probes: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The folder from which the package is imported."""
        return self.folder / "src" if (self.folder / "src").is_dir() else self.folder

    @property
    def modules(self) -> list[Path]:
        """Every file of the packages that the entry points name."""
        tops = {self.source / module.partition(".")[0] for module in self.entries.values()}
        return sorted(path for top in tops for path in ([*top.rglob("*.py"), top.with_suffix(".py")]) if path.is_file())

    @property
    def providers(self) -> list[dict[str, Any]]:
        """Every provider that was found."""
        return [provider for probe in self.probes.values() for provider in probe["providers"]]

    @property
    def settings(self) -> list[dict[str, Any]]:
        """Every setting of every provider."""
        return [setting for provider in self.providers for setting in provider["settings"]]


def check(folder: Path, *, quick: bool = False) -> list[Point]:
    """Look at everything. Raises NoPlugin. `quick` leaves out what takes long: types and contract."""
    package = read(folder)
    points = [Point("project", tuple(_project(package)))]
    for name, module in package.entries.items():
        package.probes[name] = _probed(package, name, module)
    looks: dict[str, Callable[[Package], Iterator[str]]] = {
        "imports": _imports, "settings": _settings, "secrets": _secrets, "docs": _docs
    }  # fmt: skip
    points += [Point(name, tuple(look(package))) for name, look in looks.items()]
    if quick:
        return points
    return [*points, _types(package), _contract(package)]


def read(folder: Path) -> Package:
    """The package in a folder. Raises NoPlugin."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        raise NoPlugin(f"{folder} holds no pyproject.toml. `webkit plugin new` writes a whole package.")
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NoPlugin(f"{file} cannot be read: {error}.") from None
    entries = project.get("entry-points", {}).get(GROUP, {})
    if not entries:
        raise NoPlugin(f'{file} names no plugin. Add [project.entry-points."{GROUP}"] with a line name = "module".')
    return Package(folder, project, dict(entries))


def _project(package: Package) -> Iterator[str]:
    for key in ("name", "version", "description", "requires-python"):
        if not package.project.get(key) and key not in package.project.get("dynamic", []):
            yield f"Give [project] in pyproject.toml a {key}."
    needs = [need for need in package.project.get("dependencies", []) if re.match(r"webkit\b", need)]
    if not needs:
        yield 'Add "webkit>=…,<…" to the dependencies in pyproject.toml: the versions you have tried.'
    elif "<" not in needs[0]:
        yield f'Give the dependency {needs[0]!r} an end, like "<0.3": what is deprecated goes after a minor release.'
    for name, module in package.entries.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            yield f"Name the entry point {name!r} with small letters, digits and _: it becomes part of addresses."
        place = package.source / Path(*module.partition(":")[0].split("."))
        if not place.with_suffix(".py").is_file() and not (place / "__init__.py").is_file():
            yield f"The entry point {name} names {module}, which is not in {package.source.name}."


def _probed(package: Package, name: str, module: str) -> dict[str, Any]:
    command = ["-m", "webkit.operations.plugin_probe", str(package.source.resolve()), name, module]
    result = _run(package, *command)
    try:
        found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        last = (result.stderr.strip().splitlines() or ["it ended without a word"])[-1]
        return {"reason": f"loading it ends the process: {last}", "imported": [], "providers": [], "notices": []}
    return found


def _imports(package: Package) -> Iterator[str]:
    for name, probe in package.probes.items():
        if probe["reason"]:
            yield f"webkit would leave {name} out: {probe['reason']}. Mend that first."
        for top in probe["imported"]:
            yield f"Loading {name} imports {top}. Import it in provider.py: every process loads plugin.py."
        for notice in probe["notices"]:
            yield f"{name} {notice}"
        for provider in probe["providers"]:
            if provider["problem"]:
                yield f"The provider {provider['name']} cannot be used: {provider['problem']}."
            for feature in provider["unknown_features"]:
                yield f"{provider['capability']} knows no feature {feature!r}: take it out of `features`."
    for path in package.modules:
        yield from _forbidden(path, path.relative_to(package.folder).as_posix())


def _forbidden(path: Path, shown: str) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        yield f"{shown} is not Python: {error}."
        return
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        line = getattr(node, "lineno", 0)
        for name in filter(_is_internal, names):
            yield f"{shown}:{line} imports {name}. Import from webkit.sdk: the rest changes without notice."


def _is_internal(name: str) -> bool:
    return name.partition(".")[0] in ("plugins", "webkit") and not f"{name}.".startswith("webkit.sdk.")


def _settings(package: Package) -> Iterator[str]:
    seen: dict[str, str] = {}
    for setting in package.settings:
        name = setting["names"][0] if setting["names"] else ""
        if not name:
            yield f'Declare the setting {setting["field"]} with env("…", description="…"): nobody could set it.'
            continue
        if not setting["description"].strip():
            yield f"Describe {name}: give its env() a description, one sentence for an operator."
        for variable in setting["names"]:
            if not re.fullmatch(r"[A-Z][A-Z0-9_]*", variable):
                yield f"Write the variable {variable} with capitals, digits and _."
            if variable.startswith("WEBKIT_") and variable != "WEBKIT_DATA":
                yield f"Name {variable} after your vendor: WEBKIT_… is the platform's."
            if setting["open"] and variable.rpartition("_")[2] in _REACHES:
                yield f"Mark {variable} of_operator=True: an agency could point it at any place in your network."
            if seen.setdefault(variable, setting["field"]) != setting["field"]:
                yield f"{variable} is heard by two settings, {seen[variable]} and {setting['field']}."


def _secrets(package: Package) -> Iterator[str]:
    for setting in package.settings:
        words = {variable.rpartition("_")[2] for variable in setting["names"]}
        name = (setting["names"] or [setting["field"]])[0]
        if words & SECRET_WORDS and not setting["secret"]:
            yield f"Make {name} a SecretStr (from pydantic): as it is, logs and error pages may show it."
        if setting["preset"]:
            yield f"Take the default away from the secret {name}: everybody who has your package knows it."


def _docs(package: Package) -> Iterator[str]:
    file = next((path for path in package.folder.glob("*") if path.name.lower() == "readme.md"), None)
    if file is None:
        yield "Write a README.md: what it adds, how it is chosen, every setting."
        return
    text = file.read_text("utf-8", "replace")
    for provider in package.providers:
        line = f"{provider['variable']}={provider['name']}"
        if line not in text:
            yield f"Say in {file.name} how it is chosen: {line}."
    for setting in package.settings:
        for name in setting["names"]:
            if not re.search(rf"\b{re.escape(name)}\b", text) and name != "WEBKIT_DATA":
                yield f"Name the setting {name} in {file.name}."


def _types(package: Package) -> Point:
    if find_spec("mypy") is None:
        return Point("types", skipped="mypy is not installed here (pip install mypy)")
    places = sorted({str(path.relative_to(package.folder)) for path in package.modules})
    command = ["-m", "mypy", "--strict", "--no-error-summary", "--no-color-output", *places]
    result = _run(package, *command)
    if result.returncode == 0:
        return Point("types")
    wrong = [line for line in result.stdout.splitlines() if ": error:" in line] or result.stderr.splitlines()
    return Point("types", ("Mend what mypy --strict says:", *_few(wrong)))


def _contract(package: Package) -> Point:
    if not (package.folder / "tests").is_dir():
        wanted = [f"a class that inherits {_suite(provider)}" for provider in package.providers]
        text = f"Write tests/test_{next(iter(package.entries))}.py" + (
            f" with {' and '.join(wanted)}" if wanted else ""
        )
        return Point("contract", (f"{text}.",))
    if find_spec("pytest") is None:
        return Point("contract", skipped="pytest is not installed here (pip install pytest)")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "report.json"
        options = ["-q", "-p", "webkit.sdk.testing.report", f"--webkit-report={file}", "-p", "no:cacheprovider"]
        command = [str(package.source.resolve()), *options, f"--basetemp={scratch}/tests", "tests"]
        result = _run(package, "-c", _PYTEST, *command)
        try:
            report = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            lines = (result.stderr or result.stdout).strip().splitlines()[-MOST_LINES:]
            return Point("contract", ("pytest could not run:", *(f"  {line}" for line in lines)))
    return Point("contract", tuple(_reported(package, report)))


def _reported(package: Package, report: dict[str, Any]) -> Iterator[str]:
    for provider in package.providers:
        if f"{provider['capability']}={provider['name']}" not in report["contracts"]:
            yield f"No test runs the contract of {provider['name']}: write a class that inherits {_suite(provider)}."
    if report["failed"]:
        yield f"{len(report['failed'])} tests fail; `pytest` says more:"
        yield from _few(report["failed"])
    elif not report["counts"]["passed"]:
        yield "No test passes: `pytest` says what was found in tests/."


def _suite(provider: dict[str, Any]) -> str:
    key = provider["capability"]
    return f"{_CONTRACTS.get(key, key.capitalize() + 'Contract')} of webkit.sdk.testing.{key}"


def _few(lines: list[str]) -> list[str]:
    more = [f"  … and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return [*(f"  {line}" for line in lines[:MOST_LINES]), *more]


def _run(package: Package, *command: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own: whatever the package does there, it does not do to us."""
    full = [sys.executable, *command]
    options: dict[str, Any] = {"cwd": package.folder, "capture_output": True, "text": True, "timeout": PATIENCE}
    try:
        return subprocess.run(full, check=False, **options)  # noqa: S603  the author asks for it
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(full, 1, "", f"no end within {PATIENCE} seconds")
