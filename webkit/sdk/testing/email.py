"""The contract of email."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

import pytest

from webkit.core.capabilities.email import (
    Address,
    Attachment,
    DeliveryEvent,
    DeliveryKind,
    Email,
    EmailFeature,
    EmailMessage,
    ReportsDelivery,
)
from webkit.core.capabilities.errors import ProviderRejected, SignatureInvalid

from .contract import ProviderContract
from .payments import Webhook

MESSAGE = EmailMessage(
    sender="studio@example.com",
    sender_name="Studio Città",
    to=(Address("ada@example.org", "Ada Łovelace"),),
    subject="La sua proposta: 東京, 100 % pronta 🎉",
    text="Buongiorno,\n\necco la proposta.\n",
    html="<p>Buongiorno,<br>ecco la <b>proposta</b>.</p>",
    reply_to="paola@example.com",
    attachments=(Attachment("Proposta città.pdf", "application/pdf", b"%PDF-1.7\x00\xff\n"),),
    headers={"X-Webkit-Kind": "proposal"},
    key="mail:1",
)
INJECTED = "x\r\nBcc: victim@example.net"


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as the double of the vendor received it, decoded."""

    sender: str
    sender_name: str
    to: tuple[str, ...]
    reply_to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    headers: dict[str, str]


Arrivals = Callable[[], Sequence[Arrived]]


class Vendor(Protocol):
    """The double of a vendor that reports what became of a mail, by webhooks it signs."""

    def tell(self, message_id: str, kind: DeliveryKind, reason: str = "") -> None:
        """Let something happen to a mail it took; skip the test for what this vendor never reports."""
        ...

    def webhooks(self) -> Sequence[Webhook]:
        """All webhooks so far, oldest first, signed now."""
        ...

    def unknown_webhook(self) -> Webhook:
        """A genuine one of a type that no provider knows."""
        ...

    def aged(self, webhook: Webhook, by: timedelta) -> Webhook:
        """The same body, genuinely signed that long ago."""
        ...


class EmailContract(ProviderContract):
    """Override `arrivals`: a callable giving what the double of the vendor received, oldest first.

    With DELIVERY_EVENTS also override `vendor`, that double.
    """

    @pytest.fixture
    def arrivals(self, provider: Email) -> Arrivals:
        raise NotImplementedError("override the `arrivals` fixture")

    @pytest.fixture
    def vendor(self, provider: Email) -> Vendor:
        pytest.skip("does not report what became of a mail")

    def test_everything_arrives_as_written(self, provider: Email, arrivals: Arrivals) -> None:
        assert provider.send(MESSAGE).id
        (mail,) = arrivals()
        assert (mail.sender, mail.sender_name) == (MESSAGE.sender, MESSAGE.sender_name)
        assert mail.to == ("ada@example.org",)
        assert mail.reply_to == MESSAGE.reply_to
        assert mail.subject == MESSAGE.subject
        assert mail.text.splitlines() == MESSAGE.text.splitlines()
        assert mail.html.strip() == MESSAGE.html
        assert mail.attachments == MESSAGE.attachments
        assert mail.headers["X-Webkit-Kind"] == "proposal"

    def test_plain_text_alone_is_enough(self, provider: Email, arrivals: Arrivals) -> None:
        provider.send(replace(MESSAGE, html="", reply_to="", attachments=(), headers={}, sender_name=""))
        (mail,) = arrivals()
        assert mail.text.strip() == MESSAGE.text.strip()
        assert (mail.html, mail.attachments, mail.reply_to) == ("", (), "")

    def test_long_lines_and_lone_dots_survive(self, provider: Email, arrivals: Arrivals) -> None:
        text = "\n".join(["è" * 2_000, ".", "..", "From here on", "x" * 1_500, "=3D"])
        provider.send(replace(MESSAGE, text=text, html=""))
        assert arrivals()[0].text.splitlines() == text.splitlines()

    def test_big_attachments_arrive_whole(self, provider: Email, arrivals: Arrivals) -> None:
        content = bytes(range(256)) * 8_000
        files = (Attachment("a.bin", "application/octet-stream", content), Attachment("b.txt", "text/plain", b"b\n"))
        provider.send(replace(MESSAGE, attachments=files))
        assert arrivals()[0].attachments == files

    def test_every_recipient_gets_it(self, provider: Email, arrivals: Arrivals) -> None:
        provider.send(replace(MESSAGE, to=(Address("a@example.org"), Address("b@example.org", "B, the second"))))
        assert sorted(address for mail in arrivals() for address in mail.to) == ["a@example.org", "b@example.org"]

    def test_the_same_key_sends_once(self, provider: Email, another: Email, arrivals: Arrivals) -> None:
        self.needs(EmailFeature.IDEMPOTENT)
        receipts = {provider.send(MESSAGE), provider.send(MESSAGE), another.send(MESSAGE)}
        assert len(receipts) == 1
        assert len(arrivals()) == 1
        assert provider.send(replace(MESSAGE, key="mail:2")) not in receipts
        assert len(arrivals()) == 2

    @pytest.mark.parametrize(
        "message",
        [
            replace(MESSAGE, subject=INJECTED),
            replace(MESSAGE, sender_name=INJECTED),
            replace(MESSAGE, sender=INJECTED),
            replace(MESSAGE, reply_to="a@example.org\r\nBcc: victim@example.net"),
            replace(MESSAGE, to=(Address("a@example.org\nBcc: victim@example.net"),)),
            replace(MESSAGE, to=(Address("a@example.org", INJECTED),)),
            replace(MESSAGE, headers={"X-Kind": INJECTED}),
            replace(MESSAGE, headers={"X-Kind\r\nBcc": "victim@example.net"}),
            replace(MESSAGE, attachments=(Attachment("x\r\nBcc: v@example.net", "text/plain", b""),)),
            replace(MESSAGE, attachments=(Attachment("x", "text/plain\r\nBcc: v@example.net", b""),)),
            replace(MESSAGE, attachments=(Attachment("x", "image/png", b"", "x\r\nBcc: v@example.net"),)),
        ],
    )
    def test_no_field_can_add_a_header(self, provider: Email, arrivals: Arrivals, message: EmailMessage) -> None:
        with pytest.raises(ProviderRejected):
            provider.send(message)
        assert not arrivals()

    @pytest.mark.parametrize("to", [(), (Address(""),), (Address("nobody"),), (Address("a b@example.org"),)])
    def test_what_is_no_address_is_refused(self, provider: Email, arrivals: Arrivals, to: tuple[Address, ...]) -> None:
        with pytest.raises(ProviderRejected):
            provider.send(replace(MESSAGE, to=to))
        assert not arrivals()

    @pytest.mark.parametrize(
        "words",
        ["Città & C., S.r.l.", "東京 <スタジオ>", 'O\'Neil "The Studio"', "Łódź; Übermut", "Ох " * 40, "x" * 200 + "é"],
    )
    def test_any_letters_arrive_in_every_place(self, provider: Email, arrivals: Arrivals, words: str) -> None:
        name = words[:60].strip()
        file = Attachment(f"{name}.pdf", "application/pdf", b"%PDF")
        changed = replace(MESSAGE, subject=words.strip(), sender_name=name, text=words, html=f"<p>{words}</p>")
        provider.send(replace(changed, to=(Address("ada@example.org", name),), attachments=(file,)))
        (mail,) = arrivals()
        assert (mail.subject, mail.sender_name, mail.to) == (words.strip(), name, ("ada@example.org",))
        assert mail.text.strip() == words.strip()
        assert mail.html.strip() == f"<p>{words}</p>"
        assert mail.attachments == (file,)

    def test_one_click_can_end_a_list(self, provider: Email, arrivals: Arrivals) -> None:
        """RFC 8058: both headers, to the letter."""
        where = f"<https://example.com/u/{'k' * 60}>, <mailto:leave@example.com?subject=leave>"
        headers = {"List-Unsubscribe": where, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        provider.send(replace(MESSAGE, headers=headers))
        (mail,) = arrivals()
        assert {name: mail.headers.get(name) for name in headers} == headers

    def test_pictures_belong_to_the_text(self, provider: Email, arrivals: Arrivals) -> None:
        self.needs(EmailFeature.INLINE_IMAGES)
        logo = Attachment(
            "logo.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), content_id="logo@example.com"
        )
        plain = Attachment("b.txt", "text/plain", b"b")
        provider.send(replace(MESSAGE, html='<img src="cid:logo@example.com" alt="">', attachments=(logo, plain)))
        (mail,) = arrivals()
        assert set(mail.attachments) == {logo, plain}
        assert mail.html.strip() == '<img src="cid:logo@example.com" alt="">'

    # --- what became of a mail --------------------------------------------------------------------------------------

    def test_who_declares_reports_can_report(self, provider: Email) -> None:
        assert isinstance(provider, ReportsDelivery) == (EmailFeature.DELIVERY_EVENTS in self.spec.features)

    @pytest.mark.parametrize(
        "kind",
        [
            DeliveryKind.ACCEPTED,
            DeliveryKind.DELIVERED,
            DeliveryKind.DELAYED,
            DeliveryKind.BOUNCED,
            DeliveryKind.COMPLAINED,
        ],
    )
    def test_what_became_of_a_mail_is_told(self, provider: Email, vendor: Vendor, kind: DeliveryKind) -> None:
        receipt = provider.send(replace(MESSAGE, key="mail: ключ/7?"))
        vendor.tell(receipt.id, kind, "no such mailbox")
        (event,) = _told(provider, vendor)
        assert (event.kind, event.message_id, event.key) == (kind, receipt.id, "mail: ключ/7?")
        assert event.recipient == "ada@example.org"
        assert event.reason == "no such mailbox" or kind is not DeliveryKind.BOUNCED
        assert event.occurred_at.tzinfo is not None
        assert abs(event.occurred_at - datetime.now(UTC)) < timedelta(minutes=5)

    def test_a_mail_that_was_looked_at_is_told(self, provider: Email, vendor: Vendor) -> None:
        self.needs(EmailFeature.OPEN_EVENTS)
        receipt = provider.send(MESSAGE)
        vendor.tell(receipt.id, DeliveryKind.OPENED)
        (event,) = _told(provider, vendor)
        assert (event.kind, event.message_id, event.key) == (DeliveryKind.OPENED, receipt.id, MESSAGE.key)

    def test_ids_of_events_differ_and_stay(self, provider: Email, vendor: Vendor) -> None:
        receipt = provider.send(replace(MESSAGE, key=f"mail:{uuid4()}"))  # no mail of another test
        for kind in (DeliveryKind.DELAYED, DeliveryKind.DELIVERED, DeliveryKind.COMPLAINED):
            vendor.tell(receipt.id, kind)
        first, again = _told(provider, vendor), _told(provider, vendor)
        assert [event.id for event in first] == [event.id for event in again]
        assert len({event.id for event in first if event.message_id == receipt.id}) == 3

    def test_a_changed_report_is_refused(self, provider: Email, vendor: Vendor) -> None:
        webhook = _report(provider, vendor)
        for body in (webhook.body.replace(b"example.org", b"example.net"), webhook.body + b" ", b"", webhook.body[:-1]):
            assert body != webhook.body
            with pytest.raises(SignatureInvalid):
                _reporting(provider).verify(webhook.headers, body)

    def test_a_changed_or_missing_signature_is_refused(self, provider: Email, vendor: Vendor) -> None:
        webhook = _report(provider, vendor)
        for name, value in webhook.headers.items():
            wrong = value[:-4] + ("AAAA" if value[-4:] != "AAAA" else "BBBB")
            for forged in (wrong, "", "v1,é", value[: len(value) // 2]):
                with pytest.raises(SignatureInvalid):
                    _reporting(provider).verify({**webhook.headers, name: forged}, webhook.body)
        with pytest.raises(SignatureInvalid):
            _reporting(provider).verify({}, webhook.body)

    def test_header_names_match_in_any_case(self, provider: Email, vendor: Vendor) -> None:
        webhook = _report(provider, vendor)
        for change in (str.upper, str.title, str.lower):
            _reporting(provider).verify({change(name): value for name, value in webhook.headers.items()}, webhook.body)

    def test_an_old_report_played_again_is_refused(self, provider: Email, vendor: Vendor) -> None:
        webhook = _report(provider, vendor)
        fresh = vendor.aged(webhook, timedelta(seconds=5))
        _reporting(provider).verify(fresh.headers, fresh.body)
        for age in (timedelta(hours=1), timedelta(days=400), timedelta(hours=-1)):
            old = vendor.aged(webhook, age)
            with pytest.raises(SignatureInvalid):
                _reporting(provider).verify(old.headers, old.body)

    def test_an_unknown_report_is_genuine_and_ignored(self, provider: Email, vendor: Vendor) -> None:
        webhook = vendor.unknown_webhook()
        _reporting(provider).verify(webhook.headers, webhook.body)
        (event,) = _reporting(provider).events(webhook.body)
        assert event.kind is DeliveryKind.IGNORED
        assert event.id

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"{", b"\xff\xfe", b'{"type": 1}'])
    def test_garbage_is_refused_cleanly(self, provider: Email, vendor: Vendor, body: bytes) -> None:
        with pytest.raises(ProviderRejected):
            _reporting(provider).events(body)


def _reporting(provider: Email) -> ReportsDelivery:
    assert isinstance(provider, ReportsDelivery)
    return provider


def _told(provider: Email, vendor: Vendor) -> list[DeliveryEvent]:
    """What the webhooks so far report, each verified."""
    told: list[DeliveryEvent] = []
    for webhook in vendor.webhooks():
        _reporting(provider).verify(webhook.headers, webhook.body)
        told += _reporting(provider).events(webhook.body)
    return told


def _report(provider: Email, vendor: Vendor) -> Webhook:
    vendor.tell(provider.send(MESSAGE).id, DeliveryKind.DELIVERED)
    return vendor.webhooks()[-1]
