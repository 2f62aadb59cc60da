"""Directions of meaning by a small model on this machine."""
