"""A double of Twilio: Messages, Verify, and callbacks it signs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from webkit.sdk import TextKind
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.payments import Webhook

SID, TOKEN = "AC" + "0a" * 16, "0123456789abcdef0123456789abcdef"
FROM, SERVICE, VERIFY = "+12025550100", "MG" + "0b" * 16, "VA" + "0c" * 16
WEBHOOK = "https://deals.example.com/webhooks/sms/twilio/platform"
MOST_CHECKS, MOST_CODES = 5, 5
FIELDS = {
    *("To", "From", "MessagingServiceSid", "Body", "StatusCallback", "MediaUrl", "ValidityPeriod", "SmartEncoded"),
    *("ApplicationSid", "MaxPrice", "ProvideFeedback", "Attempt", "SendAt", "ScheduleType", "ContentSid"),
}
STATES = {
    TextKind.ACCEPTED: "queued",
    TextKind.SENT: "sent",
    TextKind.DELIVERED: "delivered",
    TextKind.FAILED: "undelivered",
}
LOCALES = {*("en", "en-GB", "it", "de", "fr", "es", "pt", "pt-BR", "zh", "zh-CN", "zh-HK", "nb", "ja")}
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


def error(code: int, message: str, status: int) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }


@dataclass
class Started:
    """A verification that is open."""

    to: str
    code: str
    checks: int = 0
    codes: int = 1


class Twilio(HttpDouble):
    """The vendor."""

    def __init__(self) -> None:
        super().__init__()
        self.account: dict[str, Any] = {"sid": SID, "status": "active", "type": "Full"}
        self.texts: dict[str, dict[str, str]] = {}
        self.open: dict[str, Started] = {}
        self.codes: dict[str, str] = {}
        self.reports: list[bytes] = []

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode():
            raise Refused(401, error(20003, "Authenticate", 401))
        account, verify = f"/2010-04-01/Accounts/{SID}", f"/v2/Services/{VERIFY}"
        if call.method == "POST" and call.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refused(415, error(20415, "Unsupported media type", 415))
        form = dict(parse_qsl(call.body.decode(), keep_blank_values=True))
        match call.method, call.path:
            case "GET", path if path == f"{account}.json":
                return Answer(200, self.account)
            case "GET", path if path == verify:
                return Answer(200, {"sid": VERIFY, "friendly_name": "webkit", "code_length": 6})
            case "POST", path if path == f"{account}/Messages.json":
                return self._send(form)
            case "POST", path if path == f"{verify}/Verifications":
                return self._start(form)
            case "POST", path if path == f"{verify}/VerificationCheck":
                return self._check(form)
        raise Refused(404, error(20404, f"The requested resource {call.path} was not found", 404))

    def _send(self, form: dict[str, str]) -> Answer:
        if set(form) - FIELDS:
            raise Refused(400, error(20001, "Unknown parameters", 400))
        if not _E164.fullmatch(form.get("To", "")):
            raise Refused(400, error(21211, "Invalid 'To' Phone Number", 400))
        if not form.get("Body"):
            raise Refused(400, error(21602, "Message body is required", 400))
        if len(form["Body"]) > 1600:
            raise Refused(400, error(21617, "The concatenated message body exceeds the 1600 character limit", 400))
        if form.get("MessagingServiceSid", SERVICE) != SERVICE or (
            "From" not in form and "MessagingServiceSid" not in form
        ):
            raise Refused(400, error(21603, "A 'From' phone number is required", 400))
        if form.get("From", FROM) != FROM:
            raise Refused(400, error(21606, "The 'From' phone number is not a valid number of yours", 400))
        if not form.get("StatusCallback", "https://x").startswith("https://"):
            raise Refused(400, error(21609, "The StatusCallback URL is not a valid URL", 400))
        id = "SM" + secrets.token_hex(16)
        self.texts[id] = form
        return Answer(201, {"sid": id, "status": "queued", "to": form["To"], "error_code": None})

    def _start(self, form: dict[str, str]) -> Answer:
        if set(form) - {"To", "Channel", "Locale"} or form.get("Channel") != "sms":
            raise Refused(400, error(60200, "Invalid parameter", 400))
        if not _E164.fullmatch(form.get("To", "")) or form.get("Locale", "en") not in LOCALES:
            raise Refused(400, error(60200, "Invalid parameter `To` or `Locale`", 400))
        known = next((id for id, started in self.open.items() if started.to == form["To"]), None)
        if known is not None:
            self.open[known].codes += 1
            if self.open[known].codes > MOST_CODES:
                raise Refused(429, error(60203, "Max send attempts reached", 429))
        id = known or "VE" + secrets.token_hex(16)
        if known is None:
            self.codes[id] = f"{secrets.randbelow(10**6):06}"
            self.open[id] = Started(form["To"], self.codes[id])
        return Answer(201, {"sid": id, "status": "pending", "valid": False, "to": form["To"], "channel": "sms"})

    def _check(self, form: dict[str, str]) -> Answer:
        if set(form) != {"VerificationSid", "Code"} or not re.fullmatch(r"[0-9A-Za-z]{4,10}", form["Code"]):
            raise Refused(400, error(60200, "Invalid parameter", 400))
        id = form["VerificationSid"]
        if (started := self.open.get(id)) is None:
            raise Refused(
                404, error(20404, f"The requested resource /Services/{VERIFY}/VerificationCheck was not found", 404)
            )
        started.checks += 1
        if started.checks > MOST_CHECKS:
            del self.open[id]
            raise Refused(429, error(60202, "Max check attempts reached", 429))
        right = hmac.compare_digest(started.code, form["Code"])
        if right:
            del self.open[id]
        return Answer(200, {"sid": id, "status": "approved" if right else "pending", "valid": right})

    # --- for the contract -----------------------------------------------------------------------------------------

    def code(self, verification_id: str) -> str:
        return self.codes[verification_id]

    def expire(self, verification_id: str) -> None:
        self.open.pop(verification_id, None)

    def tell(self, message_id: str, kind: TextKind, reason: str = "", **more: str) -> None:
        to = self.texts[message_id]["To"]
        said = {"MessageStatus": STATES[kind], "SmsStatus": STATES[kind], **({"ErrorCode": reason} if reason else {})}
        form = {
            "SmsSid": message_id,
            "MessageSid": message_id,
            "To": to,
            "From": FROM,
            "AccountSid": SID,
            **said,
            **more,
        }
        self.reports.append(urlencode(form).encode())

    def webhooks(self) -> Sequence[Webhook]:
        return [self.signed(body) for body in self.reports]

    def unknown_webhook(self) -> Webhook:
        return self.signed(urlencode({"MessageSid": "SM1", "MessageStatus": "teleported", "To": FROM}).encode())

    def signed(self, body: bytes, address: str = WEBHOOK) -> Webhook:
        fields: Mapping[str, str] = dict(parse_qsl(body.decode(), keep_blank_values=True))
        text = address + "".join(f"{name}{fields[name]}" for name in sorted(fields))
        mark = base64.b64encode(hmac.new(TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
        return Webhook({"X-Twilio-Signature": mark}, body)
