"""Who opens connections: every place is known, and what people name goes through the one guard."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import webkit
from webkit.core.paths import ROOT

CLIENTS = {
    "urllib3",
    "requests",
    "httpx",
    "httpx2",
    "aiohttp",
    "http.client",
    "urllib.request",
    "smtplib",
    "ftplib",
    "socket",
}
REASONS = {
    "webkit/core/kernel/egress.py": "the gate: connects to what the guard has judged",
    "webkit/core/kernel/fetching.py": "opens what the guard has judged",
    "webkit/core/kernel/outbound.py": "the guard: looks names up",
    "webkit/domains/records.py": "asks the operator's resolver; what people name stands in the question",
    "webkit/sdk/guarded.py": "connects SDKs to what the guard has judged, each time",
    "webkit/sdk/http.py": "asks vendors at addresses of operators, or those that `connections` has judged",
    "webkit/sdk/lines.py": "cuts the connection of a stream that somebody stopped",
}
RUNTIME = "webkit/runtime/"
"""Processes of one machine that talk to each other."""


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def opens(root: Path) -> set[str]:
    """Files that import something that connects."""
    found = set()
    for path in sorted(root.rglob("*.py")):
        name, text = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name, path.read_text()
        if "testing" in path.parts or not any(each.partition(".")[0] in text for each in CLIENTS):
            continue
        names = {each for each in _imports(ast.parse(text)) if each != "http.server"}
        if (
            names & CLIENTS
            or {each.partition(".")[0] for each in names} & (CLIENTS - {"http"})
            or "http.client" in names
        ):
            found.add(name)
    return found


def test_every_way_out_is_known() -> None:
    found = {name for name in opens(Path(webkit.__file__).parent) if not name.startswith(RUNTIME)}
    assert found == set(REASONS)


def test_a_new_one_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "sneaky.py").write_text("import urllib3\n")
    (tmp_path / "harmless.py").write_text("from http import HTTPStatus\nfrom urllib.parse import urlsplit\n")
    assert opens(tmp_path) == {"sneaky.py"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x.png",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "/etc/passwd",
        "//wkx.example/x.png",
        "ftp://127.0.0.1/x",
    ],
)
@pytest.mark.parametrize(
    "html", ['<img src="{}">', '<link rel="stylesheet" href="{}">', "<style>@import url({});</style>"]
)
def test_no_paper_loads_anything(url: str, html: str) -> None:
    """What the engine of PDFs may fetch stands inside the document."""
    from plugins.pdf_pluto import child

    with pytest.raises(PermissionError):
        child._DataOnly().fetch_url(url)
    _pages, printed = child.render(html.format(url) + "<p>paper</p>", "t", "a", 10_000_000)
    assert printed.startswith(b"%PDF") and b"root:x:0" not in printed
