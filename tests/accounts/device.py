"""A device with passkeys, in software: what an authenticator and a browser do together."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost"
_PRESENT, _VERIFIED, _ATTESTED = 1, 4, 64


@dataclass
class Device:
    """Holds keys by their id. `counter` counts every use, `verifies` says whether it asks for a finger."""

    verifies: bool = True
    counter: int = 0
    keys: dict[bytes, tuple[ec.EllipticCurvePrivateKey, bytes]] = field(default_factory=dict)

    def make(self, options: str, origin: str = ORIGIN) -> str:
        """What the browser sends after a new key was made."""
        asked = json.loads(options)
        key, name = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.keys[name] = key, _raw(asked["user"]["id"])
        numbers = key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(name).to_bytes(2, "big") + name + cbor2.dumps(cose)
        data = self._data(asked["rp"]["id"], _ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = _client("webauthn.create", asked["challenge"], origin)
        response = {
            "clientDataJSON": _text(client),
            "attestationObject": _text(attestation),
            "transports": ["internal"],
        }
        return _answer(name, response)

    def show(self, options: str, origin: str = ORIGIN, **changes: Any) -> str:
        """What the browser sends after a key has signed."""
        asked = json.loads(options)
        allowed = [_raw(one["id"]) for one in asked.get("allowCredentials", [])]
        name = next(name for name in self.keys if not allowed or name in allowed)
        key, handle = self.keys[name]
        self.counter += 1
        data = self._data(asked["rpId"], 0)
        client = _client("webauthn.get", asked["challenge"], origin)
        signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(handle),
        }
        return _answer(name, {**response, **changes})

    def _data(self, site: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")


def _answer(name: bytes, response: dict[str, Any]) -> str:
    whole = {"id": _text(name), "rawId": _text(name), "type": "public-key", "response": response}
    return json.dumps({**whole, "clientExtensionResults": {}})


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
