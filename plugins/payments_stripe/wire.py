"""The line to Stripe. Imported with the first call: web processes that call nobody never load the library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import stripe

__all__ = ["Line"]


class Line(stripe.RequestsClient):
    """Stripe's own line, which believes that whatever answers with success is Stripe."""

    def request(  # type: ignore[override]  # the library's own line has this signature, and not its parent's
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        content, status, told = super().request(method, url, headers, post_data)
        if status < 300 and not _is_stripes(content):
            raise stripe.APIConnectionError("what answered is not Stripe")  # type: ignore[no-untyped-call]
        return content, status, told


def _is_stripes(content: bytes) -> bool:
    """Whether it says what kind of object it is, or whose account was connected."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and bool({"object", "stripe_user_id"} & found.keys())
