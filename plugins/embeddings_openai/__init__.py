"""Directions of meaning by OpenAI."""
