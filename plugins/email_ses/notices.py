"""Whether Amazon SNS wrote a notice: its signature, with a certificate that only Amazon can have put where it is."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webkit.sdk import ProviderUnavailable, SignatureInvalid
from webkit.sdk.http import fetch_public

from .errors import VENDOR

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

TOLERANCE_SECONDS = 900
MOST_CERTIFICATES = 16
NOTIFICATION = "Notification"
CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?")
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9a-f]{8,64}\.pem")
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    **dict.fromkeys(CONFIRMATIONS, ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")),
}
_keys: dict[str, RSAPublicKey] = {}
_lock = Lock()


def verify(notice: Mapping[str, Any]) -> None:
    """Return if Amazon signed this notice in the last quarter of an hour; else raise SignatureInvalid.

    A certificate that cannot be fetched now is ProviderUnavailable: Amazon calls again.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

    versions: dict[str, HashAlgorithm] = {"1": SHA1(), "2": SHA256()}  # noqa: S303  version 1 is Amazon's default
    algorithm = versions.get(str(notice.get("SignatureVersion")))
    if algorithm is None:
        raise SignatureInvalid("there is no signature", provider=VENDOR)
    _is_recent(str(notice.get("Timestamp", "")))
    try:
        mark = base64.b64decode(str(notice.get("Signature", "")), validate=True)
        _key(str(notice.get("SigningCertURL", ""))).verify(mark, _signed(notice), PKCS1v15(), algorithm)
    except (InvalidSignature, binascii.Error, ValueError):
        raise SignatureInvalid("the signature does not fit the notice", provider=VENDOR) from None


def is_amazons(url: str) -> bool:
    """Whether an address is one of Amazon SNS itself."""
    parts = urlsplit(url)
    return (
        parts.scheme == "https"
        and parts.port is None
        and "@" not in parts.netloc
        and bool(_HOST.fullmatch(parts.netloc))
    )


def confirm(notice: Mapping[str, Any]) -> None:
    """Say yes to a verified subscription. Raises SignatureInvalid for a foreign address, ProviderUnavailable."""
    url = str(notice.get("SubscribeURL", ""))
    if not is_amazons(url):
        raise SignatureInvalid("the subscription leads elsewhere", provider=VENDOR)
    if (status := fetch_public(url).status) != 200:
        raise ProviderUnavailable(f"Amazon did not take the confirmation: status {status}", provider=VENDOR)


def _is_recent(stamp: str) -> None:
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        raise SignatureInvalid("the notice has no moment", provider=VENDOR) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if abs((datetime.now(UTC) - moment).total_seconds()) > TOLERANCE_SECONDS:
        raise SignatureInvalid("the signature is too old", provider=VENDOR)


def _signed(notice: Mapping[str, Any]) -> bytes:
    """The text under the signature: names and values that are there, a line each."""
    names = _SIGNED.get(str(notice.get("Type")), ())
    lines = [line for name in names if notice.get(name) is not None for line in (name, str(notice[name]))]
    return ("\n".join(lines) + "\n").encode()


def _key(url: str) -> RSAPublicKey:
    """The public key of a certificate at Amazon's, fetched once."""
    if not (is_amazons(url) and _CERTIFICATE.fullmatch(urlsplit(url).path)) or urlsplit(url).query:
        raise SignatureInvalid("the certificate lies elsewhere", provider=VENDOR)
    with _lock:
        known = _keys.get(url)
    if known is None:
        known = _read(fetch_public(url))
        with _lock:
            if len(_keys) >= MOST_CERTIFICATES:
                _keys.pop(next(iter(_keys)))
            _keys[url] = known
    return known


def _read(answer: Any) -> RSAPublicKey:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if answer.status != 200:
        raise ProviderUnavailable(f"the certificate cannot be fetched: status {answer.status}", provider=VENDOR)
    certificate = x509.load_pem_x509_certificate(answer.content)
    key = certificate.public_key()
    if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
        raise SignatureInvalid("the certificate is out of date", provider=VENDOR)
    if not isinstance(key, RSAPublicKey):
        raise SignatureInvalid("the certificate has another kind of key", provider=VENDOR)
    return key
