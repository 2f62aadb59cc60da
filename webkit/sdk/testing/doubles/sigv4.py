"""Version 4 of Amazon's signatures, from the side that checks them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from webkit.sdk.testing.doubles.http import Call

__all__ = ["Known", "Unsigned", "verified"]

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=15)
LONGEST_LIFE = timedelta(days=7)
UNSIGNED = "UNSIGNED-PAYLOAD"
_HEADER = re.compile(
    rf"{ALGORITHM} Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<headers>[^,\s]+),"
    r"\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class Unsigned(Exception):
    """The request is not signed, not by whom it says, or too late."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Known:
    """Who may ask, and where."""

    key_id: str
    secret: str = field(repr=False)
    region: str
    service: str


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says of its signature."""

    credential: str
    headers: tuple[str, ...]
    signature: str
    at: str
    payload: str
    query: tuple[tuple[str, str], ...]


def verified(call: Call, known: Known, now: datetime) -> bytes:
    """The body of a request that was signed by `known` lately. Raises Unsigned."""
    query = parse_qsl(urlsplit(call.target).query, keep_blank_values=True)
    claim = _in_address(dict(query), query, now) if _named(query) else _in_header(call, query, now)
    date, region, service, end = _scope(claim, known)
    if (region, service, end) != (known.region, known.service, "aws4_request") or not claim.at.startswith(date):
        raise Unsigned("AuthorizationHeaderMalformed", f"the scope is {region}/{service}")
    body = call.body
    if claim.payload.startswith("STREAMING-"):
        raise Unsigned("NotImplemented", "bodies in signed chunks are not spoken here")
    if claim.payload != UNSIGNED and claim.payload != hashlib.sha256(body).hexdigest():
        raise Unsigned("XAmzContentSHA256Mismatch", "the body is not the one that was signed")
    wanted = _signature(call, claim, known, (date, region, service, end))
    if not hmac.compare_digest(wanted, claim.signature):
        raise Unsigned("SignatureDoesNotMatch", "the signature is not that of this request")
    return body


def _named(query: list[tuple[str, str]]) -> bool:
    return any(name.lower() == "x-amz-signature" for name, _ in query)


def _in_header(call: Call, query: list[tuple[str, str]], now: datetime) -> _Claim:
    found = _HEADER.fullmatch(call.headers.get("authorization", ""))
    if found is None:
        raise Unsigned("AccessDenied", "the request is not signed")
    headers = tuple(found["headers"].split(";"))
    at, payload = call.headers.get("x-amz-date", ""), call.headers.get("x-amz-content-sha256", "")
    if abs(_moment(at) - now) > SKEW:
        raise Unsigned("RequestTimeTooSkewed", "the clocks differ by more than 15 minutes")
    needed = {"host", *(name for name in call.headers if name.startswith("x-amz-"))}
    if missing := needed - set(headers):
        raise Unsigned("AccessDenied", f"{', '.join(sorted(missing))} must be signed")
    if not payload:
        raise Unsigned("MissingSecurityHeader", "x-amz-content-sha256 is missing")
    return _Claim(found["credential"], headers, found["signature"], at, payload, tuple(query))


def _in_address(given: Mapping[str, str], query: list[tuple[str, str]], now: datetime) -> _Claim:
    if given.get("X-Amz-Algorithm") != ALGORITHM:
        raise Unsigned("AuthorizationQueryParametersError", f"X-Amz-Algorithm is {ALGORITHM}")
    seconds, at = given.get("X-Amz-Expires", ""), given.get("X-Amz-Date", "")
    if not seconds.isdigit() or not 1 <= int(seconds) <= LONGEST_LIFE.total_seconds():
        raise Unsigned("AuthorizationQueryParametersError", "X-Amz-Expires is 1 second to 7 days")
    if now > _moment(at) + timedelta(seconds=int(seconds)):
        raise Unsigned("AccessDenied", "Request has expired")
    if _moment(at) - now > SKEW:
        raise Unsigned("RequestTimeTooSkewed", "the address is from the future")
    headers = tuple(given.get("X-Amz-SignedHeaders", "").split(";"))
    if "host" not in headers:
        raise Unsigned("AccessDenied", "host must be signed")
    rest = tuple((name, value) for name, value in query if name != "X-Amz-Signature")
    credential, signature = given.get("X-Amz-Credential", ""), given.get("X-Amz-Signature", "")
    return _Claim(credential, headers, signature, at, UNSIGNED, rest)


def _scope(claim: _Claim, known: Known) -> tuple[str, str, str, str]:
    parts = claim.credential.split("/")
    if len(parts) != 5:
        raise Unsigned("AuthorizationHeaderMalformed", "the credential has five parts")
    if parts[0] != known.key_id:
        raise Unsigned("InvalidAccessKeyId", "nobody has this key")
    return parts[1], parts[2], parts[3], parts[4]


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Unsigned("AccessDenied", "x-amz-date is not a moment") from None


def _signature(call: Call, claim: _Claim, known: Known, scope: tuple[str, str, str, str]) -> str:
    lines = [f"{name}:{' '.join(call.headers.get(name, '').split())}\n" for name in claim.headers]
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in claim.query)
    request = "\n".join([
        call.method,
        urlsplit(call.target).path,
        "&".join(f"{name}={value}" for name, value in encoded),
        "".join(lines),
        ";".join(claim.headers),
        claim.payload,
    ])  # fmt: skip
    text = "\n".join([ALGORITHM, claim.at, "/".join(scope), hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{known.secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
