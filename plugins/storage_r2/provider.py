"""R2 speaks S3."""

from __future__ import annotations

from webkit.sdk.guarded import guard_of
from webkit.sdk.s3 import Bucket, S3Storage

from .settings import R2Settings


class R2Storage(S3Storage):
    """One bucket."""

    def __init__(self, settings: R2Settings) -> None:
        place = Bucket(
            vendor="r2",
            name=settings.bucket,
            region=settings.region,
            access_key_id=settings.access_key_id.get_secret_value(),
            secret_access_key=settings.secret_access_key.get_secret_value(),
            address=settings.address,
            guard=guard_of(settings),
        )
        super().__init__(place)
