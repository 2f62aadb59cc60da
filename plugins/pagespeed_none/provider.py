"""Refuses every audit: a score that nobody measured would be an invention."""

from __future__ import annotations

from webkit.sdk import AuditReport, AuditRequest, FeatureNotSupported, Health, HealthReport, NoSettings, PageSpeed


class Nobody:
    """Stands where a service could be."""

    def __init__(self, settings: NoSettings) -> None:
        pass

    def audit(self, request: AuditRequest) -> AuditReport:
        raise FeatureNotSupported("nobody measures pages here: choose a service in PAGESPEED_PROVIDER", provider="none")

    def health(self) -> HealthReport:
        return HealthReport(Health.OK, "no service measures pages, and none is asked")


_checked: type[PageSpeed] = Nobody
