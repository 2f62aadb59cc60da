"""Doing something several times at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from threading import Barrier
from typing import TypeVar

from flask import Flask

R = TypeVar("R")


def at_once(app: Flask, *calls: Callable[[], R]) -> list[R | Exception]:
    """Run `calls` in threads that start together, each in a context of its own; errors are answers too."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], R]) -> R | Exception:
        with app.app_context():
            gate.wait()
            try:
                return call()
            except Exception as error:
                return error

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(Context().run, run, call) for call in calls]
        return [future.result() for future in futures]
