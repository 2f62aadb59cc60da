"""What a plugin remembers: per agency, within bounds, for as long as nobody removes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from tests.threads import at_once
from webkit.core.kernel import clock, db, pluginstore, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.extras import models as answers
from webkit.operations.plugin_cli import plugin_group
from webkit.sdk.store import JSON, Store, StoreError, StoreFull
from webkit.sdk.testing.store import MemoryStore

Calls = tuple[Callable[[], object], ...]
OWNER, ANOTHER = "email_outbox", "storage_local"  # any plugins that are at work here


@pytest.fixture
def store(agency: AgencyView) -> Store:
    return Store(OWNER)


@pytest.fixture(params=["real", "memory"])
def either(request: pytest.FixtureRequest, store: Store) -> Store:
    """The real one, and the one that authors test with: they follow the same rules."""
    return store if request.param == "real" else MemoryStore(OWNER)


def counted(value: JSON) -> JSON:
    return (value if isinstance(value, int) else 0) + 1


def clicked(app: Flask, *arguments: str, answer: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(
        plugin_group, list(arguments), obj=ScriptInfo(create_app=lambda: app), input=answer, catch_exceptions=False
    )
    return result.exit_code, result.output


@pytest.mark.parametrize("value", [None, True, 0, -7, 1.5, "", "città \x00 東京", [], [1, ["a"]], {"a": {"b": [None]}}])
def test_what_is_kept_comes_back(either: Store, value: JSON) -> None:
    either.put("a", value)
    assert either.get("a", "nothing") == value
    assert not db.in_transaction()


def test_what_is_not_there_is_the_default(either: Store) -> None:
    assert either.get("a") is None
    assert either.get("a", 7) == 7
    assert not either.delete("a")


def test_a_value_is_replaced_changed_and_forgotten(either: Store) -> None:
    either.put("n", "one")
    either.put("n", 41)
    assert either.update("n", counted) == 42
    assert either.update("new", counted) == 1
    assert either.delete("n")
    assert either.get("n") is None
    assert either.keys() == ["new"]


def test_keys_are_in_the_order_of_their_bytes(either: Store) -> None:
    for key in ("b", "B", "a:2", "a:10", "a", "a_", "A:1", "a:%"):
        either.put(key, key)
    assert either.keys() == ["A:1", "B", "a", "a:%", "a:10", "a:2", "a_", "b"]
    assert either.keys("a:") == ["a:%", "a:10", "a:2"]
    assert either.keys("a:", after="a:%", limit=1) == ["a:10"]
    assert either.items("a:1") == [("a:10", "a:10")]
    assert either.clear("a:") == 3
    assert either.keys() == ["A:1", "B", "a", "a_", "b"]
    assert either.clear() == 5
    assert (either.usage().keys, either.usage().size) == (0, 0)


def test_agencies_and_plugins_know_nothing_of_each_other(store: Store, other_agency: AgencyView) -> None:
    store.put("a", "ours")
    Store(ANOTHER).put("a", "another plugin's")
    with tenancy.tenant(other_agency.id):
        assert store.get("a") is None
        store.put("a", "theirs")
        assert store.clear() == 1
    assert store.get("a") == "ours"
    assert store.keys() == ["a"]


def test_without_an_agency_there_is_no_store(app: Flask) -> None:
    calls: Calls = (lambda: Store(OWNER).get("a"), lambda: Store(OWNER).put("a", 1))
    for call in calls:
        with pytest.raises(db.NoUnit), tenancy.platform("a test"):
            call()


@pytest.mark.parametrize("name", ["nobody", "clients"])  # not installed; a part of the house
def test_only_plugins_at_work_have_a_store(agency: AgencyView, name: str) -> None:
    calls: Calls = (
        lambda: Store(name).get("a"),
        lambda: Store(name).put("a", 1),
        lambda: Store(name).clear(),
    )
    for call in calls:
        with pytest.raises(StoreError, match=name):
            call()


@pytest.mark.parametrize("key", ["", "a b", "città", "a\n", "x" * 201, "\x7f"])
def test_what_is_no_key_is_refused(either: Store, key: str) -> None:
    calls: Calls = (
        lambda: either.get(key),
        lambda: either.put(key, 1),
        lambda: either.delete(key),
    )
    for call in calls:
        with pytest.raises(StoreError, match="key"):
            call()


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1: "a"}, (1, 2), b"x", object(), {"a": {1, 2}}, "\ud800", 10**5000],
    ids=["nan", "inf", "int key", "tuple", "bytes", "object", "set", "surrogate", "huge"],
)
def test_what_would_come_back_changed_is_refused(either: Store, value: JSON) -> None:
    with pytest.raises(StoreError, match="made of"):
        either.put("a", value)
    assert either.get("a") is None


def test_a_deep_value_is_refused(either: Store) -> None:
    value: JSON = []
    for _ in range(20_000):
        value = [value]
    with pytest.raises(StoreError):
        either.put("a", value)


def test_a_large_value_is_refused(either: Store) -> None:
    either.put("a", "è" * (pluginstore.LONGEST_VALUE // 2 - 1))
    with pytest.raises(StoreError, match="at most"):
        either.put("a", "è" * (pluginstore.LONGEST_VALUE // 2))
    assert either.usage().size == pluginstore.LONGEST_VALUE + 1


def test_a_flood_is_stopped_at_the_number_of_keys(either: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pluginstore, "MOST_KEYS", 3)
    for key in "abc":
        either.put(key, 1)
    with pytest.raises(StoreFull):
        either.put("d", 1)
    either.put("a", 2)
    assert either.delete("b")
    either.put("d", 1)
    assert either.keys() == ["a", "c", "d"]


def test_a_flood_is_stopped_at_the_number_of_bytes(either: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pluginstore, "MOST_BYTES", 39)
    either.put("a", "x" * 20)
    either.put("b", "y" * 12)
    with pytest.raises(StoreFull):
        either.put("c", 1)
    with pytest.raises(StoreFull):
        either.put("a", "x" * 24)
    either.put("b", "")
    either.put("a", "x" * 24)
    assert either.usage().size == 27 + 3


def test_other_plugins_and_agencies_have_their_own_bounds(
    store: Store, other_agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pluginstore, "MOST_KEYS", 1)
    store.put("a", 1)
    Store(ANOTHER).put("a", 1)
    with tenancy.tenant(other_agency.id):
        store.put("a", 1)


def test_many_at_once_lose_nothing_and_pass_no_bound(
    app: Flask, store: Store, agency: AgencyView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pluginstore, "MOST_KEYS", 4)

    def work(number: int) -> None:
        with tenancy.tenant(agency.id):
            for _ in range(5):
                store.update("n", counted)
            store.put(f"k{number}", number)

    answers = at_once(app, *(lambda number=number: work(number) for number in range(6)))
    assert sum(isinstance(answer, StoreFull) for answer in answers) == 3
    assert store.get("n") == 30
    assert store.usage().keys == len(store.keys()) == 4


def test_it_joins_the_write_it_is_called_in(store: Store) -> None:
    with pytest.raises(RuntimeError), db.writing():
        store.put("a", 1)
        assert store.get("a") == 1
        raise RuntimeError
    assert store.get("a") is None
    assert store.usage().keys == 0


def test_a_failed_change_leaves_what_was_there(either: Store) -> None:
    either.put("a", 1)
    with pytest.raises(StoreError):
        either.update("a", lambda _: float("nan"))
    with pytest.raises(ZeroDivisionError):
        either.update("a", lambda _: 1 // 0)
    assert either.get("a") == 1


def test_it_survives_until_an_operator_removes_it(app: Flask, store: Store, other_agency: AgencyView) -> None:
    store.put("a", "ours")
    Store(ANOTHER).put("a", 1)
    with tenancy.tenant(other_agency.id):
        store.put("a", "theirs")
    with db.writing():  # as if it had been uninstalled since
        for table in (pluginstore.PluginStore(plugin="gone", keys=1, size=2),):
            db.session().add(table)

    code, output = clicked(app, "data", "--json")
    assert code == 0
    kept = {row["plugin"]: row for row in json.loads(output)}
    assert kept[OWNER] == {"plugin": OWNER, "agencies": 2, "keys": 2, "size": 16, "installed": True}
    assert not kept["gone"]["installed"]
    assert "webkit plugin forget gone" in clicked(app, "data")[1]

    assert clicked(app, "forget", OWNER, answer="n\n")[0] == 1
    assert store.get("a") == "ours"
    assert clicked(app, "forget", OWNER, "--yes") == (0, f"Removed 2 values and 0 answers of {OWNER}.\n")
    assert store.get("a") is None
    assert Store(ANOTHER).get("a") == 1
    assert clicked(app, "forget", "gone", "--yes")[0] == 0
    code, output = clicked(app, "forget", "gone", "--yes")
    assert code == 1
    assert "keeps anything" in output


def test_what_a_plugin_answered_goes_too(app: Flask, agency: AgencyView) -> None:
    for name in ("acme_mail.card", "acme_mail.field", "acme_mailer.card", "acmeXmail.card"):
        with db.writing():
            answers.asked("dashboard:1", name, "q", clock.now(), clock.now() - timedelta(minutes=1))
    assert clicked(app, "forget", "acme-mail", "--yes") == (0, "Removed 0 values and 2 answers of acme-mail.\n")
    assert clicked(app, "forget", "acme-mail", "--yes")[0] == 1
    assert set(answers.answers("dashboard:1", ("acme_mail.card", "acme_mailer.card", "acmeXmail.card"), "q")) == {
        "acme_mailer.card",
        "acmeXmail.card",
    }


def test_nothing_kept_is_said(app: Flask) -> None:
    assert clicked(app, "data") == (0, "No plugin keeps anything.\n")
