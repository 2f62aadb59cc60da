"""The contract of email."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest

from webkit.core.capabilities.email import Address, Attachment, Email, EmailFeature, EmailMessage
from webkit.core.capabilities.errors import ProviderRejected

from .contract import ProviderContract

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


class EmailContract(ProviderContract):
    """Override `arrivals`: a callable giving what the double of the vendor received, oldest first."""

    @pytest.fixture
    def arrivals(self, provider: Email) -> Arrivals:
        raise NotImplementedError("override the `arrivals` fixture")

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
        content = bytes(range(256)) * 20_000
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
