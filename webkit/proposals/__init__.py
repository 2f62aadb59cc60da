"""Proposals: written by hand, frozen when sent, accepted by whoever holds the link."""
