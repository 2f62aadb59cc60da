"""Hundreds of texts that nobody means well with.

`wkx` in them marks what must never become markup, the product of two numbers what must never be computed.
"""

from __future__ import annotations

import json
from pathlib import Path

MARK = "wkx"
COMPUTED = "48313819"
KINDS: dict[str, list[str]] = json.loads(Path(__file__).with_suffix(".json").read_text())
TEXTS = tuple(dict.fromkeys(text for kind in KINDS.values() for text in kind))
