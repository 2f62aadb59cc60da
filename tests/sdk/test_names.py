"""What plugins may rely on: removing a name here is announced a release before."""

from __future__ import annotations

import subprocess
import sys

import webkit.sdk
from webkit.sdk import files, i18n, web

PINNED = """
check_message DeliveryEvent DeliveryKind ReportsDelivery
Address AI_TEXT AIFeature AIText Attachment calls_nobody Capability check_key Checkout CheckoutRequest
CheckoutState CheckoutStatus Completion CompletionRequest CredentialsRejected Delta DocumentRejected
EMAIL Email EmailFeature EmailMessage env FeatureNotSupported Happened Health HealthReport hookimpl
InvalidKey Job JobSpec Listener MenuEntry Message NoSettings NoSuchObject NotFoundAtProvider
OutboxEntry OutboxMessage OutcomeUnknown PaymentEvent PaymentEventKind PaymentFeature PAYMENTS Payments PDF
Pdf PdfDocument PdfFeature PdfRequest Provider ProviderError ProviderMisconfigured ProviderRejected
ProviderSettings ProviderSpec ProviderUnavailable RateLimited ReadableOutbox Refund RefundRequest RefundState
Cost PricedText Role Schedule SendReceipt SignatureInvalid StopReason STORAGE Storage StorageFeature StoredObject Usage
AuditReport AuditRequest Metric MetricKey MOST_RECOMMENDATIONS PageNotMeasured PageSpeed PAGESPEED PageSpeedFeature
Card CardContent MergeField Place SlotName BrokenOff Overloaded TimedOut Score ScoreKey Source Strategy Trouble Unit
"""


def test_the_names_are_pinned() -> None:
    assert sorted(webkit.sdk.__all__) == sorted(PINNED.split())
    assert files.__all__ == ["DataFolderSettings", "replace", "replacing", "writable", "write_once"]
    assert i18n.__all__ == ["current_locale", "gettext", "lazy_gettext", "ngettext"]
    assert web.__all__ == ["Visitor", "csrf_exempt", "format_money", "go", "page", "settings_if_chosen", "visitor"]


def test_every_name_is_there_and_described() -> None:
    for name in webkit.sdk.__all__:
        thing = getattr(webkit.sdk, name)
        assert not callable(thing) or thing.__doc__, name


def test_the_sdk_brings_no_web_framework_and_no_database() -> None:
    code = "import sys, webkit.sdk; print(*sorted({'flask', 'sqlalchemy', 'redis', 'rq', 'jinja2'} & set(sys.modules)))"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert output.strip() == ""
