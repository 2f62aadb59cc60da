"""Texts that a model writes while people watch: one run for each section, paid for once, figures marked."""
