"""Mails that tell people what was changed about their sign-in, so that nobody else does it unseen."""

from __future__ import annotations

from webkit.accounts.models import User
from webkit.core.kernel import clock
from webkit.core.kernel.db import writes
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging


@writes
def tell(user: User, sentence: str, *, email: str = "") -> None:
    """Write to somebody what happened, in the write that does it; to `email` where the address itself was changed."""
    context = {
        "name": user.name,
        "sentence": sentence,
        "at": clock.now().strftime("%Y-%m-%d %H:%M UTC"),
        "url": f"{current().settings.base_url}/account/security",
    }
    messaging.send_platform(
        "security_notice", user.name, email or user.email, context=context, locale=user.locale or None
    )
