"""Proposals: offered, read, answered."""
