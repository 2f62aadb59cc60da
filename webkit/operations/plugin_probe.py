"""Loads a plugin that is being checked, in a process of its own, and prints what it is as JSON.

python -m webkit.operations.plugin_probe <folder of the package> <name> <module>
"""

from __future__ import annotations

import enum
import json
import sys
from importlib import import_module, metadata
from typing import Any

from webkit.core.capabilities.base import ProviderSpec, environment_names, is_marked
from webkit.core.capabilities.errors import ProviderError
from webkit.core.plugins import GROUP, Status, load_plugins
from webkit.core.providers import ProviderRegistry, load

PARTS = ("webkit.sdk.files", "webkit.sdk.i18n", "webkit.sdk.store", "webkit.sdk.web")


def probe(name: str, module: str) -> dict[str, Any]:
    """What the plugin offers, or why it would be left out."""
    load_plugins(entry_points=[])  # what this imports is not the plugin's doing, nor what parts of the SDK need
    for part in PARTS:
        import_module(part)
    before = set(sys.modules)
    plugins = load_plugins(entry_points=[metadata.EntryPoint(name, module, GROUP)])
    own = module.partition(".")[0]
    mine = {own, *sys.stdlib_module_names}
    imported = {loaded.partition(".")[0] for loaded in set(sys.modules) - before}
    known = {loaded.partition(".")[0] for loaded in before}
    (found,) = plugins.loaded
    return {
        "reason": found.reason if found.status is Status.QUARANTINED else "",
        "imported": sorted(top for top in imported - mine - known if not top.startswith("_")),
        "providers": [_provider(spec) for spec in plugins.providers],
        "notices": [f"{notice.problem}. {notice.fix.partition(': ')[2]}" for notice in plugins.notices()],
    }


def _provider(spec: ProviderSpec[Any]) -> dict[str, Any]:
    words = {setting.names[0]: setting for setting in ProviderRegistry({}, [spec]).describe() if setting.names}
    return {
        "capability": spec.capability.key,
        "variable": spec.capability.env,
        "name": spec.name,
        "unknown_features": sorted(set(spec.features) - _features(spec)),
        "modules": list(spec.modules),
        "install_hint": spec.install_hint,
        "problem": _problem(spec),
        "settings": [_setting(spec, name, field, words) for name, field in spec.settings.model_fields.items()],
    }


def _setting(spec: ProviderSpec[Any], name: str, field: Any, words: dict[str, Any]) -> dict[str, Any]:
    names = environment_names(field)
    described = words.get(names[0]) if names else None
    return {
        "field": name,
        "names": list(names),
        "description": field.description or "",
        "open": spec.agencies and not is_marked(field, "of_operator"),
        "secret": bool(described and described.secret),
        "preset": not field.is_required() and field.default not in (None, "") and "Secret" in str(field.annotation),
    }


def _features(spec: ProviderSpec[Any]) -> set[str]:
    """Every feature that the capability knows."""
    module = vars(sys.modules[spec.capability.protocol.__module__])
    kinds = [kind for kind in module.values() if isinstance(kind, type) and issubclass(kind, enum.StrEnum)]
    return {str(member) for kind in kinds if kind.__name__.endswith("Feature") for member in kind}


def _problem(spec: ProviderSpec[Any]) -> str:
    """Why the provider's class cannot be used, "" if it can."""
    try:
        load(spec)
    except ProviderError as error:
        return str(error)
    except BaseException as error:
        return f"{spec.factory} cannot be imported: {type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    print(json.dumps(probe(*sys.argv[2:4])))  # noqa: T201  whoever started it reads this
