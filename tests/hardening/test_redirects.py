"""Where answers lead to: our own pages and the vendors we chose, whatever stands in the address that was asked for."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

import webkit
from tests.client import Browser
from tests.factories.people import PASSWORD, make_person
from tests.people import world
from webkit.accounts import browser
from webkit.core.paths import ROOT

NAMES = (
    *("next", "url", "to", "back", "return", "return_url", "return_to", "redirect", "redirect_to", "redirect_uri"),
    *("continue", "goto", "target", "destination", "success_url", "cancel_url", "callback", "origin", "wanted", "r"),
)
"""What such a parameter is called."""
PLAIN = r"""
https://wkx.example/ //wkx.example ///wkx.example /\wkx.example \/wkx.example \\wkx.example https:wkx.example
https:/wkx.example javascript:wkx() data:text/html,wkx //user@wkx.example http://localhost@wkx.example
//wkx.example/%2e%2e http:\\wkx.example /%09/wkx.example //wkx。example 〱//wkx.example .wkx.example @wkx.example
"""
ELSEWHERE = (*PLAIN.split(), "/\t/wkx.example", "/\n/wkx.example", "\x00//wkx.example", " //wkx.example")


def _leads_away(page: str, location: str) -> bool:
    """As a browser would read it."""
    read = location.strip().replace("\\", "/").translate({9: None, 10: None, 13: None})
    target = urlsplit(urljoin(f"http://localhost{page}", read))
    return bool(location) and (target.hostname != "localhost" or target.scheme != "http")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_path_leads_elsewhere(target: str) -> None:
    found = browser.own_path(target)
    assert found is None or not _leads_away("/sign-in", found)


@pytest.mark.parametrize("target", ["/", "/northwind/invoices/?view=paid&q=a%20b", "/p/x#y", "/a//b", "/a?next=//b"])
def test_our_own_pages_are_ours(target: str) -> None:
    assert browser.own_path(target) == target


@pytest.mark.parametrize("target", [*ELSEWHERE[:8], "/account"])
def test_signing_in_stays_here(app: Flask, target: str) -> None:
    ada = make_person("Ada", "ada@example.com", password=PASSWORD)
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": ada.email, "password": PASSWORD, "next": target})
    assert answer.status_code == 303 and not _leads_away("/sign-in", answer.location)
    assert (answer.location == target) is (target == "/account")


def _tried(app: Flask, rules: list[Rule], docs: dict[str, UUID], clients: tuple[Browser, ...]) -> Iterator[str]:
    for at, rule in enumerate(rules):
        path = world.address(rule, "northwind", docs)
        sent = dict.fromkeys(NAMES, ELSEWHERE[at % 3])
        for client in clients:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                answer = client.open(path, method=method, query_string=sent, data=sent if method == "POST" else None)
                told = (answer.headers.get(name, "") for name in ("Location", "HX-Redirect", "Refresh"))
                yield from (f"{method} {path}: {where}" for where in told if _leads_away(path, where))
                answer.close()


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in ("accounts.sign_out", "static")]


@pytest.mark.slow
def test_some_addresses_take_no_way_out(app: Flask, docs: dict[str, UUID], owner: Browser) -> None:
    assert list(_tried(app, random.sample(_rules(app), 60), docs, (owner,))) == []


@pytest.mark.soak
def test_no_address_takes_a_way_out(app: Flask, docs: dict[str, UUID], owner: Browser, anonymous: Browser) -> None:
    """Every address there is, asked with every such parameter."""
    assert list(_tried(app, _rules(app), docs, (owner, anonymous))) == []


def _redirects(tree: ast.AST) -> Iterator[str]:
    """What is redirected to, where it is more than the name of a view."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("go_to", "redirect"):
            asked = {id(each) for test in ast.walk(node) if isinstance(test, ast.Compare) for each in ast.walk(test)}
            read = {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute) and id(each) not in asked}
            if read & {"args", "form", "values", "referrer", "headers", "json"}:
                yield ast.unparse(node)


def test_nobody_redirects_to_what_was_sent() -> None:
    """What a request brings is looked at by `own_path` before it is a target; never passed on as it came."""
    found = [
        f"{path.relative_to(ROOT)}: {each}"
        for folder in (Path(webkit.__file__).parent, ROOT / "plugins")
        for path in sorted(folder.rglob("*.py"))
        if "testing" not in path.parts and (text := path.read_text()) and ("go_to(" in text or "redirect(" in text)
        for each in _redirects(ast.parse(text))
    ]
    assert found == []
