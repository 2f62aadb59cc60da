"""Charging invoices to payment methods that clients have left: by a person's click, or by itself when they are due."""
