"""Each provider beside the SDK it wraps, against the same double of its vendor."""

from __future__ import annotations

import base64
import io
import itertools
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


def _resend(world: World) -> Iterator[Row]:
    """A mail with an attachment; bare is the library, which opens a connection for each."""
    import resend

    from plugins.email_resend.plugin import webkit_register_providers
    from webkit.sdk import Address, Attachment, EmailMessage

    keys = itertools.count()
    content = bytes(20_000)
    with double(world, "webkit.sdk.testing.doubles.resend", "--any-domain", "--key", "re_bench") as url:
        ours = built(webkit_register_providers()[0], {"RESEND_API_KEY": "re_bench", "RESEND_API_URL": url})
        resend.api_url, resend.api_key = url, "re_bench"

        def send() -> object:
            return ours.send(
                EmailMessage(
                    sender="studio@example.com",
                    sender_name="Studio",
                    to=(Address("ada@example.org", "Ada"),),
                    subject="Your proposal",
                    text="Here it is.",
                    attachments=(Attachment("proposal.pdf", "application/pdf", content),),
                    key=f"ours-{next(keys)}",
                )
            )

        def bare() -> object:
            encoded = base64.b64encode(content).decode()
            params: resend.Emails.SendParams = {
                "from": "Studio <studio@example.com>",
                "to": ["Ada <ada@example.org>"],
                "subject": "Your proposal",
                "text": "Here it is.",
                "attachments": [{"filename": "proposal.pdf", "content": encoded, "content_type": "application/pdf"}],
            }
            return resend.Emails.send(params, {"idempotency_key": f"bare-{next(keys)}"})

        yield overhead(world, "resend", send, bare)


def _r2(world: World) -> Iterator[Row]:
    """A document of a usual size put and read back; bare is the library with the same client."""
    import boto3

    from plugins.storage_r2.plugin import webkit_register_providers

    content, key = bytes(40_000), "documents/a/invoice/40000"
    keys = {"R2_ACCESS_KEY_ID": "key", "R2_SECRET_ACCESS_KEY": "secret", "R2_BUCKET": "bucket"}
    with double(world, "benchmarks.floors.s3_sink") as url:
        ours = built(webkit_register_providers()[0], {**keys, "R2_ENDPOINT": url})
        bare = boto3.session.Session("key", "secret", region_name="us-east-1").client("s3", endpoint_url=url)

        def put() -> object:
            return ours.put(key, io.BytesIO(content), content_type="application/pdf")

        def bare_put() -> object:
            return bare.put_object(Bucket="bucket", Key=key, Body=content, ContentType="application/pdf")

        def read() -> bytes:
            with ours.open(key) as stream:
                return stream.read()

        yield overhead(world, "r2.put", put, bare_put)
        yield overhead(world, "r2.open", read, lambda: bare.get_object(Bucket="bucket", Key=key)["Body"].read())


def _stripe(world: World) -> Iterator[Row]:
    """A checkout opened, and looked at; bare is the SDK with the same parameters and a client that is kept too."""
    import stripe

    from plugins.payments_stripe.plugin import webkit_register_providers
    from webkit.sdk import CheckoutRequest
    from webkit.sdk.testing.doubles.stripe import KEY

    keys = itertools.count()
    metadata = {"payment": "0193", "webkit_reference": "invoice:1"}
    order = {
        "mode": "payment", "client_reference_id": "invoice:1", "customer_email": "ada@example.org",
        "line_items": [{"quantity": 1, "price_data": {
            "currency": "eur", "unit_amount": 12_200, "product_data": {"name": "INV-1"},
        }}],
        "success_url": "http://127.0.0.1/i/x?back=1", "cancel_url": "http://127.0.0.1/i/x", "metadata": metadata,
        "payment_intent_data": {"metadata": metadata, "description": "INV-1"},
    }  # fmt: skip
    with double(world, "webkit.sdk.testing.doubles.stripe") as url:
        environ = {"STRIPE_SECRET_KEY": KEY, "STRIPE_WEBHOOK_SECRET": "whsec_x", "STRIPE_API_BASE": url}
        ours = built(webkit_register_providers()[0], environ)
        client = stripe.StripeClient(
            KEY, base_addresses={"api": url}, http_client=stripe.RequestsClient(timeout=(1.5, 3.5)),
            max_network_retries=0,
        )  # fmt: skip
        sessions = client.v1.checkout.sessions

        def open_ours() -> str:
            return ours.create_checkout(
                CheckoutRequest(
                    "invoice:1", 12_200, "EUR", "INV-1", "http://127.0.0.1/i/x?back=1", "http://127.0.0.1/i/x", "",
                    f"k{next(keys)}", "ada@example.org", {"payment": "0193"},
                )
            ).id  # fmt: skip

        def open_bare() -> str:
            return sessions.create(order, {"idempotency_key": f"k{next(keys)}"}).id  # type: ignore[arg-type]

        yield overhead(world, "stripe", open_ours, open_bare)
        id = open_bare()
        expand = ["payment_intent"]
        yield overhead(
            world, "stripe.look", lambda: ours.get_checkout(id), lambda: sessions.retrieve(id, {"expand": expand})
        )


VENDORS: tuple[Callable[[World], Iterator[Row]], ...] = (_claude, _gotenberg, _resend, _r2, _stripe)
