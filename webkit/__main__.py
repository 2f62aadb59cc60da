"""The command `webkit`, also as `python -m webkit`."""

from __future__ import annotations

import gc
import importlib


def main() -> None:
    """Load everything, then do what was asked."""
    gc.disable()  # nothing of what is loaded is garbage, and looking for some is a tenth of the start
    importlib.import_module("webkit.core.lean")  # before anything else
    from webkit.house import main as run

    gc.enable()
    run()


if __name__ == "__main__":
    main()
