"""The command `webkit`, also as `python -m webkit`."""

from __future__ import annotations

import gc


def main() -> None:
    """Load everything, then do what was asked."""
    gc.disable()  # nothing of what is loaded is garbage, and looking for some is a tenth of the start
    from webkit.house import main as run

    gc.enable()
    run()


if __name__ == "__main__":
    main()
