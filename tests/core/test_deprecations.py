"""What goes away is said in advance, to the plugin that uses it; contracts are spoken in ranges of versions."""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.core.installing import Shelf
from webkit.core import deprecations, hookspecs
from webkit.core.capabilities.email import EMAIL, Email
from webkit.core.capabilities.versions import Versions, common
from webkit.core.deprecations import PluginDeprecationWarning, deprecated, former_names
from webkit.core.plugins import Plugins, load_plugins
from webkit.sdk import ProviderSpec

PLUGIN = """
from webkit.sdk import {imports}

@hookimpl
def webkit_register_providers():
    {line}
    return [ProviderSpec(EMAIL, "toy", "Toy", "nowhere.provider:Toy", api_version={versions})]
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deprecations, "_uses", {})
    monkeypatch.setattr(deprecations, "KNOWN", {})


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield Shelf(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("made_up_"):
            del sys.modules[name]


def loaded(shelf: Shelf, *, imports: str = "", line: str = "pass", versions: str = "1") -> Plugins:
    names = ", ".join(filter(None, ("EMAIL, ProviderSpec, Versions, hookimpl", imports)))
    shelf.install("acme-mail", {"acme": PLUGIN.format(imports=names, line=line, versions=versions)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PluginDeprecationWarning)
        plugins = load_plugins(entry_points=shelf.entry_points())
    assert [plugin.reason for plugin in plugins.loaded] == [""]
    return plugins


def ours(**given: Any) -> types.ModuleType:
    """A module of the platform."""
    module = types.ModuleType("webkit.sdk.made_up")
    source = (
        "def old(): return 7\n"
        "class Old:\n    def __init__(self, value): self.value = value\n    def method(self): return 8\n"
        "def inner(): return old()\n"
    )
    exec(source, module.__dict__)  # a function of ours, as far as its caller can tell
    return module


def test_a_caller_is_warned_once_and_named() -> None:
    module = ours()
    old = deprecated(since="0.4", instead="Call new().")(module.old)
    with pytest.warns(PluginDeprecationWarning, match=r"tests uses webkit.sdk.made_up.old: .* gone in 0.5. Call new"):
        assert old() == 7
    assert old() == 7, "a second warning would be an error here"
    assert [what.name for what in deprecations.used_by("tests")] == ["webkit.sdk.made_up.old"]
    assert deprecations.used_by("another") == ()


def test_classes_and_methods_can_go_too() -> None:
    module = ours()
    module.Old.method = deprecated(since="0.4", instead="No more.")(module.Old.method)
    whole = deprecated(since="0.4", instead="Use New.")(module.Old)
    with pytest.warns(PluginDeprecationWarning, match="Old is deprecated since 0.4"):
        made = whole(3)
    assert (made.value, isinstance(made, module.Old)) == (3, True)
    with pytest.warns(PluginDeprecationWarning, match="Old.method"):
        assert made.method() == 8


def test_our_own_calls_are_no_news() -> None:
    module = ours()
    vars(module)["old"] = deprecated(since="0.4", instead="Call new().")(module.old)
    assert module.inner() == 7
    assert deprecations.used_by("tests") == ()


def test_a_name_that_left_a_module_can_still_be_imported() -> None:
    lookup = former_names("webkit.sdk", {"OldMail": (Email, "0.4", "Import Email.")})
    with pytest.warns(PluginDeprecationWarning, match="webkit.sdk.OldMail"):
        assert lookup("OldMail") is Email
    with pytest.raises(AttributeError, match="no attribute 'NeverWas'"):
        lookup("NeverWas")


def test_the_operator_sees_which_plugin_uses_what_goes_away(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    import webkit.sdk

    lookup = former_names("webkit.sdk", {"OldMail": (Email, "0.4", "Import Email.")})
    monkeypatch.setattr(webkit.sdk, "__getattr__", lookup, raising=False)
    plugins = loaded(shelf, imports="OldMail")
    (notice,) = plugins.notices()
    assert notice.where == "plugin acme (acme-mail 1.2)"
    assert notice.problem == "uses webkit.sdk.OldMail: webkit.sdk.OldMail is deprecated since 0.4 and gone in 0.5"
    assert notice.fix == "Install a newer acme-mail, or tell its author: Import Email."
    assert plugins.problems() == [], "it is nothing wrong yet"


def test_a_hook_can_go(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    what = deprecations.declare("webkit_register_providers", "0.4", "Use another.")
    monkeypatch.setattr(hookspecs.webkit_register_providers, "webkit_deprecated", what, raising=False)
    assert ["webkit_register_providers" in notice.problem for notice in loaded(shelf).notices()] == [True]


@pytest.mark.parametrize(
    ("written_for", "spoken", "wanted"),
    [(1, {1}, 1), (1, {1, 2}, 1), (2, {1}, None), (Versions(1, 3), {1, 2}, 2), (Versions(2, 3), {1, 4}, None)],
)
def test_the_newest_common_version_is_spoken(written_for: int | Versions, spoken: set[int], wanted: int | None) -> None:
    assert common(written_for, frozenset(spoken)) == wanted
    capability = replace(EMAIL, api_versions=frozenset(spoken))
    assert ProviderSpec(capability, "x", "X", "a:B", api_version=written_for).spoken == wanted


@pytest.mark.parametrize("bad", [(0, 1), (2, 1), (-1, -1)])
def test_a_range_begins_with_its_oldest(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no versions"):
        Versions(*bad)


def test_a_range_that_includes_ours_is_taken_and_one_that_does_not_is_told(shelf: Shelf, tmp_path: Path) -> None:
    assert [spec.spoken for spec in loaded(shelf, versions="Versions(1, 4)").providers] == [1]
    other = Shelf(tmp_path / "other")
    other.folder.mkdir()
    sys.path.insert(0, str(other.folder))
    try:
        other.install("late-mail", {"late": PLUGIN.format(
            imports="EMAIL, ProviderSpec, Versions, hookimpl", line="pass", versions="Versions(7, 9)"
        )})  # fmt: skip
        (found,) = load_plugins(entry_points=other.entry_points()).loaded
    finally:
        sys.path.remove(str(other.folder))
    assert found.reason == "'toy' speaks email version 7 to 9, this platform speaks 1"


def test_a_version_that_retires_is_told(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = loaded(shelf)
    for spec in plugins.providers:
        object.__setattr__(spec, "capability", replace(EMAIL, retiring={1: "0.5"}))
    (notice,) = plugins.notices()
    assert notice.problem == "speaks email version 1, which webkit 0.5 will not speak"


def test_what_was_to_be_gone_by_now_is_gone() -> None:
    import importlib

    importlib.reload(importlib.import_module("webkit.sdk"))
    now = tuple(map(int, metadata.version("webkit").split(".")[:2]))
    assert [what for what in deprecations.KNOWN.values() if tuple(map(int, what.gone.split("."))) <= now] == []
