"""What was built: within its budgets, with every icon and file that templates and features ask for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webkit.core import assets
from webkit.core.paths import PACKAGE, ROOT, STATIC, TEMPLATES

pytestmark = pytest.mark.skipif(not (STATIC / "manifest.json").exists(), reason="the assets are not built")

TEXTS = [path.read_text("utf-8") for path in TEMPLATES.rglob("*.html")]
SOURCES = [path.read_text("utf-8") for root in (PACKAGE, ROOT / "plugins") for path in root.rglob("*.py")]


def compressed(*names: str) -> int:
    return sum((STATIC / f"{assets.manifest()[name]}.gz").stat().st_size for name in names)


def test_a_staff_page_loads_at_most_150_kb_of_css_and_js() -> None:
    assert compressed("staff.css", "staff.js") < 150_000


def test_a_client_page_leaves_room_for_its_html_within_60_kb() -> None:
    font = (STATIC / assets.manifest()["inter-public.woff2"]).stat().st_size
    assert compressed("public.css", "public.js") + font < 45_000


def test_every_icon_asked_for_is_built() -> None:
    asked = set()
    for text in TEXTS:
        asked |= set(re.findall(r"ui\.(?:public_)?icon\(\"([a-z0-9-]+)\"", text))
        asked |= set(re.findall(r"\bicon=\"([a-z0-9-]+)\"", text))
        asked |= set(re.findall(r"ui\.dot\(\"([a-z0-9-]+)\"", text))
    for text in SOURCES:
        asked |= set(re.findall(r"\bicon=\"([a-z0-9-]+)\"", text))
    assert asked
    assert not asked - set(assets.icons())


def test_every_controller_asked_for_is_registered() -> None:
    registered = set(
        re.findall(r"^  (\w+): \w+,$", (assets.SOURCE / "js" / "staff.js").read_text("utf-8"), re.MULTILINE)
    )
    asked = {
        name for text in TEXTS for names in re.findall(r"data-controller=\"([\w ]+)\"", text) for name in names.split()
    }
    assert asked
    assert not asked - registered


def test_every_class_a_staff_page_uses_has_a_rule() -> None:
    styled: set[str] = set()
    for name in ("staff.css", "styleguide.css"):
        styled |= set(re.findall(r"\.([A-Za-z][\w-]*)", (STATIC / assets.manifest()[name]).read_text("utf-8")))
    unstyled = {
        f"{path.relative_to(TEMPLATES)}: {name}"
        for path in TEMPLATES.rglob("*.html")
        if _of_staff(path)
        for names in re.findall(r"class=\"([^\"{]*)\"", path.read_text("utf-8"))
        for name in names.split()
        if name not in styled
    }
    assert not unstyled


def _of_staff(path: Path) -> bool:
    """Client pages, documents and mails have style sheets of their own."""
    parts = path.relative_to(TEMPLATES).parts
    others = {"public", "pdf", "email", "errors", "verify", "signing"}
    return not others & set(parts) and not parts[-1].startswith(("public", "print_", "paper"))


def test_every_file_asked_for_is_built() -> None:
    asked = {name for text in TEXTS for name in re.findall(r"asset\(\"([^\"]+)\"\)", text)}
    assert asked
    assert not asked - set(assets.manifest())


def test_every_file_of_the_manifest_is_there_and_named_by_its_content() -> None:
    for name, file in assets.manifest().items():
        assert (STATIC / file).is_file(), name
        assert re.search(r"\.[A-Za-z0-9]{8}\.\w+$", file), file


def test_style_sheets_load_nothing_from_elsewhere() -> None:
    for path in STATIC.glob("*.css"):
        urls = re.findall(r"url\((?:\"|')?([^\"')]+)", path.read_text("utf-8"))
        assert all(url.startswith(("data:", "./fonts/", "fonts/", "#")) or "/fonts/" in url for url in urls), path.name
        assert not [url for url in urls if url.startswith(("http:", "https:", "//"))]


def test_scripts_need_no_eval_for_their_own_work() -> None:
    script = (STATIC / assets.manifest()["public.js"]).read_text("utf-8")
    assert "eval(" not in script
    assert "new Function" not in script
