"""Requests, jobs and calls of vendors go to an OpenTelemetry collector as one trace."""
