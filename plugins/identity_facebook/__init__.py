"""Signing in with Facebook."""
