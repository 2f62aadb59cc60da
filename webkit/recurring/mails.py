"""What the agency is told about its plans by mail."""

from __future__ import annotations

from uuid import UUID

from webkit.agencies import service as agencies
from webkit.core.kernel import events
from webkit.core.kernel.runtime import current
from webkit.messaging import service as messaging


def held(plan_id: UUID, client_id: UUID, title: str, why: str) -> None:
    """Tell the agency that a plan cannot bill, and why. Inside the write that notes it."""
    profile = agencies.profile()
    if not profile.email:
        return
    url = f"{current().settings.base_url}/{agencies.here().slug}/recurring/{plan_id}"
    messaging.send(
        "plan_held", profile.name, profile.email, context={"title": title, "why": why, "url": url},
        subject=events.ref("recurring", plan_id), about=(events.ref("client", client_id),), locale=profile.locale,
    )  # fmt: skip
