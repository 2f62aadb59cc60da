"""Page speed: somebody who opens a web page as a visitor would and measures it.

What was not measured is None, never a guess.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from .base import Capability, Provider
from .errors import ProviderRejected

MOST_RECOMMENDATIONS = 5


class PageSpeedFeature(enum.StrEnum):
    """What a provider of measurements may do beyond the contract's core."""

    MEASURES = "measures"  # without it nobody measures: every audit is refused
    FIELD_DATA = "field_data"  # knows what real visitors of a page felt


class Strategy(enum.StrEnum):
    """On what the page is opened."""

    MOBILE = "mobile"
    DESKTOP = "desktop"


class MetricKey(enum.StrEnum):
    """What a visitor feels while a page loads and answers."""

    LCP = "lcp"  # largest contentful paint
    CLS = "cls"  # cumulative layout shift, without a unit
    INP = "inp"  # interaction to next paint: known from real visitors only
    FCP = "fcp"  # first contentful paint
    TBT = "tbt"  # total blocking time
    SI = "si"  # speed index


class ScoreKey(enum.StrEnum):
    """What a page is judged by, each 0 to 100."""

    PERFORMANCE = "performance"
    ACCESSIBILITY = "accessibility"
    BEST_PRACTICES = "best_practices"
    SEO = "seo"


class Unit(enum.StrEnum):
    """In what a value is counted."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    NONE = ""


class Source(enum.StrEnum):
    """Where a value comes from."""

    LAB = "lab"  # one visit of a machine
    PAGE = "page"  # real visitors of this page
    SITE = "site"  # real visitors of the whole site, where the page alone has too few


class Trouble(enum.StrEnum):
    """Why a page could not be measured."""

    UNREACHABLE = "unreachable"  # no such site, no answer, an error instead of a page
    NOT_A_PAGE = "not_a_page"  # something else than HTML
    TOO_SLOW = "too_slow"  # it did not finish loading
    BLANK = "blank"  # nothing was drawn
    UNKNOWN = "unknown"


class PageNotMeasured(ProviderRejected):
    """The service works, the page does not: trying again at once leads to the same."""

    def __init__(self, message: str, *, trouble: Trouble = Trouble.UNKNOWN, provider: str = "", code: str = "") -> None:
        super().__init__(message, provider=provider, code=code)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """The page to open; `locale` is the language recommendations are wanted in."""

    url: str
    strategy: Strategy = Strategy.MOBILE
    locale: str = "en"


@dataclass(frozen=True, slots=True)
class Metric:
    """One value in the unit the vendor uses; None was not measured. Never negative, never rounded."""

    key: MetricKey
    value: Decimal | None
    unit: Unit
    source: Source = Source.LAB

    def __post_init__(self) -> None:
        if (self.key is MetricKey.CLS) != (self.unit is Unit.NONE):
            raise ValueError(f"{self.key} is not counted in {self.unit.value or 'nothing'!r}")
        if self.value is not None and not (self.value.is_finite() and self.value >= 0):
            raise ValueError(f"{self.key} cannot be {self.value}")


@dataclass(frozen=True, slots=True)
class Score:
    """One judgement, 0 to 100; None was not measured."""

    key: ScoreKey
    value: int | None

    def __post_init__(self) -> None:
        if self.value is not None and not 0 <= self.value <= 100:
            raise ValueError(f"{self.key} cannot be {self.value}")


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What was found: every metric and every score once, and at most five recommendations, the weightiest first.

    `final_url` is where redirects led, `fetched_at` (aware, UTC) when the page was opened.
    """

    final_url: str
    fetched_at: datetime
    metrics: tuple[Metric, ...]
    scores: tuple[Score, ...]
    recommendations: tuple[str, ...] = ()


class PageSpeed(Provider, Protocol):
    """Somebody who measures pages."""

    def audit(self, request: AuditRequest) -> AuditReport:
        """Open the page and measure it, which may take a minute or two but never longer.

        Raises PageNotMeasured (the page is at fault), RateLimited, ProviderUnavailable, CredentialsRejected, and
        FeatureNotSupported where MEASURES is not declared.
        """
        ...


PAGESPEED: Capability[PageSpeed] = Capability(
    key="pagespeed", env="PAGESPEED_PROVIDER", protocol=PageSpeed, default="none"
)
