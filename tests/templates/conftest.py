"""The harness application and a running server of it."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.templates.harness import make_app


@pytest.fixture(scope="session")
def app() -> Flask:
    return make_app()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """The harness served on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
