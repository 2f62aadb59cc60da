"""The sentence a client agrees to: versioned files, whose hash goes into the evidence.

A published file is never changed (a test holds its hash); a better sentence is a new version.
"""

from __future__ import annotations

import functools
from pathlib import Path

from webkit.core.kernel.crypto import digest
from webkit.core.values import dataclass

CURRENT = 1
FOLDER = Path(__file__).parent / "consents"
LANGUAGES = ("en", "it")


@dataclass(frozen=True, slots=True)
class Consent:
    """One version in one language. `hash` is that of the file, placeholders and all."""

    version: int
    language: str
    text: str
    hash: str

    def filled(self, *, number: str, client: str) -> str:
        """The sentence as the client reads it."""
        return self.text.replace("{number}", number).replace("{client}", client)


@functools.cache
def load(version: int, language: str) -> Consent:
    """A published sentence."""
    content = (FOLDER / f"{version}.{language}.txt").read_bytes()
    return Consent(version, language, content.decode().strip(), digest(content))


def current(locale: str) -> Consent:
    """The sentence in force, in the document's language or in English."""
    language = locale.partition("-")[0]
    return load(CURRENT, language if language in LANGUAGES else "en")
