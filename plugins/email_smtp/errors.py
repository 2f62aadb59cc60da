"""What a mail server's refusals mean."""

from __future__ import annotations

import re

from webkit.sdk import CredentialsRejected, ProviderError, ProviderRejected, ProviderUnavailable
from webkit.sdk.http import without_addresses

VENDOR = "smtp"
_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")


def refused(code: int, words: bytes | str) -> ProviderError:
    """The platform's error for a reply that is not a success: 4xx may pass, 5xx will not."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    found = _ENHANCED.search(text)
    named = found[0] if found else str(code)
    said = without_addresses(text) or f"status {code}"
    if code in (530, 535, 538, 534):
        return CredentialsRejected(f"the mail server does not accept our account: {said}", provider=VENDOR, code=named)
    if 400 <= code < 500 or code < 200:
        return ProviderUnavailable(f"the mail server takes nothing now: {said}", provider=VENDOR, code=named)
    return ProviderRejected(f"the mail server refused: {said}", provider=VENDOR, code=named)
