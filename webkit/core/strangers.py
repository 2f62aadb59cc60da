"""What is asked of somebody else's plugin before it is let in, so that nothing it declared can break a page of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any, TypeVar

from flask import Flask
from werkzeug.routing import BuildError, UnicodeConverter

from webkit.core.assets import AssetsError, icons

from .contributions import Broken, Contribution
from .kernel.i18n import LazyString

BOOT_SECONDS = 5.0
LEAST_EVERY = 300
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
T = TypeVar("T")


def in_time(bring: Callable[[], T]) -> T:
    """What `bring` answers. Raises Broken when that takes too long; the thread is left behind."""
    answer: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(bring())
        except BaseException as error:
            errors.append(error)

    thread = Thread(target=run, daemon=True, name="plugin-boot")
    thread.start()
    thread.join(BOOT_SECONDS)
    if errors:
        raise errors[0]
    if not answer:
        raise Broken(f"it did not get ready within {BOOT_SECONDS:g} seconds")
    return answer[0]


def check(contribution: Contribution) -> None:
    """Names of its own, texts that are texts, pages that touch no page of others. Raises Broken."""
    plugin = contribution.plugin.name
    if not _NAME.fullmatch(plugin) or len(plugin) > 48:
        raise Broken(f"{plugin!r} is not a name like acme_mail")
    for what, name, own in _named(contribution):
        if not own:
            raise Broken(f"{what} {name!r} must begin with the plugin's name, {plugin.replace('-', '_')!r}")
    for what, text in _texts(contribution):
        if not isinstance(text, str | LazyString) or not str(text).strip() or len(str(text)) > 120:
            raise Broken(f"{what} needs a text of at most 120 characters, not {text!r}")
    _check_schedules(contribution)
    _check_menu(contribution, _rehearse(contribution))


def _named(contribution: Contribution) -> Iterator[tuple[str, str, bool]]:
    """What, its name, and whether that shows whose it is."""
    plugin = contribution.plugin.name.replace("-", "_")
    dotted: dict[str, list[str]] = {
        "the card": [card.name for card in contribution.cards],
        "the merge field": [merge_field.name for merge_field in contribution.fields],
        "the listener": [listener.name for listener in contribution.listeners],
        "the job": [job.kind for job in contribution.jobs],
        "the schedule": [schedule.name for schedule in contribution.schedules],
    }
    for what, names in dotted.items():
        yield from ((what, name, name.startswith(f"{plugin}.")) for name in names)
    for blueprint in (*contribution.blueprints, *contribution.staff_blueprints):
        yield "the blueprint", blueprint.name, blueprint.name == plugin or blueprint.name.startswith(f"{plugin}_")
    for command in contribution.commands:
        name, dashed = str(command.name), plugin.replace("_", "-")
        yield "the command", name, name == dashed or name.startswith(f"{dashed}-")


def _texts(contribution: Contribution) -> Iterator[tuple[str, Any]]:
    yield from ((f"the menu entry {entry.endpoint}", entry.label) for entry in contribution.menu)
    yield from ((f"the card {card.name}", card.title) for card in contribution.cards)
    yield from ((f"the merge field {each.name}", each.label) for each in contribution.fields)


def _check_schedules(contribution: Contribution) -> None:
    """A schedule asks for a job of its own plugin, and not too often: each agency gets one."""
    kinds = {job.kind for job in contribution.jobs}
    for schedule in contribution.schedules:
        if schedule.kind not in kinds:
            raise Broken(f"the schedule {schedule.name} asks for {schedule.kind}, which is no job of this plugin")
        if schedule.every is not None and schedule.every < LEAST_EVERY:
            raise Broken(f"the schedule {schedule.name} is due more often than every {LEAST_EVERY} seconds")


def _rehearse(contribution: Contribution) -> Flask:
    """Mount its pages on an application nobody sees, so that broken pages never break the real one."""
    stage = Flask("rehearsal", static_folder=None)
    stage.url_map.converters["slug"] = UnicodeConverter
    before = _of_everybody(stage)
    for blueprint in contribution.blueprints:
        stage.register_blueprint(blueprint, url_prefix=f"/x/{contribution.plugin.name}")
    for blueprint in contribution.staff_blueprints:
        stage.register_blueprint(blueprint, url_prefix=f"/<slug:agency>/x/{contribution.plugin.name}")
    for what, now in _of_everybody(stage).items():
        if now != before[what]:
            raise Broken(f"a blueprint changes {what} of the whole application; only its own pages are its own")
    return stage


def _of_everybody(app: Flask) -> dict[str, object]:
    """What a blueprint could add to all pages: functions around requests, error handlers, filters and globals."""
    around = {
        "before_request": app.before_request_funcs,
        "after_request": app.after_request_funcs,
        "teardown_request": app.teardown_request_funcs,
        "url_value_preprocessor": app.url_value_preprocessors,
        "url_defaults": app.url_default_functions,
        "context_processor": app.template_context_processors,
    }
    handlers = app.error_handler_spec.get(None, {})
    return {
        **{what: list(functions.get(None, [])) for what, functions in around.items()},  # type: ignore[attr-defined]
        "errorhandler": {code: dict(found) for code, found in handlers.items() if found},
        "template_filter": dict(app.jinja_env.filters),
        "template_global": dict(app.jinja_env.globals),
        "template_test": dict(app.jinja_env.tests),
    }


def _check_menu(contribution: Contribution, stage: Flask) -> None:
    """A line of the menu stands on every page: its address and its icon must be there."""
    addresses = stage.url_map.bind("rehearsal")
    for entry in contribution.menu:
        try:
            addresses.build(entry.endpoint, {"agency": "agency"})
        except BuildError:
            raise Broken(f"the menu entry {entry.endpoint!r} leads to no page of this plugin") from None
        if _unknown_icon(entry.icon):
            raise Broken(f"there is no icon {entry.icon!r}")


def _unknown_icon(name: str) -> bool:
    try:
        return name not in icons()
    except AssetsError:  # without a front end there is nothing to look up, and no page
        return False
