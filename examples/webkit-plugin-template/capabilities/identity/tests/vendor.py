"""Plays the vendor on this machine: an issuer as strict as OpenID Connect says.

python tests/vendor.py --port 0     # as a process
"""

from __future__ import annotations

from webkit.sdk.testing.doubles.http import serve
from webkit.sdk.testing.doubles.oidc import Oidc
from webkit.sdk.testing.identity import REDIRECT


class Vendor(Oidc):
    """Whoever opens its page is the person it was told."""

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(redirects=(REDIRECT,), port=port)

    def be(self, subject: int, email: str, verified: bool) -> None:
        self.person = {"sub": f"u{subject}", "email": email, "email_verified": verified, "name": "Ada"}


if __name__ == "__main__":
    serve(Vendor)
