"""Postal addresses as the post of their country wants them written, without the country itself."""

from __future__ import annotations

# Where the town comes first and the code last.
_CODE_LAST = frozenset({"AU", "CA", "GB", "IE", "IN", "NZ", "SG", "US", "ZA"})


def lines(street: str, postcode: str, city: str, region: str, country: str) -> tuple[str, ...]:
    """The lines of an address; what is empty is left out."""
    if country in _CODE_LAST:
        place = " ".join(part for part in (city, region, postcode) if part)
    elif country == "IT" and len(region) == 2:
        place = " ".join(part for part in (postcode, city, f"({region.upper()})") if part)
    else:
        place = ", ".join(part for part in (f"{postcode} {city}".strip(), region) if part)
    return tuple(line for line in (*street.splitlines(), place) if line.strip())
