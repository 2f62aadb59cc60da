"""A double of Amazon SES and of the SNS topic it reports through."""

from __future__ import annotations

import base64
import binascii
import email
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from webkit.sdk import DeliveryKind
from webkit.sdk.testing.doubles import sigv4
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused
from webkit.sdk.testing.payments import Webhook

KEY_ID, SECRET, REGION = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:123456789012:webkit-mail"
CERTIFICATE = f"https://sns.{REGION}.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
LARGEST = 40 * 2**20
FIELDS = {
    *("FromEmailAddress", "FromEmailAddressIdentityArn", "Destination", "ReplyToAddresses", "Content", "EmailTags"),
    *("FeedbackForwardingEmailAddress", "FeedbackForwardingEmailAddressIdentityArn", "ConfigurationSetName"),
    *("EndpointId", "TenantName", "ListManagementOptions"),
}
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")


def error(code: str, message: str = "no") -> tuple[dict[str, Any], dict[str, str]]:
    """Body and headers of a refusal."""
    return {"message": message}, {"x-amzn-ErrorType": f"{code}:http://internal.amazon.com/coral/{code}/"}


@cache
def _private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(days: int = 1) -> bytes:
    """What lies at CERTIFICATE; `days` below 0 have passed."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_private().public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .sign(_private(), SHA256())
    )
    return made.public_bytes(Encoding.PEM)


class Ses(HttpDouble):
    """The vendor. Mail leaves from `domains` only."""

    def __init__(self) -> None:
        super().__init__()
        self.domains, self.sets = {"example.com"}, {"webkit"}
        self.account: dict[str, Any] = {"SendingEnabled": True, "ProductionAccessEnabled": True}
        self.mails: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self.notices: list[dict[str, Any]] = []

    def answer(self, call: Call) -> Answer:
        try:
            body = sigv4.verified(call, sigv4.Known(KEY_ID, SECRET, REGION, "ses"), datetime.now(UTC))
        except sigv4.Unsigned as wrong:
            raise Refused(403, *error(wrong.code, str(wrong))) from None
        match call.method, call.path:
            case "GET", "/v2/email/account":
                return Answer(200, self.account)
            case "POST", "/v2/email/outbound-emails":
                return self._send(json.loads(body))
        raise Refused(404, *error("UnknownOperationException"))

    def _send(self, request: dict[str, Any]) -> Answer:
        if (
            set(request) - FIELDS
            or set(request["Content"]) != {"Raw"}
            or set(request["Destination"]) != {"ToAddresses"}
        ):
            raise Refused(400, *error("BadRequestException", "Unknown members"))
        try:
            raw = base64.b64decode(request["Content"]["Raw"]["Data"], validate=True)
        except binascii.Error:
            raise Refused(400, *error("SerializationException")) from None
        people = [request["FromEmailAddress"], *request["Destination"]["ToAddresses"]]
        if len(people) > 51 or not all(map(_ADDRESS.fullmatch, people)):
            raise Refused(400, *error("BadRequestException", "Missing final '@domain'"))
        for tag in request.get("EmailTags", []):
            if set(tag) != {"Name", "Value"} or not all(map(_TAG.fullmatch, tag.values())):
                raise Refused(400, *error("BadRequestException", "Invalid tag"))
        if request.get("ConfigurationSetName", "webkit") not in self.sets:
            raise Refused(404, *error("NotFoundException", "Configuration set does not exist."))
        if request["FromEmailAddress"].rpartition("@")[2] not in self.domains:
            raise Refused(400, *error("MessageRejected", "Email address is not verified."))
        if len(raw) > LARGEST or not email.message_from_bytes(raw)["From"]:
            raise Refused(400, *error("MessageRejected", "Message is too large, or has no sender"))
        id = f"0102{uuid4().hex}-{uuid4()}-000000"
        self.mails[id] = (raw, request)
        return Answer(200, {"MessageId": id})

    # --- what became of it ----------------------------------------------------------------------------------------

    def tell(self, message_id: str, kind: DeliveryKind, reason: str = "", **more: Any) -> None:
        request = self.mails[message_id][1]
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        to = request["Destination"]["ToAddresses"]
        mail = {
            "timestamp": now,
            "source": request["FromEmailAddress"],
            "messageId": message_id,
            "destination": to,
            "tags": {tag["Name"]: [tag["Value"]] for tag in request.get("EmailTags", [])},
        }
        rows = [{"emailAddress": each, "diagnosticCode": reason, "status": "5.1.1"} for each in to]
        details: dict[DeliveryKind, tuple[str, str, dict[str, Any]]] = {
            DeliveryKind.ACCEPTED: ("Send", "send", {}),
            DeliveryKind.DELIVERED: ("Delivery", "delivery", {"timestamp": now, "recipients": to}),
            DeliveryKind.DELAYED: ("DeliveryDelay", "deliveryDelay", {"timestamp": now, "delayedRecipients": rows}),
            DeliveryKind.BOUNCED: (
                "Bounce",
                "bounce",
                {"timestamp": now, "bounceType": "Permanent", "bouncedRecipients": rows},
            ),
            DeliveryKind.COMPLAINED: (
                "Complaint",
                "complaint",
                {"timestamp": now, "complainedRecipients": [{"emailAddress": each} for each in to]},
            ),
            DeliveryKind.FAILED: ("Reject", "reject", {"reason": "Bad content"}),
            DeliveryKind.OPENED: ("Open", "open", {"timestamp": now, "ipAddress": "192.0.2.1", "userAgent": "x"}),
        }
        name, place, said = details[kind]
        self.notice({"eventType": name, "mail": mail, place: {**said, **more}})

    def notice(self, content: Any, kind: str = "Notification", **more: Any) -> Webhook:
        text = content if isinstance(content, str) else json.dumps(content)
        made = {"Type": kind, "MessageId": str(uuid4()), "TopicArn": TOPIC, "Message": text, **more}
        self.notices.append(made)
        return self.signed(made)

    def webhooks(self) -> Sequence[Webhook]:
        return [self.signed(notice) for notice in self.notices]

    def unknown_webhook(self) -> Webhook:
        return self.notice(
            {"eventType": "Subscription", "mail": {"messageId": "m", "timestamp": "2026-01-01T00:00:00Z"}}
        )

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        return self.signed(json.loads(webhook.body), by)

    def signed(self, notice: Mapping[str, Any], age: timedelta = timedelta(), version: str = "2") -> Webhook:
        at = (datetime.now(UTC) - age).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        made = {**notice, "Timestamp": at, "SignatureVersion": version, "SigningCertURL": CERTIFICATE}
        made.update({name: notice[name] for name in ("SigningCertURL", "SignatureVersion") if name in notice})
        confirms = made["Type"] != "Notification"
        names = ["Message", "MessageId", *(["SubscribeURL"] if confirms else ["Subject"]), "Timestamp"]
        names += [*(["Token"] if confirms else []), "TopicArn", "Type"]
        text = "".join(f"{name}\n{made[name]}\n" for name in names if name in made)
        mark = _private().sign(text.encode(), PKCS1v15(), SHA256() if version == "2" else SHA1())
        made["Signature"] = base64.b64encode(mark).decode()
        headers = {
            "x-amz-sns-message-type": made["Type"],
            "x-amz-sns-message-id": made["MessageId"],
            "x-amz-sns-topic-arn": made["TopicArn"],
        }
        return Webhook(headers, json.dumps(made, indent=2).encode())
