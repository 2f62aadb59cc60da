"""Unexpected errors go to Sentry, without anybody's data."""
