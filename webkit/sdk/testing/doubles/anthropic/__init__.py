"""A double of the Anthropic Messages API: whole and streamed answers, its rules, its errors, and every way to fail.

It answers `POST /v1/messages`, `POST /v1/messages/count_tokens`, `GET /v1/models` and `GET /v1/models/{id}`. How it
behaves is decided for each request by, in this order: what was queued (`next`), words of the prompt (`when`), a marker
in the prompt (`double:overloaded,times=1`), the usual.
"""

from .behaviour import Behaviour, Mode, parse
from .calls import Call
from .control import Remote
from .server import KEY, AnthropicDouble

__all__ = ["KEY", "AnthropicDouble", "Behaviour", "Call", "Mode", "Remote", "parse"]
