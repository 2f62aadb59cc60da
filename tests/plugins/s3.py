"""An S3 over real HTTP, and a service that answers as it is told."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
from moto.server import ThreadedMotoServer

KEY_ID, SECRET = "r2-key-id", "r2-secret-7f3a"
REGION = "us-east-1"
_names = itertools.count(1)


@contextmanager
def server() -> Iterator[str]:
    """The address of an S3 that keeps everything in memory. It checks neither signatures nor expiry."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        moto.stop()


@functools.cache
def client(address: str) -> object:
    """The vendor's own client, for looking behind the provider."""
    session = boto3.session.Session(KEY_ID, SECRET, region_name=REGION)
    return session.client("s3", endpoint_url=address)


def bucket(address: str) -> dict[str, str]:
    """The environment of a fresh bucket."""
    name = f"bucket-{next(_names)}"
    client(address).create_bucket(Bucket=name)  # type: ignore[attr-defined]
    return environ(address, name)


def environ(address: str, name: str = "bucket") -> dict[str, str]:
    """The settings that lead to a bucket."""
    return {
        "STORAGE_PROVIDER": "r2",
        "R2_ENDPOINT": address,
        "R2_ACCESS_KEY_ID": KEY_ID,
        "R2_SECRET_ACCESS_KEY": SECRET,
        "R2_BUCKET": name,
        "R2_REGION": REGION,
    }


class Told(ThreadingHTTPServer):
    """Answers everything with `status` and `body`; hangs when `stall` is set until it is released."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status, self.body, self.headers = 200, b"", dict[str, str]()
        self.stall: threading.Event | None = None
        self.asked: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def error(self, status: int, code: str) -> None:
        """Refuse as S3 does."""
        self.status = status
        self.body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Told

    def _answer(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            left -= len(self.rfile.read(min(left, 65536)))
        if self.server.stall is not None:
            self.server.stall.wait(30)
        body = b"" if self.command == "HEAD" else self.server.body
        self.send_response(self.server.status)
        for name, value in {"Content-Length": str(len(body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _answer  # noqa: N815

    def log_message(self, *_args: object) -> None: ...


@contextmanager
def told() -> Iterator[Told]:
    """Such a service, in a thread."""
    service = Told()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service
    finally:
        if service.stall is not None:
            service.stall.set()
        service.shutdown()
        service.server_close()
        thread.join()
