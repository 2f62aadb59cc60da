"""Accounts that agencies have with vendors of their own: choosing, setting up, testing, stepping back."""
