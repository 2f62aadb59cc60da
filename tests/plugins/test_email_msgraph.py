from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from plugins.email_msgraph.plugin import webkit_register_providers
from plugins.email_msgraph.provider import GraphEmail
from tests.plugins.graph_vendor import CLIENT, SECRET, TENANT, Graph, error
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    EMAIL,
    Attachment,
    CredentialsRejected,
    Health,
    NotFoundAtProvider,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from webkit.sdk.testing.email import MESSAGE, Arrivals, EmailContract

SPEC = webkit_register_providers()[0]
APP = {"MSGRAPH_TENANT_ID": TENANT, "MSGRAPH_CLIENT_ID": CLIENT, "MSGRAPH_CLIENT_SECRET": SECRET}
BIG = Attachment("Angebot größer.pdf", "application/pdf", bytes(range(256)) * 13_700)


@pytest.fixture
def double() -> Iterator[Graph]:
    with Graph() as double:
        yield double


class TestGraph(EmailContract):
    spec = SPEC
    environ: ClassVar = APP

    @pytest.fixture
    def configured(self, webkit_data: Path, double: Graph) -> dict[str, str]:
        place = {"MSGRAPH_API_URL": double.url, "MSGRAPH_LOGIN_URL": double.url}
        return {"WEBKIT_DATA": str(webkit_data), "EMAIL_PROVIDER": "msgraph", **self.environ, **place}

    @pytest.fixture
    def arrivals(self, double: Graph) -> Arrivals:
        return double.arrivals


def graph(double: Graph, **environ: str) -> GraphEmail:
    place = {"MSGRAPH_API_URL": double.url, "MSGRAPH_LOGIN_URL": double.url, "EMAIL_PROVIDER": "msgraph"}
    provider = ProviderRegistry({**APP, **place, **environ}, [SPEC], capabilities=[EMAIL]).get(EMAIL)
    assert isinstance(provider, GraphEmail)
    return provider


def signed_in(double: Graph) -> GraphEmail:
    provider = graph(double)
    assert provider.health().status is Health.OK
    return provider


# --- large mail ---------------------------------------------------------------------------------------------------


def test_large_files_go_by_session_and_small_ones_beside(double: Graph) -> None:
    logo = Attachment("logo.png", "image/png", b"\x89PNG", content_id="logo")
    files = (BIG, Attachment("klein.txt", "text/plain", b"x"), logo)
    receipt = graph(double).send(replace(MESSAGE, html='<img src="cid:logo">', attachments=files))
    (mail,) = double.arrivals()
    assert mail.attachments == files
    assert mail.headers["Message-ID"] == receipt.id
    assert double.drafts == {}
    assert [call.method for call in double.calls].count("PUT") == 2


@pytest.mark.parametrize("step", [1, 2, 4, 5])
def test_what_breaks_before_the_sending_sent_nothing(double: Graph, step: int) -> None:
    """Draft, session, two pieces: afterwards nothing was sent, and no draft is left where it could be taken away."""
    provider = signed_in(double)
    for _ in range(step - 1):
        double.fail()
    double.fail(drop="before")
    with pytest.raises(ProviderError) as caught:
        provider.send(replace(MESSAGE, attachments=(BIG,)))
    assert type(caught.value) is (OutcomeUnknown if step == 5 else ProviderUnavailable)
    assert double.sent == []
    assert len(double.drafts) == (step == 5)


def test_an_address_for_a_file_must_be_protected(double: Graph) -> None:
    provider = signed_in(double)
    double.fail()
    double.fail(201, {"uploadUrl": "http://evil.example/upload"})
    with pytest.raises(ProviderUnavailable, match="not protected"):
        provider.send(replace(MESSAGE, attachments=(BIG,)))
    assert double.drafts == {}


def test_a_file_that_nobody_takes_is_refused_at_once(double: Graph) -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return 151 * 2**20

    with pytest.raises(ProviderRejected):
        graph(double).send(replace(MESSAGE, attachments=(Attachment("a", "a/b", Huge()),)))
    assert double.calls == []


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "wanted"),
    [
        (400, "ErrorInvalidRecipients", ProviderRejected),
        (401, "InvalidAuthenticationToken", CredentialsRejected),
        (403, "ErrorAccessDenied", CredentialsRejected),
        (404, "ErrorInvalidUser", CredentialsRejected),
        (404, "ErrorItemNotFound", NotFoundAtProvider),
        (409, "ErrorIrresolvableConflict", ProviderRejected),
        (413, "ErrorMessageSizeExceeded", ProviderRejected),
        (429, "ApplicationThrottled", RateLimited),
        (429, "ErrorExceededMessageLimit", RateLimited),
        (500, "ErrorInternalServerError", ProviderUnavailable),
        (503, "", ProviderUnavailable),
        (504, "", OutcomeUnknown),
    ],
)
def test_what_the_vendor_says_is_told_apart(double: Graph, status: int, code: str, wanted: type[ProviderError]) -> None:
    provider = signed_in(double)
    double.fail(status, error(code, "ada@example.org is on a list"), headers={"Retry-After": "7"})
    if status == 401:  # once more with a new token, which is refused too
        double.fail()
        double.fail(status, error(code, "ada@example.org"))
    with pytest.raises(ProviderError) as caught:
        provider.send(MESSAGE)
    assert type(caught.value) is wanted
    assert caught.value.code == (code or str(status))
    assert caught.value.retry_after == (7.0 if status in (429, 500, 503) else None)
    assert "ada@example.org" not in str(caught.value) and SECRET not in str(caught.value)
    assert double.sent == []


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_connection_that_dies_leaves_doubt(double: Graph, drop: str) -> None:
    provider = signed_in(double)
    double.fail(drop=drop)
    with pytest.raises(OutcomeUnknown):
        provider.send(MESSAGE)
    assert len(double.sent) == (drop == "after")


def test_garbage_is_no_receipt(double: Graph) -> None:
    provider = signed_in(double)
    double.fail(200, b"<html>")
    with pytest.raises(OutcomeUnknown):
        provider.send(MESSAGE)


def test_nobody_there_never_sent() -> None:
    with Graph() as other:
        gone = graph(other)
    with pytest.raises(ProviderUnavailable):
        gone.send(MESSAGE)
    assert gone.health().status is Health.DOWN


def test_the_mailbox_may_be_named(double: Graph) -> None:
    with pytest.raises(CredentialsRejected):
        graph(double, MSGRAPH_MAILBOX="nobody@example.com").send(MESSAGE)
    double.mailboxes = {"office@example.com"}
    assert graph(double, MSGRAPH_MAILBOX="office@example.com").send(MESSAGE).id
    double.roles = {"Mail.Send"}
    with pytest.raises(CredentialsRejected):
        graph(double, MSGRAPH_MAILBOX="office@example.com").send(replace(MESSAGE, attachments=(BIG,)))


@pytest.mark.parametrize(
    "environ",
    [{"MSGRAPH_TENANT_ID": "../common"}, {"MSGRAPH_CLIENT_ID": "x"}, {"MSGRAPH_API_URL": "here"}],
)
def test_settings_that_cannot_work_are_refused_at_boot(double: Graph, environ: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        graph(double, **environ)


# --- signing in ---------------------------------------------------------------------------------------------------


def test_one_token_is_enough_for_many_mails(double: Graph) -> None:
    provider = graph(double)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: provider.send(replace(MESSAGE, key=str(number))), range(8)))
    assert len(double.tokens) == 1
    assert len(double.sent) == 8


def test_a_token_that_ended_is_followed_by_another(double: Graph) -> None:
    provider = signed_in(double)
    double.tokens.append("taken back")
    provider.send(MESSAGE)
    assert len(double.tokens) == 3 and len(double.sent) == 1
    double.lives = 60  # shorter than we dare to use it
    short = graph(double)
    short.send(MESSAGE)
    short.send(MESSAGE)
    assert len(double.tokens) == 5


@pytest.mark.parametrize(
    ("status", "body", "wanted", "code"),
    [
        (401, {"error": "invalid_client", "error_codes": [7000222]}, CredentialsRejected, "AADSTS7000222"),
        (400, {"error": "unauthorized_client"}, CredentialsRejected, "unauthorized_client"),
        (429, {"error": "x"}, RateLimited, "x"),
        (503, b"<html>", ProviderUnavailable, "503"),
        (400, {"error": "temporarily_unavailable"}, ProviderUnavailable, "temporarily_unavailable"),
        (200, {"access_token": 7}, ProviderUnavailable, ""),
    ],
)
def test_a_sign_in_that_fails(double: Graph, status: int, body: object, wanted: type[ProviderError], code: str) -> None:
    double.sign_in_fails = (status, body)
    with pytest.raises(ProviderError) as caught:
        graph(double).send(MESSAGE)
    assert type(caught.value) is wanted
    assert caught.value.code == code
    assert graph(double).health().status is Health.DOWN


def test_a_sign_in_that_breaks_off_sent_nothing(double: Graph) -> None:
    double.fail(drop="after")
    with pytest.raises(ProviderUnavailable):
        graph(double).send(MESSAGE)
    with pytest.raises(CredentialsRejected, match="AADSTS7000215"):
        graph(double, MSGRAPH_CLIENT_SECRET="wrong").send(MESSAGE)
