"""The plugin that docs/plugins/hooks.md writes, put together from its examples."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "plugins" / "hooks.md"
NAME, DISTRIBUTION = "acme_desk", "acme-desk"
MODULE = "made_up_acme_desk_acme_desk"


def source() -> str:
    """Its module: every Python example, in order."""
    return "\n\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL))


def files() -> dict[str, str]:
    """Its templates: every example that a file's name stands before."""
    found = re.findall(r"`(templates/[\w/.]+)`\n\n```jinja\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return dict(found)
