"""Directions of words, computed here."""
