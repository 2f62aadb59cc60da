"""What a web process has done and loaded before anybody asks it for a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from flask import Flask

from webkit.core.kernel.db import db
from webkit.runtime import seams

ROOT = Path(__file__).resolve().parents[2]
NEVER = {
    *("alembic", "anthropic", "boto3", "botocore", "resend", "stripe", "httpx", "urllib3", "requests", "plutoprint"),
    *("segno", "xlsxwriter", "rq_dashboard", "webkit.sdk.testing", "webkit.demo.service"),
}
"""What some page or job needs and no start does: it would cost every process time and memory."""
WHOLE = """
import contextvars, json, os, sys
from webkit.core.settings import Settings
from webkit.house import create
from webkit.runtime import seams, web
app = create(Settings.load(os.environ))
seams.of(app).rehearse(app)
print(json.dumps([sorted(sys.modules), sorted(name.name for name in contextvars.copy_context())]))
"""


def test_a_rehearsal_leaves_nothing_open(app: Flask) -> None:
    assert seams.of(app) == seams.kernel()
    seams.of(app).rehearse(app)
    with app.app_context():
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert db.engine.pool.checkedin() == 0  # type: ignore[attr-defined]
    assert app.test_client().get("/sign-in").status_code < 400


def test_a_web_process_loads_only_what_pages_need(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "WEBKIT_DATA": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-c", WHOLE], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    modules, context = json.loads(answer.stdout.splitlines()[-1])
    loaded = set(modules)
    assert "webkit.invoices.routes" in loaded
    assert loaded & NEVER == set()
    assert not any("request" in name or name in ("locale", "timezone") for name in context)
