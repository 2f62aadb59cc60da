"""`python -m benchmarks.floors.cold all|none DATA`: make the application once, print the CPU seconds that took.

With `none` no plugin is installed: the search for them is made, and finds nothing.
"""

from __future__ import annotations

import gc
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

gc.disable()  # as the command does


def main(which: str, data: Path) -> None:
    """What a process costs until it could serve, from the interpreter's first line on."""
    from webkit.core import plugins
    from webkit.core.providers import ProviderRegistry
    from webkit.core.settings import Settings

    if which == "none":
        _hide(plugins, ProviderRegistry)
    from webkit.house import create

    create(Settings(data=data, log_level="ERROR"))
    print(time.process_time())


def _hide(plugins: Any, registry: Any) -> None:
    """Look as always, take nothing, and let nobody complain about what is missing then."""

    class Nothing:
        @staticmethod
        def entry_points(**wanted: str) -> list[metadata.EntryPoint]:
            metadata.entry_points(**wanted)
            return []

        version = staticmethod(metadata.version)
        EntryPoint = metadata.EntryPoint

    plugins.metadata = Nothing
    registry.check = lambda _: []


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
