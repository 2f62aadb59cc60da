"""Statements of account: what a client was asked for, what came, and what is open, from the stored documents alone."""
