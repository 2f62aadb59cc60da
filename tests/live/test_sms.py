"""One text to `LIVE_SMS_TO` through Twilio itself, and one code where a Verify service is set. Both cost money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from plugins.sms_twilio.plugin import webkit_register_providers
from tests.live.accounts import account, need, only
from webkit.sdk import CredentialsRejected, Health, Sms, Verdict, VerifiesPhones
from webkit.sdk.testing.sms import TEXT, SmsContract, Texts

TRIED = frozenset(
    {
        "test_what_is_no_number_is_refused",
        "test_what_is_no_text_is_refused",
        "test_no_code_goes_to_what_is_no_number",
        "test_an_unknown_verification_is_over",
        "test_a_text_is_taken",
        "test_a_code_that_is_wrong",
        "test_a_wrong_token_is_told",
    }
)


class TestTwilio(SmsContract):
    spec = webkit_register_providers()[0]

    @pytest.fixture(autouse=True)
    def _tried(self, request: pytest.FixtureRequest) -> Iterator[None]:
        only(TRIED, request)
        yield

    @pytest.fixture
    def configured(self, webkit_data: Path) -> dict[str, str]:
        return account(self.spec, webkit_data)

    @pytest.fixture
    def texts(self) -> Texts:
        return list

    def test_a_text_is_taken(self, provider: Sms) -> None:
        assert provider.health().status is not Health.DOWN
        assert provider.send(replace(TEXT, to=need("LIVE_SMS_TO"), key=f"live-{uuid4()}")).id

    def test_a_code_that_is_wrong(self, provider: Sms, configured: dict[str, str]) -> None:
        if "TWILIO_SERVICE_SID" not in configured:
            pytest.skip("TWILIO_SERVICE_SID is not set")
        assert isinstance(provider, VerifiesPhones)
        started = provider.start_verification(need("LIVE_SMS_TO"), locale="it")
        assert provider.check_verification(started.id, "0000000000") is Verdict.WRONG

    def test_a_wrong_token_is_told(self, configured: dict[str, str]) -> None:
        wrong = {**configured, "TWILIO_AUTH_TOKEN": "f" * 32}
        with pytest.raises(CredentialsRejected):
            self.registry(wrong).get(self.spec.capability).send(replace(TEXT, to=need("LIVE_SMS_TO")))
