"""Invoices: drafted, issued once with a gapless number, paid exactly once."""
