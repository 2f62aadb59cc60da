"""Tiers sell what services ask for, no more and no less; and the choke point holds."""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

import webkit
from tests.factories import documents, people
from tests.threads import at_once
from webkit.accounts import service as accounts
from webkit.accounts.models import Role
from webkit.agencies import service as agencies
from webkit.ai_runs import quota
from webkit.consultations import service as consultations
from webkit.consultations.views import Author
from webkit.contracts import templates
from webkit.contracts.templates import TemplateText
from webkit.contracts.terms import Clause
from webkit.core.kernel import clock, entitlements, tenancy
from webkit.core.kernel import runtime as runtimes
from webkit.core.kernel.db import release, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.kernel.entitlements import Feature, Limit, NotInTier
from webkit.core.kernel.errors import DomainError, TooMany
from webkit.core.kernel.ids import uuid7
from webkit.quotations import library
from webkit.subscriptions import service
from webkit.subscriptions.tiers import FEATURES, LIMITS, TIERS


def asked_in_code() -> dict[str, set[str]]:
    """Where the tree asks for features and limits: `Feature.X` and `Limit.X` to module:function."""
    found: dict[str, set[str]] = {}
    root = Path(webkit.__file__).parent
    for path in root.rglob("*.py"):
        text = path.read_text()
        if path.name == "entitlements.py" or "entitlements." not in text:
            continue
        module = "webkit." + path.relative_to(root).with_suffix("").as_posix().replace("/", ".")
        for function in ast.walk(ast.parse(text)):
            if isinstance(function, ast.FunctionDef):
                for name in _asked(function):
                    found.setdefault(name, set()).add(f"{module}:{function.name}")
    return found


def _asked(function: ast.FunctionDef) -> Iterator[str]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in (
            "entitlements.require",
            "entitlements.has",
            "entitlements.within",
        ):
            yield ast.unparse(call.args[0])


def test_what_tiers_sell_is_what_services_ask_for() -> None:
    sold = {f"Feature.{feature.name}": set(found.by) for feature, found in FEATURES.items()}
    sold |= {f"Limit.{limit.name}": set(found.by) for limit, found in LIMITS.items()}
    assert asked_in_code() == sold
    for name in (name for by in sold.values() for name in by):
        module, _colon, function = name.partition(":")
        assert callable(inspect.unwrap(getattr(importlib.import_module(module), function)))


def test_every_tier_holds_what_the_lesser_one_does(app: Flask) -> None:
    tiers = list(TIERS.values())
    for less, more in itertools.pairwise(tiers):
        assert less.features <= more.features
        for limit in Limit:
            most = more.limits[limit]
            assert most is None or most >= (less.limits[limit] or 0)
    assert {feature for tier in tiers for feature in tier.features} == set(Feature) == set(FEATURES)
    assert set(LIMITS) == set(Limit) == set(runtimes.of(app).meters)


def test_without_billing_everything_is_open_and_nothing_is_asked(agency: AgencyView) -> None:
    agencies.set_tier(agency.slug, "free")
    for feature in Feature:
        entitlements.require(feature)
    for _nth in range(4):
        library.add_template("A room")
    found = entitlements.allowed().limits
    assert {limit: most for limit, most in found.items() if most is not None} == {Limit.AI_GENERATIONS: 5}


AUTHOR = Author(uuid7(), "Ada Brandt")


def _member() -> None:
    person = people.make_person("New One", f"new{uuid7()}@northwind.example")
    accounts.add_member(person.id, Role.MEMBER)


def _generation() -> None:
    with writing():
        quota.reserve("user:1", 1)


ADD: dict[Limit, tuple[Callable[[], object], ...]] = {
    Limit.MEMBERS: (_member,),
    Limit.CONSULTATIONS: (lambda: consultations.start(None, AUTHOR),),
    Limit.AI_GENERATIONS: (_generation,),
    Limit.TEMPLATES: (
        lambda: library.add_template("A room"),
        lambda: templates.create(TemplateText("Ours", "en", (Clause("Scope", "All of it."),))),
    ),
}


@pytest.mark.parametrize("limit", ADD)
def test_a_limit_holds_and_what_is_there_stays(agency: AgencyView, billing: None, limit: Limit) -> None:
    agencies.set_tier(agency.slug, "starter")
    most = TIERS["starter"].limits[limit]
    assert most is not None
    acts = ADD[limit]
    nth = 0
    while entitlements.used(limit) < most:
        acts[nth % len(acts)]()
        nth += 1
    for act in acts:
        with pytest.raises((NotInTier, TooMany)):
            act()
    assert entitlements.used(limit) == most
    agencies.set_tier(agency.slug, "free")
    assert entitlements.used(limit) == most, "a lesser tier takes nothing away"
    agencies.set_tier(agency.slug, "enterprise")
    acts[0]()


def test_files_have_room_for_so_many_bytes(agency: AgencyView, billing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from webkit.invoices import filing

    monkeypatch.setitem(TIERS["free"].limits, Limit.STORAGE, 300)
    agencies.set_tier(agency.slug, "free")
    invoice = documents.draft("100")
    filing.attach(invoice, "a.txt", io.BytesIO(b"x" * 200), "user:1")
    with pytest.raises(NotInTier, match="1 MB"):
        filing.attach(invoice, "b.txt", io.BytesIO(b"y" * 200), "user:1")
    assert entitlements.used(Limit.STORAGE) == 200
    filing.attach(invoice, "c.txt", io.BytesIO(b"z" * 100), "user:1")


def test_a_new_month_has_new_room(agency: AgencyView, billing: None) -> None:
    agencies.set_tier(agency.slug, "free")
    for _nth in range(10):
        consultations.start(None, AUTHOR)
    with pytest.raises(NotInTier, match="10"):
        consultations.start(None, AUTHOR)
    with clock.frozen(clock.now() + timedelta(days=32)):
        consultations.start(None, AUTHOR)


def test_the_last_place_is_given_away_once(app: Flask, agency: AgencyView, billing: None) -> None:
    agencies.set_tier(agency.slug, "free")
    for _nth in range(9):
        consultations.start(None, AUTHOR)
    release()

    def begin() -> bool:
        with tenancy.tenant(agency.id):
            try:
                consultations.start(None, AUTHOR)
            except NotInTier:
                return False
            return True

    assert sorted(at_once(app, begin, begin, begin)) == [False, False, True]


def test_a_refusal_says_what_and_where(agency: AgencyView, billing: None) -> None:
    agencies.set_tier(agency.slug, "free")
    with pytest.raises(NotInTier, match=r"Free.*Reports.*Subscription"):
        entitlements.require(Feature.ANALYTICS)
    with pytest.raises(DomainError, match="colours"):
        agencies.change({"brand": "#ff0000"})
    agencies.change({"name": "Northwind & Co"})


def test_lent_tiers_end_by_themselves(agency: AgencyView, billing: None) -> None:
    until = clock.now() + timedelta(days=30)
    service.set_tier(agency.id, "growth", until, "beta_tester: from the fair")
    assert service.of(agency.id).standing == service.Standing("growth", service.Why.GRANT, until)
    release()
    entitlements.require(Feature.ANALYTICS)
    with clock.frozen(until):
        assert service.of(agency.id).tier == "free"
    with pytest.raises(DomainError, match="passed"):
        service.set_tier(agency.id, "growth", clock.now(), "partner")
    with pytest.raises(DomainError, match="partner"):
        service.set_tier(agency.id, "growth", until, "because")
    assert service.take_back(agency.id) == 1
    assert service.take_back(agency.id) == 0
    kept = service.of(agency.id)
    assert (kept.tier, kept.grants[0].note, kept.grants[0].revoked_by) == ("free", "from the fair", "operator")


def test_a_new_agency_tries_growth_for_nothing(app: Flask, agency: AgencyView, billing: None) -> None:
    runtime = runtimes.of(app)
    runtime.settings = runtime.settings.model_copy(update={"trial_days": 14})
    trying = service.of(agency.id).standing
    assert (trying.tier, trying.why) == ("growth", service.Why.TRIAL)
    assert trying.until is not None
    with clock.frozen(trying.until):
        assert service.of(agency.id).tier == "free"
