"""Lighthouse on this machine, with its Chromium."""
