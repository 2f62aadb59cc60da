"""`python -m webkit.runtime FACTORY COMMAND`: how the supervisor starts the parts."""

from __future__ import annotations

import gc
import importlib
import sys


def main() -> None:
    """Load the commands, then do what was asked."""
    gc.disable()  # nothing of what is loaded is garbage, and looking for some is a tenth of the start
    importlib.import_module("webkit.core.lean")  # before anything else
    from webkit.runtime.cli import run

    gc.freeze()
    gc.enable()
    run(sys.argv[1], sys.argv[2:])


main()
