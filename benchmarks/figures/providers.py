"""Each provider beside the SDK it wraps, against the same double of its vendor."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from benchmarks.providers import built, double, overhead
from benchmarks.report import Row
from benchmarks.world import World


def measure(world: World) -> Iterator[Row]:
    """What one call costs more through the platform's provider."""
    for vendor in VENDORS:
        yield from vendor(world)


def _claude(world: World) -> Iterator[Row]:
    """An answer in one piece, and one as it is written; the SDK alone reads it as its manual says."""
    import anthropic

    from plugins.ai_claude.plugin import webkit_register_providers
    from webkit.sdk import CompletionRequest, Message, Role
    from webkit.sdk.testing.doubles.anthropic import KEY

    request = CompletionRequest(messages=(Message(Role.USER, "Why is the site slow?"),), system="You write proposals.")
    with double(world, "webkit.sdk.testing.doubles.anthropic") as url:
        ours = built(webkit_register_providers()[0], {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": url})
        with anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0) as bare:

            def ask(stream: bool) -> object:
                return bare.messages.create(
                    model="claude-haiku-5-5",
                    max_tokens=request.max_tokens,
                    system=[{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}],
                    messages=[{"role": "user", "content": request.messages[0].text}],
                    thinking={"type": "disabled"},
                    stream=stream,
                )

            yield overhead(world, "claude", lambda: ours.complete(request), lambda: ask(stream=False))
            yield overhead(
                world,
                "claude.stream",
                lambda: list(ours.stream(request)),
                lambda: list(ask(stream=True)),  # type: ignore[call-overload]
            )


def _gotenberg(world: World) -> Iterator[Row]:
    """A short document; bare is the same form by the same client, and the pages counted by the same library."""
    import urllib3
    from pypdf import PdfReader

    from plugins.pdf_gotenberg.plugin import webkit_register_providers
    from webkit.sdk import PdfRequest

    html = "<!doctype html><title>x</title>" + "<p>Ten lines of an invoice.</p>" * 10
    form: dict[str, str | tuple[str, bytes, str]] = {
        "files": ("index.html", html.encode(), "text/html"),
        "preferCssPageSize": "true",
        "printBackground": "true",
        "generateTaggedPdf": "true",
        "metadata": '{"Title": "x"}',
        "paperWidth": "8.27",
        "paperHeight": "11.69",
    }
    with double(world, "webkit.sdk.testing.doubles.gotenberg") as url:
        ours = built(webkit_register_providers()[0], {"GOTENBERG_URL": url})

        def ask() -> int:
            with urllib3.PoolManager(retries=False, headers={"Connection": "close"}) as bare:
                answer = bare.request("POST", f"{url}/forms/chromium/convert/html", fields=form)
            return PdfReader(io.BytesIO(answer.data)).get_num_pages()

        yield overhead(world, "gotenberg", lambda: ours.render(PdfRequest(html, "x")), ask)


VENDORS: tuple[Callable[[World], Iterator[Row]], ...] = (_claude, _gotenberg)
