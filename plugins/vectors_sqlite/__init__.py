"""Vectors in a file of this machine."""
