"""Clients and invoices from CSV: looked at first, then brought in, and taken back if that was wrong."""
