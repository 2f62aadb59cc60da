"""Rule 5: no vendor call inside a transaction, and inside a request only where a person waits for exactly that."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from flask import Flask

from tests.architecture.calls import Function, functions, graph, leading_to
from tests.architecture.source import ROOT, modules, write
from webkit.core.capabilities import ALL
from webkit.core.capabilities.base import Capability
from webkit.core.kernel import db, runtime
from webkit.core.kernel.db import release, session, writing
from webkit.core.kernel.directory import AgencyView
from webkit.core.providers import CalledInTransaction, ProviderRegistry


def _methods(capability: Capability[object]) -> list[str]:
    """What a provider of the capability is called for over the wire."""
    protocol = capability.protocol
    return [
        name
        for name in dir(protocol)
        if not name.startswith("_") and not getattr(getattr(protocol, name), "calls_nobody", False)
    ]


NOBODY_CHOSEN = {
    "identity": {"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "us", "OIDC_CLIENT_SECRET": "secret"},
    "observing": {"METRICS_TOKEN": "a-token-of-twenty-letters-or-more"},
}
"""What chooses somebody for a capability that nobody supplies by default."""


def _provider(capability: Capability[object]) -> object:
    registry = runtime.current().registry
    if environ := NOBODY_CHOSEN.get(capability.key):
        registry = ProviderRegistry(environ, runtime.current().plugins.providers, in_transaction=db.in_transaction)
    return registry.get(capability)


METHODS = [(capability, name) for capability in ALL for name in _methods(capability)]


@pytest.mark.parametrize(("capability", "name"), METHODS, ids=[f"{c.key}.{name}" for c, name in METHODS])
def test_every_call_of_a_vendor_is_refused_in_a_transaction(
    agency: AgencyView, app: Flask, capability: Capability[object], name: str
) -> None:
    call = getattr(_provider(capability), name)
    release()
    with writing(), pytest.raises(CalledInTransaction, match="release"):
        call()
    session().connection()
    with pytest.raises(CalledInTransaction):
        call()


# --- Inside a request -----------------------------------------------------------------------------------------------

VERBS = {"get", "post", "put", "patch", "delete", "route"}
CALLS_NOBODY = {
    "webkit.core.kernel.security.policy",
    "webkit.payments.tills.ways",
    "webkit.accounts.identities.offered",
}
"""Take a provider for its `form_action_origins()`, `connects()` or `label()`, which only compute."""
DOWNLOAD = "waits for a document; made now if no job has made it yet"
KEPT = "reads a mail where the provider keeps mails instead of sending them"
IN_A_REQUEST = {
    "accounts.identity_routes.come_back": "waits to hear from the issuer who has come back: some seconds",
    "accounts.identity_routes.leave": "waits for the issuer's own description, once an hour",
    "accounts.identity_routes.link": "waits for the issuer's own description, once an hour",
    "connections.routes.test": "waits to hear whether the connection works: two seconds at most",
    "contracts.routes.pdf": DOWNLOAD,
    "core.kernel.downloads.by_id": DOWNLOAD,
    "imports.routes.delete": "waits until the file is gone",
    "imports.routes.upload": "an upload: waits until the file is kept",
    "invoices.file_routes.attach": "an upload: waits until the file is kept",
    "invoices.file_routes.download": DOWNLOAD,
    "invoices.public.file": DOWNLOAD,
    "invoices.public.pdf": DOWNLOAD,
    "invoices.credit_routes.pdf": DOWNLOAD,
    "invoices.terms_routes.pro_forma_pdf": DOWNLOAD,
    "invoices.routes.pdf": DOWNLOAD,
    "payments.account_routes.back": "comes back from the vendor's form and waits to hear how the account stands",
    "payments.account_routes.callback": "comes back from the consent and waits until the account is connected",
    "payments.account_routes.check": "waits to hear how the account stands",
    "payments.account_routes.join": "waits to be sent on to the consent page",
    "payments.account_routes.open": "waits to be sent on to the vendor's form",
    "retainers.public.accept": "waits to be sent on to the page where the retainer begins",
    "retainers.public.show": "comes back from the vendor's page and waits to hear how the retainer stands",
    "retainers.routes.end": "waits until the retainer is marked to end",
    "retainers.routes.end_now": "waits until the retainer has ended",
    "retainers.routes.look": "waits to hear how the retainer stands",
    "retainers.routes.pause": "waits until the retainer is paused",
    "retainers.routes.resume": "waits until the retainer goes on",
    "retainers.routes.withdraw": "waits until nobody can accept the offer",
    "subscriptions.routes.ask": "waits to hear how the subscription stands",
    "subscriptions.routes.back": "comes back from the vendor's page and waits to hear how the subscription stands",
    "subscriptions.routes.begin": "waits to be sent on to the page where the subscription begins",
    "subscriptions.routes.change": "waits until the subscription is changed, or the payment was refused",
    "subscriptions.routes.end": "waits until the subscription is marked to end",
    "subscriptions.routes.go_on": "waits until what was planned is taken back",
    "subscriptions.routes.portal": "waits to be sent on to the vendor's own page",
    "proposals.public.pdf": DOWNLOAD,
    "lists.task_routes.file": DOWNLOAD,
    "portability.arrival_routes.upload": "an upload: waits until the file is kept",
    "portability.routes.file": DOWNLOAD,
    "portability.routes.fetch": DOWNLOAD,
    "portability.routes.drop": "an archive that is gone once they are told so",
    "portability.routes.drop_own": "a file that is gone once they are told so",
    "proposals.routes.pdf": DOWNLOAD,
    "quotations.file_routes.attach": "an upload: waits until the file is kept",
    "quotations.file_routes.download": DOWNLOAD,
    "quotations.public.file": DOWNLOAD,
    "quotations.public.pdf": DOWNLOAD,
    "quotations.routes.pdf": DOWNLOAD,
    "reports.report_routes.pdf": "waits for a report on paper: it is printed, and kept nowhere",
    "signing.routes.pdf": DOWNLOAD,
    "privacy.routes.pdf": DOWNLOAD,
    "statements.routes.pdf": DOWNLOAD,
    "signing.routes.sign": "signs exactly the bytes of the document, so they must exist",
    "invoices.public.pay": "waits to be sent on to the checkout",
    "invoices.public.show": "comes back from the checkout and waits to hear how the payment went",
    "messaging.routes.attachment": KEPT,
    "messaging.routes.html": KEPT,
    "messaging.routes.index": KEPT,
    "messaging.routes.show": KEPT,
    "webhooks.routes.receive": "its provider verifies and reads the bytes, which only computes",
}
"""Who waits for what. A route that is missing here belongs into a job, or into this table with its reason."""


def asks_for_a_provider(node: Function) -> bool:
    """Whether a function takes a provider from the registry, connects to an agency's own, or tries one out."""
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Attribute)]
    from_registry = any(
        part.attr in ("get", "try_out") and ast.unparse(part.value).endswith("registry") for part in calls
    )
    return from_registry or any(part.attr == "connect" for part in calls)


def is_route(node: Function) -> bool:
    """Whether a function answers requests."""
    made = [decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    return any(isinstance(function, ast.Attribute) and function.attr in VERBS for function in made)


def waiting_routes(root: Path) -> set[str]:
    """Routes from which a provider can be reached."""
    ours = modules(root, "webkit")
    known = functions(ours)
    askers = {name for name, (_, node) in known.items() if asks_for_a_provider(node)} - CALLS_NOBODY
    return {name.removeprefix("webkit.") for name in leading_to(graph(ours), askers) if is_route(known[name][1])}


def test_requests_in_which_somebody_waits_for_a_vendor_are_known() -> None:
    assert waiting_routes(ROOT) == set(IN_A_REQUEST)


def test_a_new_one_is_noticed(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "webkit/deals/service.py": """
from webkit.core.kernel.runtime import current

def send(message):
    return _provider().send(message)

def _provider():
    return current().registry.get(EMAIL)

def read():
    return 1
""",
            "webkit/deals/routes.py": """
from webkit.deals import service
from webkit.deals.service import send as deliver

@blueprint.post("/a")
def through_the_module():
    return service.send("x")

@blueprint.post("/b")
def through_a_name():
    return _two_steps()

def _two_steps():
    return deliver("x")

@blueprint.get("/c")
def harmless():
    return service.read()
""",
        },
    )
    assert waiting_routes(tmp_path) == {"deals.routes.through_the_module", "deals.routes.through_a_name"}
