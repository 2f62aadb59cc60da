"""Writes that are sent again: the same key and the same request get the first answer, in the write that does the work.

A refusal is not kept: nothing was done, so the same request may be tried again under the same key.
"""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Response, request

from webkit.api import models
from webkit.core.extensions import Job
from webkit.core.kernel import clock, tenancy
from webkit.core.kernel.crypto import digest
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current

HEADER, PRUNE = "Idempotency-Key", "api.prune"
KEPT = timedelta(hours=24)
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


def key(caller: str) -> str:
    """The key of this request, told apart from everybody else's; empty without one. Raises Invalid."""
    given = request.headers.get(HEADER)
    if given is None:
        return ""
    if _KEY.fullmatch(given) is None:
        raise Invalid({f"#{HEADER}": _("A key is 1 to 128 visible characters, such as a UUID.")})
    return digest(f"{caller}\n{given}".encode())


def asked(body: bytes) -> str:
    """What this request asks for, hashed."""
    said = (request.method, request.full_path, request.headers.get("If-Match", ""))
    return digest("\n".join(said).encode() + b"\n" + body)


def known(name: str, fingerprint: str) -> Response | None:
    """The first answer to this request. Raises DomainError when the key was used for another one."""
    row = models.held(name, clock.now() - KEPT)
    if row is None:
        return None
    if row.asked != fingerprint:
        raise DomainError(_("This key was used for another request. Take a new one for each."), f"#{HEADER}")
    told = current().keys.unseal(row.told) if row.told else ""
    response = Response(told, row.code, mimetype="application/json" if told else None)
    if row.location:
        response.headers["Location"] = row.location
    response.headers["Idempotency-Replayed"] = "true"
    return response


def keep(name: str, fingerprint: str, response: Response) -> None:
    """Remember an answer in the write that it is about."""
    told = response.get_data(as_text=True)
    models.keep(
        key=name,
        asked=fingerprint,
        code=response.status_code,
        location=response.headers.get("Location", ""),
        told=current().keys.seal(told) if told else "",
    )


def prune(_job: Job) -> None:
    """Forget what is older than a day."""
    with tenancy.platform("answers of the API are kept for a day"):
        _prune()


@writes
def _prune() -> None:
    models.prune(clock.now() - KEPT)
