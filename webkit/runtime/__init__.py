"""Processes: what starts, watches, restarts and ends the parts of the platform. Knows no feature and no plugin."""
