"""The table: every operation of the API, resource by resource."""

from __future__ import annotations

from itertools import chain

from webkit.api.operations import Operation
from webkit.api.resources import (
    bank,
    bringing_in,
    charging,
    clients,
    contracts,
    files,
    house,
    invoices,
    library,
    money,
    proposals,
    quotations,
    repeated,
    settings,
    watching,
    work,
    writing,
)

RESOURCES = (
    house,
    settings,
    clients,
    bringing_in,
    work,
    proposals,
    writing,
    quotations,
    library,
    contracts,
    invoices,
    files,
    money,
    bank,
    charging,
    repeated,
    watching,
)
OPERATIONS: tuple[Operation, ...] = tuple(chain.from_iterable(each.OPERATIONS for each in RESOURCES))
BY_ENDPOINT = {each.endpoint: each for each in OPERATIONS}
_READS = {
    (each.in_agency, each.path): each
    for each in OPERATIONS
    if each.method == "GET" and not each.is_list and each.answer and each.holes
}

if len(BY_ENDPOINT) != len(OPERATIONS):
    raise ValueError("two operations have one name")


def current_of(operation: Operation) -> Operation | None:
    """The operation that reads what another one changes: at the same address, or the one it hangs on."""
    path = operation.path
    while operation.writes and "/" in path:
        found = _READS.get((operation.in_agency, path))
        if found is not None and set(found.holes) <= set(operation.holes):
            return found
        path = path.rpartition("/")[0]
    return None


def is_read_below(operation: Operation) -> bool:
    """Whether what an operation makes has an address of its own: that of its list and the id."""
    below = f"{operation.path}/{{"
    return any(path.startswith(below) and path.count("/") == below.count("/") for _here, path in _READS)
