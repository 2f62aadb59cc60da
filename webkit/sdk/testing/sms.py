"""The contract of text messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pytest

from webkit.core.capabilities.errors import ProviderError, ProviderRejected, SignatureInvalid
from webkit.core.capabilities.sms import (
    LONGEST_TEXT,
    ReportsTexts,
    Sms,
    SmsFeature,
    SmsMessage,
    TextEvent,
    TextKind,
    Verdict,
    VerifiesPhones,
)

from .contract import ProviderContract
from .payments import Webhook

TEXT = SmsMessage(to="+393331234567", text="Il codice è 123 456. Città, 東京 🎉", key="sms:1")
NUMBERS = [
    "",
    "3331234567",
    "+0333123456",
    "+39 333 1234567",
    "+39",
    "0039333123456",
    "+3933312345678901",
    "+39333١٢٣٤٥",
]
"""What is no number as E.164 writes it."""


@dataclass(frozen=True, slots=True)
class ArrivedText:
    """A text as the double of the vendor received it."""

    to: str
    text: str


Texts = Callable[[], Sequence[ArrivedText]]


class TextVendor(Protocol):
    """The double of a vendor: reports what became of texts by webhooks it signs, and knows the codes it sent."""

    def tell(self, message_id: str, kind: TextKind, reason: str = "") -> None:
        """Let something happen to a text it took."""
        ...

    def webhooks(self) -> Sequence[Webhook]:
        """All webhooks so far, oldest first."""
        ...

    def unknown_webhook(self) -> Webhook:
        """A genuine one of a state that no provider knows."""
        ...

    def code(self, verification_id: str) -> str:
        """The code that was sent."""
        ...

    def expire(self, verification_id: str) -> None:
        """Let the time of a verification be over."""
        ...


class SmsContract(ProviderContract):
    """Override `texts`: a callable giving what the double of the vendor received, oldest first.

    With VERIFY or DELIVERY_EVENTS also override `vendor`, that double.
    """

    @pytest.fixture
    def texts(self, provider: Sms) -> Texts:
        raise NotImplementedError("override the `texts` fixture")

    @pytest.fixture
    def vendor(self, provider: Sms) -> TextVendor:
        pytest.skip("neither reports nor verifies")

    def test_a_text_arrives_as_written(self, provider: Sms, texts: Texts) -> None:
        assert provider.send(TEXT).id
        assert list(texts()) == [ArrivedText(TEXT.to, TEXT.text)]

    @pytest.mark.parametrize("text", ["x", "due\nrighe", "+ & = % ? #", "ж" * LONGEST_TEXT])
    def test_any_words_arrive_whole(self, provider: Sms, texts: Texts, text: str) -> None:
        provider.send(replace(TEXT, text=text))
        assert [arrived.text for arrived in texts()] == [text]

    @pytest.mark.parametrize("to", NUMBERS)
    def test_what_is_no_number_is_refused(self, provider: Sms, texts: Texts, to: str) -> None:
        with pytest.raises(ProviderRejected) as caught:
            provider.send(replace(TEXT, to=to))
        assert not texts()
        assert len(to) < 4 or to not in str(caught.value)

    @pytest.mark.parametrize(
        "change", [{"text": ""}, {"text": " \n"}, {"text": "x" * (LONGEST_TEXT + 1)}, {"text": "a\x00b"}, {"key": ""}]
    )
    def test_what_is_no_text_is_refused(self, provider: Sms, texts: Texts, change: dict[str, Any]) -> None:
        with pytest.raises(ProviderRejected):
            provider.send(replace(TEXT, **change))
        assert not texts()

    def test_the_same_key_sends_once(self, provider: Sms, another: Sms, texts: Texts) -> None:
        self.needs(SmsFeature.IDEMPOTENT)
        receipts = {provider.send(TEXT), provider.send(TEXT), another.send(TEXT)}
        assert len(receipts) == 1
        assert len(texts()) == 1
        assert provider.send(replace(TEXT, key="sms:2")) not in receipts
        assert len(texts()) == 2

    def test_two_texts_are_two_sendings(self, provider: Sms, texts: Texts) -> None:
        assert provider.send(TEXT) != provider.send(replace(TEXT, key="sms:2"))
        assert len(texts()) == 2

    # --- codes ----------------------------------------------------------------------------------------------------

    def test_who_declares_verify_can_verify(self, provider: Sms) -> None:
        assert isinstance(provider, VerifiesPhones) == (SmsFeature.VERIFY in self.spec.features)

    def test_the_code_is_right_once(self, provider: Sms, another: Sms, vendor: TextVendor) -> None:
        started = _verifying(self, provider).start_verification(TEXT.to)
        code = vendor.code(started.id)
        assert _verifying(self, another).check_verification(started.id, code) is Verdict.RIGHT
        assert _verifying(self, provider).check_verification(started.id, code) is Verdict.OVER

    def test_a_wrong_code_is_wrong_until_it_is_over(self, provider: Sms, vendor: TextVendor) -> None:
        verifies = _verifying(self, provider)
        started = verifies.start_verification(TEXT.to)
        wrong = _another_code(vendor.code(started.id))
        verdicts = [verifies.check_verification(started.id, wrong) for _ in range(12)]
        assert verdicts[0] is Verdict.WRONG
        assert verdicts[-1] is Verdict.OVER
        assert verifies.check_verification(started.id, vendor.code(started.id)) is Verdict.OVER

    def test_a_code_of_another_phone_is_wrong(self, provider: Sms, vendor: TextVendor) -> None:
        verifies = _verifying(self, provider)
        mine, theirs = verifies.start_verification(TEXT.to), verifies.start_verification("+390612345678")
        assert mine != theirs
        if vendor.code(mine.id) != vendor.code(theirs.id):
            assert verifies.check_verification(mine.id, vendor.code(theirs.id)) is Verdict.WRONG

    def test_a_code_that_is_too_late_is_over(self, provider: Sms, vendor: TextVendor) -> None:
        verifies = _verifying(self, provider)
        started = verifies.start_verification(TEXT.to)
        vendor.expire(started.id)
        assert verifies.check_verification(started.id, vendor.code(started.id)) is Verdict.OVER

    @pytest.mark.parametrize("id", ["", "x", "../..", "VE" + "0" * 32])
    def test_an_unknown_verification_is_over(self, provider: Sms, id: str) -> None:
        assert _verifying(self, provider).check_verification(id, "123456") is Verdict.OVER

    @pytest.mark.parametrize("code", ["", "x" * 99, "12 34", "١٢٣٤٥٦", "0000\n"])
    def test_what_is_no_code_is_wrong(self, provider: Sms, code: str) -> None:
        verifies = _verifying(self, provider)
        assert verifies.check_verification(verifies.start_verification(TEXT.to).id, code) is Verdict.WRONG

    @pytest.mark.parametrize("to", NUMBERS)
    def test_no_code_goes_to_what_is_no_number(self, provider: Sms, to: str) -> None:
        with pytest.raises(ProviderRejected):
            _verifying(self, provider).start_verification(to)

    @pytest.mark.parametrize("locale", ["en", "it-IT", "zh-Hant-TW", "xx", ""])
    def test_any_language_is_taken(self, provider: Sms, locale: str) -> None:
        assert _verifying(self, provider).start_verification(TEXT.to, locale=locale).id

    # --- what became of a text ------------------------------------------------------------------------------------

    def test_who_declares_reports_can_report(self, provider: Sms) -> None:
        assert isinstance(provider, ReportsTexts) == (SmsFeature.DELIVERY_EVENTS in self.spec.features)

    @pytest.mark.parametrize("kind", [TextKind.ACCEPTED, TextKind.SENT, TextKind.DELIVERED, TextKind.FAILED])
    def test_what_became_of_a_text_is_told(self, provider: Sms, vendor: TextVendor, kind: TextKind) -> None:
        self.needs(SmsFeature.DELIVERY_EVENTS)
        receipt = provider.send(TEXT)
        vendor.tell(receipt.id, kind, "30003")
        (event,) = _told(provider, vendor)
        assert (event.kind, event.message_id, event.recipient) == (kind, receipt.id, TEXT.to)
        assert event.reason == "30003" or kind is not TextKind.FAILED
        assert event.occurred_at is None or event.occurred_at.tzinfo is not None

    def test_ids_of_events_differ_and_stay(self, provider: Sms, vendor: TextVendor) -> None:
        self.needs(SmsFeature.DELIVERY_EVENTS)
        receipt = provider.send(TEXT)
        for kind in (TextKind.ACCEPTED, TextKind.SENT, TextKind.DELIVERED):
            vendor.tell(receipt.id, kind)
        first, again = _told(provider, vendor), _told(provider, vendor)
        assert [event.id for event in first] == [event.id for event in again]
        assert len({event.id for event in first}) == 3

    def test_a_changed_report_is_refused(self, provider: Sms, vendor: TextVendor) -> None:
        webhook = _report(self, provider, vendor)
        for body in (
            webhook.body.replace(b"delivered", b"undelivered"),
            webhook.body + b"&x=1",
            b"",
            webhook.body[:-1],
        ):
            assert body != webhook.body
            with pytest.raises(SignatureInvalid):
                _reporting(provider).verify(webhook.headers, body)

    def test_a_changed_or_missing_signature_is_refused(self, provider: Sms, vendor: TextVendor) -> None:
        webhook = _report(self, provider, vendor)
        for name, value in webhook.headers.items():
            for forged in (value[:-5] + ("AAAA=" if value[-5:] != "AAAA=" else "BBBB="), "", "é", value[:8]):
                with pytest.raises(SignatureInvalid):
                    _reporting(provider).verify({**webhook.headers, name: forged}, webhook.body)
        with pytest.raises(SignatureInvalid):
            _reporting(provider).verify({}, webhook.body)

    def test_header_names_match_in_any_case(self, provider: Sms, vendor: TextVendor) -> None:
        webhook = _report(self, provider, vendor)
        for change in (str.upper, str.title, str.lower):
            _reporting(provider).verify({change(name): value for name, value in webhook.headers.items()}, webhook.body)

    def test_an_unknown_report_is_genuine_and_ignored(self, provider: Sms, vendor: TextVendor) -> None:
        self.needs(SmsFeature.DELIVERY_EVENTS)
        webhook = vendor.unknown_webhook()
        _reporting(provider).verify(webhook.headers, webhook.body)
        (event,) = _reporting(provider).events(webhook.body)
        assert event.kind is TextKind.IGNORED
        assert event.id

    @pytest.mark.parametrize("body", [b"", b"null", b"{}", b"\xff\xfe", b"MessageSid=", b"a=b&c=d", b"&&&==="])
    def test_garbage_is_refused_cleanly(self, provider: Sms, vendor: TextVendor, body: bytes) -> None:
        self.needs(SmsFeature.DELIVERY_EVENTS)
        with pytest.raises(ProviderError):
            _reporting(provider).events(body)


def _verifying(suite: SmsContract, provider: Sms) -> VerifiesPhones:
    suite.needs(SmsFeature.VERIFY)
    assert isinstance(provider, VerifiesPhones)
    return provider


def _reporting(provider: Sms) -> ReportsTexts:
    assert isinstance(provider, ReportsTexts)
    return provider


def _another_code(code: str) -> str:
    return ("1" if code[0] != "1" else "2") + code[1:]


def _told(provider: Sms, vendor: TextVendor) -> list[TextEvent]:
    """What the webhooks so far report, each verified."""
    told: list[TextEvent] = []
    for webhook in vendor.webhooks():
        _reporting(provider).verify(webhook.headers, webhook.body)
        told += _reporting(provider).events(webhook.body)
    return told


def _report(suite: SmsContract, provider: Sms, vendor: TextVendor) -> Webhook:
    suite.needs(SmsFeature.DELIVERY_EVENTS)
    vendor.tell(provider.send(TEXT).id, TextKind.DELIVERED)
    return vendor.webhooks()[-1]
