"""Lists that people filter, sort, page through, add up, export and act on; each described once by its feature."""

from webkit.core.kernel.lists.asked import Asked, Chip, args, chips, parse
from webkit.core.kernel.lists.spec import (
    Action,
    Actor,
    Filter,
    Here,
    Kind,
    ListSpec,
    Option,
    Sort,
    Summed,
    Tab,
    Words,
    find,
    register,
)
from webkit.core.kernel.lists.sql import Page, Sum, every, ids, page, sums

__all__ = [
    "Action",
    "Actor",
    "Asked",
    "Chip",
    "Filter",
    "Here",
    "Kind",
    "ListSpec",
    "Option",
    "Page",
    "Sort",
    "Sum",
    "Summed",
    "Tab",
    "Words",
    "args",
    "chips",
    "every",
    "find",
    "ids",
    "page",
    "parse",
    "register",
    "sums",
]
