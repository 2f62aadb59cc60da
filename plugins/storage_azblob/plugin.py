"""Registers Azure Blob Storage."""

from __future__ import annotations

from webkit.sdk import STORAGE, ProviderSpec, Storage, StorageFeature, hookimpl

from .settings import AzureSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Storage]]:
    return [
        ProviderSpec(
            capability=STORAGE,
            name="azblob",
            label="Azure Blob Storage",
            factory="plugins.storage_azblob.provider:AzureStorage",
            settings=AzureSettings,
            features=frozenset({StorageFeature.SIGNED_URLS}),
            agencies=True,
            modules=("azure.storage.blob",),
            install_hint="pip install 'webkit[azblob]'",
        )
    ]
