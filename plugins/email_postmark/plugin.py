"""Registers Postmark."""

from __future__ import annotations

from webkit.sdk import EMAIL, Email, EmailFeature, ProviderSpec, hookimpl

from .settings import PostmarkSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Email]]:
    return [
        ProviderSpec(
            capability=EMAIL,
            name="postmark",
            label="Postmark",
            factory="plugins.email_postmark.provider:PostmarkEmail",
            settings=PostmarkSettings,
            features=frozenset(EmailFeature) - {EmailFeature.IDEMPOTENT},
            agencies=True,
        )
    ]
