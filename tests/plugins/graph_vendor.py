"""A double of Microsoft Graph's mail and of the sign-in before it."""

from __future__ import annotations

import base64
import binascii
import email
import email.policy
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.plugins.doubles import arrived_mime
from webkit.sdk import Attachment
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.email import Arrived

TENANT, CLIENT, SECRET = "contoso.example", "11111111-2222-4333-8444-555555555555", "geheim~1"
LARGEST, SMALL, LARGEST_FILE, PIECE, LARGEST_PIECE = 4 * 2**20, 3 * 10**6, 150 * 2**20, 320 * 1024, 4 * 2**20
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def error(code: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"date": "2026-01-01", "request-id": "r"}}}


@dataclass
class Draft:
    """A mail that is not sent yet."""

    raw: bytes
    files: list[Attachment] = field(default_factory=list)


@dataclass
class Session:
    """A file on its way."""

    draft: str
    facts: dict[str, Any]
    content: bytes = b""


class Graph(HttpDouble):
    """The vendor. The app may send from `mailboxes`; `roles` are what an administrator consented to."""

    def __init__(self) -> None:
        super().__init__()
        self.mailboxes = {"studio@example.com"}
        self.roles = {"Mail.Send", "Mail.ReadWrite"}
        self.tokens: list[str] = []
        self.lives = 3599
        self.sent: list[Draft] = []
        self.drafts: dict[str, Draft] = {}
        self.sessions: dict[str, Session] = {}
        self.sign_in_fails: tuple[int, Any] | None = None

    def arrivals(self) -> list[Arrived]:
        return [_whole(draft) for draft in self.sent]

    def answer(self, call: Call) -> Answer:
        if call.path == f"/{TENANT}/oauth2/v2.0/token":
            return self._token(call)
        if call.path.startswith("/upload/"):
            return self._upload(call)
        if not self.tokens or call.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            raise Refused(401, error("InvalidAuthenticationToken", "Access token has expired or is not yet valid."))
        if len(call.body) > LARGEST:
            raise Refused(413, error("RequestEntityTooLarge", "The request is too large."))
        found = re.fullmatch(r"/v1\.0/users/([^/]+)/(sendMail|messages(?:/.*)?)", call.path)
        if found is None:
            raise Refused(404, error("ResourceNotFound"))
        if unquote(found[1]) not in self.mailboxes:
            raise Refused(404, error("ErrorInvalidUser", "The requested user is invalid."))
        if found[2] == "sendMail":
            self._may("Mail.Send")
            self.sent.append(Draft(_mime(call)))
            return Answer(202)
        self._may("Mail.ReadWrite")
        return self._messages(call, found[2].removeprefix("messages").strip("/").split("/"))

    def _may(self, role: str) -> None:
        if role not in self.roles:
            raise Refused(403, error("ErrorAccessDenied", "Access is denied. Check credentials and try again."))

    def _token(self, call: Call) -> Answer:
        if self.sign_in_fails is not None:
            raise Refused(*self.sign_in_fails)
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        wanted = {"client_id": CLIENT, "client_secret": SECRET, "grant_type": "client_credentials"}
        if call.method != "POST" or form != {**wanted, "scope": f"{self.url}/.default"}:
            said = {"error": "invalid_client", "error_description": "AADSTS7000215: …", "error_codes": [7000215]}
            raise Refused(401, said)
        self.tokens.append(secrets.token_urlsafe(24))
        return Answer(200, {"token_type": "Bearer", "expires_in": self.lives, "access_token": self.tokens[-1]})

    def _messages(self, call: Call, parts: list[str]) -> Answer:
        if parts == [""] and call.method == "POST":
            id = "AAMk" + secrets.token_urlsafe(12) + "="
            self.drafts[id] = Draft(_mime(call))
            return Answer(201, {"id": id, "isDraft": True})
        id = unquote(parts[0])
        if (draft := self.drafts.get(id)) is None:
            raise Refused(404, error("ErrorItemNotFound", "The specified object was not found in the store."))
        match call.method, parts[1:]:
            case "DELETE", []:
                del self.drafts[id]
                return Answer(204)
            case "POST", ["send"]:
                self._may("Mail.Send")
                self.sent.append(self.drafts.pop(id))
                return Answer(202)
            case "POST", ["attachments"]:
                return self._attach(draft, call.json())
            case "POST", ["attachments", "createUploadSession"]:
                return self._session(id, call.json())
        raise Refused(405, error("UnsupportedMethod"))

    def _attach(self, draft: Draft, given: dict[str, Any]) -> Answer:
        known = {"@odata.type", "name", "contentType", "contentBytes", "isInline", "contentId"}
        if set(given) - known or given.get("@odata.type") != "#microsoft.graph.fileAttachment" or not given.get("name"):
            raise Refused(400, error("BadRequest", "A property does not exist on type fileAttachment."))
        content = base64.b64decode(given["contentBytes"], validate=True)
        if len(content) >= SMALL:
            raise Refused(413, error("ErrorMessageSizeExceeded"))
        draft.files.append(Attachment(given["name"], given["contentType"], content, given.get("contentId", "")))
        return Answer(201, {"id": "a", "name": given["name"]})

    def _session(self, id: str, given: dict[str, Any]) -> Answer:
        facts = given["AttachmentItem"]
        if set(given) != {"AttachmentItem"} or facts.get("attachmentType") != "file":
            raise Refused(400, error("ErrorInvalidRequest"))
        if facts["size"] < SMALL:
            raise Refused(400, error("ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"))
        if facts["size"] > LARGEST_FILE:
            raise Refused(400, error("ErrorAttachmentSizeLimitExceeded"))
        key = secrets.token_urlsafe(8)
        self.sessions[key] = Session(id, facts)
        url = f"{self.url}/upload/{key}?authtoken=x"
        return Answer(
            201, {"uploadUrl": url, "expirationDateTime": "2099-01-01T00:00:00Z", "nextExpectedRanges": ["0-"]}
        )

    def _upload(self, call: Call) -> Answer:
        session = self.sessions.get(call.path.removeprefix("/upload/"))
        if session is None or call.method != "PUT":
            raise Refused(404, error("ErrorItemNotFound"))
        if "authorization" in call.headers:
            raise Refused(401, error("ErrorAccessDenied", "An upload takes no Authorization header."))
        found = _RANGE.fullmatch(call.headers.get("content-range", ""))
        start, end, size = (int(number) for number in found.groups()) if found else (-1, -1, -1)
        last = end + 1 == size
        if (start, size) != (len(session.content), session.facts["size"]) or end - start + 1 != len(call.body):
            raise Refused(416, error("ErrorInvalidRange"))
        if len(call.body) > LARGEST_PIECE or (len(call.body) % PIECE and not last):
            raise Refused(400, error("ErrorInvalidRange", "pieces are multiples of 320 KiB and below 4 MB"))
        session.content += call.body
        if not last:
            return Answer(200, {"nextExpectedRanges": [f"{end + 1}-"]})
        facts = session.facts
        file = Attachment(facts["name"], facts["contentType"], session.content, facts.get("contentId", ""))
        self.drafts[session.draft].files.append(file)
        return Answer(201, b"", {"Location": f"{self.url}/v1.0/attachment"})


def _mime(call: Call) -> bytes:
    if call.headers.get("content-type") != "text/plain":
        raise Refused(400, error("ErrorInvalidRequest", "MIME content is text/plain"))
    try:
        raw = base64.b64decode(call.body, validate=True)
    except binascii.Error:
        raise Refused(
            400, error("ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.")
        ) from None
    if not email.message_from_bytes(raw, policy=email.policy.SMTP)["To"]:
        raise Refused(400, error("ErrorInvalidRecipients"))
    return raw


def _whole(draft: Draft) -> Arrived:
    mail = arrived_mime(draft.raw)
    whole = (*mail.attachments, *draft.files)
    facts = {name: getattr(mail, name) for name in mail.__dataclass_fields__}
    return Arrived(**{**facts, "attachments": whole})
