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
from webkit.core.values import dataclass

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


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that may come again: its key, if it has one, and what it asks for. Both calls belong to a write."""

    key: str
    asked: str

    def known(self) -> Response | None:
        """The first answer to it. Raises DomainError when the key was used for another request."""
        row = models.held(self.key, clock.now() - KEPT) if self.key else None
        if row is None:
            return None
        if row.asked != self.asked:
            raise DomainError(_("This key was used for another request. Take a new one for each."), f"#{HEADER}")
        told = current().keys.unseal(row.told) if row.told else ""
        response = Response(told, row.code, mimetype="application/json" if told else None)
        response.headers["Idempotency-Replayed"] = "true"
        return tagged(response)

    def keep(self, response: Response) -> Response:
        """Remember the answer in the write that it is about."""
        if self.key:
            told = response.get_data(as_text=True)
            models.keep(
                key=self.key,
                asked=self.asked,
                code=response.status_code,
                told=current().keys.seal(told) if told else "",
            )
        return response


def tagged(response: Response) -> Response:
    """With the tag of what it tells, for whoever asked and nobody else."""
    if response.data:
        response.set_etag(digest(response.data)[:32])
        response.headers["Cache-Control"] = "private, no-cache"
        response.vary.update(("Authorization", "Cookie", "Accept-Language"))
    return response


def prune(_job: Job) -> None:
    """Forget what is older than a day."""
    with tenancy.platform("answers of the API are kept for a day"):
        _prune()


@writes
def _prune() -> None:
    models.prune(clock.now() - KEPT)
