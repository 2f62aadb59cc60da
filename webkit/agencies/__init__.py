"""Agencies: who works here, under which name, with which numbers, money and law."""
