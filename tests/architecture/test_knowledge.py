"""Rules 3, 4 and 6: who knows HTTP, SQL and packages of others; who ends a transaction; who calls hooks."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, Module, called, modules, write

# --- HTTP -----------------------------------------------------------------------------------------------------------

HTTP = {
    "flask": {
        "Request", "Response", "abort", "after_this_request", "flash", "g", "get_flashed_messages", "jsonify",
        "has_request_context", "make_response", "redirect", "request", "send_file", "send_from_directory", "session",
        "stream_with_context",
    },
    "flask_login": None,
    "werkzeug": None,
}  # fmt: skip
"""What belongs to a request or an answer; None: everything of that package. The other names of Flask are objects."""
SHAPES = {"werkzeug.datastructures.MultiDict"}
"""What a form was typed into: forms read it, and a test makes one without any request."""
SPEAKS_HTTP = re.compile(r"webkit/\w+/(\w+_)?(routes|public)\.py")
SPEAKS_HTTP_TOO = {
    "webkit/accounts/browser.py": "keeps the cookie of a sign-in",
    "webkit/accounts/sessions.py": "notes the browser a session was opened in",
    "webkit/api/answering.py": "the one view of all addresses of the API",
    "webkit/api/door.py": "recognises who calls the API",
    "webkit/api/repeats.py": "keeps answers for requests that are sent again",
    "webkit/accounts/setup.py": "recognises who stands at the machine itself",
    "webkit/operations/dashboard.py": "guards the pages of rq-dashboard",
    "webkit/tokens/bearer.py": "writes down that a key was used once its caller has the answer",
    "webkit/proposals/editor.py": "routes of the editor",
    "webkit/quotations/editor.py": "routes of the editor",
    "webkit/invoices/editor.py": "routes of the editor",
    "webkit/recurring/editor.py": "routes of the editor",
    "webkit/retainers/editor.py": "routes of the editor",
}
NEEDS_NO_FLASK = re.compile(r"webkit/\w+/(models|service|events|views|forms)\.py")


def speaks_http(root: Path) -> list[str]:
    """Features' modules that know requests and answers although they are no routes."""
    found = []
    for module in modules(root, "webkit"):
        if not module.feature or SPEAKS_HTTP.fullmatch(module.name) or module.name in SPEAKS_HTTP_TOO:
            continue
        found += [f"{module.name}: {name}" for name in module.imports() if _is_http(module, name)]
    return found


def _is_http(module: Module, name: str) -> bool:
    package, _, rest = name.partition(".")
    if name in SHAPES or package not in HTTP:
        return NEEDS_NO_FLASK.fullmatch(module.name) is not None and package == "flask"
    names = HTTP[package]
    alone = NEEDS_NO_FLASK.fullmatch(module.name) is not None
    return alone or names is None or not rest or rest == "*" or rest in names


def test_only_routes_know_http() -> None:
    assert speaks_http(ROOT) == []


def test_every_other_speaker_of_http_exists() -> None:
    assert [name for name in SPEAKS_HTTP_TOO if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "line",
    [
        "from flask import request",
        "def late():\n    from flask import g",
        "import flask",
        "from flask import *",
        "from flask_login import current_user",
        "from werkzeug.exceptions import NotFound",
        "from flask import url_for",
    ],
)
def test_http_in_a_service_is_noticed(tmp_path: Path, line: str) -> None:
    write(tmp_path, {"webkit/deals/service.py": line, "webkit/deals/routes.py": line})
    assert [found.partition(":")[0] for found in speaks_http(tmp_path)] == ["webkit/deals/service.py"]


# --- SQL ------------------------------------------------------------------------------------------------------------

SQL_PACKAGES = {"sqlalchemy", "alembic", "flask_sqlalchemy", "psycopg", "sqlite3"}
SESSIONS = {"webkit.core.kernel.db.session", "webkit.core.kernel.db.db", "webkit.core.kernel.db.UnitSession"}
KNOWS_SQL = re.compile(r"webkit/(\w+/(\w+_)?models\.py|core/.+)")
LIKE_SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|(CREATE|ALTER|DROP|TRUNCATE)\s+TABLE\s)",
    re.IGNORECASE | re.DOTALL,
)
RAW = {"exec_driver_sql", "executescript"}


def knows_sql(root: Path) -> list[str]:
    """Modules that know SQL although they are no models; the seams of the processes may dispose of an engine."""
    found = []
    for module in modules(root, "webkit"):
        if KNOWS_SQL.fullmatch(module.name):
            continue
        found += [f"{module.name}: {name}" for name in module.imports() if _is_sql(module, name)]
        found += [f"{module.name}: {text}" for text in _statements(module)]
    return found


def _is_sql(module: Module, name: str) -> bool:
    if module.name == "webkit/runtime/seams.py" and name == "webkit.core.kernel.db.db":
        return False
    return name.partition(".")[0] in SQL_PACKAGES or name in SESSIONS


def _statements(module: Module) -> list[str]:
    texts = [
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and LIKE_SQL.match(node.value)
    ]
    return texts + [called(call) for call in module.calls() if called(call) in RAW]


def test_only_models_know_sql() -> None:
    assert knows_sql(ROOT) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sqlalchemy as sa",
        "from sqlalchemy import select",
        "from webkit.core.kernel.db import session",
        "def late():\n    from webkit.core.kernel.db import session",
        "rows = run('SELECT name FROM clients')",
        "rows = run(f'''\n  select name\n  from clients where id = {one}''')",
        "run('update clients set name = 1')",
        "connection.exec_driver_sql(text)",
    ],
)
def test_sql_in_a_service_is_noticed(tmp_path: Path, line: str) -> None:
    write(tmp_path, {"webkit/deals/service.py": line, "webkit/deals/models.py": line})
    assert [found.partition(":")[0] for found in knows_sql(tmp_path)] == ["webkit/deals/service.py"]


# --- Packages of others ---------------------------------------------------------------------------------------------

FEATURES_USE = {
    "click",
    "flask",
    "flask_login",
    "markupsafe",
    "pydantic",
    "sqlalchemy",
    "structlog",
    "webkit",
    "werkzeug",
}
FEATURES_USE_TOO = {
    "webkit/accounts/codes.py": {"pyotp", "segno"},
    "webkit/accounts/passkeys.py": {"webauthn"},
    "webkit/accounts/passwords.py": {"argon2", "zxcvbn"},
    "webkit/agencies/regions.py": {"babel"},
    "webkit/contracts/merge.py": {"babel"},
    "webkit/invoices/epc.py": {"segno"},
    "webkit/pricing/tax_ids.py": {"stdnum"},
    "webkit/operations/dashboard.py": {"rq_dashboard"},
    "webkit/operations/models.py": {"alembic"},
    "webkit/tokens/access_tokens.py": {"joserfc"},
    "webkit/tokens/signing_keys.py": {"joserfc"},
}
"""A package here is a library; the SDK of a vendor belongs to the provider.py or webhooks.py of a plugin."""


def strange_packages(root: Path) -> list[str]:
    """Packages that features import beyond those every feature may use."""
    found = []
    for module in modules(root, "webkit"):
        allowed = FEATURES_USE | FEATURES_USE_TOO.get(module.name, set()) | sys.stdlib_module_names
        packages = {name.partition(".")[0] for name in module.imports()}
        if module.feature:
            found += [f"{module.name}: {package}" for package in sorted(packages - allowed)]
    return found


def test_features_know_no_vendor() -> None:
    assert strange_packages(ROOT) == []


@pytest.mark.parametrize("line", ["import stripe", "def late():\n    from anthropic import Anthropic"])
def test_a_vendor_in_a_feature_is_noticed(tmp_path: Path, line: str) -> None:
    write(tmp_path, {"webkit/deals/service.py": line})
    assert len(strange_packages(tmp_path)) == 1


# --- One database step is one transaction ---------------------------------------------------------------------------

ENDS = {"commit", "rollback", "begin_nested"}
MAY_END = {"webkit/core/kernel/db.py"}


def ends_transactions(root: Path) -> list[str]:
    """Calls that begin or end a transaction outside the units of work."""
    return [
        f"{module.name}: {called(call)}"
        for module in modules(root, "webkit")
        if module.name not in MAY_END
        for call in module.calls()
        if called(call) in ENDS
    ]


def test_only_the_unit_of_work_ends_transactions() -> None:
    assert ends_transactions(ROOT) == []


@pytest.mark.parametrize("word", sorted(ENDS))
def test_ending_a_transaction_elsewhere_is_noticed(tmp_path: Path, word: str) -> None:
    write(tmp_path, {"webkit/deals/models.py": f"def f():\n    session().{word}()"})
    assert ends_transactions(tmp_path) == [f"webkit/deals/models.py: {word}"]


# --- Choose-one is a provider, tell-many is a hook ------------------------------------------------------------------

CALLS_HOOKS = {"webkit/core/app.py", "webkit/core/plugins.py"}
ANSWERS = {"Policy", 
    "Blueprint", "Card", "Command", "DocumentSource", "EventKind", "InboxHandler", "JobSpec", "Listener", "MenuEntry",
    "MergeField", "ProviderSpec", "Schedule", "Slot",
}  # fmt: skip
FOR_FEATURES = {"webkit_directory", "webkit_startup"}


def hook_calls(root: Path) -> list[str]:
    """Where hooks are called outside the two modules that boot the application."""
    return [
        f"{module.name}: {ast.unparse(node)}"
        for module in modules(root)
        if module.name not in CALLS_HOOKS
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in {"hook", "call_historic", "call_extra"}
    ]


def working_hooks(hookspecs: str) -> list[str]:
    """Hooks that would do something for whoever calls them, instead of answering with data at boot."""
    found = []
    for node in ast.parse(hookspecs).body:
        if not isinstance(node, ast.FunctionDef) or node.name in FOR_FEATURES:
            continue
        answer = ast.unparse(node.returns) if node.returns else ""
        declared = re.fullmatch(r"Sequence\[(\w+)(\[Any\])?\]", answer)
        if node.args.args or not node.name.startswith("webkit_register_") or not declared or declared[1] not in ANSWERS:
            found.append(node.name)
    return found


def test_hooks_are_called_at_boot_only() -> None:
    assert hook_calls(ROOT) == []


def test_hooks_register_and_do_nothing() -> None:
    assert working_hooks((ROOT / "webkit/core/hookspecs.py").read_text()) == []


def test_a_hook_called_elsewhere_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, {"webkit/deals/service.py": "current().plugins.manager.hook.webkit_send_mail(to='x')"})
    assert len(hook_calls(tmp_path)) == 1


@pytest.mark.parametrize(
    "spec",
    [
        "def webkit_send_mail(message: EmailMessage) -> SendReceipt: ...",
        "def webkit_register_mail(message: EmailMessage) -> Sequence[JobSpec]: ...",
        "def webkit_register_mailers() -> Sequence[Email]: ...",
    ],
)
def test_a_hook_that_works_is_noticed(spec: str) -> None:
    assert len(working_hooks(spec)) == 1
