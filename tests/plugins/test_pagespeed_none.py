"""Nobody measures: the contract of refusing."""

from __future__ import annotations

from plugins.pagespeed_none.plugin import webkit_register_providers
from webkit.sdk.testing.pagespeed import PageSpeedContract


class TestContract(PageSpeedContract):
    spec = webkit_register_providers()[0]
