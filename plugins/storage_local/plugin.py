"""Registers the local folder."""

from __future__ import annotations

from webkit.sdk import STORAGE, ProviderSpec, Storage, hookimpl

from .settings import LocalStorageSettings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Storage]]:
    return [
        ProviderSpec(
            capability=STORAGE,
            name="local",
            label="Local folder",
            factory="plugins.storage_local.provider:LocalStorage",
            settings=LocalStorageSettings,
        )
    ]
