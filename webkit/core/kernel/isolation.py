"""Calling a stranger's function: in a thread of its own, with its agency's door, a time limit and a record.

Only jobs do this: whatever hangs ends with the process of the job. Pages never wait for a stranger.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from datetime import timedelta
from typing import TypeVar

from webkit.core.capabilities.errors import ProviderError
from webkit.core.kernel import switches
from webkit.core.kernel.db import Scope, release, session, unit
from webkit.core.kernel.outbox import PutBack

A = TypeVar("A")
R = TypeVar("R")

LISTENER_SECONDS = 20.0
ANSWER_SECONDS = 5.0
NICE = 10
WAIT_WHILE_OFF = timedelta(minutes=10)


class PluginFailed(Exception):
    """A plugin raised, or did not answer in time; it has been counted."""


class PluginOff(PutBack):
    """The plugin is switched off. A job that meant it waits."""

    def __init__(self, plugin: str) -> None:
        super().__init__(WAIT_WHILE_OFF)
        self.plugin = plugin


def call(plugin: str, what: str, seconds: float, function: Callable[[A], R], argument: A, *, attempt: int = 1) -> R:
    """What `function` answers. Raises PluginOff, PluginFailed, or a ProviderError that may be tried again.

    Not counted are a vendor that is down for a while, and further attempts at what has failed before: one piece of
    work that cannot be done does not switch a plugin off.
    """
    if switches.is_off(plugin):
        raise PluginOff(plugin)
    release()
    done: list[R] = []
    errors: list[BaseException] = []
    agency = session().scope.agency

    def run() -> None:
        _step_back()
        try:
            with unit(Scope(agency=agency)):
                done.append(function(argument))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True, name=f"plugin-{plugin}")
    thread.start()
    thread.join(seconds)
    if not done and not errors:
        raise _failed(plugin, what, f"did not answer within {seconds:g} seconds")
    if errors:
        if isinstance(errors[0], ProviderError) and errors[0].retryable:
            raise errors[0]
        raise _failed(plugin, what, f"{type(errors[0]).__name__}: {errors[0]}", attempt) from errors[0]
    return done[0]


def _step_back() -> None:
    """Let whatever else this machine does go first, where threads have a rank of their own."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def _failed(plugin: str, what: str, words: str, attempt: int = 1) -> PluginFailed:
    if attempt == 1:
        switches.blame(plugin, what, words)
    return PluginFailed(f"{plugin}, {what}: {words}")
