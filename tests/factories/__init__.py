"""Makers of sample data; each feature keeps its own in a module here."""
