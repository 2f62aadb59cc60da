"""What a page hands to its template takes no name away that layouts ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
CALLED = re.compile(r"(?<![.\w])(\w+)\(")


def _page_fields() -> Iterator[tuple[Path, str, str]]:
    """The fields of values that modules of pages make: `page(…, **fields(value))` hands them over by name."""
    for path in sorted([*ROOT.glob("webkit/**/pages.py"), *ROOT.glob("webkit/**/*_pages.py")]):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield from (
                    (path, node.name, each.target.id)
                    for each in node.body
                    if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
                )


def _asked_for(app: Flask) -> set[str]:
    """What layouts call by name, and find among what all templates have."""
    found = set[str]()
    for path in (ROOT / "templates" / "layouts").glob("*.html"):
        found.update(CALLED.findall(path.read_text("utf-8")))
    return found & set(app.jinja_env.globals)


def test_no_field_of_a_page_shadows_what_layouts_ask_for(app: Flask) -> None:
    fields, taken = list(_page_fields()), _asked_for(app)
    assert fields
    assert "may_open" in taken
    assert [f"{path.relative_to(ROOT)}: {name}.{field}" for path, name, field in fields if field in taken] == []
