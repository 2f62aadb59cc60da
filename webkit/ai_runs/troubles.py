"""What can go wrong with a run, told apart, and said so that a person knows what to do."""

from __future__ import annotations

import enum

from webkit.core.capabilities.errors import (
    BrokenOff,
    CredentialsRejected,
    FeatureNotSupported,
    OutcomeUnknown,
    Overloaded,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
    TimedOut,
)
from webkit.core.kernel.i18n import lazy_gettext as _l


class Trouble(enum.StrEnum):
    """Why a run failed, or why it waits."""

    REFUSED = "refused"
    LENGTH = "length"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    BROKEN_OFF = "broken_off"
    BAD_KEY = "bad_key"
    NOT_CONFIGURED = "not_configured"
    NOT_SUPPORTED = "not_supported"
    REJECTED = "rejected"
    EMPTY = "empty"
    INVALID = "invalid"
    INTERNAL = "internal"


PASSING = frozenset(
    {Trouble.OVERLOADED, Trouble.RATE_LIMITED, Trouble.UNREACHABLE, Trouble.TIMED_OUT, Trouble.BROKEN_OFF}
)
"""What is tried again by itself as long as nothing has been written."""

SENTENCES = {
    Trouble.REFUSED: _l("The model declined to write this. Reword what the section is about, or write it yourself."),
    Trouble.LENGTH: _l("The text reached the limit for its length and stops in the middle. Shorten it, or try again."),
    Trouble.OVERLOADED: _l("The AI service is overloaded. Try again in a few minutes."),
    Trouble.RATE_LIMITED: _l("The AI service takes no more requests for now. Try again in a few minutes."),
    Trouble.UNREACHABLE: _l("The AI service cannot be reached. Try again in a few minutes."),
    Trouble.TIMED_OUT: _l("The AI service did not answer in time. Try again."),
    Trouble.BROKEN_OFF: _l("The connection broke off before the text was finished. Try again, or keep what is there."),
    Trouble.BAD_KEY: _l("The AI service does not accept our key. Whoever runs this platform has to replace it."),
    Trouble.NOT_CONFIGURED: _l("The AI service is not set up completely. Whoever runs this platform has to do that."),
    Trouble.NOT_SUPPORTED: _l("The chosen AI service cannot write lists. Fill this section in yourself."),
    Trouble.REJECTED: _l("The AI service did not accept the request, perhaps because it is too long. Shorten it."),
    Trouble.EMPTY: _l("The model answered without any text. Try again."),
    Trouble.INVALID: _l("The model's answer was not the list we asked for, twice. Try again."),
    Trouble.INTERNAL: _l("Something went wrong on our side. Try again; if it stays, tell whoever runs this platform."),
}


def sentence(code: str) -> str:
    """What to tell a person about a trouble, in their language; nothing for none."""
    return str(SENTENCES[Trouble(code)]) if code in list(Trouble) else ""


_KINDS: tuple[tuple[type[ProviderError], Trouble], ...] = (
    (RateLimited, Trouble.RATE_LIMITED),
    (Overloaded, Trouble.OVERLOADED),
    (TimedOut, Trouble.TIMED_OUT),
    (BrokenOff, Trouble.BROKEN_OFF),
    (CredentialsRejected, Trouble.BAD_KEY),
    (ProviderMisconfigured, Trouble.NOT_CONFIGURED),
    (FeatureNotSupported, Trouble.NOT_SUPPORTED),
    (ProviderRejected, Trouble.REJECTED),
    (ProviderUnavailable, Trouble.UNREACHABLE),
    (OutcomeUnknown, Trouble.UNREACHABLE),
)
"""The first that fits: narrow kinds stand before wide ones."""


def of(error: ProviderError, *, begun: bool) -> Trouble:
    """Which trouble a provider's error is; `begun` when part of the text had arrived."""
    trouble = next((trouble for kind, trouble in _KINDS if isinstance(error, kind)), Trouble.INTERNAL)
    return Trouble.BROKEN_OFF if begun and trouble == Trouble.UNREACHABLE else trouble
