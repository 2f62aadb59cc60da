"""`python -m webkit.sdk.testing.doubles.stripe --port 0`: prints its address, then serves until it is told to end."""

from __future__ import annotations

import argparse
import signal

from .server import KEY, StripeDouble


def main() -> None:
    parser = argparse.ArgumentParser(prog="stripe-double", description="A double of the Stripe API on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY, help="the secret key it takes")
    parser.add_argument("--webhook", action="append", default=[], metavar="URL", help="send all events there")
    parser.add_argument("--secret", default="", help="signs these webhooks")
    given = parser.parse_args()
    # Blocked before any thread begins, so that the signal waits for us and ends no thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with StripeDouble(port=given.port, key=given.key) as double:
        for url in given.webhook:
            double.subscribe(url, secret=given.secret)
        print(double.url, flush=True)  # noqa: T201
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main()
