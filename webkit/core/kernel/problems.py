"""What went wrong, told to programs as RFC 9457 says: `application/problem+json`, pointing at each wrong field."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from flask import Response, current_app, g, request

BELOW = "/api/v1/"
REFERENCE = f"{BELOW}reference"
MEDIA = "application/problem+json"
_VENDORS = (f"{BELOW}webhooks", f"{BELOW}billing/webhook")


def wanted() -> bool:
    """Whether this request is one of a program that calls the API."""
    return request.path.startswith(BELOW) and not request.path.startswith(_VENDORS)


def answer(code: int, message: str, fields: Mapping[str, str] | None = None) -> Response:
    """The problem. `fields` are sentences by where they belong: `name` or `/lines/0/price` in the body, `?limit` behind
    the address, `#If-Match` among the headers."""
    title = HTTPStatus(code).phrase if code in HTTPStatus.__members__.values() else "Problem"
    told: dict[str, object] = {
        "type": f"{REFERENCE}#problem-{code}",
        "title": title,
        "status": code,
        "detail": message or f"{title}.",
        "instance": quote(request.path),
        "request_id": g.get("request_id", ""),
    }
    if fields:
        told["errors"] = [{**_place(name), "detail": text} for name, text in fields.items()]
    return Response(current_app.json.dumps(told), code, mimetype=MEDIA)


def _place(name: str) -> dict[str, str]:
    if name.startswith("?"):
        return {"parameter": name[1:]}
    if name.startswith("#"):
        return {"header": name[1:]}
    return {"pointer": name if name.startswith("/") else f"/{name}" if name else ""}
