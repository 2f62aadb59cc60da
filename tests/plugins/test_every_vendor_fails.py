"""What goes wrong at a vendor means the same whoever it is: all providers that ask somebody over HTTP, all failures.

The server is real and speaks no vendor's language, as gateways and proxies do: what a vendor itself says in its own
words is tried beside each provider.
"""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from plugins.ai_claude.plugin import webkit_register_providers as claude
from plugins.ai_openai.plugin import webkit_register_providers as openai
from plugins.email_msgraph.plugin import webkit_register_providers as msgraph
from plugins.email_postmark.plugin import webkit_register_providers as postmark
from plugins.email_resend.plugin import webkit_register_providers as resend
from plugins.email_sendgrid.plugin import webkit_register_providers as sendgrid
from plugins.email_ses.plugin import webkit_register_providers as ses
from plugins.embeddings_openai.plugin import webkit_register_providers as embeddings
from plugins.pagespeed_google.plugin import webkit_register_providers as pagespeed
from plugins.payments_stripe.plugin import webkit_register_providers as stripe
from plugins.pdf_gotenberg.plugin import webkit_register_providers as gotenberg
from plugins.sms_twilio.plugin import webkit_register_providers as twilio
from plugins.storage_azblob.plugin import webkit_register_providers as azblob
from plugins.storage_gcs.plugin import webkit_register_providers as gcs
from plugins.storage_r2.plugin import webkit_register_providers as r2
from plugins.storage_s3.plugin import webkit_register_providers as s3
from tests.plugins import google_cloud
from webkit.core.capabilities.base import ProviderSpec
from webkit.core.providers import HEALTH_SECONDS, ProviderRegistry
from webkit.sdk import (
    AuditRequest,
    CredentialsRejected,
    Health,
    NotFoundAtProvider,
    OutcomeUnknown,
    PdfRequest,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.testing.ai_text import AITextContract
from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble
from webkit.sdk.testing.email import MESSAGE
from webkit.sdk.testing.payments import ORDER
from webkit.sdk.testing.sms import TEXT

SECRET = "s3cr3t-0123456789abcdef0123456789"
SHORT, LONGEST, PATIENCE = 0.25, 300.0, 60.0
Said = type[ProviderError] | tuple[type[ProviderError], ...]
MAYBE_DONE: Said = OutcomeUnknown
NOT_DONE_OR_AGAIN: Said = (ProviderUnavailable, OutcomeUnknown)


@dataclass(frozen=True)
class Vendor:
    """A provider, how it is led to a server, and one thing that is asked of it.

    `mute` is what silence means: that nobody knows whether it was done, unless doing it again is harmless. `but` says
    which statuses mean something else there.
    """

    spec: ProviderSpec[Any]
    lead: Callable[[str], Mapping[str, str]]
    ask: Callable[[Any], object]
    mute: Said = NOT_DONE_OR_AGAIN
    but: Mapping[int, Said] = field(default_factory=dict)
    asks_health: bool = True

    @property
    def name(self) -> str:
        return f"{self.spec.capability.key}-{self.spec.name}"


def led(variable: str, more: str = "", **given: str) -> Callable[[str], Mapping[str, str]]:
    return lambda url: {variable: url + more, **given}


def _mail(provider: Any) -> object:
    return provider.send(MESSAGE)


def _object(provider: Any) -> object:
    return provider.put("documents/1.pdf", io.BytesIO(b"%PDF-"), content_type="application/pdf")


def _words(provider: Any) -> object:
    return provider.complete(AITextContract.ask)


BUCKET = {"REGION": "eu-1", "ACCESS_KEY": "key-id", "SECRET_KEY": SECRET, "BUCKET": "files"}
GRAPH = {"MSGRAPH_TENANT_ID": "contoso.example", "MSGRAPH_CLIENT_ID": "11111111-2222-4333-8444-555555555555"}
TWILIO = {"TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "TWILIO_AUTH_TOKEN": SECRET[:32], "TWILIO_FROM": "+15005550006"}
AZURE = {"AZBLOB_ACCOUNT_NAME": "files", "AZBLOB_ACCOUNT_KEY": "c2VjcmV0LXNlY3JldA==", "AZBLOB_CONTAINER": "files"}
SES = {"SES_ACCESS_KEY": "AKIA1", "SES_SECRET_KEY": SECRET, "SES_REGION": "eu-south-1"}
STRIPE = {"STRIPE_SECRET_KEY": f"sk_test_{SECRET}", "STRIPE_WEBHOOK_SECRET": f"whsec_{SECRET}"}
BUSY_OR_NO: Said = (ProviderRejected, ProviderUnavailable, OutcomeUnknown)
NO_BUCKET: Mapping[int, Said] = {404: (NotFoundAtProvider, ProviderMisconfigured)}
WRONG_ADDRESS: Mapping[int, Said] = {404: ProviderMisconfigured}

VENDORS = (
    Vendor(claude()[0], led("ANTHROPIC_BASE_URL", ANTHROPIC_API_KEY=SECRET), _words, MAYBE_DONE),
    Vendor(openai()[0], led("OPENAI_BASE_URL", OPENAI_API_KEY=SECRET), _words, MAYBE_DONE),
    Vendor(
        openai()[1],
        led("OPENAI_COMPATIBLE_URL", OPENAI_COMPATIBLE_KEY=SECRET, OPENAI_COMPATIBLE_MODEL="m"),
        _words,
        MAYBE_DONE,
    ),
    Vendor(embeddings()[0], led("OPENAI_BASE_URL", OPENAI_API_KEY=SECRET), lambda to: to.embed(["words"])),
    Vendor(resend()[0], led("RESEND_API_URL", RESEND_API_KEY=SECRET), _mail, MAYBE_DONE),
    Vendor(sendgrid()[0], led("SENDGRID_API_URL", SENDGRID_API_KEY=SECRET), _mail, MAYBE_DONE),
    Vendor(postmark()[0], led("POSTMARK_API_URL", POSTMARK_SERVER_TOKEN=SECRET), _mail, MAYBE_DONE),
    Vendor(ses()[0], led("SES_API_URL", **SES), _mail, MAYBE_DONE),
    Vendor(
        msgraph()[0],
        lambda url: {"MSGRAPH_API_URL": url, "MSGRAPH_LOGIN_URL": url, "MSGRAPH_CLIENT_SECRET": SECRET, **GRAPH},
        _mail,
        MAYBE_DONE,
    ),
    Vendor(twilio()[0], led("TWILIO_API_URL", **TWILIO), lambda to: to.send(TEXT), MAYBE_DONE),
    Vendor(s3()[0], led("S3_ENDPOINT", **{f"S3_{k}": v for k, v in BUCKET.items()}), _object, but=NO_BUCKET),
    Vendor(r2()[0], led("R2_ENDPOINT", **{f"R2_{k}": v for k, v in BUCKET.items()}), _object, but=NO_BUCKET),
    Vendor(gcs()[0], lambda url: google_cloud.environ(url, url), _object, but=NO_BUCKET),
    Vendor(azblob()[0], led("AZBLOB_ENDPOINT", "/files", **AZURE), _object, but=NO_BUCKET),
    Vendor(
        pagespeed()[0],
        led("PAGESPEED_API_URL", PAGESPEED_API_KEY=SECRET),
        lambda to: to.audit(AuditRequest("https://lario.example/")),
        but=WRONG_ADDRESS,
        asks_health=False,  # every question costs some of the day's quota
    ),
    Vendor(
        gotenberg()[0],
        led("GOTENBERG_URL"),
        lambda to: to.render(PdfRequest("<p>x</p>", "x")),
        but={403: ProviderMisconfigured, **WRONG_ADDRESS},
    ),
    Vendor(
        stripe()[0],
        led("STRIPE_API_BASE", **STRIPE),
        lambda to: to.create_checkout(ORDER),
        MAYBE_DONE,
        but={404: ProviderUnavailable},  # said without Stripe's words it proves nothing about a payment
    ),
)
USUAL: Mapping[int, Said] = {
    401: CredentialsRejected,
    403: CredentialsRejected,
    404: NotFoundAtProvider,
    409: BUSY_OR_NO,
    429: RateLimited,
    500: ProviderUnavailable,
    502: ProviderUnavailable,
    503: ProviderUnavailable,
    504: NOT_DONE_OR_AGAIN,
}
AGAIN = {429, 500, 502, 503, 504}
"""Where another try may help."""
GARBAGE = (b"<html><h1>Welcome to nginx</h1>", b"", b"[]", b"\xff\xfe\x00", b'{"id": {"id": []}}', b"[" * 5_000)


class Server(HttpDouble):
    """Answers everything alike, but for sign-ins: those work."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.body, self.seconds, self.signs_in = 200, b"{}", 0.0, True

    def answer(self, call: Call) -> Answer:
        if self.signs_in and call.path.endswith("/token"):
            return Answer(200, {"access_token": "token", "expires_in": 3599, "token_type": "Bearer"})
        self.ending.wait(self.seconds)
        return Answer(self.status, self.body, {"Content-Type": "application/json", "Retry-After": "7"})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)  # between tries of the vendors' own libraries
    monkeypatch.setattr("plugins.storage_gcs.provider.RETRY", None)
    with Server() as server:
        yield server


def made(vendor: Vendor, url: str) -> Any:
    environ = {vendor.spec.capability.env: vendor.spec.name, **vendor.lead(url)}
    return ProviderRegistry(environ, [vendor.spec], capabilities=[vendor.spec.capability]).get(vendor.spec.capability)


def fails(vendor: Vendor, provider: Any, wanted: Said, met: str = "") -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        vendor.ask(provider)
    error = caught.value
    assert isinstance(error, wanted), f"{met} {type(error).__name__}: {error}"
    assert error.provider == vendor.spec.name
    assert SECRET[:16] not in f"{error} {error!r}" and "ada@example.org" not in str(error)
    return error


each = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@each
def test_a_status_means_the_same_everywhere(server: Server, vendor: Vendor) -> None:
    provider = made(vendor, server.url)
    server.body = b"<html>no</html>"
    for server.status, usual in USUAL.items():
        error = fails(vendor, provider, vendor.but.get(server.status, usual), str(server.status))
        if server.status not in (404, 409):
            assert error.retryable is (server.status in AGAIN), server.status
        if server.status == 429:
            assert error.retry_after == 7


@each
def test_garbage_is_neither_success_nor_the_end(server: Server, vendor: Vendor) -> None:
    provider = made(vendor, server.url)
    for server.body in GARBAGE:
        assert fails(vendor, provider, NOT_DONE_OR_AGAIN).retryable


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float | None]]:
    """Every wait at a socket, made short; what it was to be is kept."""
    waits: list[float | None] = []
    here = threading.get_ident()

    def settimeout(this: socket.socket, seconds: float | None) -> None:
        if threading.get_ident() == here:
            waits.append(seconds)
        patient(this, seconds if seconds is None else min(seconds, SHORT))

    patient = socket.socket.settimeout
    monkeypatch.setattr(socket.socket, "settimeout", settimeout)
    yield waits


@each
def test_silence_ends_and_says_what_is_known(server: Server, impatient: list[float | None], vendor: Vendor) -> None:
    provider = made(vendor, server.url)
    server.seconds = 30
    del impatient[:]
    assert fails(vendor, provider, vendor.mute).retryable
    assert impatient and max(seconds or 0.0 for seconds in impatient) <= LONGEST


@each
def test_nobody_there_did_nothing(server: Server, vendor: Vendor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    provider = made(vendor, f"http://127.0.0.1:{port}")
    began = time.monotonic()
    assert type(fails(vendor, provider, ProviderUnavailable)) is ProviderUnavailable
    assert provider.health().status is (Health.DOWN if vendor.asks_health else Health.OK)
    assert time.monotonic() - began < PATIENCE


@each
def test_health_is_told_in_time_and_not_well(server: Server, impatient: list[float | None], vendor: Vendor) -> None:
    provider = made(vendor, server.url)
    if not vendor.asks_health:
        assert provider.health().status is Health.OK and not server.calls
        return
    server.signs_in = vendor.spec.name != "msgraph"  # there to sign in is free, and all else is about somebody's mail
    for server.status in (401, 403, 429, 500, 503):
        assert provider.health().status is not Health.OK, server.status
    server.status, server.body = 200, b"<html>"
    assert provider.health().status is not Health.OK
    server.seconds = 30
    del impatient[:]
    assert provider.health().status is not Health.OK
    assert max(seconds or 0.0 for seconds in impatient) < HEALTH_SECONDS
