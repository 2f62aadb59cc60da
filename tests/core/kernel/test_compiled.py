"""Compiled templates are kept, and doing without them costs time only."""

from __future__ import annotations

import shutil
from pathlib import Path

from flask import Flask
from jinja2 import DictLoader

from webkit.core.kernel import templating


def test_compiled_templates_are_kept_and_can_vanish(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "templates"
    app = Flask("pages")
    app.jinja_loader = DictLoader({"a.html": "A {{ 1 + 1 }}", "b.html": "B"})
    templating.keep_compiled(app, folder)
    assert folder.stat().st_mode & 0o077 == 0
    assert app.jinja_env.get_template("a.html").render() == "A 2"
    assert len(list(folder.iterdir())) == 1
    shutil.rmtree(folder)
    assert app.jinja_env.get_template("b.html").render() == "B"
