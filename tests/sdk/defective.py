"""Providers with one defect each, for showing that the contract suites notice."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import Field, SecretStr

from plugins.ai_outline.provider import OutlineWriter
from plugins.email_outbox.provider import OutboxFolder
from plugins.pagespeed_google.provider import Google
from plugins.payments_local.provider import LocalPayments
from plugins.sms_console.provider import ConsoleSms
from plugins.storage_local.provider import LocalStorage
from plugins.storage_local.settings import LocalStorageSettings
from webkit.sdk import (
    AuditReport,
    AuditRequest,
    CheckoutRequest,
    Completion,
    CompletionRequest,
    Cost,
    Delta,
    EmailMessage,
    HealthReport,
    NoSuchObject,
    PageNotMeasured,
    PaymentEvent,
    PdfDocument,
    PdfRequest,
    ProviderSettings,
    ProviderUnavailable,
    Refund,
    RefundRequest,
    SendReceipt,
    SmsMessage,
    SmsReceipt,
    StoredObject,
    Unit,
    Usage,
    env,
)
from webkit.sdk.testing.sms import TEXT


class Greedy(LocalStorage):
    """Reads a whole upload into memory."""

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        return super().put(key, io.BytesIO(body.read()), content_type=content_type)


class Torn(LocalStorage):
    """Writes into the final file."""

    def put(self, key: str, body: BinaryIO, *, content_type: str) -> StoredObject:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            while chunk := body.read(1000):
                stream.write(chunk)
        return StoredObject(key, path.stat().st_size, content_type)


class Trusting(LocalStorage):
    """Believes every key."""

    def _path(self, key: str) -> Path:
        return self._root / key


class Strict(LocalStorage):
    """Complains when there is nothing to delete."""

    def delete(self, key: str) -> None:
        if not self.exists(key):
            raise NoSuchObject(key)
        super().delete(key)


class Boastful(LocalStorage):
    """Gives addresses that it did not declare."""

    def url(self, key: str, *, expires: timedelta, filename: str = "", content_type: str = "") -> str | None:
        return f"http://example.com/{key}"


class Chatty(LocalStorage):
    """Demands more than the contract gives."""

    def open(self, key: str, mode: str) -> BinaryIO:  # type: ignore[override]
        return super().open(key)


class Sick(LocalStorage):
    """Raises instead of saying how it feels."""

    def health(self) -> HealthReport:
        raise RuntimeError("ill")


class Forgetful(OutboxFolder):
    """Sends again what it has sent."""

    count = 0

    def send(self, message: EmailMessage) -> SendReceipt:
        Forgetful.count += 1
        return super().send(replace(message, key=f"{message.key}/{Forgetful.count}"))


class Misdirecting(ConsoleSms):
    """Sends to whatever it is given."""

    def send(self, message: SmsMessage) -> SmsReceipt:
        return super().send(replace(message, to=TEXT.to))


class Repeating(ConsoleSms):
    """Sends again what it has sent."""

    count = 0

    def send(self, message: SmsMessage) -> SmsReceipt:
        Repeating.count += 1
        return super().send(replace(message, key=f"{message.key}/{Repeating.count}"))


class Ignorant(OutlineWriter):
    """Ignores what it was asked for."""

    def complete(self, request: CompletionRequest) -> Completion:
        return super().complete(CompletionRequest(request.messages, request.system, request.max_tokens))


class Wasteful(OutlineWriter):
    """Counts its money in floats."""

    def cost(self, usage: Usage, model: str = "") -> Cost | None:
        return Cost(usage.output_tokens * 0.1, "USD")  # type: ignore[arg-type]


class Endless(OutlineWriter):
    """Breaks off without a completion."""

    def stream(self, request: CompletionRequest) -> Iterator[Delta | Completion]:
        yield from (part for part in super().stream(request) if isinstance(part, Delta))


class Credulous(LocalPayments):
    """Believes every webhook."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        pass


class Impatient(LocalPayments):
    """Opens a new checkout for each call."""

    count = 0

    def create_checkout(self, request: CheckoutRequest) -> Any:
        Impatient.count += 1
        return super().create_checkout(replace(request, key=f"{request.key}/{Impatient.count}"))


class Generous(LocalPayments):
    """Refunds what was never paid."""

    def refund(self, request: RefundRequest) -> Refund:
        from webkit.sdk import RefundState

        return Refund("re", request.payment_id, RefundState.SUCCEEDED, request.amount_minor, request.currency)


class Narrow(LocalPayments):
    """Knows only the events it knows."""

    def events(self, body: bytes) -> tuple[PaymentEvent, ...]:
        known = {"checkout.paid", "checkout.failed", "payment.disputed", "refund.succeeded"}
        return super().events(body) if json.loads(body)["type"] in known else ()


class Blank:
    """Answers every document with the same page, and counts wrong."""

    def __init__(self, settings: ProviderSettings) -> None:
        pass

    def render(self, request: PdfRequest) -> PdfDocument:
        from pypdf import PdfWriter

        writer, buffer = PdfWriter(), io.BytesIO()
        writer.add_blank_page(100, 100)
        writer.write(buffer)
        return PdfDocument(buffer.getvalue(), 2)


class Inventive(Google):
    """Fills in what was not measured."""

    def audit(self, request: AuditRequest) -> AuditReport:
        found = super().audit(request)
        scores = tuple(replace(score, value=42 if score.value is None else score.value) for score in found.scores)
        return replace(found, scores=scores)


class Hasty(Google):
    """Takes milliseconds for seconds."""

    def audit(self, request: AuditRequest) -> AuditReport:
        found = super().audit(request)
        seconds = (replace(m, unit=Unit.SECONDS) if m.unit is Unit.MILLISECONDS else m for m in found.metrics)
        return replace(found, metrics=tuple(seconds))


class Talkative(Google):
    """Leaves out what it does not know, and recommends too much."""

    def audit(self, request: AuditRequest) -> AuditReport:
        found = super().audit(request)
        known = tuple(metric for metric in found.metrics if metric.value is not None)
        return replace(found, metrics=known, recommendations=(*found.recommendations, "And more"))


class Blaming(Google):
    """Blames the page for everything."""

    def audit(self, request: AuditRequest) -> AuditReport:
        try:
            return super().audit(request)
        except ProviderUnavailable:
            raise PageNotMeasured("the page is to blame") from None


class Careless(LocalStorageSettings):
    """A key in the open, a setting nobody explains, one that no variable reaches."""

    api_key: str = env("CARELESS_API_KEY", default="", description="Key.")
    mystery: int = env("CARELESS_MYSTERY", default=1, description="")
    lost: SecretStr | None = Field(None, description="Lost.")
