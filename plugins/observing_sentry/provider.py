"""Tells Sentry what nobody expected: the kind of error, where in the program, and a message that was scrubbed.

The client is our own: it knows nothing of sentry_sdk's globals, hooks itself into nothing and sends nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from typing import Any

from sentry_sdk import Client
from sentry_sdk.utils import Dsn, event_from_exception

from webkit.sdk import Begun, Doing, Health, HealthReport, Observer, ProviderError, calls_nobody
from webkit.sdk.http import HttpLine
from webkit.sdk.watching import Patience, PerProcess, scrubbed

from .settings import SentrySettings

AGENT = "webkit"
MOST_TAGS, LONGEST_TAG = 20, 200
HEALTH_SECONDS = 1.5
SEND_SECONDS = 5.0


class Nothing:
    """Sentry hears of failures alone."""

    trace = ""

    @calls_nobody
    def end(self, outcome: str, error: BaseException | None = None) -> None: ...


NOTHING = Nothing()


class SentryObserver:
    """One project of Sentry. Errors wait in memory for a thread of the client, at most a hundred."""

    def __init__(self, settings: SentrySettings) -> None:
        self._settings = settings
        self._clients = PerProcess(self._client)
        self._patience = Patience()
        self._line = HttpLine("Sentry")

    @calls_nobody
    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        return NOTHING

    @calls_nobody
    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        client = self._clients.get()
        told, hint = event_from_exception(
            error, client_options=client.options, mechanism={"type": AGENT, "handled": False}
        )
        event: Any = told
        tags = {**dict(list(attributes.items())[:MOST_TAGS]), "doing": str(doing), "name": name}
        event["tags"] = {scrubbed(key, 32): scrubbed(value, LONGEST_TAG) for key, value in tags.items()}
        event["transaction"] = event["tags"]["name"]
        client.capture_event(event, hint=hint)

    @calls_nobody
    def flush(self) -> None:
        if (client := self._clients.made()) is not None:
            self._patience.wait(lambda: client.flush(timeout=SEND_SECONDS))

    def health(self) -> HealthReport:
        """Sends an envelope with nothing in it."""
        dsn = Dsn(self._settings.dsn.get_secret_value())
        auth = dsn.to_auth(AGENT)
        headers = {"X-Sentry-Auth": auth.to_header(), "Content-Type": "application/x-sentry-envelope"}
        try:
            answer = self._line.ask("POST", auth.get_api_url(), headers=headers, body=b"{}\n", seconds=HEALTH_SECONDS)
        except ProviderError as error:
            return HealthReport(Health.DOWN, str(error))
        if answer.status in (401, 403, 404):
            return HealthReport(Health.DOWN, "Sentry does not know SENTRY_DSN")
        if answer.status == 429:
            return HealthReport(Health.DEGRADED, "Sentry takes no more for now: the quota is used up")
        if answer.status >= 300:
            return HealthReport(Health.DOWN, f"Sentry answered with {answer.status}")
        return HealthReport(Health.OK)

    def _client(self) -> Client:
        return Client(
            dsn=self._settings.dsn.get_secret_value(),
            environment=self._settings.environment,
            release=f"webkit@{metadata.version('webkit')}",
            server_name="",  # else it is the name of the machine
            before_send=_scrub,
            default_integrations=False,
            auto_enabling_integrations=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            enable_backpressure_handling=False,
            propagate_traces=False,
            spotlight=False,
            shutdown_timeout=SEND_SECONDS,
        )


def _scrub(event: Any, _hint: Any) -> Any:
    """What leaves: kinds of errors, lines of the program, messages without secrets and addresses."""
    for name in ("request", "user", "breadcrumbs", "extra", "modules", "server_name"):
        event.pop(name, None)
    for found in (event.get("exception") or {}).get("values", ()):
        found["value"] = scrubbed(str(found.get("value") or ""))
        if "mechanism" in found:
            found["mechanism"] = {
                key: value for key, value in found["mechanism"].items() if key not in ("data", "meta")
            }
        for frame in (found.get("stacktrace") or {}).get("frames", ()):
            frame.pop("vars", None)
            frame.pop("abs_path", None)
    return event


_checked: type[Observer] = SentryObserver
