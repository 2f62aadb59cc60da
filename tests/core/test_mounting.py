from __future__ import annotations

from threading import Barrier, Event, Thread

import pluggy
import pytest
from flask import Blueprint, Flask

from webkit.core.mounting import AT_ONCE, mount
from webkit.core.plugins import Contribution, PluginInfo, Plugins


def application(*contributions: Contribution) -> Flask:
    app = Flask("test")
    mount(app, Plugins(pluggy.PluginManager("webkit"), (), contributions))
    return app


def brought(blueprint: Blueprint, *, feature: bool) -> Contribution:
    return Contribution(PluginInfo("toy", "toy-mail", "1"), feature, blueprints=(blueprint,))


@pytest.fixture
def pages() -> Blueprint:
    pages = Blueprint("pages", __name__, url_prefix="/anywhere")
    pages.get("/here")(lambda: "here")
    return pages


def test_a_feature_is_where_it_asks_to_be(pages: Blueprint) -> None:
    client = application(brought(pages, feature=True)).test_client()
    assert client.get("/anywhere/here").text == "here"


def test_a_plugin_is_below_its_name(pages: Blueprint) -> None:
    client = application(brought(pages, feature=False)).test_client()
    assert client.get("/x/toy/here").text == "here"
    assert client.get("/anywhere/here").status_code == 404


class Hanging:
    """Pages of which one waits until it is told to go on."""

    def __init__(self) -> None:
        self.entered, self.go = Barrier(AT_ONCE + 1), Event()
        self.blueprint = Blueprint("hanging", __name__)
        self.blueprint.get("/slow")(self.slow)
        self.blueprint.get("/quick", endpoint="quick")(lambda: "quick")
        self.blueprint.get("/broken", endpoint="broken")(lambda: str(1 // 0))

    def slow(self) -> str:
        self.entered.wait(10)
        self.go.wait(10)
        return "done"


def test_a_plugin_that_hangs_leaves_threads_for_the_rest(pages: Blueprint) -> None:
    hanging = Hanging()
    app = application(brought(hanging.blueprint, feature=False), brought(pages, feature=True))
    codes: list[int] = []
    threads = [
        Thread(target=lambda: codes.append(app.test_client().get("/x/toy/slow").status_code)) for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    hanging.entered.wait(10)
    assert app.test_client().get("/x/toy/quick").status_code == 503
    assert app.test_client().get("/anywhere/here").status_code == 200
    hanging.go.set()
    for thread in threads:
        thread.join()
    assert codes == [200] * AT_ONCE
    assert app.test_client().get("/x/toy/quick").status_code == 200


def test_a_request_that_breaks_gives_its_place_back() -> None:
    app = application(brought(Hanging().blueprint, feature=False))
    client = app.test_client()
    assert [client.get("/x/toy/broken").status_code for _ in range(AT_ONCE + 2)] == [500] * (AT_ONCE + 2)
    assert client.get("/x/toy/quick").status_code == 200


def test_an_application_without_plugins_is_left_alone() -> None:
    assert application().before_request_funcs == {}
