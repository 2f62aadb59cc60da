"""A bucket in the storage emulator, behind a sign-in that checks what a service account signs."""

from __future__ import annotations

import functools
import itertools
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from gcp_storage_emulator.server import create_server
from google.auth import jwt

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused

EMAIL = "webkit@project.iam.gserviceaccount.com"
AUDIENCE = "https://oauth2.googleapis.com/token"
_names = itertools.count(1)


@functools.cache
def _pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def public_key() -> str:
    """What the account's signatures are checked with."""
    return _pair()[1]


class SignIn(HttpDouble):
    """Google's token endpoint: an assertion that the account did not sign, or for somewhere else, gets nothing."""

    def answer(self, call: Call) -> Answer:
        given = parse_qs(call.body.decode())
        if given.get("grant_type") != ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            raise Refused(400, {"error": "unsupported_grant_type"})
        try:
            claims = jwt.decode(given["assertion"][0], certs=public_key(), audience=AUDIENCE)
        except ValueError:
            raise Refused(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}) from None
        assert claims["iss"] == EMAIL and "devstorage.read_write" in claims["scope"]
        return Answer(200, {"access_token": "ya29.token", "expires_in": 3599, "token_type": "Bearer"})


class Told(HttpDouble):
    """A storage that answers everything as it is told, in Google's words."""

    status, body = 200, b"{}"

    def answer(self, call: Call) -> Answer:
        if self.status == 200:
            return Answer(200, self.body, {"Content-Type": "application/json"})
        raise Refused(
            self.status, {"error": {"code": self.status, "message": "no", "errors": []}}, {"Retry-After": "7"}
        )


@contextmanager
def emulator() -> Iterator[str]:
    """The address of the emulator. It checks neither signatures nor expiry."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


def bucket(address: str, sign_in: str) -> dict[str, str]:
    """The environment of a fresh bucket."""
    name = f"bucket-{next(_names)}"
    made = urllib3.request("POST", f"{address}/storage/v1/b?project=project", json={"name": name})
    assert made.status == 200, made.data
    return environ(address, sign_in, name)


def environ(address: str, sign_in: str, name: str = "bucket") -> dict[str, str]:
    """The settings that lead to a bucket."""
    account = {
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "1",
        "private_key": _pair()[0],
        "client_email": EMAIL,
        "token_uri": f"{sign_in}/token",
    }
    return {
        "STORAGE_PROVIDER": "gcs",
        "GCS_BUCKET": name,
        "GCS_CREDENTIALS": json.dumps(account),
        "GCS_ENDPOINT": address,
    }
