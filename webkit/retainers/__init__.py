"""Retainers: what clients pay again and again through the agency's payment service."""
