"""For providers whose address an agency types: where it leads is judged when a connection is made, not once.

A name can lead elsewhere tomorrow. So each connection goes to an address that was looked up and judged for it: public,
or one of the operator's exceptions (`WEBKIT_ALLOW_HOSTS`). The name stays what certificates are compared with.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any

from flask import has_app_context

from webkit.core.capabilities.base import ProviderSettings

__all__ = ["Guard", "guard_of", "mail_line"]


class Guard:
    """Makes connections to public servers only. Needs no application: SDKs connect in threads of their own."""

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed)

    def connect(self, host: str, port: int, seconds: float | None) -> socket.socket:
        """A connection to the first judged address that answers. Raises OSError."""
        from webkit.core.kernel import outbound

        last: OSError | None = None
        for address in outbound.judged(host, port, self._allowed):
            try:
                return socket.create_connection((address, port), seconds)
            except OSError as error:
                last = error
        raise last or OSError(f"{host} is not known")

    def s3_pools(self) -> dict[str, type[Any]]:
        """Pools for an HTTP session of botocore, by scheme."""
        from botocore import awsrequest
        from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

        guard = self

        class Judged:
            def _new_conn(self) -> socket.socket:
                line: Any = self
                try:
                    made = guard.connect(line.host, line.port, line.timeout)
                except TimeoutError as error:
                    raise ConnectTimeoutError(line, str(error)) from None
                except OSError as error:
                    raise NewConnectionError(line, str(error)) from None
                for option in line.socket_options or ():
                    made.setsockopt(*option)
                return made

        class Plain(Judged, awsrequest.AWSHTTPConnection):  # type: ignore[misc]
            pass

        class Secure(Judged, awsrequest.AWSHTTPSConnection):  # type: ignore[misc]
            pass

        class PlainPool(awsrequest.AWSHTTPConnectionPool):  # type: ignore[misc]
            ConnectionCls = Plain

        class SecurePool(awsrequest.AWSHTTPSConnectionPool):  # type: ignore[misc]
            ConnectionCls = Secure

        return {"http": PlainPool, "https": SecurePool}

    def transport(self) -> Any:
        """A transport for a client of httpx2. No proxy of the environment is asked, no redirect is followed by it."""
        import httpcore2
        import httpx2

        guard = self

        class Backend(httpcore2.SyncBackend):
            def connect_tcp(
                self,
                host: str,
                port: int,
                timeout: float | None = None,
                local_address: str | None = None,
                socket_options: Iterable[Any] | None = None,
            ) -> Any:
                from webkit.core.kernel import outbound

                try:
                    addresses = outbound.judged(host, port, guard._allowed)
                except OSError as error:
                    raise httpcore2.ConnectError(str(error)) from None
                for address in addresses[:-1]:
                    with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                        return super().connect_tcp(address, port, timeout, local_address, socket_options)
                return super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

        made = httpx2.HTTPTransport(trust_env=False)
        context = httpx2.create_ssl_context(trust_env=False)
        made._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=Backend())
        return made


def guard_of(settings: ProviderSettings) -> Guard | None:
    """The guard for settings that an agency has typed; None for the operator's own, which may lead anywhere."""
    if not settings.of_agency:
        return None
    from webkit.core.kernel.runtime import current

    return Guard(current().settings.allow_hosts if has_app_context() else ())


def mail_line(
    guard: Guard | None, place: tuple[str, int], name: str, seconds: float, tls: ssl.SSLContext | None
) -> smtplib.SMTP:
    """A line to a mail server, protected from the first byte where `tls` is given."""
    if guard is None:
        if tls is not None:
            return smtplib.SMTP_SSL(*place, name, timeout=seconds, context=tls)
        return smtplib.SMTP(*place, name, timeout=seconds)
    judge = guard

    class Line(smtplib.SMTP):
        def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
            made = judge.connect(host, port, timeout)
            return tls.wrap_socket(made, server_hostname=host) if tls is not None else made

    return Line(*place, name, timeout=seconds)
