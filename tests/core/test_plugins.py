from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.core.installing import PROVIDER, Shelf
from webkit.core.plugins import PluginError, Plugins, Status, check_import_package, load_plugins
from webkit.core.problems import Problem
from webkit.sdk import JobSpec, MenuEntry, hookimpl

PAGES = """
from flask import Blueprint
from webkit.sdk import hookimpl

@hookimpl
def webkit_register_blueprints():
    pages = Blueprint("broken", __name__)
    pages.get("/a", endpoint="same")(lambda: "a")
    pages.get("/b", endpoint="same")(lambda: "b")
    return [pages]
"""


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    before = set(sys.modules)
    monkeypatch.syspath_prepend(tmp_path)
    yield Shelf(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("made_up_"):
            del sys.modules[name]


def load(shelf: Shelf, *features: ModuleType, off: Collection[str] = ()) -> Plugins:
    return load_plugins(features, off=off, entry_points=shelf.entry_points())


def statuses(plugins: Plugins) -> dict[str, str]:
    return {f"{plugin.distribution}:{plugin.name}": str(plugin.status) for plugin in plugins.loaded}


def reason(plugins: Plugins) -> str:
    (plugin,) = [plugin for plugin in plugins.loaded if plugin.status is Status.QUARANTINED]
    return plugin.reason


def feature(name: str, **hooks: object) -> ModuleType:
    module = ModuleType(f"webkit.{name}.plugin")
    for hook, answer in hooks.items():
        function = (lambda value: lambda: value)(answer)
        setattr(module, f"webkit_register_{hook}", hookimpl(function))
    return module


def test_the_bundled_plugins_load() -> None:
    plugins = load_plugins()
    assert {plugin.name for plugin in plugins.loaded} >= {
        "ai_outline",
        "email_outbox",
        "payments_local",
        "storage_local",
    }
    assert all(plugin.bundled and plugin.status is Status.LOADED for plugin in plugins.loaded)
    assert plugins.problems() == []


def test_a_strangers_plugin_loads(shelf: Shelf) -> None:
    shelf.install("Toy-Mail", {"toy": PROVIDER.format(name="toy")})
    plugins = load(shelf)
    (spec,) = plugins.providers
    assert spec.name == "toy"
    plugin = plugins.plugin_of(spec)
    assert (plugin.name, plugin.distribution, plugin.version, plugin.bundled) == ("toy", "toy-mail", "1.2", False)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
        ("import a_module_that_is_not_there", "a_module_that_is_not_there"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        (PROVIDER.format(name="toy").replace("providers", "provider"), "unknown hook 'webkit_register_provider'"),
        (PROVIDER.format(name="toy").replace("@hookimpl", ""), "not marked with @hookimpl"),
        (PROVIDER.format(name="toy").replace("providers()", "providers(app)"), "app"),
        (PROVIDER.format(name="toy").replace("return [", "return 1/0, ["), "ZeroDivisionError"),
        (PROVIDER.format(name="toy").replace("return [", "return None or (x for x in [").replace(")]", ")])"), "list"),
        (
            PROVIDER.format(name="toy")
            .replace('ProviderSpec(EMAIL, "toy"', '("x", (EMAIL, "toy"')
            .replace('y")]', 'y"))]'),
            "list of ProviderSpec",
        ),
        (PROVIDER.format(name="Not A Name"), "not a provider name"),
        (PROVIDER.format(name="toy").replace(".provider:Toy", ".provider"), "factory"),
        (PROVIDER.format(name="toy").replace(':Toy")', ':Toy", api_version=7)'), "speaks email version 7"),
        (PROVIDER.format(name="toy").replace("return [", "spec = ").replace(")]", "); return [spec, spec]"), "twice"),
        (PAGES, "overwriting an existing endpoint"),
        ("from webkit.sdk import hookimpl\n@hookimpl\ndef webkit_startup(app): pass", "features of the platform only"),
        (
            "from webkit.sdk import hookimpl\n@hookimpl(specname='webkit_directory')\ndef x(): return 'mine'",
            "features of the platform only",
        ),
    ],
)
def test_a_broken_plugin_of_a_stranger_is_left_out_and_named(shelf: Shelf, source: str, why: str) -> None:
    shelf.install("bad", {"broken": source})
    shelf.install("good", {"sound": PROVIDER.format(name="sound")})
    plugins = load(shelf)
    assert statuses(plugins) == {"bad:broken": "quarantined", "good:sound": "loaded"}
    assert why in reason(plugins)
    assert [spec.name for spec in plugins.providers] == ["sound"]
    assert not plugins.manager.has_plugin("broken")
    (problem,) = plugins.problems()
    assert "broken (bad 1.2)" in problem.where
    assert "WEBKIT_PLUGINS_OFF=broken" in problem.fix


def test_an_entry_point_must_name_a_module(shelf: Shelf) -> None:
    shelf.install("odd", {"odd": "def f(): pass"})
    info = next(shelf.folder.glob("odd*.dist-info")) / "entry_points.txt"
    info.write_text(info.read_text() + ":f")
    assert "not a module" in reason(load(shelf))


def test_a_broken_plugin_of_ours_stops_the_boot_and_all_are_listed(shelf: Shelf) -> None:
    shelf.install("webkit", {"one": "raise RuntimeError('first')", "two": "raise RuntimeError('second')"})
    with pytest.raises(PluginError) as caught:
        load(shelf)
    assert [problem.problem for problem in caught.value.problems] == ["RuntimeError: first", "RuntimeError: second"]
    assert "first" in str(caught.value)


def test_a_broken_feature_stops_the_boot(shelf: Shelf) -> None:
    with pytest.raises(PluginError, match="unknown hook 'webkit_register_cakes'"):
        load(shelf, feature("bakery", cakes=[]))


def test_two_strangers_of_one_name_are_both_refused(shelf: Shelf) -> None:
    shelf.install("a-mail", {"toy": PROVIDER.format(name="a")})
    shelf.install("b-mail", {"toy": PROVIDER.format(name="b")})
    plugins = load(shelf)
    assert statuses(plugins) == {"a-mail:toy": "quarantined", "b-mail:toy": "quarantined"}
    assert all("a-mail 1.2" in plugin.reason and "b-mail 1.2" in plugin.reason for plugin in plugins.loaded)


def test_a_stranger_cannot_take_the_name_of_ours(shelf: Shelf) -> None:
    shelf.install("webkit", {"email_x": PROVIDER.format(name="x")})
    shelf.install("aaa", {"email_x": PROVIDER.format(name="y")})
    plugins = load(shelf)
    assert statuses(plugins) == {"aaa:email_x": "quarantined", "webkit:email_x": "loaded"}
    assert [spec.name for spec in plugins.providers] == ["x"]
    assert "webkit" in reason(plugins)
    assert "aaa" in reason(plugins)


def test_a_stranger_cannot_take_a_provider_of_ours(shelf: Shelf) -> None:
    shelf.install("webkit", {"email_x": PROVIDER.format(name="x")})
    shelf.install("aaa", {"other": PROVIDER.format(name="x")})
    plugins = load(shelf)
    assert statuses(plugins) == {"aaa:other": "quarantined", "webkit:email_x": "loaded"}
    assert "'email=x'" in reason(plugins)


def test_two_strangers_with_one_provider_are_both_refused(shelf: Shelf) -> None:
    shelf.install("aaa", {"a": PROVIDER.format(name="x")})
    shelf.install("bbb", {"b": PROVIDER.format(name="x")})
    plugins = load(shelf)
    assert statuses(plugins) == {"aaa:a": "quarantined", "bbb:b": "quarantined"}
    assert plugins.providers == ()


def test_two_features_with_one_job_stop_the_boot(shelf: Shelf) -> None:
    job = JobSpec("invoices.mail", lambda job: None)
    with pytest.raises(PluginError, match=r"both register 'invoices\.mail'"):
        load(shelf, feature("a", jobs=[job]), feature("b", jobs=[job]))


def test_features_come_first_and_keep_their_order(shelf: Shelf) -> None:
    shelf.install("toy", {"aaa": PROVIDER.format(name="x")})
    entry = MenuEntry("Clients", "clients.index", "users")
    plugins = load(shelf, feature("zebra", menu=[entry]), feature("apple", menu=(entry,)))
    assert [contribution.plugin.name for contribution in plugins.contributions] == ["zebra", "apple", "aaa"]
    assert plugins.menu == (entry, entry)
    assert [plugin.name for plugin in plugins.loaded] == ["aaa"]


def test_a_plugin_is_switched_off_by_name(shelf: Shelf) -> None:
    shelf.install("bad", {"broken": "raise RuntimeError('never imported')"})
    plugins = load(shelf, off=("broken",))
    assert statuses(plugins) == {"bad:broken": "off"}
    assert plugins.problems() == []


def test_switching_off_what_is_not_there_is_a_problem(shelf: Shelf) -> None:
    shelf.install("toy", {"toy": PROVIDER.format(name="toy")})
    assert load(shelf, off=("tyo",)).problems() == [
        Problem("WEBKIT_PLUGINS_OFF", "there is no plugin 'tyo'", "Choose among: toy")
    ]


def test_every_application_has_its_own_manager(shelf: Shelf) -> None:
    shelf.install("toy", {"toy": PROVIDER.format(name="toy")})
    assert load(shelf).manager is not load(shelf).manager


def test_the_import_package_must_be_ours(tmp_path: Path) -> None:
    check_import_package()
    stranger = ModuleType("plugins")
    stranger.__file__ = str(tmp_path / "plugins" / "__init__.py")
    with pytest.raises(PluginError, match="hides our package"):
        check_import_package(stranger)
