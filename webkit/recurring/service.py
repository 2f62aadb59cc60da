"""What other features may know of plans and do with them."""

from __future__ import annotations

from webkit.recurring.forecast import ToCome as ToCome
from webkit.recurring.forecast import to_come as to_come
from webkit.recurring.planning import of_client as of_client
from webkit.recurring.views import PlanView as PlanView
