"""Azurite, and a storage that answers as it is told."""

from __future__ import annotations

import itertools
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused

BESIDE = Path(__file__).parents[1] / "beside/node_modules/.bin"
AZURITE = shutil.which("azurite-blob") or shutil.which("azurite-blob", path=BESIDE)
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that Microsoft's emulator has, as its documentation says."""
_names = itertools.count(1)


class Told(HttpDouble):
    """Answers everything as it is told, in Azure's words."""

    status, code, body = 200, "", b""

    def answer(self, call: Call) -> Answer:
        if self.status < 300:
            return Answer(self.status, self.body)
        raise Refused(
            self.status, f"<Error><Code>{self.code}</Code></Error>", {"x-ms-error-code": self.code, "Retry-After": "7"}
        )


@contextmanager
def emulator() -> Iterator[str]:
    """The address of Azurite, which checks signatures and their time."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--inMemoryPersistence", "--silent", "--skipApiVersionCheck", "--disableTelemetry"]
    command = [str(AZURITE), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}/{ACCOUNT}"
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.1)


def container(address: str) -> dict[str, str]:
    """The environment of a fresh container."""
    name = f"container-{next(_names)}"
    with BlobServiceClient(address, credential={"account_name": ACCOUNT, "account_key": KEY}) as client:
        client.create_container(name)
    return environ(address, name)


def environ(address: str, name: str = "container") -> dict[str, str]:
    """The settings that lead to a container."""
    return {
        "STORAGE_PROVIDER": "azblob",
        "AZBLOB_ACCOUNT_NAME": ACCOUNT,
        "AZBLOB_ACCOUNT_KEY": KEY,
        "AZBLOB_CONTAINER": name,
        "AZBLOB_ENDPOINT": address,
    }
