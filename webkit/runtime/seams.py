"""What the processes need from the application, as callables: they know no more about it."""

from __future__ import annotations

import gc
import importlib
import time
from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from uuid import UUID

from flask import Flask

EXTENSION = "webkit.runtime"

AppFactory = Callable[[], Flask]
Step = Callable[[Flask], None]


def _nothing(_app: Flask) -> None:
    return None


def _forget(_app: Flask, _job: str) -> None:
    return None


def _none(_app: Flask, _room: int) -> Sequence[str]:
    time.sleep(1)
    return ()


def _nobody(_app: Flask, _ids: Sequence[str]) -> Sequence[Callable[[], None]]:
    return ()


@dataclass(frozen=True, slots=True)
class Seams:
    """`upgrade` brings the database up to date; `rehearse` does once, before any fork, what all would do at first.

    `after_fork` drops what a parent had opened.

    `enter_worker` prepares a process for jobs; `lost` is told the id of a job whose process died; `tick` is called
    every second by the scheduler. For jobs in threads, `await_ids` waits a moment for ids, so many at the most, and
    `take` claims them and answers what is to be done for each.
    """

    upgrade: Step = _nothing
    rehearse: Step = _nothing
    after_fork: Step = _nothing
    enter_worker: Step = _nothing
    lost: Callable[[Flask, str], None] = _forget
    tick: Step = _nothing
    await_ids: Callable[[Flask, int], Sequence[str]] = _none
    take: Callable[[Flask, Sequence[str]], Sequence[Callable[[], None]]] = _nobody


def of(app: Flask) -> Seams:
    """The application's own seams, else those of the kernel."""
    found: Seams | None = app.extensions.get(EXTENSION)
    return found or kernel()


def load_factory(path: str) -> AppFactory:
    """A call of what `package.module:name` names; its module is loaded no sooner.

    Nothing of what is loaded is garbage, and looking for some is a quarter of the start: nobody does, then or later.
    """
    module, _, name = path.partition(":")

    def load() -> Flask:
        gc.disable()
        try:
            factory: AppFactory = getattr(importlib.import_module(module), name)
            return factory()
        finally:
            gc.freeze()
            gc.enable()

    return load


def kernel() -> Seams:
    """The platform's own."""
    return Seams(_upgrade, _rehearse, _after_fork, _enter_worker, _lost, _tick, _await_ids, _take)


def _upgrade(app: Flask) -> None:
    from webkit.core.kernel import migrations, runtime

    with app.app_context():
        migrations.upgrade()
    for step in runtime.of(app).after_upgrade:
        step(app)


def _rehearse(app: Flask) -> None:
    """Show the first page to nobody: what it builds is built once and shared; what it opens is closed again."""
    from webkit.core.kernel import runtime
    from webkit.core.kernel.db import db

    found, nobody = runtime.of(app), app.test_client()
    asked = {"base_url": found.settings.base_url, "headers": {"X-Request-ID": "rehearsal"}}
    # Its id, language and time zone are not what all that follows in this process begins with.
    copy_context().run(nobody.get, "/", follow_redirects=True, **asked)
    with app.app_context():
        db.engine.dispose()
    if found.redis is not None:
        found.redis.close()


def _after_fork(app: Flask) -> None:
    from webkit.core.kernel import jobs
    from webkit.core.kernel.db import db

    jobs.serve()
    with app.app_context():
        db.engine.dispose(close=False)  # the parent's connections stay the parent's


def _enter_worker(app: Flask) -> None:
    """Load the chosen providers' packages before any fork, so that their memory is shared; build none of them."""
    from webkit.core.kernel import jobs, runtime
    from webkit.core.providers import load
    from webkit.runtime import worker

    registry = runtime.of(app).registry
    for capability in registry.capabilities:
        for spec in registry.chain(capability):
            load(spec)
    jobs.bind_worker(lambda: app, worker.stopping)


def _lost(app: Flask, job: str) -> None:
    from webkit.core.kernel import outbox
    from webkit.core.kernel.db import db

    with app.app_context():
        outbox.let_go(UUID(job))
        db.engine.dispose()  # this process forks again


def _tick(app: Flask) -> None:
    from webkit.core.kernel import scheduler

    scheduler.tick(app)


def _await_ids(app: Flask, room: int) -> Sequence[str]:
    from webkit.core.kernel import jobs

    with app.app_context():
        return jobs.await_ids(room)


def _take(_app: Flask, ids: Sequence[str]) -> Sequence[Callable[[], None]]:
    from webkit.core.kernel import jobs

    return jobs.take(ids)
