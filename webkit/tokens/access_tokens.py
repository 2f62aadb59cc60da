"""Access tokens: signed JWTs that say for a quarter of an hour who calls, and what they are for.

What is believed: the signature of a key of ours, with the algorithm that this key is for; the type in the header and in
the claims; who issued it, for whom, until when. That nobody has taken it back is asked of the database.
"""

from __future__ import annotations

import functools
from datetime import timedelta
from typing import Any
from uuid import UUID

from webkit.core.kernel import clock, ids
from webkit.core.kernel.runtime import current
from webkit.core.values import dataclass
from webkit.tokens import signing_keys

HEADER_TYPE, TYPE = "at+jwt", "access"
AUDIENCE = "/api/v1"
LONGEST = 4096
_NAMES = ("iss", "aud", "sub", "jti", "sid", "iat", "exp", "typ", "kind", "scope")


class Refused(Exception):
    """A token that proves nothing. The text is for tests and logs: a caller is not told why."""


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says."""

    family_id: UUID
    user_id: UUID
    agency_id: UUID | None
    scopes: frozenset[str]
    kind: str


def issue(access: Access) -> tuple[str, int]:
    """A token, and for how many seconds it is good."""
    from joserfc import jwt

    seconds, moment, key = lifetime(), int(clock.now().timestamp()), signing_keys.newest()
    claims = {
        "iss": issuer(),
        "aud": issuer() + AUDIENCE,
        "sub": str(access.user_id),
        "jti": str(ids.uuid7()),
        "sid": str(access.family_id),
        "iat": moment,
        "exp": moment + seconds,
        "typ": TYPE,
        "kind": access.kind,
        "scope": " ".join(sorted(access.scopes)),
    }
    if access.agency_id is not None:
        claims["agency"] = str(access.agency_id)
    header = {"alg": key.algorithm, "typ": HEADER_TYPE, "kid": key.id}
    return jwt.encode(header, claims, key.key, registry=_registry(key.algorithm)), seconds


def read(token: str) -> Access:
    """What a token says. Raises Refused."""
    if not token.isascii() or len(token) > LONGEST:
        raise Refused("no token of ours is like this")
    claims = _proven(token)
    if any(name not in claims for name in _NAMES) or claims["typ"] != TYPE:
        raise Refused("another type")
    if claims["iss"] != issuer() or claims["aud"] != issuer() + AUDIENCE:
        raise Refused("not from us, or not for us")
    moment, exp = clock.now().timestamp(), claims["exp"]
    if not isinstance(exp, int) or not moment < exp <= moment + lifetime() + timedelta(minutes=1).total_seconds():
        raise Refused("too old")
    try:
        agency_id = UUID(claims["agency"]) if "agency" in claims else None
        ids_ = UUID(claims["sid"]), UUID(claims["sub"]), agency_id
        return Access(*ids_, frozenset(claims["scope"].split()), str(claims["kind"]))
    except (ValueError, AttributeError, TypeError):
        raise Refused("claims that are none") from None


def issuer() -> str:
    """Who we are in tokens."""
    return current().settings.base_url


def lifetime() -> int:
    """Seconds."""
    return current().settings.jwt_access_minutes * 60


def _proven(token: str) -> dict[str, Any]:
    """The claims, if a key of ours signed them with its own algorithm."""
    from joserfc import jws, jwt
    from joserfc.errors import JoseError

    try:
        header = jws.extract_compact(token.encode()).headers()
        key = signing_keys.named(header.get("kid"))
        if key is None or header.get("alg") != key.algorithm or header.get("typ") != HEADER_TYPE:
            raise Refused("no key of ours, or not its algorithm, or another type")
        return dict(jwt.decode(token, key.key, registry=_registry(key.algorithm)).claims)
    except (JoseError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise Refused(type(error).__name__) from None


@functools.cache
def _registry(algorithm: str) -> Any:
    """Knows this one algorithm. EdDSA goes by the name that most libraries know, though a newer one names the curve
    too; our keys are of that curve alone."""
    from joserfc.errors import UnsupportedAlgorithmError
    from joserfc.jws import JWSRegistry

    class OneAlgorithm(JWSRegistry):
        def get_alg(self, name: str) -> Any:
            if name != algorithm:
                raise UnsupportedAlgorithmError(name)
            return self.algorithms[name]

    return OneAlgorithm(algorithms=[algorithm])
