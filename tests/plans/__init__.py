"""Billing of what was agreed."""
