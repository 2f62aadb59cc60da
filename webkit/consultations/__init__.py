"""Consultations: what a client says about business, situation and goals, and the way from there to a proposal."""
