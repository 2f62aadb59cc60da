from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from plugins.email_smtp.plugin import webkit_register_providers
from plugins.email_smtp.provider import SmtpEmail
from tests.plugins.doubles import arrived_mime
from webkit.core.providers import ProviderRegistry
from webkit.sdk import (
    EMAIL,
    Address,
    CredentialsRejected,
    Health,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
)
from webkit.sdk.testing.doubles.smtp import Smtp
from webkit.sdk.testing.doubles.tls import certificate, server_context
from webkit.sdk.testing.email import MESSAGE, Arrivals, EmailContract

SPEC = webkit_register_providers()[0]
USER, PASSWORD = "studio", "geheim-1"


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server() -> Iterator[Smtp]:
    with Smtp(user=USER, password=PASSWORD) as server:
        yield server


def smtp(host: str, port: int, **environ: str) -> SmtpEmail:
    given = {"EMAIL_PROVIDER": "smtp", "SMTP_HOST": host, "SMTP_PORT": str(port), "SMTP_SECURITY": "none", **environ}
    provider = ProviderRegistry(given, [SPEC], capabilities=[EMAIL]).get(EMAIL)
    assert isinstance(provider, SmtpEmail)
    return provider


def signed_in(server: Smtp, **environ: str) -> SmtpEmail:
    return smtp(server.host, server.port, SMTP_USERNAME=USER, SMTP_PASSWORD=PASSWORD, **environ)


class TestSmtp(EmailContract):
    spec = SPEC
    environ: ClassVar = {"SMTP_SECURITY": "none", "SMTP_USERNAME": USER, "SMTP_PASSWORD": PASSWORD}

    @pytest.fixture
    def configured(self, webkit_data: Path, server: Smtp) -> dict[str, str]:
        place = {"SMTP_HOST": server.host, "SMTP_PORT": str(server.port)}
        return {"WEBKIT_DATA": str(webkit_data), "EMAIL_PROVIDER": "smtp", **place, **self.environ}

    @pytest.fixture
    def arrivals(self, server: Smtp) -> Arrivals:
        return lambda: [arrived_mime(mail.raw) for mail in server.mails]


# --- against a server that others wrote ---------------------------------------------------------------------------


class Inbox:
    """What aiosmtpd hands over."""

    def __init__(self) -> None:
        self.taken: list[tuple[Envelope, bool, bool]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append((envelope, session.ssl is not None, bool(session.authenticated)))
        return "250 OK"


def _known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    same = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=same, handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_aiosmtpd_takes_it_over_tls_and_signed_in(trusted: Path, security: str) -> None:
    inbox, context = Inbox(), server_context(trusted)
    tls: dict[str, Any] = (
        {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )
    options: dict[str, Any] = {"authenticator": _known, "auth_required": True, "enable_SMTPUTF8": True}
    options["auth_require_tls"] = security == "starttls"  # it does not count TLS from the first byte
    controller = _Here(inbox, hostname="127.0.0.1", port=0, **tls, **options)
    controller.start()
    try:
        port = controller.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        environ = {"SMTP_SECURITY": security, "SMTP_CA_FILE": str(trusted)}
        ours = smtp("localhost", port, SMTP_USERNAME=USER, SMTP_PASSWORD=PASSWORD, **environ)
        wrong = smtp("localhost", port, SMTP_USERNAME=USER, SMTP_PASSWORD="falsch", **environ)
        receipt = ours.send(MESSAGE)
        assert ours.health().status is Health.OK
        with pytest.raises(CredentialsRejected):
            wrong.send(MESSAGE)
        with pytest.raises(ProviderMisconfigured, match="not trusted"):
            smtp("localhost", port, SMTP_SECURITY=security).send(MESSAGE)
    finally:
        controller.stop()
    ((envelope, encrypted, known),) = inbox.taken
    assert known
    assert encrypted == (security == "starttls")  # again: from the first byte it does not count
    assert (envelope.mail_from, envelope.rcpt_tos) == (MESSAGE.sender, ["ada@example.org"])
    assert isinstance(envelope.content, bytes)
    mail = arrived_mime(envelope.content)
    assert (mail.subject, mail.attachments) == (MESSAGE.subject, MESSAGE.attachments)
    assert mail.headers["Message-ID"] == receipt.id


class _Here(Controller):
    """A controller that may listen at any port: it is not asked itself whether it has begun."""

    def _trigger_server(self) -> None:
        self._factory_invoker()


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "code", "words", "wanted", "named"),
    [
        ("connect", 554, "go away", ProviderUnavailable, "554"),
        ("connect", 421, "4.3.2 busy", ProviderUnavailable, "4.3.2"),
        ("ehlo", 502, "no", ProviderUnavailable, "502"),
        ("auth", 535, "5.7.8 no", CredentialsRejected, "5.7.8"),
        ("auth", 454, "4.7.0 later", ProviderUnavailable, "4.7.0"),
        ("mail", 451, "4.7.1 grey", ProviderUnavailable, "4.7.1"),
        ("mail", 553, "5.7.1 not your address", ProviderRejected, "5.7.1"),
        ("mail", 530, "5.7.0 sign in", CredentialsRejected, "5.7.0"),
        ("rcpt", 550, "5.1.1 ada@example.org is nobody", ProviderRejected, "5.1.1"),
        ("rcpt", 450, "4.2.1 full", ProviderUnavailable, "4.2.1"),
        ("data", 452, "4.3.1 no room", ProviderUnavailable, "4.3.1"),
        ("body", 554, "5.7.1 spam", ProviderRejected, "5.7.1"),
        ("body", 451, "4.3.0 later", ProviderUnavailable, "4.3.0"),
        ("body", 421, "4.3.2 closing", ProviderUnavailable, "4.3.2"),
    ],
)
def test_what_the_server_says_is_told_apart(
    server: Smtp, stage: Any, code: int, words: str, wanted: type[ProviderError], named: str
) -> None:
    server.fail(stage, code, words, times=2)
    with pytest.raises(ProviderError) as caught:
        signed_in(server).send(MESSAGE)
    assert type(caught.value) is wanted
    assert caught.value.code == named
    assert "ada@example.org" not in str(caught.value) and PASSWORD not in str(caught.value)
    assert server.mails == []


@pytest.mark.parametrize("stage", ["connect", "ehlo", "auth", "mail", "rcpt", "data"])
def test_a_line_that_breaks_before_the_mail_sent_nothing(server: Smtp, stage: Any) -> None:
    server.fail(stage, drop="before")
    with pytest.raises(ProviderUnavailable):
        signed_in(server).send(MESSAGE)


@pytest.mark.parametrize("drop", ["before", "after"])
def test_a_line_that_breaks_with_the_mail_leaves_doubt(server: Smtp, drop: str) -> None:
    server.fail("body", drop=drop)
    with pytest.raises(OutcomeUnknown):
        signed_in(server).send(MESSAGE)
    assert len(server.mails) == (drop == "after")


def test_silence_after_the_mail_leaves_doubt(server: Smtp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugins.email_smtp.provider.SECONDS", 0.2)
    server.fail("body", seconds=0.6)
    with pytest.raises(OutcomeUnknown, match="did not say"):
        signed_in(server).send(MESSAGE)


def test_a_line_that_breaks_after_the_mail_was_taken_changes_nothing(server: Smtp) -> None:
    server.fail("quit", drop="before")
    assert signed_in(server).send(MESSAGE).id
    assert len(server.mails) == 1


def test_one_recipient_who_is_refused_stops_it_for_all(server: Smtp) -> None:
    with pytest.raises(ProviderRejected):
        signed_in(server).send(replace(MESSAGE, to=(Address("a@example.org"), Address("b@[nowhere"))))
    server.fail("rcpt", 250, "fine")
    server.fail("rcpt", 550, "no")
    with pytest.raises(ProviderRejected):
        signed_in(server).send(replace(MESSAGE, to=(Address("a@example.org"), Address("b@example.org"))))
    assert server.mails == []


def test_nobody_there(server: Smtp) -> None:
    with Smtp() as other:
        gone = smtp(other.host, other.port)
    assert gone.health().status is Health.DOWN
    with pytest.raises(ProviderUnavailable):
        gone.send(MESSAGE)


def test_no_password_goes_over_a_line_that_stays_open(server: Smtp) -> None:
    """The server offers no STARTTLS, or somebody in between has taken the offer away."""
    with pytest.raises(ProviderMisconfigured):
        signed_in(server, SMTP_SECURITY="starttls").send(MESSAGE)
    assert not any(command.startswith("AUTH") for command in server.commands)


def test_a_certificate_of_another_server_is_not_trusted(trusted: Path) -> None:
    with Smtp(tls=server_context(trusted), implicit_tls=True) as server:
        good = smtp("127.0.0.1", server.port, SMTP_SECURITY="tls", SMTP_CA_FILE=str(trusted))
        good.send(MESSAGE)
        with pytest.raises(ProviderMisconfigured):
            smtp("127.0.0.1", server.port, SMTP_SECURITY="tls").send(MESSAGE)
        assert [mail.encrypted for mail in server.mails] == [True]


@pytest.mark.parametrize(
    "environ",
    [
        {"SMTP_HOST": "mail.example.com", "SMTP_SECURITY": "none", "SMTP_USERNAME": "a", "SMTP_PASSWORD": "b"},
        {"SMTP_USERNAME": "a"},
        {"SMTP_PASSWORD": "a"},
        {"SMTP_SECURITY": "maybe"},
        {"SMTP_PORT": "0"},
        {"SMTP_CA_FILE": "/nowhere.pem"},
    ],
)
def test_settings_that_cannot_work_are_refused_at_boot(environ: dict[str, str]) -> None:
    with pytest.raises(ProviderMisconfigured):
        smtp("localhost", 2525, **environ)


def test_port_and_protection_follow_each_other() -> None:
    for given, wanted in (({}, 587), ({"SMTP_SECURITY": "tls"}, 465), ({"SMTP_SECURITY": "none"}, 25)):
        spec = {"EMAIL_PROVIDER": "smtp", "SMTP_HOST": "mail.example.com", **given}
        settings: Any = ProviderRegistry(spec, [SPEC], capabilities=[EMAIL]).settings(SPEC)
        assert settings.place == ("mail.example.com", wanted)
    assert smtp("x", 465, SMTP_SECURITY="")._settings.protection == "tls"


def test_letters_before_the_at_sign_need_a_server_that_takes_them(server: Smtp) -> None:
    message = replace(MESSAGE, to=(Address("josé@bücher.example", "José"),))
    signed_in(server).send(message)
    (mail,) = server.mails
    assert mail.recipients == ("josé@xn--bcher-kva.example",)
    assert "SMTPUTF8" in mail.options
    server.utf8 = False
    with pytest.raises(ProviderRejected, match="ASCII"):
        signed_in(server).send(message)
    signed_in(server).send(replace(MESSAGE, to=(Address("jose@bücher.example"),)))
    assert server.mails[-1].recipients == ("jose@xn--bcher-kva.example",)


def test_the_same_key_has_the_same_message_id(server: Smtp) -> None:
    first, second = signed_in(server).send(MESSAGE), signed_in(server).send(MESSAGE)
    assert first == second != signed_in(server).send(replace(MESSAGE, key="mail:2"))
    assert [str(mail.message["Message-ID"]) for mail in server.mails[:2]] == [first.id, first.id]


def test_trust_is_the_systems_unless_said_otherwise(trusted: Path) -> None:
    assert smtp("localhost", 25)._trust().verify_mode is ssl.CERT_REQUIRED
