"""The contracts between the platform and whoever supplies it: frozen dataclasses, protocols, errors. Pure Python."""

from __future__ import annotations

from typing import Any

from .ai_text import AI_TEXT
from .base import Capability
from .email import EMAIL
from .embeddings import EMBEDDINGS
from .identity import IDENTITY
from .observing import OBSERVING
from .pagespeed import PAGESPEED
from .payments import PAYMENTS
from .pdf import PDF
from .sms import SMS
from .storage import STORAGE
from .vectors import VECTORS

ALL: tuple[Capability[Any], ...] = (
    AI_TEXT,
    PAYMENTS,
    STORAGE,
    EMAIL,
    PDF,
    PAGESPEED,
    SMS,
    EMBEDDINGS,
    VECTORS,
    OBSERVING,
    IDENTITY,
)
