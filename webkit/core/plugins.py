"""Find plugins, take what they contribute, refuse what does not fit. One manager for each application, no global."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib import import_module, metadata
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import click
import pluggy

from . import deprecations, hookspecs, strangers
from .access import Policy
from .capabilities.base import ProviderSpec
from .contributions import HOOKS, OURS, Broken, Contribution, PluginInfo, Status
from .extensions import (
    Card,
    DocumentSource,
    EventKind,
    InboxHandler,
    JobSpec,
    Listener,
    MenuEntry,
    MergeField,
    Schedule,
    Slot,
)
from .problems import Problem
from .providers import version_mismatch

__all__ = ["Contribution", "PluginError", "PluginInfo", "Plugins", "Status", "load_plugins"]

GROUP = "webkit.plugins"

_FEATURES_ONLY = {
    # They run in the boot, in a request, or inside our transactions: a stranger's could not be isolated.
    *("webkit_directory", "webkit_startup", "webkit_register_document_sources", "webkit_register_inbox_handlers"),
    *("webkit_register_event_kinds", "webkit_register_slots", "webkit_register_permissions"),
}


class PluginError(Exception):
    """The boot stops: something of ours, or what nobody can repair by leaving a plugin out, is broken."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(f"{p.where}: {p.problem}. {p.fix}" for p in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Plugins:
    """Everything that was found, and what the sound ones contribute, features first."""

    manager: pluggy.PluginManager
    loaded: tuple[PluginInfo, ...]
    contributions: tuple[Contribution, ...]
    unknown_off: tuple[str, ...] = ()

    @property
    def providers(self) -> tuple[ProviderSpec[Any], ...]:
        return tuple(spec for c in self.contributions for spec in c.providers)

    @property
    def menu(self) -> tuple[MenuEntry, ...]:
        return tuple(entry for c in self.contributions for entry in c.menu)

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(card for c in self.contributions for card in c.cards)

    @property
    def fields(self) -> tuple[MergeField, ...]:
        return tuple(merge_field for c in self.contributions for merge_field in c.fields)

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(slot for c in self.contributions for slot in c.slots)

    @property
    def policies(self) -> tuple[Policy, ...]:
        return tuple(policy for c in self.contributions for policy in c.permissions)

    @property
    def jobs(self) -> tuple[JobSpec, ...]:
        return tuple(job for c in self.contributions for job in c.jobs)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        return tuple(schedule for c in self.contributions for schedule in c.schedules)

    @property
    def event_kinds(self) -> tuple[EventKind, ...]:
        return tuple(kind for c in self.contributions for kind in c.event_kinds)

    @property
    def commands(self) -> tuple[click.Command, ...]:
        return tuple(command for c in self.contributions for command in c.commands)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        return tuple(listener for c in self.contributions for listener in c.listeners)

    @property
    def document_sources(self) -> tuple[DocumentSource, ...]:
        return tuple(source for c in self.contributions for source in c.document_sources)

    @property
    def inbox_handlers(self) -> tuple[InboxHandler, ...]:
        return tuple(handler for c in self.contributions for handler in c.inbox_handlers)

    def plugin_of(self, spec: ProviderSpec[Any]) -> PluginInfo:
        """Who brought this provider."""
        return next(c.plugin for c in self.contributions if any(offered is spec for offered in c.providers))

    def problems(self) -> list[Problem]:
        """What `doctor` has to say about plugins."""
        broken = [
            Problem(f"plugin {p}", p.reason, f"Mend or uninstall {p.distribution}, or set WEBKIT_PLUGINS_OFF={p.name}")
            for p in self.loaded
            if p.status is Status.QUARANTINED
        ]
        names = ", ".join(sorted(p.name for p in self.loaded))
        off = [
            Problem("WEBKIT_PLUGINS_OFF", f"there is no plugin {name!r}", f"Choose among: {names}")
            for name in self.unknown_off
        ]
        return broken + off

    def notices(self) -> list[Problem]:
        """What works today and will not for ever, by the plugin that uses it."""
        return [notice for c in self.contributions if not c.feature for notice in self._notices(c)]

    def _notices(self, found: Contribution) -> Iterator[Problem]:
        fix = f"Install a newer {found.plugin.distribution}, or tell its author"
        hooks = (getattr(vars(hookspecs)[name], "webkit_deprecated", None) for name in found.hooks)
        used = deprecations.used_by(deprecations.package_of(found.module))
        for what in dict.fromkeys([*used, *(hook for hook in hooks if hook)]):
            yield Problem(f"plugin {found.plugin}", f"uses {what.name}: {what}", f"{fix}: {what.instead}")
        for spec in found.providers:
            if until := spec.capability.retiring.get(spec.spoken or 0):
                text = f"speaks {spec.capability.key} version {spec.spoken}, which webkit {until} will not speak"
                yield Problem(f"plugin {found.plugin}", text, f"{fix}: {spec.capability.key} has a newer version")


def load_plugins(
    features: Iterable[ModuleType] = (),
    *,
    off: Collection[str] = (),
    entry_points: Iterable[metadata.EntryPoint] | None = None,
) -> Plugins:
    """Load features and every plugin that an installed distribution declares.

    Raises PluginError if a feature or a bundled plugin is broken; a broken plugin of others is quarantined.
    """
    points = metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    check_import_package()
    loader = _Loader()
    for module in features:
        loader.feature(module)
    loader.plugins(sorted(points, key=lambda point: (point.name, _distribution(point)[0])), frozenset(off))
    return loader.finish(off)


def check_import_package(package: ModuleType | None = None) -> None:
    """Refuse to start if a folder `plugins` of somebody else hides ours: its code would run instead of ours."""
    found = package or import_module("plugins")
    place = Path(found.__file__ or "nowhere").resolve().parent
    ours = Path(__file__).resolve().parents[2] / "plugins"
    if place != ours:
        raise PluginError([Problem(str(place), f"hides our package {ours}", "Start in another folder or rename it.")])


@dataclass
class _Loader:
    manager: pluggy.PluginManager = field(default_factory=lambda: _manager())
    contributions: list[Contribution] = field(default_factory=list)
    refused: list[PluginInfo] = field(default_factory=list)
    fatal: list[Problem] = field(default_factory=list)

    def feature(self, module: ModuleType) -> None:
        """A feature's module `webkit.<feature>.plugin` is registered under the feature's name."""
        name = module.__name__.removesuffix(".plugin").rpartition(".")[2]
        self._take(PluginInfo(name, OURS, _version()), lambda: module, feature=True)

    def plugins(self, points: list[metadata.EntryPoint], off: frozenset[str]) -> None:
        homonyms: dict[str, list[PluginInfo]] = defaultdict(list)
        for point in points:
            homonyms[point.name].append(PluginInfo(point.name, *_distribution(point)))
        for point in points:
            plugin = PluginInfo(point.name, *_distribution(point))
            others = [other for other in homonyms[point.name] if other != plugin]
            if point.name in off:
                self.refused.append(replace(plugin, status=Status.OFF))
            elif others and not (plugin.bundled and not any(other.bundled for other in others)):
                self._refuse(plugin, f"{plugin} and {_names(others)} have the same name")
            else:
                self._take(plugin, point.load, feature=False)

    def finish(self, off: Collection[str]) -> Plugins:
        self._settle_conflicts()
        if self.fatal:
            raise PluginError(self.fatal)
        sound = [c.plugin for c in self.contributions if not c.feature]
        found = tuple(sorted([*sound, *self.refused], key=lambda plugin: (plugin.name, plugin.distribution)))
        unknown = tuple(sorted(set(off) - {plugin.name for plugin in found}))
        return Plugins(self.manager, found, tuple(self.contributions), unknown)

    def _take(self, plugin: PluginInfo, load: Callable[[], object], *, feature: bool) -> None:
        def bring() -> Contribution:
            # A stranger gets a manager of its own: it can neither wrap a hook of ours nor be late in this one.
            manager = self.manager if plugin.bundled else _manager()
            return _contribution(manager, plugin, load(), feature=feature)

        try:
            self.contributions.append(bring() if plugin.bundled else strangers.in_time(bring))
        except (Exception, SystemExit) as error:
            text = str(error) if isinstance(error, Broken | pluggy.PluginValidationError) else _text(error)
            self._refuse(plugin, text)

    def _refuse(self, plugin: PluginInfo, reason: str) -> None:
        self.contributions = [c for c in self.contributions if c.plugin != plugin]
        if self.manager.has_plugin(plugin.name):
            self.manager.unregister(name=plugin.name)
        if plugin.bundled:
            self.fatal.append(Problem(f"plugin {plugin}", reason, "Reinstall webkit: this plugin is part of it."))
        else:
            self.refused.append(replace(plugin, status=Status.QUARANTINED, reason=reason))

    def _settle_conflicts(self) -> None:
        """Of two plugins that claim a name ours stays; of two strangers neither does, whichever came first."""
        claims: dict[tuple[str, str], list[PluginInfo]] = defaultdict(list)
        for contribution in self.contributions:
            for claim in contribution.claims():
                claims[claim].append(contribution.plugin)
        for (hook, name), plugins in claims.items():
            ours = [plugin for plugin in plugins if plugin.bundled]
            losers = [p for p in plugins if not p.bundled] if len(ours) < 2 else plugins
            if len(plugins) > 1:
                text = f"{_names(plugins)} both register {name!r} ({hook})"
                for plugin in dict.fromkeys(losers):
                    self._refuse(plugin, text)


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def _contribution(manager: pluggy.PluginManager, plugin: PluginInfo, module: object, *, feature: bool) -> Contribution:
    """Register the module and call its hooks; nothing of it is used if any of them fails."""
    if not isinstance(module, ModuleType):
        raise Broken(f"the entry point names a {type(module).__name__}, not a module")
    _check_marks(module)
    if manager.register(module, name=plugin.name) is None:
        raise Broken("it was blocked")
    manager.check_pending()  # a misspelt hook would otherwise never be called
    if not feature:
        _check_reserved(manager, module)
    others = [other for other in manager.get_plugins() if other is not module]
    items = {hook: _call(manager, hook, kind, others) for hook, kind in HOOKS.items()}
    hooks = tuple(caller.name for caller in manager.get_hookcallers(module) or [])
    contribution = Contribution(plugin, feature, **items, folder=_folder(module), module=module.__name__, hooks=hooks)
    _check(contribution)
    if contribution.stranger:
        strangers.check(contribution)
    return contribution


def _folder(module: ModuleType) -> Path | None:
    place = getattr(module, "__file__", None)
    return Path(place).parent if place else None


def _check_marks(module: ModuleType) -> None:
    for name, value in vars(module).items():
        unmarked = isinstance(value, FunctionType) and not hasattr(value, f"{hookspecs.PROJECT}_impl")
        if unmarked and name.startswith("webkit_"):
            raise Broken(f"{name}() looks like a hook but is not marked with @hookimpl")


def _check_reserved(manager: pluggy.PluginManager, module: ModuleType) -> None:
    implemented = {caller.name for caller in manager.get_hookcallers(module) or []}
    if reserved := sorted(implemented & _FEATURES_ONLY):
        raise Broken(f"{reserved[0]}() is for features of the platform only")


def _call(manager: pluggy.PluginManager, hook: str, kind: type[Any], others: list[object]) -> tuple[Any, ...]:
    answers = manager.subset_hook_caller(f"webkit_register_{hook}", remove_plugins=others)()
    items: list[Any] = []
    for answer in answers:
        if not isinstance(answer, list | tuple) or not all(isinstance(item, kind) for item in answer):
            raise Broken(f"webkit_register_{hook}() must return a list of {kind.__name__}")
        items += answer
    return tuple(items)


def _check(contribution: Contribution) -> None:
    twice = [name for (_, name), count in Counter(contribution.claims()).items() if count > 1]
    if twice:
        raise Broken(f"it registers {', '.join(twice)} twice")
    for spec in contribution.providers:
        if spec.spoken is None:
            raise Broken(version_mismatch(spec))


def _distribution(point: metadata.EntryPoint) -> tuple[str, str]:
    return ("unknown", "") if point.dist is None else _name_and_version(point.dist)


@lru_cache(64)
def _name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    """Read once for all of its plugins: each time it is the whole text of its metadata that is parsed."""
    found = distribution.metadata
    return found["Name"].lower().replace("_", "-"), found["Version"]


@cache
def _version() -> str:
    return metadata.version(OURS)


def _names(plugins: Iterable[PluginInfo]) -> str:
    return " and ".join(str(plugin) for plugin in plugins)


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
