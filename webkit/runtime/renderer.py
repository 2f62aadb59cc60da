"""The renderer process: the chosen PDF provider at work for all others.

It loads the providers and nothing else of the application, so that it stays small.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from webkit.core.capabilities.pdf import PDF
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.core.settings import Settings


def run_renderer(settings: Settings, socket: str) -> bool:
    """Serve until SIGTERM; False if the chosen provider has no `serve(socket)` because it renders elsewhere."""
    environ = {**os.environ, "WEBKIT_DATA": str(settings.data)}
    registry = ProviderRegistry(environ, load_plugins(off=settings.plugins_off).providers)
    serve: Callable[[str], None] | None = getattr(registry.get(PDF), "serve", None)
    if serve is None:
        return False
    serve(socket)
    return True
