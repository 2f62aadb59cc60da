"""The double as a process."""

from __future__ import annotations

import argparse
import contextlib
import threading
from typing import Any

from webkit.sdk.testing.doubles import resend


def main() -> None:
    """Run as a process until it is ended."""
    parser = argparse.ArgumentParser(description=resend.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", help="an API key that is accepted")
    parser.add_argument("--webhook", default="", help="where webhooks are posted")
    parser.add_argument("--secret", default="", help="signs them; drawn when empty")
    parser.add_argument("--any-domain", action="store_true", help="mail may leave from every domain")
    given = parser.parse_args()
    keys = dict.fromkeys(given.key, "full") if given.key else None
    options: dict[str, Any] = {"domains": None} if given.any_domain else {}
    with resend.Resend(keys, secret=given.secret, webhook=given.webhook, port=given.port, **options) as vendor:
        print(vendor.url, flush=True)  # noqa: T201  whoever started it reads this line
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
