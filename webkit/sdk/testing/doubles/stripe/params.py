"""Form parameters as the vendor takes them: `a[b][0][c]=d` nested, checked against what it knows, refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

Checker = Callable[[str, Any], Any]
Shape = Mapping[str, Any]
"""Names to checkers, or to nested shapes; `[shape]` is a list of them."""

ZERO_DECIMAL = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
THREE_DECIMAL = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
TWO_DECIMAL = frozenset(
    {"aud", "brl", "cad", "chf", "czk", "dkk", "eur", "gbp", "huf", "isk", "nok", "nzd", "pln", "sek", "ugx", "usd"}
)
CURRENCIES = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL
WHOLE_ONLY = frozenset({"isk", "ugx"})
"""Without decimals, yet written with two."""
LARGEST = 99_999_999
_PART = re.compile(r"\[([^\[\]]*)\]")


class Refused(Exception):
    """An answer that is an error, in the vendor's own shape."""

    def __init__(
        self, message: str, param: str = "", *, code: str = "", kind: str = "invalid_request_error", status: int = 400
    ) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, 0
        self.body: dict[str, Any] = {"message": message, "type": kind}
        if code:
            self.body |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
        if param:
            self.body["param"] = param


def missing(kind: str, id: str, param: str = "id") -> Refused:
    """The answer about something that is not there."""
    return Refused(f"No such {kind}: '{id}'", param, code="resource_missing", status=404)


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b]=1&c[0]=2` as dictionaries and lists."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        head, *rest = [name.partition("[")[0], *_PART.findall(name)]
        place, key = root, head
        for step in rest:
            step = step or str(len(place.get(key, {})))
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise Refused(f"Invalid parameter: {name}", name)
            key = step
        place[key] = value
    return {name: _listed(value) for name, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}


def check(given: Mapping[str, Any], shape: Shape, required: Iterable[str] = (), path: str = "") -> dict[str, Any]:
    """The parameters as values. Refuses unknown names, missing ones and wrong values, each with its `param`."""
    for name in given:
        if name not in shape:
            where = _join(path, name)
            raise Refused(f"Received unknown parameter: {where}", where, code="parameter_unknown")
    for name in required:
        if name not in given or given[name] == "":
            where = _join(path, name)
            raise Refused(f"Missing required param: {where}.", where, code="parameter_missing")
    return {name: _value(_join(path, name), value, shape[name]) for name, value in given.items()}


def _value(where: str, value: Any, wanted: Any) -> Any:
    if isinstance(wanted, list):
        if not isinstance(value, list):
            raise Refused("Invalid array", where)
        return [_value(f"{where}[{index}]", item, wanted[0]) for index, item in enumerate(value)]
    if isinstance(wanted, dict):
        if not isinstance(value, dict):
            raise Refused("Invalid object", where)
        return check(value, wanted, path=where)
    return wanted(where, value)


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name


def text(limit: int) -> Checker:
    """A string of at most so many characters."""

    def checked(where: str, value: Any) -> str:
        if not isinstance(value, str):
            raise Refused("Invalid string", where)
        if len(value) > limit:
            raise Refused(f"Invalid string: {value[:20]}…; must be at most {limit} characters", where)
        return value

    return checked


def one_of(*known: str) -> Checker:
    """One of the vendor's words."""

    def checked(where: str, value: Any) -> str:
        if value not in known:
            last = where.rpartition("[")[2].rstrip("]") or where
            raise Refused(f"Invalid {last}: must be one of {', '.join(known)}", where)
        return str(value)

    return checked


def integer(least: int = 0) -> Checker:
    """A whole number."""

    def checked(where: str, value: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?\d{1,18}", value):
            raise Refused(f"Invalid integer: {value}", where, code="parameter_invalid_integer")
        if int(value) < least:
            words = "non-negative integer" if least == 0 else f"integer: must be at least {least}"
            raise Refused(f"Invalid {words}", where, code="parameter_invalid_integer")
        return int(value)

    return checked


def boolean(where: str, value: Any) -> bool:
    """`true` or `false`."""
    if value not in ("true", "false"):
        raise Refused(f"Invalid boolean: {value}", where)
    return bool(value == "true")


def url(where: str, value: Any) -> str:
    """An absolute address."""
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused("Not a valid URL", where, code="url_invalid")
    return str(value)


def email(where: str, value: Any) -> str:
    """An address that could be one."""
    if not isinstance(value, str) or not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise Refused(f"Invalid email address: {value}", where, code="email_invalid")
    return value


def currency(where: str, value: Any) -> str:
    """A currency the vendor takes, in lower case."""
    if not isinstance(value, str) or value.lower() not in CURRENCIES:
        known = ", ".join(sorted(CURRENCIES))
        raise Refused(f"Invalid currency: {value}. Stripe currently supports these currencies: {known}", where)
    return value.lower()


def metadata(where: str, value: Any) -> dict[str, str]:
    """At most 50 keys of 40 characters with values of 500."""
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise Refused("Metadata must be a hash of strings", where)
    if len(value) > 50 or any(len(key) > 40 for key in value):
        raise Refused("Metadata can have up to 50 keys, with key names up to 40 characters long", where)
    for key, item in value.items():
        if len(item) > 500:
            raise Refused("Metadata values can have up to 500 characters", f"{where}[{key}]")
    return value


def payable(amount: int, code: str, param: str) -> None:
    """Refuse a sum that the vendor does not charge."""
    least = 50 if code not in ZERO_DECIMAL else 1
    if amount < least:
        raise Refused(
            f"The Checkout Session's total amount due must add up to at least {least} {code}",
            param,
            code="amount_too_small",
        )
    if amount > LARGEST:
        raise Refused(f"Amount must be no more than {LARGEST} {code}", param, code="amount_too_large")
    if amount % (10 if code in THREE_DECIMAL else 100 if code in WHOLE_ONLY else 1):
        raise Refused(f"Invalid integer: {amount} has decimals that {code} does not have", param)
