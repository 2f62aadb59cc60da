"""A mail goes along as a whole while it fits into one call; else as a draft that its files are added to.

Until the call that sends has left, nothing was sent, so whatever breaks before it can be tried again. The vendor knows
no keys: a sending that broke off is not repeated.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from webkit.sdk import (
    Attachment,
    Email,
    EmailMessage,
    Health,
    HealthReport,
    OutcomeUnknown,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    SendReceipt,
    check_message,
)
from webkit.sdk.http import HttpAnswer, HttpLine
from webkit.sdk.mime import build, message_id

from .errors import VENDOR, refused
from .settings import GraphSettings
from .sign_in import SignIn

HEALTH_SECONDS = 0.7
LARGEST_CALL = 3_900_000
"""A request may have 4 MB, and a mail grows by a third in it."""
SMALL_FILE = 3_000_000
"""Smaller files are added in one call; from here on the vendor wants a session."""
CHUNK = 10 * 320 * 1024
LARGEST_FILE = 150 * 2**20
MIME, JSON = "text/plain", "application/json"


class GraphEmail:
    """A mailbox of Microsoft 365."""

    def __init__(self, settings: GraphSettings) -> None:
        self._settings = settings
        self._line = HttpLine(VENDOR)
        self._sign_in = SignIn(settings, self._line)

    def send(self, message: EmailMessage) -> SendReceipt:
        check_message(message)
        if any(len(file.content) > LARGEST_FILE for file in message.attachments):
            raise ProviderRejected("a file may have 150 MB", provider=VENDOR)
        id = message_id(message)
        box = f"/v1.0/users/{quote(self._settings.mailbox or message.sender, safe='@')}"
        whole = _encoded(message, id)
        if len(whole) <= LARGEST_CALL:
            self._ask("POST", f"{box}/sendMail", whole, MIME)
        else:
            draft = self._draft(box, message, id)
            self._ask("POST", f"{draft}/send", b"", JSON)
        return SendReceipt(id)

    def health(self) -> HealthReport:
        """Signs the app in: with the right to send alone nothing more can be asked."""
        try:
            self._sign_in.renew(seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    def _draft(self, box: str, message: EmailMessage, id: str) -> str:
        """The path of a draft with every file; one that cannot be finished is taken away again."""
        made = self._prepare(f"{box}/messages", _encoded(replace(message, attachments=()), id), MIME)
        draft = f"{box}/messages/{quote(_named(made, 'id'), safe='')}"
        try:
            for file in message.attachments:
                self._add(draft, file)
        except ProviderError:
            with suppress(ProviderError):
                self._ask("DELETE", draft, None, "")
            raise
        return draft

    def _add(self, draft: str, file: Attachment) -> None:
        facts: dict[str, Any] = {"name": file.filename, "contentType": file.content_type}
        if file.content_id:
            facts |= {"isInline": True, "contentId": file.content_id}
        if len(file.content) < SMALL_FILE:
            content = {"contentBytes": base64.b64encode(file.content).decode()}
            kind = {"@odata.type": "#microsoft.graph.fileAttachment"}
            self._prepare(f"{draft}/attachments", json.dumps({**kind, **facts, **content}).encode(), JSON)
            return
        item = {"AttachmentItem": {"attachmentType": "file", "size": len(file.content), **facts}}
        session = self._prepare(f"{draft}/attachments/createUploadSession", json.dumps(item).encode(), JSON)
        self._upload(_named(session, "uploadUrl"), file.content)

    def _upload(self, url: str, content: bytes) -> None:
        """In pieces, to an address that needs no token: whoever has it may write there."""
        if urlsplit(url).scheme != "https" and not url.startswith(self._settings.api_url + "/"):
            raise ProviderUnavailable("the address for a file is not protected", provider=VENDOR)
        for start in range(0, len(content), CHUNK):
            piece = content[start : start + CHUNK]
            where = f"bytes {start}-{start + len(piece) - 1}/{len(content)}"
            headers = {"Content-Range": where, "Content-Type": "application/octet-stream"}
            with _nothing_sent():
                answer = self._line.ask("PUT", url, headers=headers, body=piece)
            if answer.status >= 300:
                raise refused(answer)

    def _prepare(self, path: str, body: bytes, kind: str) -> Mapping[str, Any]:
        """A step after which nothing was sent, however it ends."""
        with _nothing_sent():
            return self._ask("POST", path, body, kind).json()

    def _ask(self, method: str, path: str, body: bytes | None, kind: str) -> HttpAnswer:
        """One call. A token that ended early is followed by a new one, once: with the old one nothing was done."""
        token = self._sign_in.token()
        answer = self._call(method, path, body, kind, token)
        if answer.status == 401:
            answer = self._call(method, path, body, kind, self._sign_in.token(stale=token))
        if answer.status >= 300:
            raise refused(answer)
        if path.endswith(("/sendMail", "/send")) and answer.status != 202:
            raise OutcomeUnknown("the mail service answered with something else", provider=VENDOR)
        return answer

    def _call(self, method: str, path: str, body: bytes | None, kind: str, token: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}", **({"Content-Type": kind} if kind else {})}
        return self._line.ask(method, self._settings.api_url + path, headers=headers, body=body)


@contextmanager
def _nothing_sent() -> Iterator[None]:
    """What breaks inside broke before the mail was sent: it can be tried again."""
    try:
        yield
    except OutcomeUnknown as error:
        raise ProviderUnavailable(str(error), provider=VENDOR, code=error.code) from None


def _encoded(message: EmailMessage, id: str) -> bytes:
    return base64.b64encode(build(message, datetime.now(UTC), id=id))


def _named(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderUnavailable("the mail service answered with something else", provider=VENDOR)
    return value


_checked: type[Email] = GraphEmail
