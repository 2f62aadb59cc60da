"""A double of an OpenTelemetry collector: it takes spans as protobuf over HTTP and puts them together."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from webkit.sdk.testing.doubles.http import Answer, Call, HttpDouble, Refused

TOKEN = "collector-token-8d1f"


@dataclass(frozen=True)
class Arrived:
    """A span as it came."""

    service: str
    name: str
    kind: str
    trace: str
    span: str
    parent: str
    status: int
    attributes: dict[str, Any]


class Collector(HttpDouble):
    """The vendor."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Arrived] = []
        self.raw: list[bytes] = []

    def named(self, name: str) -> Arrived:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def answer(self, call: Call) -> Answer:
        if (call.method, call.path) != ("POST", "/v1/traces"):
            raise Refused(404)
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refused(401)
        if call.headers.get("content-type") != "application/x-protobuf":
            raise Refused(415)
        body = gzip.decompress(call.body) if call.headers.get("content-encoding") == "gzip" else call.body
        try:
            request = ExportTraceServiceRequest.FromString(body)
        except DecodeError:
            raise Refused(400) from None
        self.raw.append(body)
        for resource in request.resource_spans:
            service = _values(resource.resource.attributes).get("service.name", "")
            for scope in resource.scope_spans:
                self.spans.extend(_arrived(service, span) for span in scope.spans)
        return Answer(200, b"")


def _arrived(service: str, span: Any) -> Arrived:
    if len(span.trace_id) != 16 or len(span.span_id) != 8 or span.end_time_unix_nano < span.start_time_unix_nano:
        raise Refused(400)
    if span.events:
        raise Refused(400, {"error": "an event of an error carries its message"})
    return Arrived(
        service,
        span.name,
        span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code,
        _values(span.attributes),
    )


def _values(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in pairs}
