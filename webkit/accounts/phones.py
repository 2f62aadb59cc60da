"""Codes as text messages: drawn here, kept as a hash, five tries each, sent by a job."""

from __future__ import annotations

import hmac
from datetime import timedelta
from uuid import UUID

from webkit.accounts import factor_models as models
from webkit.core.capabilities.sms import SMS, SmsMessage, check_number
from webkit.core.extensions import Job
from webkit.core.kernel import clock, i18n, ids, outbox, ratelimit
from webkit.core.kernel.db import release, writes
from webkit.core.kernel.errors import NotFound
from webkit.core.kernel.i18n import gettext as _
from webkit.core.kernel.runtime import current
from webkit.core.kernel.sealed import seal, unseal

TEXT_CODE = "accounts.text_code"
TRIES, LIVES = 5, timedelta(minutes=10)
TEXTS, WINDOW = 3, 15 * 60


def offered() -> bool:
    """Whether somebody sends text messages here; the folder that keeps them serves for trying things out."""
    runtime = current()
    return runtime.registry.chosen_name(SMS) != "console" or not runtime.settings.production


@writes
def begin(user_id: UUID, number: str) -> None:
    """Keep a number; it counts for nothing until a code sent there was entered. Raises Conflict, ProviderRejected."""
    models.put_phone(user_id, seal(models.NUMBER, user_id, check_number(number)))


def send_code(user_id: UUID) -> None:
    """Send a fresh code to somebody's phone. Raises NotFound, TooMany."""
    if models.phone(user_id) is None:
        raise NotFound(_("There is no phone to send a code to."))
    ratelimit.hit(f"text/{user_id}", TEXTS, WINDOW)
    _queue(user_id)


@writes
def _queue(user_id: UUID) -> None:
    code = ids.code()
    models.set_phone_code(user_id, _hashed(user_id, code), clock.now() + LIVES)
    sealed = current().keys.seal(code)
    outbox.add(TEXT_CODE, user_id=str(user_id), code=sealed, locale=i18n.current_locale())


def text_code(job: Job) -> None:
    """Send the code, unless another one took its place."""
    user_id, code = UUID(job.args["user_id"]), current().keys.unseal(job.args["code"])
    phone = models.phone(user_id)
    if phone is None or phone.code_hash != _hashed(user_id, code):
        return
    number = unseal(models.NUMBER, user_id, phone.number)
    release()
    with i18n.use_locale(job.args["locale"]):
        text = _("%(code)s is your code for %(site)s. Nobody of ours asks you for it.", code=code, site=_site())
    current().registry.get(SMS).send(SmsMessage(number, text, str(job.key)))


def take(user_id: UUID, typed: str, *, enrolling: bool = False) -> bool:
    """Whether a code is the one that was sent; it is used up by this. A phone to be added proves nothing else yet."""
    expected, given = _count(user_id, confirmed=not enrolling), _hashed(user_id, typed)
    if expected is None or not hmac.compare_digest(expected, given):
        return False
    return _use(user_id, given)


@writes
def _count(user_id: UUID, *, confirmed: bool) -> str | None:
    return models.try_phone_code(user_id, TRIES, confirmed=confirmed)


@writes
def _use(user_id: UUID, hashed: str) -> bool:
    return models.use_phone_code(user_id, hashed)


def _site() -> str:
    return current().settings.mail_from_name


def _hashed(user_id: UUID, code: str) -> str:
    return current().keys.token_hash(f"text/{user_id}/{code}")
