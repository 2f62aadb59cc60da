"""What the demo agency sells and says. Made up; every address ends in .example, which belongs to nobody."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from webkit.catalogue.views import AddonPricing, AddonTerms, PackageTerms, PricingModel
from webkit.pricing import Interval
from webkit.proposals.contents import Contents, Headings, Issue, Phase, PlannedPage, Step, Weight
from webkit.proposals.offer import Choice, Offer, OfferLine
from webkit.quotations.offer import Choice as Pick
from webkit.quotations.offer import Offer as Quoted
from webkit.quotations.offer import QuoteLine, Section, Term

NAME, OWNER, EMAIL = "Northwind Studio", "Ada Brandt", "demo@northwind.example"

SETTINGS: dict[str, Any] = {
    "legal_name": "Northwind Studio S.r.l.",
    "street": "Via del Porto 12",
    "postcode": "34121",
    "city": "Trieste",
    "region": "TS",
    "tax_id": "IT01234560157",
    "phone": "+39 040 555 0142",
    "website": "https://northwind.example",
    "bank_account_name": "Northwind Studio S.r.l.",
    "bank_iban": "IT60X0542811101000000123456",
    "bank_bic": "UNCRITMM",
    "brand": "#0f5d5e",
    "payment_days": 14,
    "proposal_days": 30,
}

_PACKAGE: dict[str, Any] = {
    "slug": "",
    "currency": "EUR",
    "tax_rate": "",
    "setup_fee": 0,
    "one_time_price": 0,
    "monthly_price": 0,
    "minimum_term_months": 0,
    "max_pages": None,
    "is_featured": False,
}
PACKAGES = (
    PackageTerms(
        **_PACKAGE
        | {
            "name": "Website Starter",
            "description": "Everything a small business needs to be found and called.",
            "pricing_model": PricingModel.LUMP_SUM,
            "one_time_price": 480_000,
            "included_features": ("Five pages", "Contact form", "Search basics"),
            "max_pages": 5,
        }
    ),
    PackageTerms(
        **_PACKAGE
        | {
            "name": "Website and bookings",
            "description": "Visitors book a table, a bike or a room without a call.",
            "pricing_model": PricingModel.HYBRID,
            "one_time_price": 890_000,
            "monthly_price": 12_000,
            "minimum_term_months": 12,
            "included_features": ("Twelve pages", "Bookings", "Two languages"),
            "max_pages": 12,
            "is_featured": True,
        }
    ),
    PackageTerms(
        **_PACKAGE
        | {
            "name": "Care",
            "description": "Updates, backups and two hours of changes each month.",
            "pricing_model": PricingModel.SUBSCRIPTION,
            "monthly_price": 19_000,
            "included_features": ("Updates", "Backups", "Two hours of changes"),
        }
    ),
)
ADDONS = tuple(
    AddonTerms(
        name=name,
        slug="",
        description=description,
        currency="EUR",
        tax_rate="",
        pricing_type=pricing,
        price=price,
        unit_label=unit,
        package_ids=(),
    )
    for name, description, pricing, price, unit in (
        ("Second language", "Translation and review by a native speaker.", AddonPricing.ONE_TIME, 95_000, ""),
        ("Photography", "Half a day on site, twenty edited pictures.", AddonPricing.ONE_TIME, 115_000, ""),
        ("Further page", "Designed, written and built.", AddonPricing.PER_UNIT, 42_000, "page"),
        ("Search care", "Monthly report and improvements.", AddonPricing.MONTHLY, 24_000, ""),
    )
)

OFFER = Offer(
    lines=(
        OfferLine(id="design", name="Design", text="Phone first, in your colours", price=360_000),
        OfferLine(id="build", name="Build and launch", text="Bookings included", price=480_000),
        OfferLine(id="words", name="Two languages", price=95_000, choice=Choice.PICKED),
        OfferLine(id="photos", name="Photography", text="Half a day on site", price=115_000, choice=Choice.OFFERED),
        OfferLine(id="care", name="Care", text="Updates and changes", price=19_000, interval=Interval.MONTHLY),
    )
)
SMALL_OFFER = Offer(lines=(OfferLine(id="site", name="Website Starter", text="Five pages", price=480_000),))


def contents(business: str, customers: str, goal: str) -> Contents:
    """A proposal in all its sections, for whatever business."""
    return Contents(
        subtitle=f"A site that brings {customers} to {business}.",
        headings=Headings(opportunity="What is left on the table"),
        summary=(
            f"Seven of ten people who look for {business} hold a phone. The site they find today takes six seconds "
            f"to show its first picture.\n\nWe propose a new one with one aim: {goal}."
        ),
        opportunity=f"Most calls ask for the same three things. {customers.capitalize()} could do each of them alone.",
        issues=(
            Issue(
                title="The first picture is late",
                text="5.8 seconds on a phone.",
                fix="One picture in the right size, loaded first.",
                weight=Weight.HIGH,
            ),
            Issue(
                title="Opening hours are a picture", text="Nobody can copy or search them.", fix="Text, in one place."
            ),
            Issue(title="No second language", text="Every fourth visitor reads something else.", weight=Weight.LOW),
        ),
        pages=(
            PlannedPage(name="Home", text="One promise, one button", features=("Bookings", "Opening hours")),
            PlannedPage(name="Offer", text="Prices without a call", features=("Filters",)),
            PlannedPage(name="Contact", text="Map, form, phone"),
        ),
        timeline=(
            Phase(name="Plan", start=1, weeks=2, text="Structure and words"),
            Phase(name="Design", start=3, weeks=3, text="Two drafts, one decision"),
            Phase(name="Build", start=5, weeks=5, text="A look every week"),
            Phase(name="Launch", start=10, weeks=1, text="Move, measure, hand over"),
        ),
        investment="Prices hold until the day on the cover.",
        steps=(
            Step(title="You accept", text="Nothing is due yet."),
            Step(title="You sign", text="With a code by mail."),
            Step(title="We begin", text="When the deposit is here."),
        ),
        closing="We would love to build this with you.",
    )


HEARD: dict[str, str | list[str]] = {
    "phone": "+39 0141 555 0142",
    "industry": "food-beverage",
    "business_type": "small-business",
    "website_status": "rebuild",
    "primary_challenges": ["lead-generation", "poor-mobile", "seo-issues"],
    "urgency_level": "medium",
    "primary_goals": ["increase-revenue", "generate-leads", "build-brand"],
    "conversion_goal": "bookings",
    "budget_range": "5k-10k",
    "timeline": "1-3-months",
    "design_styles": ["modern-clean", "traditional-classic"],
    "consultation_notes": "Tastings for groups up to twelve. The harvest begins in September; nobody has time then.",
}
"""What a winery said in its consultation."""


SCOPE_BLOCKS = (
    (
        "The day on site",
        "One photographer and one assistant, from nine to five.\n\n- A list of pictures, agreed before\n"
        "- Light and backdrop brought along\n- Nothing is moved that cannot be put back",
    ),
    (
        "Choosing and editing",
        "You choose from everything that is sharp.\n\n- Colour and crop\n- Two rounds of wishes",
    ),
)
TERMS_BLOCKS = (
    ("Payment", "Due fourteen days after the pictures are delivered."),
    ("What you may do with the pictures", "Use them on your own pages and in your own print, without an end."),
    ("If the weather is bad", "We move the day once, at no cost."),
)
TEMPLATE_NAME = "Photographs at your place"


def quoted(scope: Sequence[UUID], terms: Sequence[UUID]) -> Quoted:
    """The template of quotations: the texts by their ids, and the usual lines."""

    def line(line_id: str, section: str, name: str, price: str, **more: Any) -> QuoteLine:
        return QuoteLine(**{"id": line_id, "section": section, "name": name, "price": Decimal(price), **more})

    return Quoted(
        sections=tuple(Section(id=f"part{at}", block=block) for at, block in enumerate(scope)),
        lines=(
            line("day", "part0", "Photographer, one day", "860"),
            line("travel", "part0", "Travel", "0.42", quantity=Decimal(140), unit="km"),
            line("edit", "part1", "Edited pictures", "18.50", quantity=Decimal(24), unit="pictures"),
            line("drone", "part0", "Pictures from above", "290", choice=Pick.OFFERED),
            line("people", "part1", "Portraits of the team", "35", quantity=Decimal(6), choice=Pick.OFFERED),
        ),
        terms=tuple(Term(block=block) for block in terms),
        notes="The day is fixed once you accept.",
    )
