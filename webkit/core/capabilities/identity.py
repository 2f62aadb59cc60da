"""Signing in with an account that somebody has elsewhere: who an issuer says they are, and whether it knows their mail.

The flow is that of an authorization code with PKCE. The platform draws state, nonce and verifier, binds them to the
browser that asked and lets each be used once; the provider speaks with the issuer and believes nothing it cannot prove.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from .base import Arity, Capability, Provider, calls_nobody
from .errors import ProviderRejected

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
LONGEST = 255
"""Letters of an issuer, a subject, an address."""


class Refusal(enum.StrEnum):
    """Why what came back does not say who somebody is."""

    CODE = "code"  # the issuer does not know the code: it is too old or was used
    CLOCK = "clock"  # not valid yet, or not any more: one of two clocks is wrong
    PROOF = "proof"  # it is not the issuer's, or not meant for us, or not for this sign-in


class IdentityRefused(ProviderRejected):
    """Nobody is signed in by what came back. The message is for operators: it repeats no token and no claim."""

    def __init__(self, message: str, why: Refusal, *, provider: str = "") -> None:
        super().__init__(message, provider=provider, code=why)
        self.why = why


@dataclass(frozen=True, slots=True)
class SignInRequest:
    """Somebody leaves for the issuer. `verifier` is kept from the browser: only its hash goes along."""

    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInAnswer:
    """Somebody has come back. `issuer` is the parameter `iss` of the address, empty where there was none."""

    code: str = field(repr=False)
    redirect_uri: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to an issuer: `issuer` and `subject` together never change and never mean somebody else.

    `email_verified` only where the issuer itself says that the address is this person's; alone it proves nothing.
    """

    issuer: str
    subject: str = field(repr=False)
    email: str = field(default="", repr=False)
    email_verified: bool = False
    name: str = field(default="", repr=False)


def check_identity(found: Identity) -> Identity:
    """Return `found` if it can be kept: the address in small letters, or none. Raises IdentityRefused."""
    if not all(part and len(part) <= LONGEST and part.isprintable() for part in (found.issuer, found.subject)):
        raise IdentityRefused("the issuer names nobody", Refusal.PROOF)
    email = found.email.strip().lower()
    if not (3 <= len(email) <= LONGEST and email.isprintable() and email.count("@") == 1 and " " not in email):
        email = ""
    name = " ".join(word for word in found.name.split() if word.isprintable())[:100].strip()
    return Identity(found.issuer, found.subject, email, bool(email) and found.email_verified is True, name)


def check_issuer(address: str) -> str:
    """Return an issuer's address: https, or on this machine. Raises ValueError."""
    parts = urlsplit(address)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not (safe and parts.netloc) or parts.query or parts.fragment or parts.username:
        raise ValueError("is not an address like https://login.example.com")
    return address


class Identities(Provider, Protocol):
    """An issuer that people have accounts with."""

    @calls_nobody
    def label(self) -> str:
        """What people call it, for the button."""
        ...

    def authorize_url(self, request: SignInRequest) -> str:
        """Where the browser is sent. Raises ProviderUnavailable, OutcomeUnknown, ProviderMisconfigured."""
        ...

    def identify(self, answer: SignInAnswer) -> Identity:
        """Who has come back. Raises IdentityRefused, CredentialsRejected, ProviderUnavailable, OutcomeUnknown."""
        ...


IDENTITY: Capability[Identities] = Capability(
    key="identity",
    env="AUTH_PROVIDERS",
    aliases=("AUTH_PROVIDER",),
    protocol=Identities,
    arity=Arity.MANY,
    required=False,
)
