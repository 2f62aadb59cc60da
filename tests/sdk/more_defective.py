"""More providers with one defect each: observers, embeddings, vectors, sign-in, and what vendors report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import count

from plugins.email_resend.provider import ResendEmail
from plugins.embeddings_hashing.provider import Hashing
from plugins.identity_oidc.provider import OidcIdentities
from plugins.observing_prometheus.provider import FAILURES, PrometheusObserver
from plugins.sms_twilio.provider import TwilioSms
from plugins.vectors_sqlite.provider import SqliteVectors
from webkit.sdk import (
    Begun,
    DeliveryEvent,
    Doing,
    Embedded,
    Exposition,
    Identity,
    Near,
    Point,
    SignInAnswer,
    Space,
    Vector,
    Verdict,
)

_numbers = count(1)


class Telling(PrometheusObserver):
    """Lets messages of errors leave as they are."""

    def failed(self, error: BaseException, doing: Doing, name: str, attributes: Mapping[str, str]) -> None:
        self._counts.get().count((FAILURES, str(doing), str(error)))


class Fragile(PrometheusObserver):
    """Fails on names it does not expect."""

    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        name.encode()
        return super().begin(doing, name, attributes, trace)


class Parroting(PrometheusObserver):
    """Hands on whatever it was given as a trace."""

    def begin(self, doing: Doing, name: str, attributes: Mapping[str, str], trace: str) -> Begun:
        begun = super().begin(doing, name, attributes, trace)
        begun.trace = trace  # type: ignore[misc]
        return begun


class Exposed(PrometheusObserver):
    """Shows its counts to everybody."""

    def metrics(self, authorization: str) -> Exposition | None:
        return super().metrics(f"Bearer {self._token.get_secret_value()}")


class Moody(Hashing):
    """Says something else of the same text each time."""

    def embed(self, texts: Sequence[str]) -> Embedded:
        return super().embed([f"{text} {next(_numbers)}" for text in texts])


class Shuffling(Hashing):
    """Answers in an order of its own."""

    def embed(self, texts: Sequence[str]) -> Embedded:
        found = super().embed(texts)
        return replace(found, vectors=found.vectors[::-1])


class Stretching(Hashing):
    """Gives directions of any length."""

    def embed(self, texts: Sequence[str]) -> Embedded:
        found = super().embed(texts)
        return replace(found, vectors=tuple(tuple(2 * value for value in vector) for vector in found.vectors))


class Pretending(Hashing):
    """Says that it is of another space than its vectors are."""

    def space(self) -> Space:
        return Space("another", 3)


class Mixing(SqliteVectors):
    """Looks into everybody's namespaces."""

    def nearest(self, namespace: str, space: Space, vector: Vector, *, limit: int = 10) -> tuple[Near, ...]:
        with self._reading() as file:
            names = [name for (name,) in file.execute("SELECT namespace FROM spaces")]
        found = [near for name in names for near in super(Mixing, self).nearest(name, space, vector, limit=limit)]
        return tuple(sorted(found, key=lambda near: -near.score))


class Remembering(SqliteVectors):
    """Forgets nothing."""

    def forget(self, namespace: str, ids: Collection[str]) -> int:
        return len(ids)


class Blurring(SqliteVectors):
    """Takes vectors of any model for its own."""

    def put(self, namespace: str, space: Space, points: Sequence[Point]) -> None:
        super().put(namespace, Space("double", space.dimensions), points)


class Piecemeal(SqliteVectors):
    """Keeps what came before the mistake."""

    def put(self, namespace: str, space: Space, points: Sequence[Point]) -> None:
        for point in points:
            super().put(namespace, space, [point])


class Believing(ResendEmail):
    """Takes every report for genuine."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None: ...


class Renaming(ResendEmail):
    """Gives an event another name each time it is delivered."""

    def events(self, body: bytes) -> tuple[DeliveryEvent, ...]:
        return tuple(replace(event, id=str(next(_numbers))) for event in super().events(body))


class Content(TwilioSms):
    """Finds every code right."""

    def check_verification(self, verification_id: str, code: str) -> Verdict:
        return Verdict.RIGHT


class Vouching(OidcIdentities):
    """Calls every address verified."""

    def identify(self, answer: SignInAnswer) -> Identity:
        return replace(super().identify(answer), email_verified=True)
