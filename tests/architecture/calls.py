"""Which function leads to which, as far as the source says it: names and modules, not methods of objects."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from tests.architecture.source import Module

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(modules: Iterable[Module]) -> dict[str, tuple[Module, Function]]:
    """Every function at the top of a module, and every method, by dotted name."""
    found: dict[str, tuple[Module, Function]] = {}
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, Function):
                found[f"{module.dotted}.{node.name}"] = (module, node)
            if isinstance(node, ast.ClassDef):
                inner = (method for method in node.body if isinstance(method, Function))
                found |= {f"{module.dotted}.{node.name}.{method.name}": (module, method) for method in inner}
    return found


def graph(modules: list[Module]) -> dict[str, set[str]]:
    """For each function the functions it names: called, decorated with or handed on."""
    known = functions(modules)
    bound = {module.dotted: bindings(module) for module in modules}
    return {
        name: {
            found
            for target in _named(node, module.dotted, bound[module.dotted])
            if (found := _at(target, known, bound))
        }
        for name, (module, node) in known.items()
    }


def _at(target: str, known: Iterable[str], bound: dict[str, dict[str, str]]) -> str:
    """The function a name leads to, through modules that hand on what others define; "" for what is none."""
    for _step in range(5):
        if target in known:
            return target
        module, _, name = target.rpartition(".")
        target = bound.get(module, {}).get(name, "")
    return ""


def bindings(module: Module) -> dict[str, str]:
    """What a name at the head of an expression stands for in this module."""
    found: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
    return found


def _named(node: Function, module: str, bound: dict[str, str]) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name | ast.Attribute):
            head, _, rest = ast.unparse(part).partition(".")
            yield f"{module}.{head}"
            yield ".".join(filter(None, (bound.get(head, ""), rest)))


def leading_to(graph: dict[str, set[str]], goals: set[str]) -> set[str]:
    """Every function from which one of the goals can be reached, the goals among them."""
    found: set[str] = set()
    fresh = set(goals)
    while fresh:
        found |= fresh
        fresh = {name for name, targets in graph.items() if targets & fresh} - found
    return found
