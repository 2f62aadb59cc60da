"""One connection for each mail.

Until the mail's text was handed over nothing has happened, and every failure says so. After that a line that breaks
leaves it open whether the mail is on its way: SMTP knows no keys, so the outcome is unknown and nobody sends it again.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

from webkit.sdk import (
    Email,
    EmailMessage,
    Health,
    HealthReport,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    ProviderRejected,
    ProviderUnavailable,
    SendReceipt,
    TimedOut,
)
from webkit.sdk.guarded import guard_of, mail_line
from webkit.sdk.mime import build, message_id, needs_utf8

from .errors import VENDOR, refused
from .settings import Security, SmtpSettings

SECONDS, HEALTH_SECONDS = 40.0, 1.0
DONE, GO_ON = 250, 354
_DOT = re.compile(rb"^\.", re.MULTILINE)


class SmtpEmail:
    """A mail server."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._guard = guard_of(settings)

    def send(self, message: EmailMessage) -> SendReceipt:
        id = message_id(message)
        raw = build(message, datetime.now(UTC), id=id)
        with self._line(SECONDS) as line:
            _announce(line, message, len(raw))
            _hand_over(line, raw)
        return SendReceipt(id)

    def health(self) -> HealthReport:
        """Connects and signs in, sends nothing."""
        try:
            with self._line(HEALTH_SECONDS) as line:
                code, words = line.noop()
                if code != DONE:
                    raise refused(code, words)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK)

    @contextmanager
    def _line(self, seconds: float) -> Iterator[smtplib.SMTP]:
        """A line that is protected and signed in. What breaks in it happened before a mail was handed over."""
        line: smtplib.SMTP | None = None
        try:
            line = self._connected(seconds)
            self._signed_in(line)
            yield line
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:  # it talks to nobody, or not to us
            said = refused(error.smtp_code, error.smtp_error)
            raise ProviderUnavailable(str(said), provider=VENDOR, code=said.code) from None
        except smtplib.SMTPResponseException as error:
            raise refused(error.smtp_code, error.smtp_error) from None
        except smtplib.SMTPNotSupportedError as error:
            raise ProviderMisconfigured(f"the mail server does not do that: {error}", provider=VENDOR) from None
        except ssl.SSLCertVerificationError as error:
            text = f"the mail server's certificate is not trusted: {error.verify_message}"
            raise ProviderMisconfigured(text, provider=VENDOR) from None
        except (OSError, smtplib.SMTPException) as error:
            text = f"no connection to the mail server ({type(error).__name__})"
            raise ProviderUnavailable(text, provider=VENDOR) from None
        finally:
            if line is not None:
                _hang_up(line)

    def _connected(self, seconds: float) -> smtplib.SMTP:
        tls = self._trust() if self._settings.protection is Security.TLS else None
        line = mail_line(self._guard, self._settings.place, _our_name(), seconds, tls)
        try:
            line.ehlo_or_helo_if_needed()
            if self._settings.protection is Security.STARTTLS:
                line.starttls(context=self._trust())
                line.ehlo()
        except BaseException:
            line.close()
            raise
        return line

    def _signed_in(self, line: smtplib.SMTP) -> None:
        if not self._settings.username:
            return
        try:
            line.login(self._settings.username, self._settings.password.get_secret_value())
        except UnicodeEncodeError:
            text = "SMTP_USERNAME or SMTP_PASSWORD has letters that the server cannot be told"
            raise ProviderMisconfigured(text, provider=VENDOR) from None

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._settings.ca_file)


def _our_name() -> str:
    """What we say we are; looking the full name up could take longer than the mail."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _announce(line: smtplib.SMTP, message: EmailMessage, size: int) -> None:
    """Say from whom and to whom. One recipient who is refused stops it for all: half a sending cannot be repeated."""
    options = [f"SIZE={size}"] if line.has_extn("size") else []
    if needs_utf8(message):
        if not line.has_extn("smtputf8"):
            raise ProviderRejected("the mail server takes no letters beyond ASCII before the @", provider=VENDOR)
        options.append("SMTPUTF8")
        line.command_encoding = "utf-8"
    _expect(line.mail(_reachable(message.sender), options))
    for address in message.to:
        _expect(line.rcpt(_reachable(address.email)), also=251)


def _hand_over(line: smtplib.SMTP, raw: bytes) -> None:
    """From the first byte of the mail on a broken line leaves the outcome open; a reply does not."""
    code, words = line.docmd("DATA")
    if code != GO_ON:
        raise refused(code, words)
    try:
        line.send(_DOT.sub(b"..", raw) + b".\r\n")
        code, words = line.getreply()
    except (OSError, smtplib.SMTPException) as error:
        if isinstance(error.__context__, TimeoutError):
            raise TimedOut("the mail server did not say whether it took the mail", provider=VENDOR) from None
        text = f"the line broke while the mail was handed over ({type(error).__name__})"
        raise OutcomeUnknown(text, provider=VENDOR) from None
    if code < DONE:
        raise OutcomeUnknown("the mail server answered with something else", provider=VENDOR)
    _expect((code, words))


def _expect(reply: tuple[int, bytes], *, also: int = DONE) -> None:
    if reply[0] not in (DONE, also):
        raise refused(*reply)


def _reachable(address: str) -> str:
    """The address as the server is told it: the domain in ASCII."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode()}"


def _hang_up(line: smtplib.SMTP) -> None:
    """Politely, but without waiting: what the server says now changes nothing."""
    with suppress(OSError, smtplib.SMTPException):
        if line.sock is not None:
            line.sock.settimeout(0.2)
            line.quit()
    line.close()


_checked: type[Email] = SmtpEmail
