"""The whole application with one more feature: letters, which the AI writes. For processes of tests.

`/{agency}/letters` shows the letter and its sections; posting to it has some written.
"""

from __future__ import annotations

import os
import sys

from flask import Blueprint, Flask, Response, render_template_string, request
from pydantic import BaseModel

from webkit.ai_runs import service
from webkit.ai_runs.views import RunRequest, Subject
from webkit.core.app import create_app
from webkit.core.hookspecs import hookimpl
from webkit.core.kernel.doors import staff_blueprint
from webkit.core.kernel.hx import go
from webkit.core.settings import Settings
from webkit.house import FEATURES

SUBJECT = "letter:1"
FACTS = {"answer.visitors": "1,200 visitors"}
PAGE = """
{% extends "layouts/staff.html" %}
{% block title %}Letter{% endblock %}
{% block head %}{{ ui.head("Letter") }}{% endblock %}
{% block content %}
<form method="post" class="wk-stack"><label for="prompt">Prompt</label>
<input class="form-control" id="prompt" name="prompt">
<button class="btn btn-primary" name="sections" value="3">Write</button>
</form>
<div class="wk-stack">{% for run in runs %}{{ ai_run(run) }}{% endfor %}</div>
{% endblock %}
"""
blueprint = staff_blueprint("letters", __name__, "/letters")


class Steps(BaseModel):
    """A structured section."""

    steps: list[str]


@blueprint.get("")
def show() -> str:
    return render_template_string(PAGE, runs=service.of(SUBJECT))


@blueprint.post("")
def write() -> Response:
    sections = [f"Section {n}" for n in range(1, request.form.get("sections", 1, int) + 1)]
    prompt = request.form.get("prompt", "")
    service.start([RunRequest(SUBJECT, section, "You write letters.", prompt, facts=FACTS) for section in sections])
    return go("letters.show")


@hookimpl
def webkit_register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def webkit_startup(app: Flask) -> None:
    page = "/northwind-studio/letters"
    service.register(Subject("letter", str, lambda run: page, lambda run: f"{page}/{run.id}", {"steps": Steps}))


def create(settings: Settings | None = None) -> Flask:
    """What `webkit.house.create` makes, and letters."""
    return create_app(settings or Settings.load(os.environ), (*FEATURES, sys.modules[__name__]))
