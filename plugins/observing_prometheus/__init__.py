"""Counts and times of all processes on a page that Prometheus reads."""
