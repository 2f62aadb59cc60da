"""Registers Twilio."""

from __future__ import annotations

from webkit.sdk import SMS, ProviderSpec, Sms, SmsFeature, hookimpl

from .settings import TwilioSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Sms]]:
    return [
        ProviderSpec(
            capability=SMS,
            name="twilio",
            label="Twilio",
            factory="plugins.sms_twilio.provider:TwilioSms",
            settings=TwilioSettings,
            features=frozenset({SmsFeature.VERIFY, SmsFeature.DELIVERY_EVENTS}),
        )
    ]
