"""The table: every operation of the API, resource by resource."""

from __future__ import annotations

from webkit.api.operations import Operation
from webkit.api.resources import clients, invoices

OPERATIONS: tuple[Operation, ...] = (*clients.OPERATIONS, *invoices.OPERATIONS)
BY_ENDPOINT = {each.endpoint: each for each in OPERATIONS}
_READS = {each.path: each for each in OPERATIONS if each.method == "GET" and not each.is_list and each.answer}

if len(BY_ENDPOINT) != len(OPERATIONS):
    raise ValueError("two operations have one name")


def current_of(operation: Operation) -> Operation | None:
    """The operation that reads what another one changes: at the same address, or the one it hangs on."""
    path = operation.path
    while operation.writes and "{" in path:
        if path in _READS:
            return _READS[path]
        path = path.rpartition("/")[0]
    return None
