"""Registers R2."""

from __future__ import annotations

from webkit.sdk import STORAGE, ProviderSpec, Storage, StorageFeature, hookimpl

from .settings import R2Settings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Storage]]:
    return [
        ProviderSpec(
            capability=STORAGE,
            name="r2",
            label="Cloudflare R2",
            factory="plugins.storage_r2.provider:R2Storage",
            settings=R2Settings,
            features=frozenset({StorageFeature.SIGNED_URLS}),
            agencies=True,
            modules=("boto3",),
            install_hint="pip install 'webkit[r2]'",
        )
    ]
