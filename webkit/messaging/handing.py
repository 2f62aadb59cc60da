"""Handing a mail over: to one vendor, or to the next of a chain while one is down; each mail once.

A vendor that knows no idempotency key gets each mail once. What a crash leaves in `sending` becomes `uncertain`, is
shown with "Send again", and is never sent again by itself. Only a vendor at which nothing happened is passed over: one
that refuses has the last word, and one that may have taken the mail is asked again (where it knows the key) or nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from webkit.core.capabilities.email import EMAIL, Address, Email, EmailFeature, EmailMessage
from webkit.core.capabilities.errors import OutcomeUnknown, ProviderError, ProviderRejected, ProviderUnavailable
from webkit.core.kernel import circuits, clock, vendors
from webkit.core.kernel.attachments import Attached
from webkit.core.kernel.db import writes
from webkit.core.kernel.errors import DomainError
from webkit.core.kernel.logging import scrub
from webkit.core.kernel.vendors import Vendor
from webkit.core.values import dataclass
from webkit.messaging import fate, models
from webkit.messaging.models import AnyMail, Mail, MailState

OPEN = (MailState.QUEUED, MailState.SENDING)
TO_DO = (*OPEN, MailState.FAILED)
"""A job finds its own mail failed only when an operator gave it a fresh start."""
NOT_ASKED = "left in peace for a while: it did not answer"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a mail needs to be rendered, read in one go so that no transaction stays open."""

    kind: type[AnyMail]
    id: UUID
    key: str
    sending: int
    state: MailState
    template: str
    to: Address
    reply_to: str
    locale: str
    context: dict[str, Any]
    provider: str
    account_id: UUID | None
    attach: tuple[UUID | Attached, ...] = ()

    @property
    def doubtful(self) -> bool:
        """An attempt before this one may have sent it."""
        return self.state == MailState.SENDING


def links(draft: Draft) -> tuple[Vendor[Email], ...]:
    """Who may be asked, in this order. A mail that somebody may have sent is a matter of theirs alone."""
    if draft.doubtful and draft.provider:
        found = vendors.find_keeper(EMAIL, draft.account_id, draft.provider)
        return (found,) if found else ()
    return vendors.chain(EMAIL)


def deliver(draft: Draft, chain: Sequence[Vendor[Email]], letter: EmailMessage) -> None:
    """Hand a mail over to the first who is there. Raises the last ProviderUnavailable when nobody is."""
    if draft.doubtful and not (chain and _repeatable(chain[0])):
        _conclude(draft, MailState.UNCERTAIN, error="The sending was interrupted.")
        return
    tried: list[dict[str, str]] = []
    down: ProviderUnavailable | None = None
    for vendor in chain:
        if len(chain) > 1 and not circuits.lets_through(vendor.circuit):
            down = down or ProviderUnavailable(f"{vendor.label}: {NOT_ASKED}", provider=vendor.name)
            tried.append({"provider": vendor.label, "error": NOT_ASKED})
            continue
        try:
            _hand_over(draft, vendor, letter, tried)
            return
        except ProviderUnavailable as error:
            down = error
            tried.append({"provider": vendor.label, "error": words(error)})
    if down is not None:
        raise down


class _Overtaken(ProviderError):
    """Another attempt has begun: it says what becomes of the mail."""

    retryable = True


def _hand_over(draft: Draft, vendor: Vendor[Email], letter: EmailMessage, tried: list[dict[str, str]]) -> None:
    """One attempt with one vendor. Raises ProviderUnavailable when nothing happened there and nobody else has it."""
    repeatable = _repeatable(vendor)
    # Of two attempts that both found it queued only one gets past here, unless the vendor knows the key.
    expected = TO_DO if repeatable else (MailState.QUEUED, MailState.FAILED)
    attempt = _claim(draft, expected, vendor, letter.subject, tried)
    if attempt is None:
        return
    if vendor.account and vendor.account.sender:
        letter = replace(letter, sender=vendor.account.sender)
    try:
        receipt = vendor.connect().send(letter)
    except OutcomeUnknown as error:
        circuits.failed(vendor.circuit, words(error))
        if repeatable:
            raise
        _conclude(draft, MailState.UNCERTAIN, error=str(error))
    except ProviderRejected as error:
        circuits.succeeded(vendor.circuit)
        _conclude(draft, MailState.UNCERTAIN if draft.doubtful else MailState.FAILED, error=words(error))
    except ProviderError as error:
        if isinstance(error, ProviderUnavailable):
            circuits.failed(vendor.circuit, words(error))
        # Nothing left the house this time: no connection, or a key that is wrong. An older doubt stays.
        state = MailState.SENDING if draft.doubtful else MailState.QUEUED
        if not _put_back(draft, attempt, state=state, error=words(error)):
            raise _Overtaken("another attempt has begun", provider=vendor.name) from error
        raise
    else:
        circuits.succeeded(vendor.circuit)
        who = {"provider": vendor.name, "account_id": vendor.account_id, "tried": tried}
        _conclude(draft, MailState.ACCEPTED, vendor_id=receipt.id, sealed="", sent_at=clock.now(), error="", **who)


def words(error: Exception) -> str:
    """What staff read of a failure."""
    text = str(error) if isinstance(error, ProviderError | DomainError) else f"{type(error).__name__}: {error}"
    return scrub(text)[:500]


def _repeatable(vendor: Vendor[Email]) -> bool:
    return EmailFeature.IDEMPOTENT in vendor.features


@writes
def _claim(
    draft: Draft, expected: tuple[MailState, ...], vendor: Vendor[Email], subject: str, tried: list[dict[str, str]]
) -> int | None:
    who = {"provider": vendor.name, "account_id": vendor.account_id, "tried": list(tried)}
    return models.claim(draft.kind, draft.id, expected, nth=draft.sending, subject_line=subject, **who)


@writes
def _put_back(draft: Draft, attempt: int, **values: Any) -> bool:
    return models.move(draft.kind, draft.id, (MailState.SENDING,), nth=draft.sending, attempt=attempt, **values)


@writes
def _conclude(draft: Draft, state: MailState, **values: Any) -> None:
    """Record the outcome of an attempt. A receipt that comes late overrules the doubt of a later attempt."""
    if (mail := this_sending(draft)) is not None:
        expected = models.before(state) if state == MailState.ACCEPTED else OPEN
        fate.advance(mail, state, expected, **values)


def this_sending(draft: Draft) -> AnyMail | None:
    """The mail, unless a person has had it sent again meanwhile."""
    mail = models.mail(draft.id) if draft.kind is Mail else models.platform_mail(draft.id)
    return mail if mail is not None and mail.sending == draft.sending else None
