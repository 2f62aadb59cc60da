"""Signing in with any OpenID Connect issuer."""
