"""What the vendor accepts. Everything else it refuses, with the error it would answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

Json = dict[str, Any]
VERSIONS = frozenset({"2023-01-01", "2023-06-01", "2026-10-21"})
BODY_LIMIT = 32 * 2**20
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, dict(headers or {})


@dataclass(frozen=True, slots=True)
class Model:
    """What one model can do. `thinking` are the types it takes, `modern` ones take neither prefill nor sampling."""

    id: str
    context: int = 1_000_000
    output: int = 128_000
    cacheable: int = 512
    thinking: tuple[str, ...] = ("adaptive",)
    modern: bool = True


_LIST = (
    Model("claude-haiku-5-5", thinking=("adaptive", "disabled")),
    Model("claude-sonnet-5-5", thinking=("adaptive", "between_tools")),
    Model("claude-opus-5-5"),
    Model("claude-haiku-4-5-20251001", 200_000, 64_000, 4_096, ("enabled", "disabled"), modern=False),
)
MODELS = {model.id: model for model in _LIST} | {"claude-haiku-4-5": _LIST[-1]}

_FIELDS = frozenset(
    [
        "cache_control",
        "container",
        "inference_geo",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "output_config",
        "service_tier",
        "stop_sequences",
        "stream",
        "system",
        "temperature",
        "thinking",
        "tool_choice",
        "tools",
        "top_k",
        "top_p",
    ]
)
_NOT_DONE = frozenset({"container", "stop_sequences", "tool_choice", "tools"})
_EFFORTS = ("low", "medium", "high", "xhigh", "max")
_UNSUPPORTED = frozenset(
    [
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "maxItems",
        "uniqueItems",
        "patternProperties",
        "minProperties",
        "maxProperties",
        "not",
        "if",
        "then",
        "else",
    ]
)


def tokens(text: str) -> int:
    """About as many as the vendor would count."""
    return len(text) // 4 + 1 if text else 0


def check_headers(headers: Mapping[str, str], keys: frozenset[str]) -> str:
    """The key of a request whose headers are in order."""
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ").strip()
    if not key:
        raise Refused(401, "x-api-key header is required")
    if key not in keys:
        raise Refused(401, "invalid x-api-key")
    version = headers.get("anthropic-version")
    if not version:
        raise Refused(400, "anthropic-version: header is required")
    if version not in VERSIONS:
        raise Refused(400, f'anthropic-version: "{version}" is not a valid version')
    return key


def check_body(body: object, *, counting: bool = False) -> Model:
    """The model of a request for a message whose body is in order."""
    if not isinstance(body, dict):
        raise Refused(400, "Input should be a valid dictionary")
    for field in sorted(set(body) - _FIELDS):
        raise Refused(400, f"{field}: Extra inputs are not permitted")
    for field in sorted(set(body) & _NOT_DONE):
        raise Refused(400, f"{field}: this double does not do that")
    for field in ("model", "messages") if counting else ("model", "messages", "max_tokens"):
        if field not in body:
            raise Refused(400, f"{field}: Field required")
    model = MODELS.get(str(body["model"]))
    if model is None:
        raise Refused(404, f"model: {body['model']}")
    if not counting:
        _check_limits(body, model)
    _check_messages(body["messages"], model)
    _check_cache(body)
    _check_thinking(body, model)
    _check_output(body.get("output_config"), model)
    size = tokens(prompt(body))
    if size > model.context:
        raise Refused(400, f"prompt is too long: {size} tokens > {model.context} maximum")
    return model


def blocks(body: Json) -> Iterator[Json]:
    """Everything the model reads, in its order: the system's blocks, then those of the messages."""
    for part in (body.get("system", ""), *(message["content"] for message in body["messages"])):
        if isinstance(part, str):
            yield {"type": "text", "text": part}
        else:
            yield from part


def prompt(body: Json) -> str:
    """All of it as one text."""
    return "\n".join(str(block.get("text", "")) for block in blocks(body))


def _check_limits(body: Json, model: Model) -> None:
    limit = body["max_tokens"]
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise Refused(400, "max_tokens: Input should be a valid integer")
    if limit < 1:
        raise Refused(400, "max_tokens: Input should be greater than or equal to 1")
    if limit > model.output:
        raise Refused(
            400, f"max_tokens: {limit} > {model.output}, which is the maximum allowed number of output tokens for"
            f" {model.id}",
        )  # fmt: skip
    if not isinstance(body.get("stream", False), bool):
        raise Refused(400, "stream: Input should be a valid boolean")
    for field in ("temperature", "top_p", "top_k"):
        if model.modern and field in body:
            raise Refused(400, f"{field}: is not supported for this model")
        if field in body and (not isinstance(body[field], int | float) or body[field] < 0):
            raise Refused(400, f"{field}: Input should be a valid number")


def _check_messages(messages: object, model: Model) -> None:
    if not isinstance(messages, list):
        raise Refused(400, "messages: Input should be a valid list")
    if not messages:
        raise Refused(400, "messages: at least one message is required")
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise Refused(400, f"{where}: needs role and content, and nothing else")
        if message["role"] not in ("user", "assistant"):
            raise Refused(400, f'{where}.role: Input should be "user" or "assistant"')
        _check_content(message["content"], f"{where}.content")
    if messages[0]["role"] != "user":
        raise Refused(400, 'messages: first message must use the "user" role')
    if messages[-1]["role"] == "assistant" and model.modern:
        raise Refused(400, "This model does not support assistant message prefill. Messages must end with a user turn.")


def _check_content(content: object, where: str) -> None:
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise Refused(400, f"{where}: Input should be a valid list")
    for index, block in enumerate(content):
        if not isinstance(block, dict) or block.get("type") != "text":
            raise Refused(400, f"{where}.{index}: this double reads blocks of type text only")
        for field in sorted(set(block) - {"type", "text", "cache_control", "citations"}):
            raise Refused(400, f"{where}.{index}.text.{field}: Extra inputs are not permitted")
        if not isinstance(block.get("text"), str):
            raise Refused(400, f"{where}.{index}.text.text: Input should be a valid string")
        if not block["text"]:
            raise Refused(400, f"{where.partition('.')[0]}: text content blocks must be non-empty")
        if not block["text"].strip():
            raise Refused(400, f"{where.partition('.')[0]}: text content blocks must contain non-whitespace text")


def _check_cache(body: Json) -> None:
    if isinstance(body.get("system", ""), list):
        _check_content(body["system"], "system")
    elif not isinstance(body.get("system", ""), str):
        raise Refused(400, "system: Input should be a valid list")
    marks = [block["cache_control"] for block in blocks(body) if "cache_control" in block]
    if len(marks) > 4:
        raise Refused(400, f"A maximum of 4 blocks with cache_control may be provided. Found {len(marks)}.")
    for mark in marks:
        if not isinstance(mark, dict) or mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in ("5m", "1h"):
            raise Refused(400, "cache_control: Input should be ephemeral, for 5m or 1h")


def _check_thinking(body: Json, model: Model) -> None:
    thinking = body.get("thinking")
    if thinking is None:
        return
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    if kind not in model.thinking:
        raise Refused(400, f'"thinking.type.{kind}" is not supported for this model')
    effort = (body.get("output_config") or {}).get("effort")
    if kind == "disabled" and effort in ("xhigh", "max"):
        raise Refused(400, f'"thinking.type.disabled" is not supported with effort {effort}')


def _check_output(config: object, model: Model) -> None:
    if config is None:
        return
    if not isinstance(config, dict) or set(config) - {"effort", "format"}:
        raise Refused(400, "output_config: takes effort and format")
    effort = config.get("effort")
    if effort is not None and (effort not in _EFFORTS or not model.modern):
        raise Refused(400, "output_config.effort: is not supported for this model")
    wanted = config.get("format")
    if wanted is None:
        return
    if (
        not isinstance(wanted, dict)
        or wanted.get("type") != "json_schema"
        or not isinstance(wanted.get("schema"), dict)
    ):
        raise Refused(400, "output_config.format: Input should be a json_schema with its schema")
    _check_schema(wanted["schema"])


def _check_schema(schema: object) -> None:
    where = "output_config.format.schema"
    if not isinstance(schema, dict) or not schema.keys() & {"type", "anyOf", "allOf", "enum", "const", "$ref"}:
        raise Refused(400, f"{where}: Invalid schema")
    kind = schema.get("type")
    bad = sorted(set(schema) & _UNSUPPORTED) + (["minItems"] if schema.get("minItems", 0) not in (0, 1) else [])
    if bad:
        raise Refused(400, f"{where}: For '{kind}' type, properties {', '.join(bad)} are not supported")
    if kind == "object" and schema.get("additionalProperties") is not False:
        raise Refused(400, f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [*schema.get("anyOf", []), *schema.get("allOf", [])]
    for part in inner + ([schema["items"]] if "items" in schema else []):
        _check_schema(cast("object", part))
