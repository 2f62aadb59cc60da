"""What Resend refuses, and how."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from email.utils import getaddresses, parseaddr
from typing import Any

MOST_RECIPIENTS, MOST_BYTES = 50, 40 * 1024 * 1024
FIELDS = {
    *("from", "to", "subject", "bcc", "cc", "reply_to", "html", "text", "headers", "attachments", "tags"),
    *("scheduled_at", "template", "topic_id"),
}
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+\.[^\s@<>,;:\".]+")


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, name: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.name, self.message, self.headers = status, name, message, dict(headers or {})


def parsed(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The JSON object of a request. Raises Refused."""
    if not headers.get("content-type", "").startswith("application/json"):
        raise Refused(422, "validation_error", "The request body must be JSON.")
    try:
        request = json.loads(body)
    except ValueError:
        raise Refused(422, "validation_error", "The request body is not valid JSON.") from None
    if not isinstance(request, dict):
        raise Refused(422, "validation_error", "The request body must be an object.")
    return request


def validated(request: dict[str, Any]) -> str:
    """The sender's address of a request that Resend would take. Raises Refused."""
    if unknown := set(request) - FIELDS:
        raise Refused(422, "invalid_parameter", f"Unknown fields: {', '.join(sorted(unknown))}")
    for name in ("from", "to", "subject"):
        if not request.get(name):
            raise Refused(422, "missing_required_field", f"Missing `{name}` field.")
    if not (request.get("html") or request.get("text")):
        raise Refused(422, "missing_required_field", "Missing `html` or `text` field.")
    for name in ("from", "subject", "html", "text"):
        if not isinstance(request.get(name, ""), str):
            raise Refused(422, "validation_error", f"The `{name}` field must be a string.")
    sender = parseaddr(request["from"])[1]
    if not _ADDRESS.fullmatch(sender) or _broken(request["from"]):
        text = "Invalid `from` field. The email address needs to follow the `Name <email@example.com>` format."
        raise Refused(422, "invalid_from_address", text)
    _check_recipients(request)
    _check_headers(request)
    _check_attachments(request.get("attachments", []))
    _check_tags(request.get("tags", []))
    return sender


def recipients(request: dict[str, Any]) -> list[str]:
    """The bare addresses a mail goes to."""
    to = request["to"] if isinstance(request["to"], list) else [request["to"]]
    return [address for _, address in getaddresses([str(one) for one in to])]


def _check_recipients(request: dict[str, Any]) -> None:
    for name in ("to", "reply_to", "cc", "bcc"):
        given = request.get(name, [])
        given = given if isinstance(given, list) else [given]
        if len(given) > MOST_RECIPIENTS:
            raise Refused(422, "validation_error", f"The `{name}` field has more than {MOST_RECIPIENTS} recipients.")
        for one in given:
            if not isinstance(one, str) or _broken(one) or not _ADDRESS.fullmatch(parseaddr(one)[1]):
                raise Refused(422, "validation_error", f"Invalid `{name}` field.")


def _check_headers(request: dict[str, Any]) -> None:
    headers = request.get("headers", {})
    if not isinstance(headers, dict) or _broken(request["subject"]):
        raise Refused(422, "validation_error", "Invalid headers.")
    for name, value in headers.items():
        if not isinstance(value, str) or _broken(value) or not re.fullmatch(r"[!-9;-~]+", name):
            raise Refused(422, "validation_error", "Invalid `headers` field.")


def _check_attachments(attachments: Any) -> None:
    size = 0
    for one in attachments if isinstance(attachments, list) else [None]:
        if not isinstance(one, dict) or not isinstance(one.get("filename"), str) or "content" not in one:
            raise Refused(422, "invalid_attachment", "Attachment must have either a `content` or `path`.")
        if unknown := set(one) - {"content", "filename", "path", "content_type", "content_id"}:
            raise Refused(422, "invalid_attachment", f"Unknown fields of an attachment: {', '.join(sorted(unknown))}")
        size += len(decoded(one))
    if size > MOST_BYTES * 3 // 4:
        raise Refused(422, "validation_error", "The email is larger than 40 MB.")


def decoded(attachment: dict[str, Any]) -> bytes:
    """The bytes of an attachment: base64 text, or a list of numbers. Raises Refused for anything else."""
    content = attachment["content"]
    try:
        return bytes(content) if isinstance(content, list) else base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Refused(422, "invalid_attachment", "Attachment content must be base64.") from None


def _check_tags(tags: Any) -> None:
    for tag in tags if isinstance(tags, list) else [None]:
        if not isinstance(tag, dict) or set(tag) != {"name", "value"}:
            raise Refused(422, "validation_error", "Tags have a name and a value.")
        if not all(isinstance(text, str) and _TAG.fullmatch(text) for text in tag.values()):
            text = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
            raise Refused(422, "validation_error", text)


def _broken(text: str) -> bool:
    return any(ord(letter) < 32 or ord(letter) == 127 for letter in text)
