"""From a request to an answer: read, check, do it in one write, tell it with its tag."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Response, request, url_for
from flask_login import current_user
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from webkit.api import door, repeats
from webkit.api.operations import Call, Operation, read_params
from webkit.api.repeats import Repeat
from webkit.api.shapes import Empty
from webkit.core.kernel import db, locks
from webkit.core.kernel.errors import DomainError, Invalid
from webkit.core.kernel.forms import sentence
from webkit.core.kernel.i18n import gettext as _

JSON, BYTES = "application/json", "application/octet-stream"
BODY_LIMIT = 512 * 1024
CREATED = 201


class Unreadable(DomainError):
    code = 400


class TooLarge(DomainError):
    code = 413


class Unsupported(DomainError):
    code = 415


class Changed(DomainError):
    """It is no longer what `If-Match` says."""

    code = 412


def view_of(operation: Operation, current: Operation | None, *, has_home: bool) -> Callable[..., Response]:
    """The view of an operation. `current` reads what it changes: that is what `If-Match` is compared with. What is made
    `has_home` where it can be read at the address of its list and its id."""

    def answer(**args: Any) -> Response:
        query = read_params(operation.parameters(), request.args.to_dict(), _repeated())
        if not operation.writes:
            return _read(operation, _call(operation, args, query))
        body = _body(operation.takes or BODY_LIMIT)
        key = repeats.key(door.caller())
        # What is one write is kept with its answer; what takes several steps is told apart by its service.
        call = _call(operation, args, query, _checked(operation, body), key if operation.apart else "")
        response = _write(operation, current, call, Repeat(key, repeats.asked(body) if key else ""))
        return _located(response) if has_home and response.status_code == CREATED else response

    answer.__name__ = operation.endpoint
    return answer


def _call(operation: Operation, args: dict[str, Any], query: dict[str, Any], body: Any = None, key: str = "") -> Call:
    return Call(args, body, query, current_user.id, current_user.name, current_user.email, key)


def _repeated() -> list[str]:
    return [name for name, values in request.args.lists() if len(values) > 1]


def _read(operation: Operation, call: Call) -> Response:
    found = operation.run(call)
    if isinstance(found, Response):  # a file
        return found
    response = _told(operation, found)
    if operation.is_list and found["next"]:
        following = url_for(f"api.{operation.endpoint}", **call.args, **{**request.args, "cursor": found["next"]})
        response.headers["Link"] = f'<{following}>; rel="next"'
    response.make_conditional(request)
    return response


def _write(operation: Operation, current: Operation | None, call: Call, repeat: Repeat) -> Response:
    """Everything in one write; what is done in several steps is kept after the last of them."""
    if not operation.apart:
        with db.writing():
            if (known := repeat.known()) is not None:
                return known
            _demand_unchanged(current, call)
            return repeat.keep(_told(operation, operation.run(call)))
    with db.writing():
        if (known := repeat.known()) is not None:
            return known
        _demand_unchanged(current, call)
    response = _told(operation, operation.run(call))
    with db.writing():
        return repeat.known() or repeat.keep(response)


def _demand_unchanged(current: Operation | None, call: Call) -> None:
    """Compare what `If-Match` says with what is there, while nobody else who asks so can change it."""
    if current is None or not request.if_match:
        return
    locks.hold(f"api{current.path}/{'/'.join(map(str, call.args.values()))}")
    tag, _weak = _told(current, current.run(call)).get_etag()
    if not request.if_match.contains(tag or ""):
        raise Changed(_("This has been changed since you read it. Read it again, then decide."))


def _told(operation: Operation, found: Any) -> Response:
    if operation.shape is None:
        return Response(status=operation.code if found is None else 200)
    shown = operation.shape.model_validate(found)
    response = Response(shown.model_dump_json(), operation.code, mimetype=JSON)
    return repeats.tagged(response)


def _located(response: Response) -> Response:
    """Say where what was made is read."""
    made = json.loads(response.data)
    response.headers["Location"] = f"{request.path}/{made.get('id') or made['key']}"
    return response


def _body(limit: int) -> bytes:
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise _too_large(limit) from None


def _too_large(limit: int) -> TooLarge:
    return TooLarge(_("At most %(n)d KB, please.", n=limit // 1024))


def _checked(operation: Operation, body: bytes) -> BaseModel | bytes:
    """The body as the operation wants it. Raises a DomainError that points at what is wrong."""
    if operation.takes:
        if request.mimetype != BYTES:
            raise Unsupported(_("The body is the file itself: “Content-Type: application/octet-stream”."))
        return body
    shape = operation.body or Empty
    if not body and operation.body is None:
        return Empty()
    if request.mimetype != JSON:
        raise Unsupported(_("The body is JSON: “Content-Type: application/json”."))
    try:
        return shape.model_validate_json(body or b"null", strict=True)
    except ValidationError as error:
        problems = error.errors(include_url=False)
        if any(each["type"] == "json_invalid" for each in problems):
            raise Unreadable(_("The body is not JSON.")) from None
        raise Invalid({_pointer(each["loc"]): _sentence(each) for each in problems[:50]}) from None


def _sentence(problem: Any) -> str:
    kind = problem["type"]
    if kind == "extra_forbidden":
        return _("There is no such field here.")
    if kind in (
        "string_type",
        "int_type",
        "bool_type",
        "list_type",
        "dict_type",
        "model_type",
        "model_attributes_type",
    ):
        return _("This is of another type: %(wanted)s is wanted.", wanted=_wanted(kind))
    return sentence(problem)


def _wanted(kind: str) -> str:
    words = {"string": _("text"), "int": _("a whole number"), "bool": _("true or false"), "list": _("a list")}
    return words.get(kind.partition("_")[0], _("an object"))


def _pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901). Names of choices between shapes are no part of what was sent."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "/" + "/".join(parts) if location else "/"
