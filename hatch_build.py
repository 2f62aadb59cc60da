"""Builds the front-end files into the wheel when the checkout has not done so yet."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Assets(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        target = root / "webkit" / "static" / "dist"
        if version == "editable" or self.target_name == "sdist" or (target / "manifest.json").exists():
            return
        sys.path.insert(0, str(root))
        from webkit.core.assets import build

        build(root / "assets", target)
