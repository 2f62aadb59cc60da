"""Put blueprints into the application: features where they ask to be, plugins under /x/<plugin>/, never too many."""

from __future__ import annotations

from threading import BoundedSemaphore

from flask import Flask, abort, g, request

from .plugins import Plugins

AT_ONCE = 4


def mount(app: Flask, plugins: Plugins) -> None:
    """Register every blueprint. A plugin that hangs keeps at most four threads of this process busy, not all."""
    slots: dict[str, BoundedSemaphore] = {}
    for contribution in plugins.contributions:
        slot = BoundedSemaphore(AT_ONCE)
        for blueprint in contribution.blueprints:
            if contribution.feature:
                app.register_blueprint(blueprint)
            else:
                app.register_blueprint(blueprint, url_prefix=f"/x/{contribution.plugin.name}")
                slots[blueprint.name] = slot

    def enter() -> None:
        slot = next((slots[name] for name in reversed(request.blueprints) if name in slots), None)
        if slot is None:
            return
        if not slot.acquire(blocking=False):
            abort(503)
        g.plugin_slot = slot

    def leave(_: BaseException | None) -> None:
        slot = g.pop("plugin_slot", None)
        if slot is not None:
            slot.release()

    if slots:
        app.before_request(enter)
        app.teardown_request(leave)
