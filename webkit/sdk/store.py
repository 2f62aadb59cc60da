"""What a plugin remembers: JSON under a key, for itself and for the agency it works for at the moment.

    from webkit.sdk.store import Store

    store = Store("acme_mail")  # the name of your entry point
    store.put("list", "a1b2")
    store.update("synced", lambda before: (before or 0) + 1)

For listeners, jobs and pages of an agency; a provider keeps nothing. See docs/plugins/store.md.
"""

from __future__ import annotations

from webkit.core.kernel.pluginstore import (
    JSON,
    LONGEST_KEY,
    LONGEST_VALUE,
    MOST_AT_ONCE,
    MOST_BYTES,
    MOST_KEYS,
    Store,
    StoreError,
    StoreFull,
    StoreUsage,
)

__all__ = [
    "JSON",
    "LONGEST_KEY",
    "LONGEST_VALUE",
    "MOST_AT_ONCE",
    "MOST_BYTES",
    "MOST_KEYS",
    "Store",
    "StoreError",
    "StoreFull",
    "StoreUsage",
]
