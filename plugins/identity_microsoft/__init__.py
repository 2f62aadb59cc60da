"""Signing in with Microsoft."""
