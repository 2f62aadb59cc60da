"""Packages and add-ons for tests."""

from __future__ import annotations

from typing import Any

from webkit.catalogue.service import AddonPricing, AddonTerms, PackageTerms, PricingModel


def package_terms(**changes: Any) -> PackageTerms:
    """A website for 4,800 euros, paid once."""
    terms: dict[str, Any] = {
        "name": "Website Starter",
        "slug": "",
        "description": "",
        "currency": "EUR",
        "tax_rate": "",
        "pricing_model": PricingModel.LUMP_SUM,
        "setup_fee": 0,
        "one_time_price": 480000,
        "monthly_price": 0,
        "minimum_term_months": 0,
        "included_features": ("Five pages", "Contact form"),
        "max_pages": 5,
        "is_featured": False,
    }
    return PackageTerms(**terms | changes)


def addon_terms(**changes: Any) -> AddonTerms:
    """A second language for 950 euros, paid once."""
    terms: dict[str, Any] = {
        "name": "Second language",
        "slug": "",
        "description": "",
        "currency": "EUR",
        "tax_rate": "",
        "pricing_type": AddonPricing.ONE_TIME,
        "price": 95000,
        "unit_label": "",
        "package_ids": (),
    }
    return AddonTerms(**terms | changes)
