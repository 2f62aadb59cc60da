"""The lists a consultation offers to choose from, until an agency writes its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from webkit.core.extensions import LazyText
from webkit.core.kernel.i18n import lazy_gettext as _l
from webkit.core.kernel.money import exponent, money_parts
from webkit.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """A value that is stored, and its words; `low` and `high` are whole amounts the words speak of."""

    value: str
    label: LazyText
    low: int = 0
    high: int = 0

    def words(self, currency: str) -> str:
        """The label in the current language, amounts in the agency's currency."""
        if not (self.low or self.high):
            return str(self.label)
        return str(self.label) % {"low": _whole(self.low, currency), "high": _whole(self.high, currency)}


def _whole(amount: int, currency: str) -> str:
    parts = money_parts(amount * 10 ** exponent(currency), currency)
    return "".join(part.text for part in parts if part.kind != "decimals")


def _presets(*pairs: tuple[str, LazyText]) -> tuple[Preset, ...]:
    return tuple(Preset(value, label) for value, label in pairs)


PRESETS: Mapping[str, tuple[Preset, ...]] = {
    "industry": _presets(
        ("technology", _l("Technology")),
        ("healthcare", _l("Healthcare")),
        ("finance", _l("Finance and insurance")),
        ("retail", _l("Retail")),
        ("manufacturing", _l("Manufacturing")),
        ("education", _l("Education")),
        ("real-estate", _l("Real estate")),
        ("hospitality", _l("Hotels and tourism")),
        ("legal", _l("Law")),
        ("marketing", _l("Marketing and media")),
        ("construction", _l("Construction and trades")),
        ("automotive", _l("Cars and vehicles")),
        ("food-beverage", _l("Food and drink")),
        ("entertainment", _l("Arts and entertainment")),
        ("nonprofit", _l("Non-profit")),
        ("other", _l("Something else")),
    ),
    "business_type": _presets(
        ("startup", _l("Start-up")),
        ("small-business", _l("Small business")),
        ("medium-business", _l("Medium-sized business")),
        ("enterprise", _l("Large company")),
        ("freelancer", _l("Self-employed")),
        ("agency", _l("Agency")),
        ("nonprofit", _l("Non-profit organisation")),
    ),
    "website_status": _presets(
        ("none", _l("No website yet")),
        ("refresh", _l("A website that needs a refresh")),
        ("rebuild", _l("A website that needs rebuilding")),
    ),
    "primary_challenges": _presets(
        ("lead-generation", _l("Too few enquiries")),
        ("conversion-rate", _l("Visitors who do not become customers")),
        ("brand-awareness", _l("Too little known")),
        ("customer-retention", _l("Customers who do not come back")),
        ("competition", _l("Strong competitors")),
        ("technology-adoption", _l("Outdated technology")),
        ("customer-experience", _l("A poor experience for customers")),
        ("digital-transformation", _l("Going digital")),
        ("outdated-website", _l("An outdated website")),
        ("poor-mobile", _l("Hard to use on a phone")),
        ("seo-issues", _l("Hard to find in search engines")),
        ("no-online-presence", _l("Nothing to be found online")),
        ("credibility", _l("Too little trust")),
        ("manual-processes", _l("Too much work by hand")),
        ("other", _l("Something else")),
    ),
    "urgency_level": _presets(
        ("low", _l("No hurry")),
        ("medium", _l("Soon")),
        ("high", _l("Urgent")),
        ("critical", _l("Cannot wait")),
    ),
    "primary_goals": _presets(
        ("increase-revenue", _l("More revenue")),
        ("generate-leads", _l("More enquiries")),
        ("improve-conversion", _l("More visitors who become customers")),
        ("build-brand", _l("A stronger brand")),
        ("launch-product", _l("Launch a product or a service")),
        ("improve-retention", _l("Customers who come back")),
        ("enhance-experience", _l("A better experience for customers")),
        ("digital-presence", _l("To be found online")),
        ("competitive-advantage", _l("An edge over competitors")),
        ("automate-processes", _l("Less work by hand")),
        ("credibility", _l("More trust")),
        ("other", _l("Something else")),
    ),
    "conversion_goal": _presets(
        ("phone-calls", _l("Call")),
        ("form-submissions", _l("Fill in a form")),
        ("email-inquiries", _l("Write an e-mail")),
        ("bookings", _l("Book an appointment or a table")),
        ("purchases", _l("Buy")),
        ("quote-requests", _l("Ask for a quote")),
        ("newsletter-signups", _l("Subscribe to the newsletter")),
    ),
    "budget_range": (
        Preset("under-2k", _l("Under %(high)s"), high=2_000),
        Preset("2k-5k", _l("%(low)s to %(high)s"), low=2_000, high=5_000),
        Preset("5k-10k", _l("%(low)s to %(high)s"), low=5_000, high=10_000),
        Preset("10k-20k", _l("%(low)s to %(high)s"), low=10_000, high=20_000),
        Preset("20k-plus", _l("%(low)s or more"), low=20_000),
        Preset("tbd", _l("Not decided yet")),
    ),
    "timeline": _presets(
        ("asap", _l("As soon as possible")),
        ("1-3-months", _l("In one to three months")),
        ("3-6-months", _l("In three to six months")),
        ("flexible", _l("Flexible")),
    ),
    "design_styles": _presets(
        ("modern-clean", _l("Modern and clean")),
        ("bold-creative", _l("Bold and creative")),
        ("corporate-professional", _l("Corporate and professional")),
        ("minimalist", _l("Minimalist")),
        ("traditional-classic", _l("Traditional and classic")),
    ),
}
"""By the name of the field that offers them."""


@dataclass(frozen=True, slots=True)
class Option:
    """A choice as an agency's own list keeps it. One that is no longer offered still explains old answers."""

    value: str
    label: str
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Lists:
    """What can be chosen in one agency: its own lists where it has any, the presets elsewhere."""

    currency: str
    own: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)

    def offered(self, name: str) -> list[tuple[str, str]]:
        """(value, words) of what can be chosen in a field now."""
        if name in self.own:
            return [(option.value, option.label) for option in self.own[name] if option.offered]
        return [(preset.value, preset.words(self.currency)) for preset in PRESETS.get(name, ())]

    def values(self, name: str) -> frozenset[str]:
        """What can be chosen in a field now."""
        return frozenset(value for value, _words in self.offered(name))

    def words(self, name: str, value: str) -> str:
        """The words of a value, also of one that is no longer offered."""
        own = {option.value: option.label for option in self.own.get(name, ())}
        preset = next((preset for preset in PRESETS.get(name, ()) if preset.value == value), None)
        return own.get(value) or (preset.words(self.currency) if preset else value)
