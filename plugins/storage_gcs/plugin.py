"""Registers Google Cloud Storage."""

from __future__ import annotations

from webkit.sdk import STORAGE, ProviderSpec, Storage, StorageFeature, hookimpl

from .settings import GcsSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Storage]]:
    return [
        ProviderSpec(
            capability=STORAGE,
            name="gcs",
            label="Google Cloud Storage",
            factory="plugins.storage_gcs.provider:GcsStorage",
            settings=GcsSettings,
            features=frozenset({StorageFeature.SIGNED_URLS}),
            agencies=True,
            modules=("google.cloud.storage",),
            install_hint="pip install 'webkit[gcs]'",
        )
    ]
