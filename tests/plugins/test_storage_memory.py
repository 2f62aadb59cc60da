"""A hundred megabytes go up and come back through each storage, in a process that may grow by 32 MB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.plugins import azure, google_cloud
from webkit.sdk.testing.doubles.s3 import S3

ALLOWED = 32 * 1024
"""In the unit of `ru_maxrss`."""
CHILD = """
import json, resource, sys
from io import BytesIO
from webkit.core.plugins import load_plugins
from webkit.core.providers import ProviderRegistry
from webkit.sdk import STORAGE
from webkit.sdk.testing.storage import KEY, Source

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

size = 100 * 2**20
storage = ProviderRegistry(json.loads(sys.argv[1]), load_plugins().providers, capabilities=[STORAGE]).get(STORAGE)
for some in (b"", b"x", b"x" * 6_000_000):  # everything is imported and connected, and buffers have their size
    assert storage.put(KEY, BytesIO(some), content_type="x/y").size == len(some)
    with storage.open(KEY) as stream:
        assert sum(map(len, iter(lambda: stream.read(65_536), b""))) == len(some)
before = peak()
assert storage.put(KEY, Source(size), content_type="application/zip").size == size
after_put = peak()
with storage.open(KEY) as stream:
    assert sum(map(len, iter(lambda: stream.read(65_536), b""))) == size
print(json.dumps({"up": after_put - before, "down": peak() - before}))
"""
Environ = dict[str, str]


def local(folder: Path, _stack: ExitStack) -> Environ:
    return {"STORAGE_PROVIDER": "local", "STORAGE_LOCAL_FOLDER": str(folder)}


def s3(_folder: Path, stack: ExitStack) -> Environ:
    vendor = stack.enter_context(S3(buckets=("files",)))
    keys = {"S3_ACCESS_KEY": vendor.key_id, "S3_SECRET_KEY": vendor.secret, "S3_REGION": vendor.region}
    return {"STORAGE_PROVIDER": "s3", "S3_ENDPOINT": vendor.url, "S3_BUCKET": "files", **keys}


def gcs(_folder: Path, stack: ExitStack) -> Environ:
    sign_in = stack.enter_context(google_cloud.SignIn())
    return google_cloud.bucket(stack.enter_context(google_cloud.emulator()), sign_in.url)


def azblob(_folder: Path, stack: ExitStack) -> Environ:
    if azure.AZURITE is None:
        pytest.skip("Azurite is not installed")
    return azure.container(stack.enter_context(azure.emulator()))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.slow
@pytest.mark.parametrize("place", [local, s3, gcs, azblob], ids=lambda place: place.__name__)
def test_a_large_body_needs_little_memory(
    place: Callable[[Path, ExitStack], Environ], tmp_path: Path, stack: ExitStack
) -> None:
    environ = {"WEBKIT_DATA": str(tmp_path), **place(tmp_path, stack)}
    alone = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-c", CHILD, json.dumps(environ)]
    done = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    grew = json.loads(done.stdout)
    assert max(grew.values()) < ALLOWED, grew
