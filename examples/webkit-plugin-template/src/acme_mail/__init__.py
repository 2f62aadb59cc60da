"""Acme mail for webkit."""
