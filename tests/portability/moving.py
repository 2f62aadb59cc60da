"""What the tests of archives share."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from contextvars import Context
from datetime import timedelta
from typing import Any

from flask import Flask

from webkit.agencies import service as agencies
from webkit.core.kernel import clock, crypto, db, evidence, tenancy
from webkit.core.kernel.directory import AgencyView
from webkit.portability import exporting

WORDS = "correct horse battery"
Parts = dict[str, bytes]


def outside(app: Flask, function: Callable[..., Any], *args: Any) -> Any:
    """Call where no unit is open, as a command does."""

    def call() -> Any:
        with app.app_context():
            return function(*args)

    return Context().run(call)


def agency_at(slug: str) -> AgencyView:
    """The agency under this address."""
    with db.unit(db.Scope()):
        found = agencies.by_slug(slug)
    assert found is not None
    return found


def exported(slug: str, passphrase: str = "") -> bytes:
    """An archive of all there is by now."""
    into = io.BytesIO()
    with tenancy.tenant(agency_at(slug).id):
        exporting.export(into, clock.now() + timedelta(days=1), passphrase)
    return into.getvalue()


def verified(slug: str) -> evidence.ChainReport:
    """What `webkit verify` says."""
    with tenancy.tenant(agency_at(slug).id):
        return evidence.examine(slug, evidence.trusted_keys())


def unpacked(archive: bytes) -> Parts:
    """The parts of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(parts: Parts, *, honest: bool = True) -> io.BytesIO:
    """Parts as an archive; where it is `honest`, its manifest says what they are."""
    parts = dict(parts)
    if honest:
        manifest = json.loads(parts["manifest.json"])
        for part in manifest["parts"]:
            content = parts.get(part["name"], b"")
            part |= {"size": len(content), "sha256": crypto.digest(content), "rows": content.count(b"\n")}
        parts["manifest.json"] = json.dumps(manifest).encode()
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return into
