"""Consultations as the service makes them: begun, answered, completed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webkit.consultations import service
from webkit.consultations.views import Author, Saved, Seen

AUTHOR = Author(UUID(int=1), "Ada Brandt")
OTHER = Author(UUID(int=2), "Max Ferri")
NEEDED: dict[str, Any] = {
    "business_name": "Lario Cicli",
    "contact_person": "Davide Ratti",
    "email": "davide@lario.example",
    "industry": "retail",
    "business_type": "small-business",
    "budget_range": "5k-10k",
}
"""The least that can be completed."""
ANSWERS: dict[str, Any] = NEEDED | {
    "phone": "+39 0341 000111",
    "website": "https://lario.example",
    "website_status": "rebuild",
    "primary_challenges": ["poor-mobile", "seo-issues"],
    "urgency_level": "high",
    "primary_goals": ["increase-revenue", "generate-leads"],
    "conversion_goal": "bookings",
    "timeline": "1-3-months",
    "design_styles": ["modern-clean"],
    "admired_websites": "https://bikes.example: calm pictures",
    "consultation_notes": "They close on Mondays.",
}
"""Everything that counts."""


def start(client_id: UUID | None = None) -> UUID:
    """A consultation that was begun."""
    return service.start(client_id, AUTHOR)


def answer(consultation_id: UUID, tab: str = "tab", author: Author = AUTHOR, **typed: Any) -> Saved:
    """Type answers into a form that was opened just now."""
    return service.save(consultation_id, typed, Seen(service.get(consultation_id).version, tab), author)


def draft(**typed: Any) -> UUID:
    """A draft that says everything."""
    made = start()
    answer(made, **(typed or ANSWERS))
    return made


def completed(**typed: Any) -> UUID:
    """A consultation that is done."""
    made = draft(**typed)
    service.complete(made, AUTHOR)
    return made
