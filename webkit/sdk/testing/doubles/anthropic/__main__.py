"""`python -m webkit.sdk.testing.doubles.anthropic --port 0 [--key KEY]… [--usual slow,pause=0.05]`: runs until ended.

Prints its address on one line. ANTHROPIC_DOUBLE is the usual behaviour too, ANTHROPIC_DOUBLE_KEYS further keys,
separated by commas.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from . import KEY, AnthropicDouble, parse


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m webkit.sdk.testing.doubles.anthropic")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", default=[], help="a key it accepts; may be given more than once")
    parser.add_argument("--usual", default=os.environ.get("ANTHROPIC_DOUBLE") or "writes", help="slow,pause=0.05")
    given = parser.parse_args()
    keys = [*given.key, *filter(None, os.environ.get("ANTHROPIC_DOUBLE_KEYS", "").split(","))]
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with AnthropicDouble(port=given.port, keys=keys or [KEY]) as double:
        double.usual = parse(given.usual)[0]
        sys.stdout.write(f"{double.url}\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
