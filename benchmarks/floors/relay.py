"""The floor of AI writing: a view that passes on what the vendor says, by the same provider, and keeps nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from flask import Flask, Response

from plugins.ai_claude.provider import Claude
from plugins.ai_claude.settings import ClaudeSettings
from webkit.runtime.seams import EXTENSION, Seams
from webkit.sdk import CompletionRequest, Delta, Message, Role

ASKED = CompletionRequest((Message(Role.USER, "Write."),), "You write letters.")


def create() -> Flask:
    """One address, `/relay`."""
    app = Flask("relay")
    app.extensions[EXTENSION] = Seams()
    vendor = Claude(
        ClaudeSettings.model_validate({"api_key": os.environ["RELAY_KEY"], "base_url": os.environ["RELAY"]})
    )

    @app.get("/relay")
    def relay() -> Response:
        return Response(_events(vendor), mimetype="text/event-stream")

    return app


def _events(vendor: Claude) -> Iterator[str]:
    for part in vendor.stream(ASKED):
        if isinstance(part, Delta):
            yield f"data: {part.text}\n\n"
    yield "event: done\ndata: \n\n"
