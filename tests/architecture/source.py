"""Reads Python source without running it, for the tests that hold the rules of the house."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_FEATURES = {"core", "runtime", "sdk", "static"}


@dataclass(frozen=True)
class Module:
    """One file: its path below the root, and what it holds."""

    path: Path
    name: str

    @functools.cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def dotted(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def feature(self) -> str:
        """The feature it belongs to, or "" (core, house, plugins)."""
        parts = self.name.split("/")
        inside = parts[0] == "webkit" and len(parts) > 2
        return parts[1] if inside and parts[1] not in NOT_FEATURES else ""

    def imports(self) -> Iterator[str]:
        """Every imported name, dotted and absolute: `from a import b` is `a.b`. Those for type checkers count."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                yield from (f"{self._base(node)}.{alias.name}" for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.dotted.split(".")
        up = package[: len(package) - node.level + self.name.endswith("__init__.py")]
        return ".".join([*up, *([node.module] if node.module else [])])

    def calls(self) -> Iterator[ast.Call]:
        yield from (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def modules(root: Path = ROOT, *packages: str) -> list[Module]:
    """All modules of the packages, "webkit" and "plugins" unless others are named."""
    folders = packages or ("webkit", "plugins")
    return [module for folder in folders for module in (_ours(folder) if root == ROOT else _read(root, folder))]


@functools.cache
def _ours(folder: str) -> list[Module]:
    """Parsed once for all tests of a process."""
    return _read(ROOT, folder)


def _read(root: Path, folder: str) -> list[Module]:
    return [Module(path, path.relative_to(root).as_posix()) for path in sorted((root / folder).rglob("*.py"))]


def features(root: Path = ROOT) -> set[str]:
    """Names of the feature packages."""
    folders = (path.parent.name for path in (root / "webkit").glob("*/*.py"))
    return set(folders) - NOT_FEATURES


def called(call: ast.Call) -> str:
    """The last part of what is called: `text` for `sa.text(…)`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def write(root: Path, files: dict[str, str]) -> Path:
    """Lay out a made-up tree, for showing that a check notices."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root
