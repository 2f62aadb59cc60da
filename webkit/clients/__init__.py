"""Clients: one place for everything that happens with each of them."""
