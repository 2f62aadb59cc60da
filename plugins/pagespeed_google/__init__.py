"""Measures pages with Google PageSpeed Insights."""
