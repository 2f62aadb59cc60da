"""The worst plugin in every hook: it is left out at the start, or watched, counted and switched off. Nothing breaks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from tests.client import Browser
from tests.core.installing import PROVIDER, Shelf
from tests.extras.conftest import fresh
from tests.factories import clients, proposals
from webkit.core.capabilities.errors import ProviderUnavailable
from webkit.core.contributions import HOOKS
from webkit.core.kernel import events, isolation, jobs, outbox, runtime, switches, tenancy
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.isolation import PluginFailed
from webkit.core.plugins import Plugins, Status, load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.extras import service

SOURCE = Path(__file__).resolve().parents[1] / "fixtures" / "chaos_plugin" / "webkit_chaos.py"
PLUGINS = {"webkit-chaos": {"chaos": SOURCE.read_text("utf-8")}}
WAYS = ("raise", "leave", "hang", "burn", "nonsense", "flood")
OURS = ("event_kinds", "inbox_handlers", "document_sources", "slots", "permissions")
STRANGERS = [hook for hook in HOOKS if hook not in OURS]
RESERVED = [hook for hook in HOOKS if hook not in STRANGERS]
HOOK = """
import time
from webkit.sdk import hookimpl

@hookimpl
def webkit_register_{hook}():
    {body}
"""
BODIES = {
    "raises": ("raise RuntimeError('chaos')", "RuntimeError: chaos"),
    "leaves": ("raise SystemExit(3)", "SystemExit: 3"),
    "hangs": ("time.sleep(10)", "did not get ready within"),
    "nonsense": ("return [object(), 5]", "must return a list of"),
    "not a list": ("return 'abc'", "must return a list of"),
}


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.syspath_prepend(tmp_path)
    return Shelf(tmp_path)


def load(shelf: Shelf) -> Plugins:
    return load_plugins(entry_points=shelf.entry_points())


# ---- at the start


@pytest.mark.parametrize("hook", STRANGERS)
@pytest.mark.parametrize("how", BODIES)
def test_at_the_start_it_is_left_out(alone: Shelf, monkeypatch: pytest.MonkeyPatch, hook: str, how: str) -> None:
    monkeypatch.setattr("webkit.core.strangers.BOOT_SECONDS", 0.3 if how == "hangs" else 5)
    body, why = BODIES[how]
    number = f"{STRANGERS.index(hook)}_{list(BODIES).index(how)}"
    alone.install(f"bad{number}", {"bad": HOOK.format(hook=hook, body=body)})
    alone.install(f"good{number}", {"good": PROVIDER.format(name="good")})
    plugins = load(alone)
    assert [spec.name for spec in plugins.providers] == ["good"]
    (bad,) = [found for found in plugins.loaded if found.name == "bad"]
    assert bad.status is Status.QUARANTINED
    assert why in bad.reason


@pytest.mark.parametrize("hook", RESERVED)
def test_what_only_features_may_do_is_refused(alone: Shelf, hook: str) -> None:
    alone.install(f"bad_{hook}", {"bad": HOOK.format(hook=hook, body="return []")})
    (bad,) = load(alone).loaded
    assert "for features of the platform only" in bad.reason


ODD = {
    "a name of others": 'Listener("clients.x", "*", print)',
    "a job of nobody": 'Schedule("bad.s", "invoices.mail", every=600)',
    "too often": 'Schedule("bad.s", "bad.j", every=5)',
    "no such slot": 'Card("bad.c", "everywhere", "C", print)',
    "no function": 'Card("bad.c", "client", "C", "draw")',
    "no text": 'Card("bad.c", "client", 5, print)',
    "an evil text": 'Card("bad.c", "client", Evil(), print)',
    "no page": 'MenuEntry("A", "clients.index", "users")',
    "no icon": 'MenuEntry("A", "bad.index", "no-such-icon")',
    "no roles": 'MenuEntry("A", "bad.index", "users", roles=5)',
    "a field of ours": 'MergeField("client.name", "A", print)',
    "a command of ours": 'click.Command("doctor")',
    "every page": "changed(lambda b: b.before_app_request(print))",
    "every error": "changed(lambda b: b.app_errorhandler(404)(print))",
    "every template": "changed(lambda b: b.app_template_filter('money')(print))",
    "every context": "changed(lambda b: b.app_context_processor(dict))",
    "somebody's pages": 'Blueprint("clients", "bad")',
}
KINDS = {"Listener": "listeners", "Schedule": "schedules", "Card": "cards", "MenuEntry": "menu", "MergeField": "fields"}


@pytest.mark.parametrize("odd", ODD)
def test_what_it_declares_is_looked_at(alone: Shelf, odd: str) -> None:
    hook = KINDS.get(ODD[odd].partition("(")[0], "commands" if "click" in ODD[odd] else "staff_blueprints")
    source = f"""
import click
from flask import Blueprint
from webkit.sdk import Card, JobSpec, Listener, MenuEntry, MergeField, Schedule, hookimpl

class Evil:
    def __str__(self):
        raise RuntimeError("evil")

def changed(change):
    made = Blueprint("bad", "bad")
    change(made)
    return made

@hookimpl
def webkit_register_blueprints():
    made = Blueprint("bad", "bad")
    made.add_url_rule("/", "index", print)
    return [made] if {hook!r} == "menu" else []

@hookimpl
def webkit_register_jobs():
    return [JobSpec("bad.j", print)]

@hookimpl
def webkit_register_{hook}():
    return [{ODD[odd]}]
"""
    alone.install(f"bad_{list(ODD).index(odd)}", {"bad": source})
    (bad,) = load(alone).loaded
    assert bad.status is Status.QUARANTINED, odd


# ---- while we run


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody waits long for a stranger, and nothing that was given up goes on burning."""
    monkeypatch.setattr(isolation, "LISTENER_SECONDS", 0.2)
    monkeypatch.setattr(isolation, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(outbox, "time_limit", lambda _kind: 1.2)
    import made_up_webkit_chaos_chaos as module  # type: ignore[import-not-found]

    deadline = {"at": time.monotonic() + 3600.0}

    def until_the_end(step: Callable[[int], object]) -> Callable[[], None]:
        def go_on() -> None:
            number = 0
            while time.monotonic() < deadline["at"]:
                number += 1
                step(number)

        return go_on

    monkeypatch.setitem(module.WAYS, "burn", until_the_end(lambda _: sum(range(1000))))
    monkeypatch.setitem(module.WAYS, "hang", until_the_end(lambda _: time.sleep(0.01)))
    flood = until_the_end(lambda number: module.store.put(f"flood:{number}", "x" * 60_000))
    monkeypatch.setitem(module.WAYS, "flood", flood)
    yield
    deadline["at"] = 0.0
    for thread in threading.enumerate():
        if thread.name == "plugin-chaos":
            thread.join(5)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch, quick: None) -> Callable[[str], None]:
    """Has the plugin do one thing alone."""
    import made_up_webkit_chaos_chaos as module

    return lambda way: monkeypatch.setattr(module, "ALLOWED", [module.WAYS[way]])


def blamed() -> switches.Switch:
    release()
    return switches.views()["chaos"]


@pytest.mark.parametrize("way", [way for way in WAYS if way != "nonsense"])
def test_a_listener_is_counted(
    agency: AgencyView, run_jobs: Callable[[], int], only: Callable[[str], None], way: str
) -> None:
    only(way)
    with writing():
        events.record("client.archived", "client:1", {"actor": "system"})
    run_jobs()
    found = blamed()
    assert found.failures == 3
    assert found.last.startswith("listener chaos.l")


@pytest.mark.parametrize("way", WAYS)
def test_a_card_and_a_field_are_counted(
    app: Flask,
    agency: AgencyView,
    run_jobs: Callable[[], int],
    only: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    only(way)
    monkeypatch.setattr(runtime.of(app), "listeners", [])
    client = clients.make_client()
    release()
    service.show("client", client, "owner")
    service.ask("client", client, ["chaos.field"], {}, "en")
    run_jobs()
    release()
    (card,) = service.show("client", client, "owner") or []
    assert card.state == "failed"
    assert blamed().failures >= 1


@pytest.mark.parametrize("way", [way for way in WAYS if way != "nonsense"])
def test_a_job_is_counted_and_tried_later(
    app: Flask, agency: AgencyView, run_jobs: Callable[[], int], only: Callable[[str], None], way: str
) -> None:
    only(way)
    assert runtime.of(app).jobs["chaos.job"].queue == "long"
    assert runtime.of(app).jobs["chaos.job"].lease == 300
    with writing():
        job = outbox.add("chaos.job")
    run_jobs()
    assert blamed().last.startswith("job chaos.job")
    with tenancy.platform("test"):
        (view,) = [found for found in outbox.views() if found.id == job]
    assert view.state is outbox.State.WAITING


def test_one_piece_of_work_alone_switches_nothing_off(
    agency: AgencyView, run_jobs: Callable[[], int], only: Callable[[str], None], later: Callable[[timedelta], None]
) -> None:
    only("raise")
    with writing():
        outbox.add("chaos.job")
    for _ in range(7):
        assert run_jobs() == 1
        later(timedelta(seconds=200))
    assert blamed().failures == 1


@pytest.mark.parametrize("side", ["/northwind/x/chaos", "/x/chaos"])
@pytest.mark.parametrize("page", ["way/raise", "way/nonsense", "endless", "before"])
def test_a_page_of_its_own_fails_alone(
    agency: AgencyView, owner: Browser, only: Callable[[str], None], side: str, page: str
) -> None:
    only("raise")
    answer = owner.get(f"{side}/{page}")
    assert answer.status_code == 500
    assert "This did not work" in answer.text
    assert owner.get("/northwind/clients").status_code == 200
    assert blamed().failures == 1


def test_its_pages_do_not_weaken_ours(agency: AgencyView, owner: Browser) -> None:
    answer = owner.get("/northwind/x/chaos/bare")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "&lt;b&gt;Chaos&lt;/b&gt;" in owner.get("/northwind/clients").text


def test_pages_that_hang_are_counted_and_leave_threads(
    app: Flask, agency: AgencyView, owner: Browser, browser_of: object, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webkit.core.mounting.LONGEST_SECONDS", 0.05)
    codes: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: codes.append(app.test_client().get("/x/chaos/way/hang").status_code), name="plugin-x"
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert owner.get("/northwind/x/chaos/bare").status_code == 503
    assert owner.get("/northwind/clients").status_code == 200
    assert blamed().failures == 4
    assert "has not answered for" in blamed().last


def test_it_is_switched_off_everywhere_and_comes_back_when_somebody_says_so(
    app: Flask, agency: AgencyView, owner: Browser, run_jobs: Callable[[], int], only: Callable[[str], None]
) -> None:
    only("raise")
    for _ in range(5):
        assert owner.get("/northwind/x/chaos/").status_code == 500
    fresh(app)
    assert blamed().quarantined
    assert owner.get("/northwind/x/chaos/").status_code == 503
    page = owner.get("/northwind/clients").text
    assert "Chaos" not in page
    assert service.cards("client", "owner") == []
    proposals.sent()
    assert jobs.run_waiting() >= 0
    assert not any(job.kind.startswith(("chaos.", "core.guest")) for job in _all_jobs())
    switches.switch_on("chaos", "user:1")
    fresh(app)
    assert owner.get("/northwind/x/chaos/bare").status_code == 200


def _all_jobs() -> list[outbox.JobView]:
    release()
    with tenancy.platform("test"):
        return outbox.views()


def test_a_vendor_that_is_down_is_not_the_plugins_fault(agency: AgencyView) -> None:
    def down(_: object) -> None:
        raise ProviderUnavailable("down for a while", provider="chaos")

    release()
    with pytest.raises(ProviderUnavailable):
        isolation.call("chaos", "job chaos.job", 1, down, None)
    assert "chaos" not in switches.views()


def test_its_provider_stays_as_it_was_chosen(alone: Shelf, tmp_path: Path) -> None:
    alone.install("both", {"both": PROVIDER.format(name="both")})
    plugins = load(alone)
    registry = ProviderRegistry({"EMAIL_PROVIDER": "both"}, plugins.providers)
    assert registry.chosen_name(next(c for c in registry.capabilities if c.key == "email")) == "both"


def test_a_call_that_failed_says_whose_it_was(agency: AgencyView) -> None:
    def wrong(_: object) -> None:
        raise ValueError("no such account")

    release()
    with pytest.raises(PluginFailed, match=r"chaos, card chaos\.x: ValueError"):
        isolation.call("chaos", "card chaos.x", 1, wrong, None)
