"""Registers S3."""

from __future__ import annotations

from webkit.sdk import STORAGE, ProviderSpec, Storage, StorageFeature, hookimpl

from .settings import S3Settings


@hookimpl
def webkit_register_providers() -> list[ProviderSpec[Storage]]:
    return [
        ProviderSpec(
            capability=STORAGE,
            name="s3",
            label="Amazon S3",
            factory="plugins.storage_s3.provider:AmazonStorage",
            settings=S3Settings,
            features=frozenset({StorageFeature.SIGNED_URLS}),
            agencies=True,
            modules=("boto3",),
            install_hint="pip install 'webkit[s3]'",
        )
    ]
